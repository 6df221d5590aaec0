package probe

import (
	"encoding/binary"
	"os"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// calls collects what the x-ray reports.
type calls struct {
	mu  sync.Mutex
	all []Call
}

func (c *calls) add(call Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, call)
}

func (c *calls) list() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Call(nil), c.all...)
}

// count counts the calls of a name, entries or exits.
func (c *calls) count(name string, enter bool) (n int) {
	for _, call := range c.list() {
		if call.Name == name && call.Enter == enter {
			n++
		}
	}
	return n
}

// consistent fails the test unless entries and exits alternate, each exit with
// the number of its entry.
func (c *calls) consistent(t *testing.T) {
	t.Helper()
	var open *Call
	for i, call := range c.list() {
		if call.Enter == (open != nil) || open != nil && open.Nr != call.Nr {
			t.Fatalf("call %d, %+v, does not follow %+v", i, call, open)
		}
		open = nil
		if call.Enter {
			open = &call
		}
	}
}

func traced(t *testing.T, m *Minder) {
	t.Helper()
	if err := m.Trace(true); err != nil {
		t.Fatalf("Trace(true): %v", err)
	}
	if !m.Traced() {
		t.Fatal("not traced")
	}
}

func untraced(t *testing.T, m *Minder) {
	t.Helper()
	if err := m.Trace(false); err != nil {
		t.Fatalf("Trace(false): %v", err)
	}
	if m.Traced() {
		t.Fatal("still traced")
	}
}

// drain reads exactly n bytes from a pipe.
func drain(t *testing.T, fd, n int) []byte {
	t.Helper()
	buf := make([]byte, n)
	for got := 0; got < n; {
		k, err := unix.Read(fd, buf[got:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || k == 0 {
			t.Fatalf("read %d of %d: %v", got, n, err)
		}
		got += k
	}
	return buf
}

func TestTraceShowsTheBlockedCall(t *testing.T) {
	c := start(t, "fill", 1)
	var seen calls
	m := minded(t, c, seen.add)
	w := watched(t, c)
	blockedIn(t, w, "write")
	traced(t, m)
	until(t, "the blocked write", func() bool { return seen.count("write", true) == 1 })
	blockedIn(t, w, "write") // started again by the kernel
	if n := seen.count("write", false); n != 0 {
		t.Fatalf("%d exits of a blocked write", n)
	}
	first := seen.list()[0]
	if first.Args[0] != 3 || first.Args[2] != 4096 || first.At == 0 {
		t.Errorf("the blocked write is %+v", first)
	}
	drain(t, c.end, 2*os.Getpagesize())
	until(t, "two exits and a third entry", func() bool {
		return seen.count("write", false) == 2 && seen.count("write", true) == 3
	})
	for _, call := range seen.list() {
		if call.Name != "write" || !call.Enter && (call.Ret != 4096 || call.Errno != "" || call.Took <= 0) {
			t.Errorf("unexpected %+v", call)
		}
	}
	seen.consistent(t)
	untraced(t, m) // while blocked
	blockedIn(t, w, "write")
	drain(t, c.end, os.Getpagesize())
	blockedIn(t, w, "write")
	if n := seen.count("write", false); n != 2 {
		t.Errorf("%d exits after the x-ray was switched off", n)
	}
}

func TestTraceOnAndOffLosesNothing(t *testing.T) {
	c := start(t, "busy", 1)
	var seen calls
	m := minded(t, c, seen.add)
	next := uint64(0)
	read := func(n int) {
		for ; n > 0; n-- {
			if got := binary.LittleEndian.Uint64(drain(t, c.end, 8)); got != next {
				t.Fatalf("number %d, expected %d", got, next)
			}
			next++
		}
	}
	read(1) // it is in its role: the start of the runtime is not the lesson's
	for i := range 50 {
		traced(t, m)
		read(20 + i)
		untraced(t, m)
		read(20 + i)
	}
	traced(t, m)
	read(2 * os.Getpagesize() / 8) // more than the pipe holds: some of it was written under the x-ray
	untraced(t, m)
	if seen.count("write", false) == 0 {
		t.Error("no write was seen")
	}
	for _, call := range seen.list() {
		if call.Name != "write" {
			t.Errorf("not a call of the lesson: %+v", call)
		}
	}
	s, err := watched(t, c).Read()
	if err != nil || s.State == "Z" || s.State == "t" {
		t.Errorf("after all that: %+v, %v", s, err)
	}
}

func TestKillWhileTraced(t *testing.T) {
	for i := range 40 {
		c := start(t, "busy", 1)
		var seen calls
		m := minded(t, c, seen.add)
		if i%2 == 0 {
			drain(t, c.end, 8)
		}
		go unix.PidfdSendSignal(c.pidfd, unix.SIGKILL, nil, 0)
		for range i % 4 {
			m.Trace(true) // may come too late: then it says so
			if i%3 == 0 {
				m.Trace(false)
			}
		}
		<-m.Done()
		if err := m.Trace(true); err != ErrGone {
			t.Errorf("Trace of a dead child: %v", err)
		}
	}
}

func TestStopAndContinueWhileTraced(t *testing.T) {
	c := start(t, "busy", 1)
	var seen calls
	m := minded(t, c, seen.add)
	w := watched(t, c)
	traced(t, m)
	drain(t, c.end, 8)
	for range 5 {
		unix.Kill(c.pid, unix.SIGSTOP)
		until(t, "the stop", m.Stopped)
		unix.Kill(c.pid, unix.SIGCONT)
		until(t, "no stop", func() bool { return !m.Stopped() })
		before := seen.count("write", false)
		drain(t, c.end, 2*os.Getpagesize())
		until(t, "more writes", func() bool { return seen.count("write", false) > before })
	}
	unix.Kill(c.pid, unix.SIGSTOP)
	until(t, "the stop", m.Stopped)
	untraced(t, m)
	until(t, "state T", func() bool { s, _ := w.Read(); return s.State == "T" })
	traced(t, m) // while stopped
	until(t, "the stop", m.Stopped)
	untraced(t, m)
	until(t, "state T", func() bool { s, _ := w.Read(); return s.State == "T" })
	unix.Kill(c.pid, unix.SIGCONT)
	drain(t, c.end, 4*os.Getpagesize())
	seen.consistent(t)
}

// TestTraceAmidStops switches the x-ray while somebody else stops and continues
// the child: the SIGSTOP with which Trace wakes its thread must never stay behind,
// and the others' must never be taken away.
func TestTraceAmidStops(t *testing.T) {
	c := start(t, "busy", 1)
	m := minded(t, c, nil)
	w := watched(t, c)
	drain(t, c.end, 8)
	for range 20 {
		over := make(chan struct{})
		go func() {
			defer close(over)
			for range 25 {
				unix.Kill(c.pid, unix.SIGSTOP)
				runtime.Gosched()
				unix.Kill(c.pid, unix.SIGCONT)
			}
		}()
		for range 10 {
			traced(t, m)
			untraced(t, m)
		}
		<-over
		drain(t, c.end, 2*os.Getpagesize()) // it runs, and was not left stopped
		unix.Kill(c.pid, unix.SIGSTOP)
		traced(t, m)
		until(t, "the stop", m.Stopped)
		untraced(t, m)
		until(t, "state T", func() bool { s, _ := w.Read(); return s.State == "T" })
		unix.Kill(c.pid, unix.SIGCONT)
	}
}

func TestTraceAcrossExec(t *testing.T) {
	c := start(t, "exec", 0)
	var seen calls
	m := minded(t, c, seen.add)
	w := watched(t, c)
	blockedIn(t, w, "read")
	traced(t, m)
	unix.Write(c.end, []byte("x"))
	until(t, "the exit of execve", func() bool { return seen.count("execve", false) == 1 })
	before := seen.count("read", true)
	until(t, "a read by the new program", func() bool {
		all := seen.list()
		last := all[len(all)-1]
		return seen.count("read", true) > before && last.Enter && last.Name == "read" && last.Args[2] == 4096
	})
	blockedIn(t, w, "read")
	unix.Close(c.end)
	c.end = -1
	<-m.Done()
	all := seen.list()
	if last := all[len(all)-1]; last.Name != "exit_group" || !last.Enter {
		t.Errorf("the last call is %+v", last)
	}
}

func TestWhatAttachingInterrupts(t *testing.T) {
	for _, test := range []struct {
		role, call string
		ends       bool // with EINTR: signal(7) says the call is never restarted
	}{{"futex", "futex", false}, {"eintr", "recvfrom", true}} {
		c := start(t, test.role, 0)
		var seen calls
		var status unix.WaitStatus
		m := Mind(c.pid, c.pidfd, func(s unix.WaitStatus, _ unix.Rusage) { status = s }, seen.add)
		w := watched(t, c)
		blockedIn(t, w, test.call)
		if err := m.Trace(true); err != nil {
			t.Fatal(err)
		}
		if test.ends {
			<-m.Done()
			if status.ExitStatus() != 7 {
				t.Errorf("%s ended with %v", test.call, status)
			}
			continue
		}
		until(t, "the call entered", func() bool { return seen.count(test.call, true) == 1 })
		s := Status{}
		until(t, "asleep again", func() bool { s, _ = w.Read(); return s.State == "S" && s.SyscallNr >= 0 })
		if err := m.Trace(false); err != nil {
			t.Error(err)
		}
		until(t, "asleep again", func() bool { s, _ = w.Read(); return s.State == "S" && s.SyscallNr >= 0 })
		unix.PidfdSendSignal(c.pidfd, unix.SIGKILL, nil, 0)
		<-m.Done()
		if !status.Signaled() {
			t.Errorf("%s ended with %v instead of being killed", test.call, status)
		}
	}
}

// TestNothingIsLeft runs last in this file's spirit: whatever the x-ray does, its
// threads and descriptors are given back.
func TestNothingIsLeft(t *testing.T) {
	once := func() {
		c := start(t, "busy", 1)
		m := Mind(c.pid, c.pidfd, nil, nil)
		traced(t, m)
		drain(t, c.end, 4096)
		untraced(t, m)
		traced(t, m)
		unix.PidfdSendSignal(c.pidfd, unix.SIGKILL, nil, 0)
		<-m.Done()
		c.close()
	}
	once()
	descriptors, goroutines := countFDs(t), runtime.NumGoroutine()
	for range 10 {
		once()
	}
	until(t, "the goroutines ended", func() bool { return runtime.NumGoroutine() <= goroutines })
	if n := countFDs(t); n > descriptors {
		t.Errorf("%d descriptors, %d before", n, descriptors)
	}
	if _, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, nil); err != unix.ECHILD {
		t.Errorf("a child is left: %v", err)
	}
}

func countFDs(t *testing.T) int {
	t.Helper()
	fds, err := FDs(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return len(fds)
}

// BenchmarkTracedWrite is what one write costs the child under the x-ray.
func BenchmarkTracedWrite(b *testing.B) {
	c := start(b, "busy", 1)
	m := Mind(c.pid, c.pidfd, nil, nil)
	b.Cleanup(func() { unix.PidfdSendSignal(c.pidfd, unix.SIGKILL, nil, 0); <-m.Done() })
	buf := make([]byte, 8)
	unix.Read(c.end, buf)
	if err := m.Trace(true); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		unix.Read(c.end, buf)
	}
}
