package probe

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// A user who may have few signals waiting is told so, with the errno.
func TestSignalQueueOfALowLimit(t *testing.T) {
	p := admit()
	defer p.discharge()
	if p.missing != nil {
		t.Fatal(p.missing)
	}
	if err := unix.Prlimit(p.pid, unix.RLIMIT_SIGPENDING, &unix.Rlimit{Cur: 5, Max: 5}, nil); err != nil {
		t.Fatal(err)
	}
	if found, err := p.signalQueue(); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("with a limit of 5: %q, %v", found, err)
	}
}
