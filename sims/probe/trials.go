package probe

// The doctor's trials that need no child.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims/sys"
)

func tryMemfd(*patient) (string, error) {
	fd, err := unix.MemfdCreate("ipctour-probe", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return "", os.NewSyscallError("memfd_create", err)
	}
	defer unix.Close(fd)
	if err := unix.Ftruncate(fd, int64(os.Getpagesize())); err != nil {
		return "", os.NewSyscallError("ftruncate", err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK); err != nil {
		return "", os.NewSyscallError("fcntl(F_ADD_SEALS)", err)
	}
	return "a memfd was made, sized and sealed", nil
}

// trySocketpair sends a packet through a pair like the one that every child has.
func trySocketpair(*patient) (string, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", os.NewSyscallError("socketpair", err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	if _, err := unix.SendmsgN(pair[0], []byte{1}, nil, nil, unix.MSG_NOSIGNAL); err != nil {
		return "", os.NewSyscallError("sendmsg", err)
	}
	var b [1]byte
	_, _, _, _, err = unix.Recvmsg(pair[1], b[:], nil, unix.MSG_DONTWAIT)
	return "a packet went through a pair", os.NewSyscallError("recvmsg", err)
}

// tryInFlight sends a descriptor through a pair, and asks how many are on their way.
func tryInFlight(*patient) (string, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", os.NewSyscallError("socketpair", err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1]) // and what is in flight with it
	if err := unix.Sendmsg(pair[0], []byte{1}, unix.UnixRights(pair[0]), nil, unix.MSG_NOSIGNAL); err != nil {
		return "", os.NewSyscallError("sendmsg(SCM_RIGHTS)", err)
	}
	path := fmt.Sprintf("/proc/self/fdinfo/%d", pair[1])
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if n := statusField(text, "scm_fds:"); n != "1" {
		return "", fmt.Errorf("a descriptor is in flight, and %s says scm_fds %q", path, n)
	}
	return "a descriptor in flight was counted", nil
}

func tryMq(*patient) (string, error) {
	name := fmt.Sprintf("ipctour-probe-%d", os.Getpid())
	mqd, err := sys.MqOpen(name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC|unix.O_NONBLOCK, 0o600,
		&sys.MqAttr{MaxMsg: 5, MsgSize: 8}) // as many as the lessons put in at least
	if err != nil {
		return "", err
	}
	defer unix.Close(mqd)
	if err := sys.MqUnlink(name); err != nil {
		return "", err
	}
	if err := sys.MqSend(mqd, []byte("hello"), 1, nil); err != nil {
		return "", err
	}
	var buf [8]byte
	n, _, err := sys.MqReceive(mqd, buf[:], nil)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("a queue was made and unlinked; a message of %d bytes went through", n), nil
}

// tryMqLimits reads the limits that the lessons speak of.
func tryMqLimits(*patient) (string, error) {
	var limits []any
	for _, name := range []string{"msg_max", "msg_default"} {
		text, err := os.ReadFile("/proc/sys/fs/mqueue/" + name)
		if err != nil {
			return "", err
		}
		limits = append(limits, strings.TrimSpace(string(text)))
	}
	return fmt.Sprintf("msg_max is %s, msg_default %s", limits...), nil
}

func trySysV(*patient) (string, error) {
	shm, err := unix.SysvShmGet(unix.IPC_PRIVATE, os.Getpagesize(), unix.IPC_CREAT|0o600)
	if err != nil {
		return "", os.NewSyscallError("shmget", err)
	}
	if _, err := unix.SysvShmCtl(shm, unix.IPC_RMID, nil); err != nil {
		return "", os.NewSyscallError("shmctl(IPC_RMID)", err)
	}
	sem, err := sys.SemGet(unix.IPC_PRIVATE, 1, unix.IPC_CREAT|0o600)
	if err != nil {
		return "", err
	}
	if err := sys.SemRemove(sem); err != nil {
		return "", err
	}
	queue, err := sys.MsgGet(unix.IPC_PRIVATE, unix.IPC_CREAT|0o600)
	if err != nil {
		return "", err
	}
	return "a segment, a semaphore and a queue were made and removed", sys.MsgRemove(queue)
}

func tryMqueueFS(*patient) (string, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 2 && fields[2] == "mqueue" {
			return "mounted on " + fields[1], nil
		}
	}
	return "", errors.New("no mqueue among /proc/self/mounts")
}

func tryShm(*patient) (string, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs("/dev/shm", &fs); err != nil {
		return "", os.NewSyscallError("statfs /dev/shm", err)
	}
	name := fmt.Sprintf("/dev/shm/ipctour-probe-%d", os.Getpid())
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return "", os.NewSyscallError("open "+name, err)
	}
	defer unix.Close(fd)
	if err := unix.Unlink(name); err != nil {
		return "", os.NewSyscallError("unlink "+name, err)
	}
	if fs.Type != unix.TMPFS_MAGIC {
		return "", fmt.Errorf("/dev/shm is on a disk, and not a tmpfs: type %#x", fs.Type)
	}
	return fmt.Sprintf("a file was made and removed; %d KiB are free", fs.Bavail*uint64(fs.Bsize)/1024), nil
}

func tryIoUring(*patient) (string, error) {
	fd, features, err := sys.IoUringSetup(1)
	if err != nil {
		return "", err
	}
	unix.Close(fd)
	return fmt.Sprintf("a ring was made; features %#x", features), nil
}

func tryLandlock(*patient) (string, error) {
	version, err := sys.LandlockABI()
	return fmt.Sprintf("ABI %d", version), err
}

func tryPeerPidfd(*patient) (string, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", os.NewSyscallError("socketpair", err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	pidfd, err := unix.GetsockoptInt(pair[0], unix.SOL_SOCKET, unix.SO_PEERPIDFD)
	if err != nil {
		return "", os.NewSyscallError("getsockopt(SO_PEERPIDFD)", err)
	}
	unix.Close(pidfd)
	return "a socket gave the pidfd of its peer", nil
}

func tryPagemap(*patient) (string, error) {
	page := make([]byte, os.Getpagesize())
	page[0] = 1
	fd, err := openRead("/proc/self/pagemap")
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	var entry [8]byte
	offset := int64(sys.AddressOf(page)) / int64(os.Getpagesize()) * 8
	if _, err := unix.Pread(fd, entry[:], offset); err != nil {
		return "", os.NewSyscallError("pread /proc/self/pagemap", err)
	}
	runtime.KeepAlive(page)
	frame := binary.NativeEndian.Uint64(entry[:]) & (1<<55 - 1)
	if frame == 0 {
		return "", errors.New("pagemap gives 0 for the frame of a page that is present")
	}
	return fmt.Sprintf("a page of ours is frame %d", frame), nil
}

// tryIO has this process's account grow by a read of its own.
func tryIO(*patient) (string, error) {
	before, err := IO(os.Getpid())
	if err != nil {
		return "", err
	}
	after, err := IO(os.Getpid())
	if err != nil {
		return "", err
	}
	if n := after["syscr"] - before["syscr"]; n < 1 {
		return "", fmt.Errorf("/proc/self/io counted %d reads where some were made", n)
	}
	return fmt.Sprintf("/proc/self/io tells of %d reads so far", after["syscr"]), nil
}

// tryLocks locks a memory file and looks for the lock in /proc/locks.
func tryLocks(*patient) (string, error) {
	fd, err := unix.MemfdCreate("lock", unix.MFD_CLOEXEC)
	if err != nil {
		return "", os.NewSyscallError("memfd_create", err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return "", os.NewSyscallError("fstat", err)
	}
	if err := unix.Flock(fd, unix.LOCK_EX); err != nil {
		return "", os.NewSyscallError("flock", err)
	}
	list, err := Locks()
	if err != nil {
		return "", err
	}
	for _, l := range list {
		if l.PID == os.Getpid() && l.Inode == st.Ino {
			return "a lock of ours is told in /proc/locks: " + l.Kind + " " + l.Mode, nil
		}
	}
	return "", errors.New("a lock of ours is not told in /proc/locks")
}

func tryPipeSize(*patient) (string, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return "", os.NewSyscallError("pipe2", err)
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	before, err := unix.FcntlInt(uintptr(p[0]), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		return "", os.NewSyscallError("fcntl(F_GETPIPE_SZ)", err)
	}
	if _, err := unix.FcntlInt(uintptr(p[0]), unix.F_SETPIPE_SZ, os.Getpagesize()); err != nil {
		return "", os.NewSyscallError("fcntl(F_SETPIPE_SZ, a page)", err)
	}
	if _, err := unix.FcntlInt(uintptr(p[0]), unix.F_SETPIPE_SZ, 2*before); err != nil {
		return "", os.NewSyscallError(fmt.Sprintf("fcntl(F_SETPIPE_SZ, %d)", 2*before), err)
	}
	return fmt.Sprintf("a pipe of %d bytes was made smaller, and twice as big", before), nil
}

// tryNoSignal writes to a pipe that nobody reads, on a thread that blocks SIGPIPE: one that
// came all the same would be pending there.
func tryNoSignal(*patient) (string, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return "", os.NewSyscallError("pipe2", err)
	}
	defer unix.Close(p[1])
	unix.Close(p[0])
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := sys.BlockSignals(sys.Signals(unix.SIGPIPE)); err != nil {
		return "", err
	}
	_, err := unix.Pwritev2(p[1], [][]byte{{1}}, -1, unix.RWF_NOSIGNAL)
	status, unread := os.ReadFile("/proc/thread-self/status")
	if failed := errors.Join(unread, sys.UnblockSignals(sys.Signals(unix.SIGPIPE))); failed != nil {
		return "", failed // one that was pending has come in by now, and Go's runtime has taken it
	}
	pending, bad := strconv.ParseUint(statusField(status, "SigPnd:"), 16, 64)
	switch {
	case err == nil:
		return "", errors.New("a pipe without a reader took a byte")
	case err != unix.EPIPE: // EOPNOTSUPP, or EINVAL: a flag that it does not know
		return "", os.NewSyscallError("pwritev2(RWF_NOSIGNAL)", err)
	case bad != nil || sys.SignalSet(pending).Has(unix.SIGPIPE):
		return "", errors.New("pwritev2(RWF_NOSIGNAL) on a pipe without a reader raised SIGPIPE all the same")
	}
	return "a write to nobody gave EPIPE, and no signal", nil
}

// tryRobust sets a list on this thread and puts the old one back at once.
func tryRobust(*patient) (string, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	old, err := sys.GetRobustList(0)
	if err != nil {
		return "", err
	}
	memory, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return "", os.NewSyscallError("mmap", err)
	}
	defer unix.Munmap(memory)
	head := sys.AddressOf(memory)
	binary.NativeEndian.PutUint64(memory, uint64(head)) // an empty list points to itself
	if err := sys.SetRobustList(head); err != nil {
		return "", err
	}
	now, err := sys.GetRobustList(0)
	if err := errors.Join(err, sys.SetRobustList(old)); err != nil {
		return "", err
	}
	if now != head {
		return "", fmt.Errorf("set_robust_list took %#x and get_robust_list gives %#x", head, now)
	}
	return "a robust list was set and taken back", nil
}

func tryTimerfd(*patient) (string, error) {
	timer, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return "", os.NewSyscallError("timerfd_create", err)
	}
	defer unix.Close(timer)
	if err := unix.TimerfdSettime(timer, 0, &unix.ItimerSpec{Value: unix.Timespec{Sec: 3600}}, nil); err != nil {
		return "", os.NewSyscallError("timerfd_settime", err)
	}
	return "a timer was made and set", nil
}

func trySignalfd(*patient) (string, error) {
	signals, err := unix.Signalfd(-1, &unix.Sigset_t{}, unix.SFD_CLOEXEC)
	if err != nil {
		return "", os.NewSyscallError("signalfd4", err)
	}
	unix.Close(signals)
	return "a signalfd was made", nil
}

func tryInotify(*patient) (string, error) {
	changes, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err != nil {
		return "", os.NewSyscallError("inotify_init1", err)
	}
	defer unix.Close(changes)
	if _, err := unix.InotifyAddWatch(changes, "/", unix.IN_CLOSE_WRITE); err != nil {
		return "", os.NewSyscallError("inotify_add_watch", err)
	}
	return "a folder was watched", nil
}

// tryUnixSockets makes a server and a client of each type that the lessons use, under
// a name that the kernel chooses (unix(7): autobind), asks who they are and sends a byte.
func tryUnixSockets(*patient) (string, error) {
	for _, typ := range []int{unix.SOCK_STREAM, unix.SOCK_SEQPACKET} {
		if err := callOverUnix(typ); err != nil {
			return "", err
		}
	}
	return "servers listened, clients connected, and a byte went through", nil
}

func callOverUnix(typ int) error {
	door, err := unix.Socket(unix.AF_UNIX, typ|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(door)
	if err := unix.Bind(door, &unix.SockaddrUnix{}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	if err := unix.Listen(door, 1); err != nil {
		return os.NewSyscallError("listen", err)
	}
	name, err := unix.Getsockname(door)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	client, err := unix.Socket(unix.AF_UNIX, typ|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(client)
	if err := unix.Connect(client, name); err != nil { // the kernel answers it: nobody has to accept yet
		return os.NewSyscallError("connect", err)
	}
	server, _, err := unix.Accept4(door, unix.SOCK_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("accept4", err)
	}
	defer unix.Close(server)
	if err := unix.SetsockoptInt(server, unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
		return os.NewSyscallError("setsockopt(SO_PASSCRED)", err)
	}
	if _, err := unix.GetsockoptUcred(server, unix.SOL_SOCKET, unix.SO_PEERCRED); err != nil {
		return os.NewSyscallError("getsockopt(SO_PEERCRED)", err)
	}
	if _, err := unix.SendmsgN(client, []byte{1}, nil, nil, unix.MSG_NOSIGNAL); err != nil {
		return os.NewSyscallError("sendmsg", err)
	}
	var b [1]byte
	beside := make([]byte, unix.CmsgSpace(unix.SizeofUcred))
	_, _, _, _, err = unix.Recvmsg(server, b[:], beside, unix.MSG_DONTWAIT)
	return os.NewSyscallError("recvmsg", err)
}

func tryCPUs(*patient) (string, error) {
	n := runtime.NumCPU()
	if n < 2 {
		return "", fmt.Errorf("this process may use %d processor", n)
	}
	return fmt.Sprintf("this process may use %d", n), nil
}

// tryAffinity asks for the processors that this thread may use anyway.
func tryAffinity(*patient) (string, error) {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return "", os.NewSyscallError("sched_getaffinity", err)
	}
	if err := unix.SchedSetaffinity(0, &all); err != nil {
		return "", os.NewSyscallError("sched_setaffinity", err)
	}
	return "sched_setaffinity", nil
}
