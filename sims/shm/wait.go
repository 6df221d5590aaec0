package shm

// How the roles of this chapter wait for each other in memory alone, and where
// they run meanwhile.

import (
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims/sys"
)

// spinner is a wait by looking again and again. It ends at a deadline: the other
// side may have been killed.
type spinner struct {
	until   time.Time
	looks   int
	crowded bool // too few processors: the others run only while this one lets them
}

// newSpinner is a wait of at most that time, by one of so many processes at work.
func newSpinner(most time.Duration, processes int) *spinner {
	return &spinner{until: time.Now().Add(most), crowded: runtime.NumCPU() < processes}
}

// again passes the time till the next look; false: the wait is over.
func (s *spinner) again() bool {
	s.looks++
	if s.crowded {
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
	cpus, err := sys.Processors()
	if err != nil {
		return 0, nil, err
	}
	cpu = cpus[nth%len(cpus)]
	pinned, err := sys.PinThread(cpu)
	if err != nil {
		return 0, nil, err
	}
	if !pinned {
		return -1, func() {}, nil
	}
	return cpu, func() { _ = sys.FreeThread(cpus) }, nil // what it had a moment ago
}

// sleeps is how often this thread has given up its processor to wait for something,
// by the kernel's count (getrusage(2)).
func sleeps() (int64, error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		return 0, os.NewSyscallError("getrusage", err)
	}
	return u.Nvcsw, nil
}
