package share

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"ipctour/sims/sys"
)

// Offsets in the file: a lock, a second one, and the record that the first guards,
// whose two halves are equal whenever nobody is inside.
const (
	lockAt   = 0
	secondAt = 64
	halfAt   = 128
	otherAt  = 136
	roundsAt = 144
)

// robustPeers are what the other process can do with the robust locks.
var robustPeers = map[string]func(memory []byte) error{
	"hold":     func(memory []byte) error { return holdLocks(memory, lockAt) },
	"hold two": func(memory []byte) error { return holdLocks(memory, lockAt, secondAt) },
	"work": func(memory []byte) error {
		l, err := NewRobustList()
		if err != nil {
			return err
		}
		r, err := l.Mutex(memory[lockAt:])
		if err != nil {
			return err
		}
		return work(r, memory, func() bool { return false })
	},
}

func holdLocks(memory []byte, at ...int) error {
	if err := takeLocks(memory, at...); err != nil {
		return err
	}
	return holdOn()
}

// takeLocks takes locks for the calling thread, with a list of its own.
func takeLocks(memory []byte, at ...int) error {
	l, err := NewRobustList()
	if err != nil {
		return err
	}
	for _, at := range at {
		r, err := l.Mutex(memory[at:])
		if err != nil {
			return err
		}
		died, err := r.Lock()
		if err != nil {
			return err
		}
		if died {
			return errors.New("lock: its last owner died")
		}
	}
	return nil
}

// work changes the record under the lock for as long as it lives, and repairs it
// after the dead.
func work(r *Robust, memory []byte, enough func() bool) error {
	half, other, rounds := Word64(memory, halfAt), Word64(memory, otherAt), Word64(memory, roundsAt)
	for !enough() {
		died, err := r.LockWithin(patience)
		if err != nil {
			return err
		}
		if died {
			other.Store(half.Load())
			if err := r.Consistent(); err != nil {
				return err
			}
		}
		if half.Load() != other.Load() {
			return fmt.Errorf("record torn: %d and %d", half.Load(), other.Load())
		}
		half.Add(1)
		rounds.Add(1)
		other.Add(1)
		if err := r.Unlock(); err != nil {
			return err
		}
	}
	return nil
}

// shared is a page with two locks in it.
func shared(t *testing.T) (file string, memory []byte) {
	t.Helper()
	file, memory = page(t)
	for _, at := range []int{lockAt, secondAt} {
		must(t, InitRobust(memory[at:]))
	}
	return file, memory
}

// mine locks the test to its thread and gives its view of a lock.
func mine(t *testing.T, memory []byte) (*RobustList, *Robust) {
	t.Helper()
	runtime.LockOSThread()
	l, err := NewRobustList()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		runtime.UnlockOSThread()
	})
	r, err := l.Mutex(memory)
	if err != nil {
		t.Fatal(err)
	}
	return l, r
}

func futexWord(memory []byte) uint32 { return Word32(memory, RobustWord).Load() }

func hasWaiters(memory []byte) func() bool {
	return func() bool { return futexWord(memory)&sys.FutexWaiters != 0 }
}

func expect(t *testing.T, r *Robust, died bool, errno error) {
	t.Helper()
	got, err := r.LockWithin(patience)
	if got != died || !errors.Is(err, errno) || (errno == nil && err != nil) {
		t.Fatalf("lock: owner died %v, error %v; want %v, %v", got, err, died, errno)
	}
}

func TestLayout(t *testing.T) {
	var m pthreadMutex
	for _, f := range []struct {
		name      string
		got, want uintptr
	}{
		{"__lock", unsafe.Offsetof(m.word), RobustWord}, {"__owner", unsafe.Offsetof(m.owner), RobustOwner},
		{"__kind", unsafe.Offsetof(m.kind), 16}, {"__list", unsafe.Offsetof(m.list), 24},
		{"__list.__next", unsafe.Offsetof(m.list) + unsafe.Offsetof(m.list.next), 32}, {"size", unsafe.Sizeof(m), 40},
		{"robust_head", unsafe.Offsetof(threadHead{}.list), 8},
		{"robust_head size", unsafe.Sizeof(threadHead{}) - 8, unsafe.Sizeof(sys.RobustListHead{})},
	} {
		if f.got != f.want {
			t.Errorf("%s at %d, want %d", f.name, f.got, f.want)
		}
	}
}

func TestLockAndErrors(t *testing.T) {
	_, memory := shared(t)
	_, r := mine(t, memory)
	if err := r.Unlock(); !errors.Is(err, unix.EPERM) {
		t.Errorf("unlock of what is not held: %v, want EPERM", err)
	}
	expect(t, r, false, nil)
	if got := futexWord(memory); got != uint32(unix.Gettid()) {
		t.Errorf("word %#x, want the thread id %#x", got, unix.Gettid())
	}
	if _, err := r.Lock(); !errors.Is(err, unix.EDEADLK) {
		t.Errorf("lock of one's own: %v, want EDEADLK", err)
	}
	if err := r.Consistent(); !errors.Is(err, unix.EINVAL) {
		t.Errorf("consistent without a dead owner: %v, want EINVAL", err)
	}
	must(t, r.Unlock())
	if got := futexWord(memory); got != 0 {
		t.Errorf("word %#x after unlock, want 0", got)
	}
}

func TestWaitEndsAtItsTime(t *testing.T) {
	file, memory := shared(t)
	startPeer(t, file, "hold").says("held")
	_, r := mine(t, memory)
	if _, err := r.LockWithin(10 * time.Millisecond); !errors.Is(err, unix.ETIMEDOUT) {
		t.Fatalf("lock of what is held: %v, want ETIMEDOUT", err)
	}
}

func TestOwnerKilled(t *testing.T) {
	file, memory := shared(t)
	l, first := mine(t, memory)
	second, err := l.Mutex(memory[secondAt:])
	must(t, err)
	p := startPeer(t, file, "hold two")
	p.says("held")
	p.kill()
	for _, at := range []int{lockAt, secondAt} {
		if got := futexWord(memory[at:]); got != sys.FutexOwnerDied {
			t.Errorf("word at %d is %#x, want OWNER_DIED and no more", at, got)
		}
	}
	expect(t, first, true, nil)
	expect(t, second, true, nil)
	must(t, first.Consistent())
	must(t, first.Unlock()) // the older one: out of the middle of the list
	must(t, second.Consistent())
	must(t, second.Unlock())
	expect(t, first, false, nil)
	must(t, first.Unlock())
}

func TestOwnerKilledWhileSomebodySleeps(t *testing.T) {
	file, memory := shared(t)
	_, r := mine(t, memory)
	p := startPeer(t, file, "hold")
	p.says("held")
	done := make(chan struct{})
	go func() { // a thread of its own, so that this one can be asleep
		defer close(done)
		waits(t, "somebody waits", hasWaiters(memory))
		p.kill()
	}()
	expect(t, r, true, nil)
	<-done
	must(t, r.Consistent())
	must(t, r.Unlock())
}

func TestNotMadeConsistent(t *testing.T) {
	file, memory := shared(t)
	_, r := mine(t, memory)
	p := startPeer(t, file, "hold")
	p.says("held")
	p.kill()
	expect(t, r, true, nil)
	must(t, r.Unlock())
	for range 2 {
		expect(t, r, false, unix.ENOTRECOVERABLE)
	}
}

// TestThreadEnds: not the process, the thread counts.
func TestThreadEnds(t *testing.T) {
	_, memory := shared(t)
	_, r := mine(t, memory)
	held := make(chan error)
	go endHolding(memory, held)
	must(t, <-held)
	expect(t, r, true, nil)
	must(t, r.Consistent())
	must(t, r.Unlock())
}

// endHolding takes the lock and ends its thread with it: the goroutine ends while it
// is locked to it.
func endHolding(memory []byte, held chan<- error) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() { // Go never ends the main thread: let another take this on meanwhile
		done := make(chan error)
		go endHolding(memory, done)
		held <- <-done
		runtime.UnlockOSThread()
		return
	}
	held <- takeLocks(memory, lockAt)
}

// TestKilledAnywhere kills workers at whatever instruction they are: with the lock
// and not yet in the list, out of the list and still with it, woken and gone. The
// others must never be left asleep, and never find a record that nobody repaired.
func TestKilledAnywhere(t *testing.T) {
	kills := 60
	if testing.Short() {
		kills = 10
	}
	file, memory := shared(t)
	_, r := mine(t, memory)
	rounds := Word64(memory, roundsAt)
	workers := []*process{startPeer(t, file, "work"), startPeer(t, file, "work")}
	for i := range kills {
		seen := rounds.Load()
		waits(t, "the workers work", func() bool { return rounds.Load() > seen+uint64(i*7) })
		workers[i%2].kill()
		n := 0
		must(t, work(r, memory, func() bool { n++; return n > 20 }))
		workers[i%2] = startPeer(t, file, "work")
	}
	for _, w := range workers {
		w.kill()
		if line, _ := w.out.ReadString('\n'); line != "" { // nothing is said but errors
			t.Error(line)
		}
	}
}
