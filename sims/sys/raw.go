package sys

// The unsafe half: every raw call of this package, and nothing else.

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func ptrace(request, pid int, addr, data uintptr) unix.Errno {
	_, _, e := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(pid), addr, data, 0, 0)
	return e
}

// PtraceSyscallInfo asks where a stopped process is. EIO: the kernel is older
// than 5.3.
func PtraceSyscallInfo(pid int, info *SyscallInfo) error {
	_, _, e := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(pid),
		unsafe.Sizeof(*info), uintptr(unsafe.Pointer(info)), 0, 0)
	return named("ptrace(PTRACE_GET_SYSCALL_INFO)", e)
}

func ptraceSiginfo(pid int, info *[128]byte) unix.Errno {
	return ptrace(unix.PTRACE_GETSIGINFO, pid, 0, uintptr(unsafe.Pointer(info)))
}
