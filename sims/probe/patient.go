package probe

// The doctor's patient: a child that sleeps in read, and the trials made on it.

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims/sys"
)

var errNoHelper = errors.New("not tried: no helper child could be started")

// patient is a helper in the role "sleep". When it could not be started, every
// trial that needs it gives the reason.
type patient struct {
	pid, tid  int      // tid: the thread that sleeps
	lifeline  *os.File // its standard input, our end
	shared    *os.File // its standard input, its end: for kcmp
	secretAt  uint64
	missing   error
	traced    error // what ptrace gave; asked once for two trials
	info      error
	examined  bool
	infoFound string
}

// helperPatience is how long a helper may take to speak.
const helperPatience = 2 * time.Second

func admit() *patient {
	p := &patient{}
	if err := p.start(); err != nil {
		p.missing = fmt.Errorf("%w: %w", errNoHelper, err)
	}
	return p
}

func (p *patient) start() (err error) {
	if p.shared, p.lifeline, err = os.Pipe(); err != nil {
		return err
	}
	var pid int
	var said string
	err = blockedMeanwhile(queued, func() (err error) { // a child inherits the mask
		pid, said, err = startHelper("sleep", p.shared, nil)
		return err
	})
	p.pid = pid
	if err != nil {
		return err
	}
	if _, err := fmt.Sscanf(said, "%d %d", &p.secretAt, &p.tid); err != nil {
		return fmt.Errorf("the helper said %q: main has not called probe.Become", said)
	}
	return nil
}

// startHelper runs this binary in a role and gives the first line that it says. The
// pid is to be waited for by the caller, also after an error, unless it is 0.
func startHelper(role string, stdin *os.File, attr *syscall.SysProcAttr) (pid int, said string, err error) {
	if os.Getenv(helperEnv) != "" {
		return 0, "", errors.New("this is a helper itself: main has not called probe.Become")
	}
	out, in, err := os.Pipe()
	if err != nil {
		return 0, "", err
	}
	defer out.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		in.Close()
		return 0, "", err
	}
	pid, err = syscall.ForkExec("/proc/self/exe", []string{"ipctour", helperMark, role}, &syscall.ProcAttr{
		Env:   []string{helperEnv + "=1", "GOGC=off"},
		Files: []uintptr{stdin.Fd(), in.Fd(), null.Fd()},
		Sys:   attr,
	})
	null.Close()
	in.Close()
	if err != nil {
		return 0, "", os.NewSyscallError("fork and exec", err)
	}
	out.SetReadDeadline(time.Now().Add(helperPatience))
	return pid, firstLine(out), nil
}

// discharge ends the patient and waits for it.
func (p *patient) discharge() {
	if p.lifeline != nil {
		p.lifeline.Close()
		p.shared.Close()
	}
	reap(p.pid)
}

// reap kills a helper and waits for it.
func reap(pid int) {
	if pid <= 0 {
		return
	}
	unix.Kill(pid, unix.SIGKILL)
	for {
		if _, err := unix.Wait4(pid, nil, unix.WALL, nil); err != unix.EINTR {
			return
		}
	}
}

func (p *patient) ptrace() (string, error) {
	p.examine()
	return "a child was seized, stopped and let go", p.traced
}

func (p *patient) syscallInfo() (string, error) {
	p.examine()
	return p.infoFound, errors.Join(p.traced, p.info)
}

// examine traces the patient for a moment, on one thread, once.
func (p *patient) examine() {
	if p.examined {
		return
	}
	if p.examined, p.traced = true, p.missing; p.missing != nil {
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if p.traced = sys.PtraceSeize(p.pid, 0); p.traced != nil {
		return
	}
	if p.traced = sys.PtraceInterrupt(p.pid); p.traced != nil {
		return
	}
	var status unix.WaitStatus
	for {
		if _, err := unix.Wait4(p.pid, &status, unix.WALL, nil); err != unix.EINTR {
			p.traced = os.NewSyscallError("wait4", err)
			break
		}
	}
	var info sys.SyscallInfo
	p.info = sys.PtraceSyscallInfo(p.pid, &info)
	p.infoFound = fmt.Sprintf("PTRACE_GET_SYSCALL_INFO answers; architecture %#x", info.Arch)
	p.traced = errors.Join(p.traced, sys.PtraceDetach(p.pid, 0))
}

func (p *patient) pidfdOpen() (string, error) {
	fd, err := p.openPidfd()
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, 0, nil, 0); err != nil {
		return "", os.NewSyscallError("pidfd_send_signal", err)
	}
	return "a pidfd of a child was opened, and a signal of 0 sent", nil
}

func (p *patient) openPidfd() (int, error) {
	if p.missing != nil {
		return -1, p.missing
	}
	fd, err := unix.PidfdOpen(p.pid, 0)
	return fd, os.NewSyscallError("pidfd_open", err)
}

func (p *patient) pidfdGetfd() (string, error) {
	fd, err := p.openPidfd()
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	dup, err := unix.PidfdGetfd(fd, 0, 0)
	if err != nil {
		return "", os.NewSyscallError("pidfd_getfd", err)
	}
	unix.Close(dup)
	return "descriptor 0 of a child was duplicated", nil
}

// socketLevels is whether a lesson can tell how many bytes wait in a child's socket:
// by a duplicate of its descriptor, or by sock_diag(7).
func (p *patient) socketLevels() (string, error) {
	if _, err := p.pidfdGetfd(); err == nil {
		return "by a duplicate of the child's descriptor", nil
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", os.NewSyscallError("socketpair", err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	var st unix.Stat_t
	if err := unix.Fstat(pair[0], &st); err != nil {
		return "", os.NewSyscallError("fstat", err)
	}
	if _, err := SocketByInode(uint32(st.Ino)); err != nil {
		return "", err
	}
	return "by sock_diag, as pidfd_getfd is denied", nil
}

// queued is a realtime signal that the patient has blocked from its birth, and waiting
// is how many of it are to wait there at a time.
const (
	queued  = unix.Signal(36)
	waiting = 64
)

// signalQueue sends signals that have to wait. They go with the patient.
func (p *patient) signalQueue() (string, error) {
	if p.missing != nil {
		return "", p.missing
	}
	for n := range waiting {
		if err := sys.SendSignal(p.pid, queued, int64(n)); err != nil { // how many did depends on what else the user has waiting
			return "", fmt.Errorf("%d signals cannot wait at a time: %w", waiting, err)
		}
	}
	return fmt.Sprintf("%d signals were queued for a child that blocks them", waiting), nil
}

// blockedMeanwhile blocks a signal in one thread while f runs there.
func blockedMeanwhile(s unix.Signal, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := sys.BlockSignals(sys.Signals(s)); err != nil {
		return err
	}
	return errors.Join(f(), sys.UnblockSignals(sys.Signals(s)))
}

func (p *patient) procSyscall() (string, error) {
	s, err := p.asleep("syscall", func(s Status) bool { return s.Syscall == "read" })
	return "a child is seen in " + s.Syscall, err
}

func (p *patient) wchan() (string, error) {
	s, err := p.asleep("wchan", func(s Status) bool { return s.Wchan != "" })
	return "a child is seen asleep in " + s.Wchan, err
}

// asleep looks at the patient until it is asleep as expected, for a short while.
func (p *patient) asleep(file string, as func(Status) bool) (Status, error) {
	if p.missing != nil {
		return Status{}, p.missing
	}
	w, err := Watch(p.tid)
	if err != nil {
		return Status{}, err
	}
	defer w.Close()
	for deadline := time.Now().Add(20 * time.Millisecond); ; runtime.Gosched() {
		s, err := w.Read()
		if err != nil || as(s) {
			return s, err
		}
		if time.Now().After(deadline) {
			path := fmt.Sprintf("/proc/%d/%s", p.tid, file)
			text, err := os.ReadFile(path)
			if err != nil {
				return s, err
			}
			return s, fmt.Errorf("%s of a child that sleeps in read says %q", path, strings.TrimSpace(string(text)))
		}
	}
}

func (p *patient) processVM() (string, error) {
	if p.missing != nil {
		return "", p.missing
	}
	buf := make([]byte, len(secret))
	local := []unix.Iovec{{Base: &buf[0]}}
	local[0].SetLen(len(buf))
	_, err := unix.ProcessVMReadv(p.pid, local, []unix.RemoteIovec{{Base: uintptr(p.secretAt), Len: len(buf)}}, 0)
	if err != nil {
		return "", os.NewSyscallError("process_vm_readv", err)
	}
	if string(buf) != secret {
		return "", fmt.Errorf("process_vm_readv gave %q instead of %q", buf, secret)
	}
	return fmt.Sprintf("%q was read from a child", buf), nil
}

func (p *patient) kcmp() (string, error) {
	if p.missing != nil {
		return "", p.missing
	}
	same, err := sys.SameFile(os.Getpid(), int(p.shared.Fd()), p.pid, 0)
	if err == nil && !same {
		err = errors.New("kcmp says that a pipe shared with a child is two")
	}
	return "a pipe shared with a child is one open file", err
}

// userns starts a second helper, in namespaces of its own. The kernel takes them
// down when it ends.
func (p *patient) userns() (string, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return "", err
	}
	defer null.Close()
	pid, said, err := startHelper("namespace", null, &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	})
	reap(pid)
	if err != nil {
		return "", fmt.Errorf("clone(CLONE_NEWUSER): %w", err)
	}
	if done, ok := strings.CutPrefix(said, "ok "); ok {
		return done, nil
	}
	if reason, ok := strings.CutPrefix(said, "error "); ok {
		return "", errors.New("made, but not to be used: " + reason)
	}
	return "", fmt.Errorf("%w: it said %q", errNoHelper, said)
}
