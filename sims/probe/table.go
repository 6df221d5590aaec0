package probe

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// SyscallName names a system call of this architecture.
func SyscallName(nr int) string {
	switch nr {
	case unix.SYS_READ:
		return "read"
	case unix.SYS_WRITE:
		return "write"
	case unix.SYS_EXECVE:
		return "execve"
	case unix.SYS_FUTEX:
		return "futex"
	case unix.SYS_RECVFROM:
		return "recvfrom"
	case unix.SYS_EXIT_GROUP:
		return "exit_group"
	}
	return "syscall_" + strconv.Itoa(nr)
}
