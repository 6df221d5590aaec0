package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func bind(fd int, address []byte) unix.Errno {
	_, _, e := unix.Syscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(address))), uintptr(len(address)))
	return e
}
