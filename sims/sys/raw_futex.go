package sys

// The unsafe half of futex.go.

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

func futexWait(word *atomic.Uint32, value uint32, most *unix.Timespec) unix.Errno {
	const wait = 0 // FUTEX_WAIT
	_, _, e := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), wait, uintptr(value), uintptr(unsafe.Pointer(most)), 0, 0)
	return e
}

func futexWake(word *atomic.Uint32, n int) (uintptr, unix.Errno) {
	const wake = 1 // FUTEX_WAKE
	woken, _, e := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), wake, uintptr(n), 0, 0, 0)
	return woken, e
}
