package probe

import (
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// minded has a child waited for, and fails the test if onExit is not called
// exactly once.
func minded(t *testing.T, c *child, onCall func(Call)) *Minder {
	t.Helper()
	var exits atomic.Int32
	m := Mind(c.pid, c.pidfd, func(unix.WaitStatus, unix.Rusage) { exits.Add(1) }, onCall)
	t.Cleanup(func() {
		unix.PidfdSendSignal(c.pidfd, unix.SIGKILL, nil, 0)
		<-m.Done()
		if n := exits.Load(); n != 1 {
			t.Errorf("onExit was called %d times", n)
		}
		if m.Traced() {
			t.Error("still traced after the end")
		}
		if err := unix.Kill(c.pid, 0); err != unix.ESRCH {
			t.Errorf("the child is still there: %v", err)
		}
	})
	return m
}

func watched(t testing.TB, c *child) *Watcher {
	t.Helper()
	w, err := Watch(c.pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// blockedIn waits until a child sleeps in a call, seen twice with the same count
// of switches.
func blockedIn(t testing.TB, w *Watcher, call string) Status {
	t.Helper()
	var last Status
	until(t, "the child asleep in "+call, func() bool {
		a, err := w.Read()
		if err != nil {
			t.Fatal(err)
		}
		b, err := w.Read()
		if err != nil {
			t.Fatal(err)
		}
		last = b
		return a == b && b.State == "S" && b.Syscall == call
	})
	return last
}

func TestBlockedWriter(t *testing.T) {
	c := start(t, "fill", 1)
	minded(t, c, nil)
	w := watched(t, c)
	s := blockedIn(t, w, "write")
	if !strings.Contains(s.Wchan, "pipe_write") {
		t.Errorf("wchan is %q", s.Wchan)
	}
	if s.Args[0] != 3 || s.Args[2] != 4096 {
		t.Errorf("arguments %v", s.Args)
	}
	if start, err := StartTime(c.pid); err != nil || start != s.Start || start == 0 {
		t.Errorf("start time %d, %v; the watcher says %d", start, err, s.Start)
	}
	var queued, capacity int64
	err := WithFD(c.pid, c.pidfd, 3, func(fd int) (err error) {
		queued, capacity, err = PipeLevel(fd)
		return err
	})
	if err != nil || queued != capacity || capacity == 0 {
		t.Errorf("a full pipe holds %d of %d: %v", queued, capacity, err)
	}
	_, _, caught, _, _, _, limit, err := w.Signals()
	if err != nil || caught == 0 || limit == 0 {
		t.Errorf("signals: caught %x, limit %d, %v", caught, limit, err)
	}
}

func TestStopIsSeen(t *testing.T) {
	c := start(t, "read", 0)
	minded(t, c, nil)
	w := watched(t, c)
	blockedIn(t, w, "read")
	unix.Kill(c.pid, unix.SIGSTOP)
	until(t, "state T", func() bool { s, _ := w.Read(); return s.State == "T" })
	unix.Kill(c.pid, unix.SIGCONT)
	blockedIn(t, w, "read")
}

func TestExitIsSeen(t *testing.T) {
	c := start(t, "read", 0)
	var status unix.WaitStatus
	m := Mind(c.pid, c.pidfd, func(s unix.WaitStatus, _ unix.Rusage) { status = s }, nil)
	w := watched(t, c)
	blockedIn(t, w, "read")
	unix.Close(c.end)
	c.end = -1
	<-m.Done()
	if !status.Exited() || status.ExitStatus() != 0 {
		t.Errorf("status %v", status)
	}
	if _, err := w.Read(); !Gone(err) {
		t.Errorf("after the end: %v", err)
	}
	if err := m.Trace(true); err != ErrGone {
		t.Errorf("Trace after the end: %v", err)
	}
	if err := m.Trace(false); err != nil {
		t.Errorf("Trace(false) after the end: %v", err)
	}
}

func TestFDs(t *testing.T) {
	c := start(t, "fill", 1)
	minded(t, c, nil)
	blockedIn(t, watched(t, c), "write")
	fds, err := FDs(c.pid)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if fd.N != 3 {
			continue
		}
		if !strings.HasPrefix(fd.Target, "pipe:[") || fd.Reads() || !fd.Writes() || fd.Flags&unix.O_NONBLOCK != 0 {
			t.Errorf("descriptor 3 is %+v", fd)
		}
		return
	}
	t.Errorf("no descriptor 3 in %+v", fds)
}

func BenchmarkRead(b *testing.B) {
	c := start(b, "fill", 1)
	m := Mind(c.pid, c.pidfd, nil, nil)
	w := watched(b, c)
	b.Cleanup(func() { unix.PidfdSendSignal(c.pidfd, unix.SIGKILL, nil, 0); <-m.Done() })
	until(b, "asleep", func() bool { s, _ := w.Read(); return s.State == "S" && s.SyscallNr == unix.SYS_WRITE })
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Read(); err != nil {
			b.Fatal(err)
		}
	}
}
