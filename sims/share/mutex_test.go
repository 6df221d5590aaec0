package share

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Offsets in the file of these tests: the words of two locks, and what they guard.
const (
	mutexAt = 256
	spinAt  = 320
	sumAt   = 384
)

const countEach = 20_000

// lockPeers are what the other process can do with the other two locks.
var lockPeers = map[string]func(memory []byte) error{
	"hold mutex":  func(memory []byte) error { return holding(mutexOf(memory)) },
	"hold spin":   func(memory []byte) error { return holding(spinOf(memory)) },
	"count mutex": func(memory []byte) error { return counted(memory, mutexOf) },
	"count spin":  func(memory []byte) error { return counted(memory, spinOf) },
}

// either is one of the two locks.
type either struct{ lock, unlock func() error }

func mutexOf(memory []byte) (either, error) {
	m, err := NewMutex(memory[mutexAt:])
	return either{func() error { _, err := m.LockWithin(patience); return err }, func() error { _, _, err := m.Unlock(); return err }}, err
}

func spinOf(memory []byte) (either, error) {
	s, err := NewSpin(memory[spinAt:])
	return either{func() error { _, err := s.LockWithin(patience); return err }, func() error { s.Unlock(); return nil }}, err
}

func holding(l either, err error) error {
	if err == nil {
		err = l.lock()
	}
	if err != nil {
		return err
	}
	return holdOn()
}

func counted(memory []byte, of func([]byte) (either, error)) error {
	l, err := of(memory)
	if err == nil {
		err = count(memory, l)
	}
	if err == nil {
		fmt.Println("counted")
	}
	return err
}

// count adds to the sum, each time under the lock.
func count(memory []byte, l either) error {
	sum := Plain64(memory, sumAt)
	for range countEach {
		if err := l.lock(); err != nil {
			return err
		}
		*sum++
		if err := l.unlock(); err != nil {
			return err
		}
	}
	return nil
}

func TestMutexAlone(t *testing.T) {
	_, memory := page(t)
	m, err := NewMutex(memory[mutexAt:])
	must(t, err)
	word := Word32(memory, mutexAt)
	waits, err := m.Lock()
	must(t, err)
	if waits != 0 || word.Load() != MutexLocked {
		t.Errorf("lock of a free mutex: %d waits, word %d; want 0 and %d", waits, word.Load(), MutexLocked)
	}
	woke, _, err := m.Unlock()
	must(t, err)
	if woke || word.Load() != MutexFree {
		t.Errorf("unlock that nobody waits for: wake %v, word %d; want false and %d", woke, word.Load(), MutexFree)
	}
}

func TestMutexOfAnotherProcess(t *testing.T) {
	file, memory := page(t)
	p := startPeer(t, file, "hold mutex")
	p.says("held")
	m, err := NewMutex(memory[mutexAt:])
	must(t, err)
	if waits, err := m.LockWithin(10 * time.Millisecond); !errors.Is(err, unix.ETIMEDOUT) || waits == 0 {
		t.Fatalf("lock of what is held: %d waits, %v; want ETIMEDOUT", waits, err)
	}
	if got := Word32(memory, mutexAt).Load(); got != MutexContended {
		t.Errorf("word %d, want %d", got, MutexContended)
	}
	p.kill() // it does not know its owner: nobody marks it
	if _, err := m.LockWithin(10 * time.Millisecond); !errors.Is(err, unix.ETIMEDOUT) {
		t.Fatalf("lock of what the dead held: %v; want ETIMEDOUT", err)
	}
	if woke, woken, err := m.Unlock(); err != nil || !woke || woken != 0 {
		t.Errorf("unlock in its place: wake %v, %d woken, %v; want true, 0", woke, woken, err)
	}
	if waits, err := m.Lock(); err != nil || waits != 0 {
		t.Errorf("lock after that: %d waits, %v", waits, err)
	}
}

func TestMutexCounts(t *testing.T) {
	file, memory := page(t)
	others := []*process{startPeer(t, file, "count mutex"), startPeer(t, file, "count mutex")}
	allCounted(t, memory, mutexOf, others)
	if got := Word32(memory, mutexAt).Load(); got != MutexFree {
		t.Errorf("word %d in the end, want %d", got, MutexFree)
	}
}

func TestSpinCounts(t *testing.T) {
	file, memory := page(t)
	others := []*process{startPeer(t, file, "count spin"), startPeer(t, file, "count spin")}
	allCounted(t, memory, spinOf, others)
}

// allCounted counts beside the others, and looks that nobody's additions are lost.
func allCounted(t *testing.T, memory []byte, of func([]byte) (either, error), others []*process) {
	t.Helper()
	l, err := of(memory)
	must(t, err)
	must(t, count(memory, l))
	for _, p := range others {
		p.says("counted")
	}
	if got, want := Word64(memory, sumAt).Load(), uint64(countEach*(1+len(others))); got != want {
		t.Errorf("sum %d, want %d", got, want)
	}
}

func TestSpinGivesUp(t *testing.T) {
	file, memory := page(t)
	startPeer(t, file, "hold spin").says("held")
	s, err := NewSpin(memory[spinAt:])
	must(t, err)
	if looks, err := s.LockWithin(5 * time.Millisecond); !errors.Is(err, unix.ETIMEDOUT) || looks == 0 {
		t.Fatalf("lock of what is held: %d looks, %v; want ETIMEDOUT", looks, err)
	}
	s.Unlock()
	if looks, err := s.LockWithin(0); err != nil || looks != 0 {
		t.Errorf("lock of a free one: %d looks, %v", looks, err)
	}
}

func TestWordsOutside(t *testing.T) {
	for _, offset := range []int{-8, 4, 4096} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a word at %d of 4,096: no panic", offset)
				}
			}()
			Word64(make([]byte, 4096), offset)
		}()
	}
}
