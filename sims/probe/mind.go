package probe

// Minder: the one who waits for one child, and who traces it when asked.

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Minder is one locked thread that looks after one direct child of this process
// from start to end. While the child is not traced the thread sleeps in poll(2)
// on the pidfd and a bell; while it is traced, in wait4(2). Nobody else may wait
// for that child: a tracer must, and there can be only one.
type Minder struct {
	pid    int
	pidfd  int // a duplicate of the caller's
	bell   int // an eventfd that wakes the thread from poll
	onExit func(unix.WaitStatus, unix.Rusage)
	onCall func(Call)
	ignore atomic.Pointer[func(nr int, args [6]uint64) bool]

	turn     sync.Mutex // one Trace at a time
	post     sync.Mutex // holds knock, request and bell together
	request  *request   // nil: nothing is asked
	knocked  bool       // a SIGSTOP of ours is on its way to the child
	open     bool       // bell may be rung
	traced   atomic.Bool
	stopped  atomic.Bool // traced, and in a group-stop
	attached bool        // what the last Trace asked for; under turn

	ended chan struct{} // closed when the child has been waited for
	done  chan struct{} // closed when onExit has returned
}

// request asks the thread to attach or to detach.
type request struct {
	on     bool
	answer chan error // room for one
}

// ErrGone is what Trace returns when the child has ended.
var ErrGone = errors.New("the process has ended")

// Mind starts to wait for pid, a direct child; pidfd stays the caller's, and −1
// stands for none. onExit is called exactly once, after the last onCall; its
// status is 255 << 8 if somebody else waited for the child. onCall is called for
// each system call while traced: the child stands still until it returns, and so
// does whoever calls Trace. Both run on the minder's thread, may be nil, and must
// not call Trace.
func Mind(pid int, pidfd int, onExit func(unix.WaitStatus, unix.Rusage), onCall func(Call)) *Minder {
	m := &Minder{pid: pid, pidfd: -1, bell: -1, onExit: onExit, onCall: onCall,
		ended: make(chan struct{}), done: make(chan struct{})}
	m.pidfd = ownPidfd(pid, pidfd)
	if bell, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
		m.bell, m.open = bell, m.pidfd >= 0
	}
	go m.run()
	return m
}

// ownPidfd duplicates the caller's pidfd, or opens one; −1 when out of descriptors.
func ownPidfd(pid, pidfd int) int {
	if pidfd >= 0 {
		if fd, err := unix.FcntlInt(uintptr(pidfd), unix.F_DUPFD_CLOEXEC, 0); err == nil {
			return fd
		}
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1
	}
	return fd
}

// Done is closed when the child has ended and onExit has returned.
func (m *Minder) Done() <-chan struct{} { return m.done }

// Traced says whether the child is under the x-ray now.
func (m *Minder) Traced() bool { return m.traced.Load() }

// Stopped says whether a traced child is stopped by SIGSTOP or its like, which
// /proc shows as t, as it shows every stop of a traced process. For an untraced
// child it is false: read Status.State.
func (m *Minder) Stopped() bool { return m.stopped.Load() }

// Ignore has calls left out of the x-ray for which f is true: the tour's own
// descriptors. f runs on the minder's thread. nil: none are left out.
func (m *Minder) Ignore(f func(nr int, args [6]uint64) bool) {
	if f == nil {
		m.ignore.Store(nil)
		return
	}
	m.ignore.Store(&f)
}

// patience is how long Trace waits for a child to stop before it returns. A
// child in an uninterruptible sleep (state D, vfork) stops when that is over.
const patience = 2 * time.Second

// Trace puts the child under the x-ray or takes it out. It is idempotent, and
// may be called by any goroutine at any time; it returns when the change has
// been made. After an error to attach the child runs on untraced.
//
// To attach and to detach interrupt the call that the child is blocked in. The
// kernel starts it again by itself, except those that signal(7) lists as never
// restarted: send and recv with a timeout, epoll_wait, semop, sigtimedwait.
// These give EINTR, as they do after SIGSTOP and SIGCONT.
func (m *Minder) Trace(on bool) error {
	m.turn.Lock()
	defer m.turn.Unlock()
	if m.dead() {
		if on {
			return ErrGone
		}
		return nil
	}
	if on == m.attached && on == m.traced.Load() {
		return nil
	}
	r := &request{on: on, answer: make(chan error, 1)}
	if err := m.ask(r); err != nil {
		return err
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case err := <-r.answer:
		m.attached = on && err == nil
		return err
	case <-m.ended:
		m.attached = false
		if on {
			return ErrGone
		}
		return nil
	case <-timeout.C:
		m.attached = on
		if on {
			return nil // seized; the x-ray begins when it wakes
		}
		return errors.New("the process is in a sleep that cannot be interrupted: the x-ray ends when it wakes")
	}
}

// ask hands the thread a request and wakes it. A thread asleep in wait4 can be
// woken only by its child: it is sent SIGSTOP, which unlike any other signal it
// can neither block nor ignore, and which the tracer takes away again. SIGSTOP
// goes first, so that whoever sees the request knows that it has been sent.
func (m *Minder) ask(r *request) error {
	m.post.Lock()
	defer m.post.Unlock()
	if !m.open {
		return fmt.Errorf("the x-ray: %w", os.NewSyscallError("eventfd", unix.EMFILE))
	}
	if !r.on && m.traced.Load() {
		if !m.tracerIsOurs() {
			return errors.New("the process has left the x-ray: a thread other than its main one called exec")
		}
		if unix.Tgkill(m.pid, m.pid, unix.SIGSTOP) == nil {
			m.knocked = true
		}
	}
	m.request = r
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, err := unix.Write(m.bell, one[:])
	return os.NewSyscallError("write(eventfd)", err)
}

// asked is the request that waits for the thread, and silences the bell.
func (m *Minder) asked() *request {
	m.post.Lock()
	defer m.post.Unlock()
	var count [8]byte
	unix.Read(m.bell, count[:]) // EAGAIN: it has not rung
	r := m.request
	m.request = nil
	return r
}

// dead says whether the child has ended, waited for or not.
func (m *Minder) dead() bool {
	select {
	case <-m.ended:
		return true
	default:
		return m.pidfdReadable()
	}
}

// pidfdReadable says whether the child has ended: pidfd_open(2). It is asked
// under post, which guards the life of the descriptor.
func (m *Minder) pidfdReadable() bool {
	m.post.Lock()
	defer m.post.Unlock()
	if m.pidfd < 0 {
		return false
	}
	fds := []unix.PollFd{{Fd: int32(m.pidfd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n == 1
}

// run is the life of the thread. It is locked and thrown away with the
// goroutine, so that nothing of ptrace stays on a thread that Go uses again.
func (m *Minder) run() {
	runtime.LockOSThread()
	var usage unix.Rusage
	var status unix.WaitStatus
	for over := false; !over; {
		if !m.sleep(-1) {
			status, over = m.wait(0, &usage), true
			break
		}
		if r := m.asked(); r != nil && r.on {
			status, over = m.trace(r, &usage)
		} else if r != nil {
			r.answer <- nil
		}
	}
	m.traced.Store(false)
	m.stopped.Store(false)
	close(m.ended)
	m.post.Lock()
	m.open = false
	for _, fd := range []*int{&m.bell, &m.pidfd} {
		if *fd >= 0 {
			unix.Close(*fd)
		}
		*fd = -1
	}
	m.post.Unlock()
	if m.onExit != nil {
		m.onExit(status, usage)
	}
	close(m.done)
}

// sleep waits for the bell (true), the end of the child (false), or the time in
// milliseconds (true).
func (m *Minder) sleep(timeout int) bool {
	if m.pidfd < 0 || m.bell < 0 {
		return timeout >= 0 // no descriptors to wait on: straight into wait4
	}
	for {
		fds := []unix.PollFd{{Fd: int32(m.pidfd), Events: unix.POLLIN}, {Fd: int32(m.bell), Events: unix.POLLIN}}
		_, err := unix.Poll(fds, timeout)
		if err == unix.EINTR {
			continue
		}
		return err == nil && fds[0].Revents == 0
	}
}

// wait is wait4(2) for the child and nothing else. With WNOHANG the answer may be
// running, which no status of a stop or an end is.
func (m *Minder) wait(options int, usage *unix.Rusage) unix.WaitStatus {
	var status unix.WaitStatus
	for {
		pid, err := unix.Wait4(m.pid, &status, unix.WALL|options, usage)
		switch {
		case err == unix.EINTR:
		case err != nil: // ECHILD: somebody else waited, and knows the status
			return unix.WaitStatus(255 << 8)
		case pid == 0:
			return running
		default:
			return status
		}
	}
}

// running is the status of a child that has neither stopped nor ended.
const running = unix.WaitStatus(0xffff) // what wait(2) gives for SIGCONT, which is not asked for
