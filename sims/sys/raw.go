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

func mqOpen(name *byte, flags int, mode uint32, attr *MqAttr) (uintptr, unix.Errno) {
	fd, _, e := unix.Syscall6(unix.SYS_MQ_OPEN, uintptr(unsafe.Pointer(name)), uintptr(flags), uintptr(mode),
		uintptr(unsafe.Pointer(attr)), 0, 0)
	return fd, e
}

func mqUnlink(name *byte) unix.Errno {
	_, _, e := unix.Syscall(unix.SYS_MQ_UNLINK, uintptr(unsafe.Pointer(name)), 0, 0)
	return e
}

func mqSend(mqd int, message []byte, priority uint32, timeout *unix.Timespec) unix.Errno {
	_, _, e := unix.Syscall6(unix.SYS_MQ_TIMEDSEND, uintptr(mqd), uintptr(unsafe.Pointer(unsafe.SliceData(message))),
		uintptr(len(message)), uintptr(priority), uintptr(unsafe.Pointer(timeout)), 0)
	return e
}

func mqReceive(mqd int, buf []byte, priority *uint32, timeout *unix.Timespec) (uintptr, unix.Errno) {
	n, _, e := unix.Syscall6(unix.SYS_MQ_TIMEDRECEIVE, uintptr(mqd), uintptr(unsafe.Pointer(unsafe.SliceData(buf))),
		uintptr(len(buf)), uintptr(unsafe.Pointer(priority)), uintptr(unsafe.Pointer(timeout)), 0)
	return n, e
}

func mqGetattr(mqd int, attr *MqAttr) unix.Errno {
	_, _, e := unix.Syscall(unix.SYS_MQ_GETSETATTR, uintptr(mqd), 0, uintptr(unsafe.Pointer(attr)))
	return e
}

func msgget(key, flags int) (uintptr, unix.Errno) {
	id, _, e := unix.Syscall(unix.SYS_MSGGET, uintptr(key), uintptr(flags), 0)
	return id, e
}

func msgRemove(id int) unix.Errno {
	_, _, e := unix.Syscall(unix.SYS_MSGCTL, uintptr(id), unix.IPC_RMID, 0)
	return e
}

func semget(key, n, flags int) (uintptr, unix.Errno) {
	id, _, e := unix.Syscall(unix.SYS_SEMGET, uintptr(key), uintptr(n), uintptr(flags))
	return id, e
}

func semRemove(id int) unix.Errno {
	_, _, e := unix.Syscall6(unix.SYS_SEMCTL, uintptr(id), 0, unix.IPC_RMID, 0, 0, 0)
	return e
}

func kcmp(pid1, pid2, kind int, a, b uintptr) (uintptr, unix.Errno) {
	order, _, e := unix.Syscall6(unix.SYS_KCMP, uintptr(pid1), uintptr(pid2), uintptr(kind), a, b, 0)
	return order, e
}

func landlockVersion() (uintptr, unix.Errno) {
	v, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	return v, e
}

func ioUringSetup(entries uint32, params *[30]uint32) (uintptr, unix.Errno) {
	fd, _, e := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(params)), 0)
	return fd, e
}

func setRobustList(head uintptr) unix.Errno {
	_, _, e := unix.RawSyscall(unix.SYS_SET_ROBUST_LIST, head, unsafe.Sizeof(RobustListHead{}), 0)
	return e
}

func getRobustList(tid int) (head uintptr, errno unix.Errno) {
	var size uintptr
	_, _, e := unix.RawSyscall(unix.SYS_GET_ROBUST_LIST, uintptr(tid), uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&size)))
	return head, e
}

// AddressOf is where a byte slice lies, as the kernel writes addresses.
func AddressOf(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
