package share

// What the locks of this package share: a sleep on a word that ends at a deadline.

import (
	"errors"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims/sys"
)

// deadline is when a wait that begins now ends; the zero time for never.
func deadline(most time.Duration) time.Time {
	if most < 0 {
		return time.Time{}
	}
	return time.Now().Add(most)
}

// sleep waits on a word while it is value. The one error is ETIMEDOUT: that it was
// another value, or a signal came, means to look again.
func sleep(word *atomic.Uint32, value uint32, until time.Time) error {
	most := time.Duration(-1)
	if !until.IsZero() {
		most = max(time.Until(until), 0)
	}
	err := sys.FutexWait(word, value, most)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return nil
	}
	return err
}

// errnoOf is an error of a lock, unless something worse came with it.
func errnoOf(call string, errno unix.Errno, worse error) error {
	if worse != nil {
		return worse
	}
	return os.NewSyscallError(call, errno)
}
