package probe

import (
	"golang.org/x/sys/unix"
	"strconv"
)

// SyscallName names a system call of this architecture.
func SyscallName(nr int) string {
	if nr == unix.SYS_WRITE {
		return "write"
	}
	if nr == unix.SYS_READ {
		return "read"
	}
	return "syscall_" + strconv.Itoa(nr)
}
