package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func mincore(mapping, vec []byte) unix.Errno {
	_, _, e := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(unsafe.SliceData(mapping))), uintptr(len(mapping)),
		uintptr(unsafe.Pointer(unsafe.SliceData(vec))))
	return e
}
