package stage

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// spawner starts every child from one thread that lives as long as the tour:
// PR_SET_PDEATHSIG fires when the *thread* that started a child ends
// (prctl(2)), and Go ends threads as it likes.
type spawner struct {
	ask chan spawn
}

type spawn struct {
	argv  []string
	files []uintptr
	group int // process group to join; 0 makes a new one
	block []unix.Signal
	reply chan<- born
}

type born struct {
	pid, pidfd int
	err        error
}

func newSpawner() (*spawner, error) {
	s := &spawner{ask: make(chan spawn)}
	ready := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := dropPrivileges()
		ready <- err
		if err != nil {
			return
		}
		for r := range s.ask {
			r.reply <- r.blocking()
		}
	}()
	return s, <-ready
}

func (s *spawner) start(argv []string, files []uintptr, group int, block []unix.Signal) (pid, pidfd int, err error) {
	reply := make(chan born, 1)
	s.ask <- spawn{argv: argv, files: files, group: group, block: block, reply: reply}
	b := <-reply
	return b.pid, b.pidfd, b.err
}

func (s *spawner) close() { close(s.ask) }

// blocking starts the child with the signals blocked that it is to block: a mask
// is inherited by fork and exec, and Go gives it to every thread that it starts.
func (r *spawn) blocking() born {
	if len(r.block) == 0 {
		return r.start()
	}
	var mask, before unix.Sigset_t
	for _, s := range r.block {
		mask.Val[(s-1)/wordBits] |= 1 << ((s - 1) % wordBits)
	}
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &mask, &before); err != nil {
		return born{err: os.NewSyscallError("rt_sigprocmask", err)}
	}
	b := r.start()
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil); err != nil && b.err == nil {
		b.err = os.NewSyscallError("rt_sigprocmask", err)
	}
	return b
}

const wordBits = 64 // of a word of a signal set, on the processors that we build for

func (r *spawn) start() born {
	pidfd := -1
	attr := &syscall.ProcAttr{Env: childEnv(), Files: r.files, Sys: &syscall.SysProcAttr{
		Setpgid: true, Pgid: r.group, Pdeathsig: syscall.SIGKILL, PidFD: &pidfd}}
	pid, err := syscall.ForkExec("/proc/self/exe", r.argv, attr)
	if err != nil && r.group != 0 {
		// The group ended with its last process: start another.
		attr.Sys.Pgid = 0
		pid, err = syscall.ForkExec("/proc/self/exe", r.argv, attr)
	}
	if err != nil {
		return born{err: fmt.Errorf("start %v: %w", r.argv[2:], err)}
	}
	if pidfd < 0 { // Linux before 5.2 has no CLONE_PIDFD
		if pidfd, err = unix.PidfdOpen(pid, 0); err != nil {
			pidfd = -1
		}
	}
	return born{pid: pid, pidfd: pidfd}
}

// dropPrivileges takes from this thread, and so from every child, what a lesson
// must not have: a child may not gain privileges by exec, and where the tour is
// run by root its children hold no capabilities, so that permissions and limits
// are the same for everyone (capabilities(7): SECBIT_NOROOT).
func dropPrivileges() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl(PR_SET_NO_NEW_PRIVS)", err)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var have, none [2]unix.CapUserData
	if err := unix.Capget(&header, &have[0]); err != nil {
		return os.NewSyscallError("capget", err)
	}
	if have == none {
		return nil
	}
	const noRoot = 1<<0 | 1<<1 // SECBIT_NOROOT and its lock
	_, _, e := unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_SECUREBITS, noRoot, 0, 0, 0, 0)
	if e != 0 && e != unix.EPERM { // EPERM: without CAP_SETPCAP root keeps what a sandbox left it
		return os.NewSyscallError("prctl(PR_SET_SECUREBITS)", e)
	}
	_, _, e = unix.RawSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&none[0])), 0)
	if e != 0 {
		return os.NewSyscallError("capset", e)
	}
	return nil
}
