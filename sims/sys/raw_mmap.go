package sys

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// MmapAt is mmap(2) with an address to map at: a wish, or with MAP_FIXED_NOREPLACE
// an order that gives EEXIST where something is mapped there already. 0 leaves the
// choice to the kernel. The memory must be given back with MunmapAt, not with
// unix.Munmap, which knows only of its own.
func MmapAt(address uintptr, length, prot, flags, fd int) ([]byte, error) {
	p, _, errno := unix.Syscall6(unix.SYS_MMAP, address, uintptr(length), uintptr(prot), uintptr(flags), uintptr(fd), 0)
	if errno != 0 {
		return nil, os.NewSyscallError("mmap", errno)
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&p)), length), nil
}

// MunmapAt takes away what MmapAt has mapped.
func MunmapAt(memory []byte) error {
	_, _, errno := unix.Syscall(unix.SYS_MUNMAP, AddressOf(memory), uintptr(len(memory)), 0)
	if errno != 0 {
		return os.NewSyscallError("munmap", errno)
	}
	return nil
}
