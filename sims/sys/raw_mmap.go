package sys

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// MmapAt is mmap(2) with an address to map at: a wish, or with MAP_FIXED_NOREPLACE
// an order that gives EEXIST where something is mapped there already. 0 leaves the
// choice to the kernel. unix.Munmap does not know of such memory: it stays as long as
// the process.
func MmapAt(address uintptr, length, prot, flags, fd int) ([]byte, error) {
	p, _, errno := unix.Syscall6(unix.SYS_MMAP, address, uintptr(length), uintptr(prot), uintptr(flags), uintptr(fd), 0)
	if errno != 0 {
		return nil, os.NewSyscallError("mmap", errno)
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&p)), length), nil
}
