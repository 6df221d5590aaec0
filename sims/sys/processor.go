package sys

// On which processors a thread may run: sched_setaffinity(2).

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Processors are the numbers of those that the calling thread may use, lowest first.
func Processors() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, os.NewSyscallError("sched_getaffinity", err)
	}
	var cpus []int
	for cpu := 0; len(cpus) < set.Count(); cpu++ {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// PinThread keeps the calling thread, which must be locked, on one processor. It
// reports false, and no error, where the machine denies that: the thread runs where it
// may.
func PinThread(cpu int) (bool, error) { return allow([]int{cpu}) }

// FreeThread lets the calling thread run on any of these processors again.
func FreeThread(cpus []int) error {
	_, err := allow(cpus)
	return err
}

func allow(cpus []int) (bool, error) {
	var set unix.CPUSet
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	switch err := unix.SchedSetaffinity(0, &set); {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.ENOSYS):
		return false, nil
	case err != nil:
		return false, os.NewSyscallError("sched_setaffinity", err)
	}
	return true, nil
}
