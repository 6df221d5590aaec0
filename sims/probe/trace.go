package probe

// The tracer: what the minder's thread does while its child is traced.

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims/sys"
)

// seizeOptions: system call stops are told from SIGTRAP; the child dies with its
// tracer, so a killed tour leaves no child standing in a stop; exec is reported.
const seizeOptions = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_EXITKILL | unix.PTRACE_O_TRACEEXEC

// tracer traces one child from attach to detach, on the minder's thread: the
// kernel lets no other make its ptrace calls.
type tracer struct {
	m       *Minder
	calls   ledger
	origin  origin
	attach  *request // not yet answered
	detach  *request // detach as soon as may be
	fresh   bool     // the next stop is younger than detach
	failure error    // why detach, when nobody asked for it
}

// listenTick is how often, in milliseconds, a traced child that is stopped is
// looked at. A thread that listens for SIGCONT cannot be woken through its child.
const listenTick = 10

// trace attaches, reports calls, and comes back when detached (over is false) or
// when the child has ended.
func (m *Minder) trace(r *request, usage *unix.Rusage) (status unix.WaitStatus, over bool) {
	t := &tracer{m: m, attach: r, origin: originOf(m.pid)}
	t.calls = ledger{emit: m.onCall, wanted: t.wanted, memory: t.memory, before: callNow(m.pid)}
	if err := t.seize(); err != nil {
		r.answer <- err
		return 0, false
	}
	m.traced.Store(true)
	for {
		status = t.next(usage)
		if status.Exited() || status.Signaled() {
			return status, true
		}
		if status != running && t.atStop(status) {
			m.stopped.Store(false)
			m.traced.Store(false)
			t.answer()
			return 0, false
		}
	}
}

// seize attaches, and asks for a first stop: only from a stop can a child be
// told to report its calls.
func (t *tracer) seize() error {
	if err := sys.PtraceSeize(t.m.pid, seizeOptions); err != nil {
		return t.explain(err)
	}
	// ESRCH: it has ended meanwhile. The wait will tell.
	sys.PtraceInterrupt(t.m.pid)
	return nil
}

// next waits for the next stop, or the end. A child in a group-stop is looked at
// from time to time, so that a request to detach is heard.
func (t *tracer) next(usage *unix.Rusage) unix.WaitStatus {
	if !t.m.stopped.Load() || t.fresh {
		return t.m.wait(0, usage)
	}
	t.m.sleep(listenTick)
	if t.heard() {
		sys.PtraceInterrupt(t.m.pid) // ESRCH: it has been killed, and the wait tells
	}
	return t.m.wait(unix.WNOHANG, usage)
}

// heard says whether a request to detach has just come.
func (t *tracer) heard() bool {
	if t.detach != nil {
		return false
	}
	r := t.m.asked()
	if r != nil && r.on {
		r.answer <- nil // it is traced
		return false
	}
	t.detach = r
	return r != nil
}

// atStop deals with one stop of the child and lets it go on. It says true when
// that was to detach. ESRCH from a request means that SIGKILL has taken the child
// out of its stop: the next wait tells.
func (t *tracer) atStop(status unix.WaitStatus) (detached bool) {
	signal, event := status.StopSignal(), int(status)>>16
	var inject unix.Signal
	listen := false
	switch {
	case signal == unix.SIGTRAP|0x80:
		if err := t.atCall(); err != nil {
			t.failure = err
		}
	case event == unix.PTRACE_EVENT_EXEC:
		t.origin = originOf(t.m.pid)
	case event == unix.PTRACE_EVENT_STOP:
		listen = signal != unix.SIGTRAP // a group-stop, and not our interruption
	case event == 0 && !(signal == unix.SIGSTOP && t.ourKnock()):
		inject = signal // a signal on its way to the child
	}
	t.m.stopped.Store(listen)
	t.heard()
	leaving := t.detach != nil || t.failure != nil
	if leaving && (listen && t.fresh || !t.knockPending()) {
		return sys.PtraceDetach(t.m.pid, inject) == nil
	}
	t.goOn(listen, inject)
	if leaving && listen {
		// The stop that we know of may be older than our SIGSTOP, and a SIGCONT may
		// have come in between: have it stop once more, to say what holds now.
		t.fresh = true
		sys.PtraceInterrupt(t.m.pid)
	}
	return false
}

// goOn lets a stopped child run, or stay in its group-stop.
func (t *tracer) goOn(listen bool, inject unix.Signal) {
	var err error
	if listen {
		err = sys.PtraceListen(t.m.pid)
	} else {
		err = sys.PtraceSyscall(t.m.pid, inject)
	}
	if err == nil && t.attach != nil {
		t.attach.answer <- nil
		t.attach = nil
	}
}

// ourKnock says whether the SIGSTOP that the child is stopped for is the one that
// Trace(false) sent to wake us. It went to the thread, and not to the process as
// a SIGSTOP of kill(2) does.
func (t *tracer) ourKnock() bool {
	t.m.post.Lock()
	defer t.m.post.Unlock()
	code, err := sys.PtraceSignalCode(t.m.pid)
	if err != nil || code != sys.SI_TKILL || !t.m.knocked {
		return false
	}
	t.m.knocked = false
	return true
}

// knockPending says whether our SIGSTOP has yet to reach the child: to detach now
// would stop it for good. SIGCONT throws away a stop that is pending, and may have
// done so here. For the same reason a child that is known to be in a group-stop
// since our SIGSTOP was sent may be left with it: the SIGCONT that ends the one
// takes the other.
func (t *tracer) knockPending() bool {
	t.m.post.Lock()
	defer t.m.post.Unlock()
	if !t.m.knocked {
		return false
	}
	pending, _ := strconv.ParseUint(statusField(statusOf(t.m.pid), "SigPnd:"), 16, 64)
	t.m.knocked = pending&(1<<(unix.SIGSTOP-1)) != 0
	return t.m.knocked
}

// answer tells those who wait how the tracing ended.
func (t *tracer) answer() {
	t.m.post.Lock()
	t.m.knocked = false
	t.m.post.Unlock()
	if t.attach != nil {
		t.attach.answer <- t.failure
	}
	if t.detach != nil {
		t.detach.answer <- nil
	}
}

// atCall reads which call the child is about to make, or has made.
func (t *tracer) atCall() error {
	var info sys.SyscallInfo
	err := sys.PtraceSyscallInfo(t.m.pid, &info)
	if errors.Is(err, unix.ESRCH) {
		return nil // killed
	}
	if err != nil {
		return fmt.Errorf("the x-ray needs Linux 5.3 or later: %w", err)
	}
	switch info.Op {
	case unix.PTRACE_SYSCALL_INFO_ENTRY:
		nr, args := info.Entry()
		t.calls.enter(nr, args, info.IP, monotonic())
	case unix.PTRACE_SYSCALL_INFO_EXIT:
		ret, failed := info.Exit()
		t.calls.leave(ret, failed, monotonic())
	}
	return nil
}

// wanted says whether a call is the lesson's, and not the tour's or the Go
// runtime's.
func (t *tracer) wanted(nr int, args [6]uint64, ip uint64) bool {
	if !t.origin.lesson(nr, args, ip) {
		return false
	}
	ignore := t.m.ignore.Load()
	return ignore == nil || !(*ignore)(nr, args)
}

// memory reads up to n bytes of the child, as many as there are.
func (t *tracer) memory(addr uint64, n int) []byte {
	if addr == 0 || n <= 0 {
		return nil
	}
	buf := make([]byte, n)
	local := []unix.Iovec{{Base: &buf[0]}}
	local[0].SetLen(n)
	// Two pieces where a page ends: what cannot be read is left away by the piece.
	first := min(n, os.Getpagesize()-int(addr%uint64(os.Getpagesize())))
	remote := []unix.RemoteIovec{{Base: uintptr(addr), Len: first}}
	if first < n {
		remote = append(remote, unix.RemoteIovec{Base: uintptr(addr) + uintptr(first), Len: n - first})
	}
	got, err := unix.ProcessVMReadv(t.m.pid, local, remote, 0)
	if err != nil || got <= 0 {
		return nil
	}
	return buf[:got]
}

// explain says why a child could not be traced, and what to do about it.
func (t *tracer) explain(err error) error {
	if t.m.dead() || errors.Is(err, unix.ESRCH) {
		return ErrGone
	}
	if by := statusField(statusOf(t.m.pid), "TracerPid:"); by != "" && by != "0" {
		return fmt.Errorf("process %s traces it already; end that tracer (strace, gdb) first: %w", by, err)
	}
	return fmt.Errorf("%w: %s", err, ptraceAdvice())
}

// tracerIsOurs is false when exec has put an untraced thread in the place of the
// traced one.
func (m *Minder) tracerIsOurs() bool {
	return statusField(statusOf(m.pid), "TracerPid:") != "0"
}

// ptraceAdvice says what forbids tracing on this machine.
func ptraceAdvice() string {
	switch scope, _ := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); strings.TrimSpace(string(scope)) {
	case "2":
		return "Yama lets only root trace (kernel.yama.ptrace_scope is 2); sudo sysctl kernel.yama.ptrace_scope=1 allows it for one's own children"
	case "3":
		return "Yama forbids all tracing until the next boot (kernel.yama.ptrace_scope is 3)"
	}
	return "a system call filter or a security module forbids ptrace; in a container, start it with --cap-add=SYS_PTRACE or another seccomp profile"
}

// callNow is the number of the call that a process is blocked in, −1 for none.
func callNow(pid int) int {
	s := Status{SyscallNr: -1}
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/syscall")
	s.parseSyscall([]byte(strings.TrimSpace(string(text))))
	return s.SyscallNr
}

// statusOf is /proc/PID/status; nil when the process is gone.
func statusOf(pid int) []byte {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	return text
}

func monotonic() int64 {
	var now unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // cannot fail for this clock
	return now.Nano()
}
