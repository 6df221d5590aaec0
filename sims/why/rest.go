package why

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lookEvery is the time between two looks of a process that has nothing else to do.
const lookEvery = 5 * time.Millisecond

// rest sleeps in the kernel, clock_nanosleep(2).
func rest(d time.Duration) error {
	left := unix.NsecToTimespec(int64(d))
	for {
		err := unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &left, &left)
		if err != unix.EINTR {
			return os.NewSyscallError("clock_nanosleep", err)
		}
	}
}
