package shm

// How the roles of this chapter wait for each other in memory alone, and where
// they run meanwhile.

import (
	"errors"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims/sys"
)

// spinner is a wait by looking again and again. It ends at a deadline: the other
// side may have been killed.
type spinner struct {
	until time.Time
	looks int
	alone bool // one processor: the other side runs only while this one lets it
}

func newSpinner(most time.Duration) *spinner {
	return &spinner{until: time.Now().Add(most), alone: runtime.NumCPU() < 2}
}

// again passes the time till the next look; false: the wait is over.
func (s *spinner) again() bool {
	s.looks++
	if s.alone {
		sys.Yield()
	} else {
		sys.Pause()
	}
	return s.looks%1024 != 0 || time.Now().Before(s.until)
}

// pin keeps this thread on the nth of the processors that it may use, and says
// which that is and how to let it go again. Where that is denied the thread runs where
// it may, and the number is −1.
func pin(nth int) (cpu int, free func(), err error) {
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return 0, nil, os.NewSyscallError("sched_getaffinity", err)
	}
	for left := nth % max(all.Count(), 1); ; cpu++ {
		if all.IsSet(cpu) {
			if left == 0 {
				break
			}
			left--
		}
	}
	one.Set(cpu)
	switch err := unix.SchedSetaffinity(0, &one); {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.ENOSYS):
		return -1, func() {}, nil
	case err != nil:
		return 0, nil, os.NewSyscallError("sched_setaffinity", err)
	}
	return cpu, func() { _ = unix.SchedSetaffinity(0, &all) }, nil // what it had a moment ago
}
