package sys

// POSIX message queues, mq_overview(7). The kernel's names have no leading slash.

import (
	"os"

	"golang.org/x/sys/unix"
)

// MqAttr is struct mq_attr of linux/mqueue.h.
type MqAttr struct {
	Flags   int64 // O_NONBLOCK or 0
	MaxMsg  int64
	MsgSize int64
	CurMsgs int64
	_       [4]int64
}

// MqOpen opens a queue; attr, which may be nil, counts when it is made.
func MqOpen(name string, flags int, mode uint32, attr *MqAttr) (int, error) {
	path, err := unix.BytePtrFromString(name)
	if err != nil {
		return -1, os.NewSyscallError("mq_open", err)
	}
	return descriptor("mq_open", func() (uintptr, unix.Errno) { return mqOpen(path, flags, mode, attr) })
}

// MqUnlink removes a name; the queue lives on while it is open.
func MqUnlink(name string) error {
	path, err := unix.BytePtrFromString(name)
	if err != nil {
		return os.NewSyscallError("mq_unlink", err)
	}
	return named("mq_unlink", mqUnlink(path))
}

// MqSend puts a message on a queue; a full one makes it sleep until the absolute
// CLOCK_REALTIME timeout (nil: for ever), or gives EAGAIN with O_NONBLOCK. EINTR
// is the caller's.
func MqSend(mqd int, message []byte, priority uint32, timeout *unix.Timespec) error {
	return named("mq_timedsend", mqSend(mqd, message, priority, timeout))
}

// MqReceive takes the oldest message of the highest priority. The buffer must
// hold the queue's MsgSize.
func MqReceive(mqd int, buf []byte, timeout *unix.Timespec) (n int, priority uint32, err error) {
	got, errno := mqReceive(mqd, buf, &priority, timeout)
	if errno != 0 {
		return 0, 0, named("mq_timedreceive", errno)
	}
	return int(got), priority, nil
}

// MqAttributes reads the attributes of a queue, and how full it is.
func MqAttributes(mqd int) (MqAttr, error) {
	var attr MqAttr
	return attr, named("mq_getsetattr", mqGetattr(mqd, &attr))
}

// descriptor makes a call that gives a descriptor, again while it gives EINTR.
func descriptor(call string, try func() (uintptr, unix.Errno)) (int, error) {
	for {
		fd, errno := try()
		switch errno {
		case 0:
			return int(fd), nil
		case unix.EINTR:
		default:
			return -1, os.NewSyscallError(call, errno)
		}
	}
}
