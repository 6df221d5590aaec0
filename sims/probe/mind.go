package probe

// Minder: the one who waits for one child, and who has it traced when asked.

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Minder waits for one direct child of this process, from start to end. It
// sleeps in wait4(2) with __WALL on a thread of its own, traced or not: nobody
// else may wait for that child. While it is traced, a second, locked thread
// makes the ptrace calls, which only the tracer thread may; the waiter hands it
// each stop. Two threads, and not one, because a thread asleep in wait4 can be
// asked nothing: the usual trick, a signal to the child, fails when the child
// blocks that signal or is stopped.
type Minder struct {
	pid, pidfd int
	onExit     func(unix.WaitStatus, unix.Rusage)
	onCall     func(Call)
	ignore     atomic.Pointer[func(nr int, args [6]uint64) bool]

	mu     sync.Mutex             // one Trace at a time
	tracer atomic.Pointer[tracer] // nil: not traced
	ended  chan struct{}          // closed when the child has been waited for
	done   chan struct{}          // closed when onExit has returned
}

// ErrGone is what Trace returns when the child has ended.
var ErrGone = errors.New("the process has ended")

// Mind starts to wait for pid, a direct child. pidfd stays the caller's and must
// be open until Done; it may be −1. onExit is called exactly once, after the
// last onCall; its status is 255 << 8 if somebody else waited for the child.
// onCall, which may be nil, is called for each system call while traced, on the
// tracer's thread: the child stands still until it returns. Neither may call
// Trace.
func Mind(pid int, pidfd int, onExit func(unix.WaitStatus, unix.Rusage), onCall func(Call)) *Minder {
	m := &Minder{pid: pid, pidfd: pidfd, onExit: onExit, onCall: onCall,
		ended: make(chan struct{}), done: make(chan struct{})}
	go m.wait()
	return m
}

// Done is closed when the child has ended and onExit has returned.
func (m *Minder) Done() <-chan struct{} { return m.done }

// Traced says whether the child is under the x-ray now.
func (m *Minder) Traced() bool { return m.tracer.Load() != nil }

// Stopped says whether a traced child is stopped by SIGSTOP or its like, which
// /proc shows as t, as it shows every stop of a traced process. For an untraced
// child it is false: read Status.State.
func (m *Minder) Stopped() bool {
	t := m.tracer.Load()
	return t != nil && t.listening.Load()
}

// Ignore has calls left out of the x-ray for which f is true: the tour's own
// descriptors. f runs on the tracer's thread. nil: none are left out.
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
// been made. After an error the child runs on untraced.
//
// To attach and to detach interrupt the call that the child is blocked in. The
// kernel starts it again by itself, except those that signal(7) lists as "never
// restarted": send and recv with a timeout, epoll_wait, semop, sigtimedwait.
// These give EINTR, as they do after SIGSTOP and SIGCONT.
func (m *Minder) Trace(on bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.tracer.Load()
	switch {
	case on && t == nil:
		return m.attach()
	case !on && t != nil:
		return m.detach(t)
	}
	if on && m.dead() {
		return ErrGone
	}
	return nil
}

func (m *Minder) attach() error {
	if m.dead() {
		return ErrGone
	}
	t := newTracer(m)
	m.tracer.Store(t) // before the first stop, which the waiter hands on
	go t.run()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case err := <-t.attached:
		return err
	case <-t.ended:
		select {
		case err := <-t.attached:
			return err
		default:
			return ErrGone
		}
	case <-timeout.C: // seized, but asleep too deep to stop: the x-ray begins when it wakes
		return nil
	}
}

func (m *Minder) detach(t *tracer) error {
	t.leave()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-t.ended:
		return nil
	case <-timeout.C:
		return errors.New("the process is in a sleep that cannot be interrupted: the x-ray ends when it wakes")
	}
}

// dead says whether the child has ended, waited for or not.
func (m *Minder) dead() bool {
	select {
	case <-m.ended:
		return true
	default:
	}
	if m.pidfd < 0 {
		return false
	}
	// A pidfd is readable once the process has ended: pidfd_open(2).
	fds := []unix.PollFd{{Fd: int32(m.pidfd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n == 1
}

// wait is the waiter: it hands stops to the tracer until the child has ended.
func (m *Minder) wait() {
	var usage unix.Rusage
	status := m.nextStatus(&usage)
	for !status.Exited() && !status.Signaled() {
		// Only a traced child stops here: WUNTRACED is not asked for (wait(2)).
		if t := m.tracer.Load(); t != nil {
			t.handOver(status)
		}
		status = m.nextStatus(&usage)
	}
	close(m.ended)
	if t := m.tracer.Load(); t != nil {
		<-t.ended
	}
	if m.onExit != nil {
		m.onExit(status, usage)
	}
	close(m.done)
}

func (m *Minder) nextStatus(usage *unix.Rusage) unix.WaitStatus {
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(m.pid, &status, unix.WALL, usage)
		switch err {
		case nil:
			return status
		case unix.EINTR:
		default: // ECHILD: somebody else waited, and knows the status
			return unix.WaitStatus(255 << 8)
		}
	}
}
