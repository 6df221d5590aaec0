package sys

// Sleeping on a word of shared memory and waking who sleeps there, futex(2). Without
// FUTEX_PRIVATE_FLAG: the word may be shared with other processes.

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Bits of the futex word of a robust lock, linux/futex.h; the rest is the owner's thread id.
const (
	FutexWaiters   = 0x80000000 // somebody may be asleep: unlock must wake
	FutexOwnerDied = 0x40000000 // set by the kernel: the owner ended while it held the lock
	FutexTIDMask   = 0x3fffffff
)

// FutexWait sleeps while *word is value, at most for that time (below 0: for ever).
// EAGAIN: it was not value; EINTR: a signal; ETIMEDOUT. nil may come without a
// reason: look at the word again.
func FutexWait(word *atomic.Uint32, value uint32, most time.Duration) error {
	if most < 0 {
		return named("futex(FUTEX_WAIT)", futexWait(word, value, nil))
	}
	t := unix.NsecToTimespec(int64(most))
	return named("futex(FUTEX_WAIT)", futexWait(word, value, &t))
}

// FutexWake wakes at most n of those who sleep on the word, and says how many it woke.
func FutexWake(word *atomic.Uint32, n int) (int, error) {
	woken, errno := futexWake(word, n)
	return int(woken), named("futex(FUTEX_WAKE)", errno)
}
