package share

// A mutex in shared memory that enters the kernel only where somebody must sleep
// or be woken: the second mutex of Ulrich Drepper's "Futexes Are Tricky".

import (
	"fmt"
	"sync/atomic"
	"time"

	"ipctour/sims/sys"
)

// MutexSize is the room for a Mutex: one futex word. All zero is a free one.
const MutexSize = 4

// The three values of the word. The third is what saves the system calls: who
// unlocks from 1 knows that nobody sleeps, and need not ask the kernel.
const (
	MutexFree      = 0
	MutexLocked    = 1 // and nobody waits
	MutexContended = 2 // and somebody may sleep: unlock must wake one
)

// Mutex is a lock between processes that map the same memory. It does not know its
// owner: whoever unlocks it, it is free, and where the owner dies it stays locked.
type Mutex struct{ word *atomic.Uint32 }

// NewMutex is the lock in memory that is all zero, or that another has made there.
func NewMutex(memory []byte) (*Mutex, error) {
	if len(memory) < MutexSize {
		return nil, fmt.Errorf("mutex: want %d bytes, have %d", MutexSize, len(memory))
	}
	return &Mutex{Word32(memory, 0)}, nil
}

// Lock takes the lock, and says how often it called FUTEX_WAIT for it: 0 when the
// lock was free.
func (m *Mutex) Lock() (waits int, err error) { return m.LockWithin(-1) }

// LockWithin is Lock that gives up after a time with ETIMEDOUT (below 0: never).
func (m *Mutex) LockWithin(most time.Duration) (waits int, err error) {
	if m.word.CompareAndSwap(MutexFree, MutexLocked) {
		return 0, nil // the whole of it, as long as nobody else wants the lock
	}
	until := deadline(most)
	// Whoever comes from here takes the lock as contended, for others may sleep
	// beside it. At worst that is one FUTEX_WAKE too many.
	for m.word.Swap(MutexContended) != MutexFree {
		waits++
		if err := sleep(m.word, MutexContended, until); err != nil {
			return waits, fmt.Errorf("mutex: %w", err)
		}
	}
	return waits, nil
}

// Unlock gives the lock back, and says whether it called FUTEX_WAKE for it and how
// many that woke: at most one.
func (m *Mutex) Unlock() (woke bool, woken int, err error) {
	if m.word.Swap(MutexFree) == MutexLocked {
		return false, 0, nil
	}
	woken, err = sys.FutexWake(m.word, 1)
	return true, woken, err
}
