package share

// A spin lock: who finds it taken looks again and again, and never sleeps.

import (
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims/sys"
)

// SpinSize is the room for a Spin: one word. All zero is a free one.
const SpinSize = 4

// Spin is a lock between processes that map the same memory.
type Spin struct{ word *atomic.Uint32 }

// NewSpin is the lock in memory that is all zero, or that another has made there.
func NewSpin(memory []byte) (*Spin, error) {
	if len(memory) < SpinSize {
		return nil, fmt.Errorf("spin lock: want %d bytes, have %d", SpinSize, len(memory))
	}
	return &Spin{Word32(memory, 0)}, nil
}

// spinRounds is how often a spinner looks before it lets another process have its
// processor: where there is only one, the owner can go on only then.
const spinRounds = 2000

// LockWithin takes the lock, and says how often it looked in vain. A lock that is
// not to be had within that time (its owner is dead, or stopped) gives ETIMEDOUT.
func (s *Spin) LockWithin(most time.Duration) (looks int, err error) {
	if s.word.CompareAndSwap(0, 1) {
		return 0, nil
	}
	until := deadline(most)
	for {
		for range spinRounds {
			// Only a load, till the lock is seen free: the cache line stays shared.
			if s.word.Load() == 0 && s.word.CompareAndSwap(0, 1) {
				return looks, nil
			}
			looks++
			sys.Pause()
		}
		if !until.IsZero() && time.Now().After(until) {
			return looks, fmt.Errorf("spin lock: %w", unix.ETIMEDOUT)
		}
		sys.Yield()
	}
}

// Unlock gives the lock back: a store, and nothing else.
func (s *Spin) Unlock() { s.word.Store(0) }
