// Package sys holds the system calls that golang.org/x/sys/unix lacks. Numbers
// and structures are the kernel's; every failure names its call.
package sys

// What ptrace(2) has and x/sys/unix does not wrap: GET_SYSCALL_INFO and LISTEN.

import (
	"encoding/binary"
	"os"

	"golang.org/x/sys/unix"
)

// SyscallInfo is struct ptrace_syscall_info of linux/ptrace.h (Linux 5.3), the
// same on every architecture. Of the union, Entry and Exit are read through the
// methods.
type SyscallInfo struct {
	Op    uint8 // unix.PTRACE_SYSCALL_INFO_ENTRY, _EXIT, _NONE or _SECCOMP
	_     [3]byte
	Arch  uint32
	IP    uint64 // instruction pointer, behind the system call instruction
	SP    uint64
	Union [8]uint64
}

// Entry gives the number and the arguments; valid when Op is ENTRY.
func (i *SyscallInfo) Entry() (nr int, args [6]uint64) {
	copy(args[:], i.Union[1:7])
	return int(i.Union[0]), args
}

// Exit gives the raw return value, −errno on failure; valid when Op is EXIT.
func (i *SyscallInfo) Exit() (ret int64, failed bool) {
	return int64(i.Union[0]), i.Union[1]&0xff != 0
}

// PtraceSeize attaches without stopping, with the options set in the same call.
func PtraceSeize(pid int, options int) error {
	return named("ptrace(PTRACE_SEIZE)", ptrace(unix.PTRACE_SEIZE, pid, 0, uintptr(options)))
}

// PtraceInterrupt asks a seized process to stop. Only its tracer thread may.
func PtraceInterrupt(pid int) error {
	return named("ptrace(PTRACE_INTERRUPT)", ptrace(unix.PTRACE_INTERRUPT, pid, 0, 0))
}

// PtraceSyscall lets a stopped process run to its next system call, giving it sig.
func PtraceSyscall(pid int, sig unix.Signal) error {
	return named("ptrace(PTRACE_SYSCALL)", ptrace(unix.PTRACE_SYSCALL, pid, 0, uintptr(sig)))
}

// PtraceListen leaves a process in its group-stop, to be woken by SIGCONT.
func PtraceListen(pid int) error {
	return named("ptrace(PTRACE_LISTEN)", ptrace(unix.PTRACE_LISTEN, pid, 0, 0))
}

// PtraceDetach lets a stopped process go, giving it sig.
func PtraceDetach(pid int, sig unix.Signal) error {
	return named("ptrace(PTRACE_DETACH)", ptrace(unix.PTRACE_DETACH, pid, 0, uintptr(sig)))
}

// named wraps an errno in the name of its call, and leaves success alone.
func named(call string, errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return os.NewSyscallError(call, errno)
}

// SI_TKILL is the code of a signal sent to one thread by tgkill(2).
const SI_TKILL = -6

// PtraceSignalCode is the si_code of the signal that a process is stopped for.
func PtraceSignalCode(pid int) (int32, error) {
	var info [128]byte // siginfo_t: signo, errno, code, …
	if errno := ptraceSiginfo(pid, &info); errno != 0 {
		return 0, named("ptrace(PTRACE_GETSIGINFO)", errno)
	}
	return int32(binary.NativeEndian.Uint32(info[8:])), nil
}
