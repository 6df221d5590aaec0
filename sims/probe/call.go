package probe

// Call: one system call as the x-ray sees it, entered or left; and the ledger,
// which makes calls of the stops of a traced process.

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Call is the entry into a system call, or the way out of it. An entry whose
// exit has not come is a call that is blocked, or that never returns.
type Call struct {
	Enter bool
	Nr    int
	Name  string
	Args  [6]uint64
	// Text is the arguments in words: `fd=3, buf="hello", count=5`. What the call
	// fills in (the buffer of a read, the descriptors of a pipe) is there at exit.
	Text string
	// IP is the instruction pointer, behind the system call instruction.
	IP uint64
	// Ret is what the call returned, −1 when it failed; Errno is then the name
	// ("EAGAIN"). Both at exit only.
	Ret   int64
	Errno string
	// At is CLOCK_MONOTONIC in nanoseconds; Took is from entry to exit, and holds
	// the cost of tracing, some tens of microseconds.
	At   int64
	Took time.Duration
}

// The kernel's own errnos of include/linux/errno.h. A tracer sees them at the
// exit of a call that was interrupted and may be started again; the process
// never does.
const (
	eRestartSys   = 512
	eRestartNoInt = 513
	eRestartNoHnd = 514
	eRestartBlock = 516
)

// ledger joins entries and exits. A call that is interrupted (a stop, a signal,
// the attaching and detaching itself) leaves and is entered again by the kernel:
// to the process it is one call, and so it is here.
type ledger struct {
	emit   func(Call) // may be nil
	wanted func(nr int, args [6]uint64, ip uint64) bool
	memory func(addr uint64, n int) []byte

	open  *Call // entered and not left
	shown bool  // open has been emitted
	held  *Call // interrupted; emitted as entered
	// before is the number of the call that the child was in when it was
	// attached, −1 for none: restart_syscall does not say what it restarts.
	before int
}

func (l *ledger) enter(nr int, args [6]uint64, ip uint64, at int64) {
	before := l.before
	l.before = -1
	switch {
	case l.held != nil && (nr == unix.SYS_RESTART_SYSCALL || nr == l.held.Nr && args == l.held.Args):
		l.open, l.shown, l.held = l.held, true, nil
		return
	case nr == unix.SYS_RESTART_SYSCALL && before >= 0:
		nr = before // its arguments are still in the registers
	}
	l.shown = l.wanted(nr, args, ip)
	l.open = &Call{Enter: true, Nr: nr, Name: SyscallName(nr), Args: args, IP: ip, At: at}
	if !l.shown {
		return
	}
	l.interrupted(at)
	l.open.Text = describe(l.open, l.memory)
	l.send(*l.open)
}

func (l *ledger) leave(ret int64, failed bool, at int64) {
	c := l.open
	l.open = nil
	if c == nil {
		return // entered before the x-ray began
	}
	if failed && restarts(-ret) {
		if l.shown {
			l.held = c
		}
		return
	}
	// A handler ran. What rt_sigreturn puts back into the register of results
	// tells whether the interrupted call is to fail or to start again.
	if c.Nr == unix.SYS_RT_SIGRETURN && ret == -int64(unix.EINTR) {
		l.interrupted(at)
	}
	if l.shown {
		l.finish(c, ret, failed, at)
	}
}

// interrupted reports that the held call, if there is one, has failed with EINTR.
func (l *ledger) interrupted(at int64) {
	if c := l.held; c != nil {
		l.held = nil
		l.finish(c, -int64(unix.EINTR), true, at)
	}
}

func (l *ledger) finish(entry *Call, ret int64, failed bool, at int64) {
	c := *entry
	c.Enter, c.Ret, c.Took, c.At = false, ret, time.Duration(at-entry.At), at
	if failed {
		c.Ret, c.Errno = -1, errnoName(unix.Errno(-ret))
	} else if fillsIn(c.Nr) {
		c.Text = describe(&c, l.memory)
	}
	l.send(c)
}

func (l *ledger) send(c Call) {
	if l.emit != nil {
		l.emit(c)
	}
}

func restarts(errno int64) bool {
	switch errno {
	case eRestartSys, eRestartNoInt, eRestartNoHnd, eRestartBlock:
		return true
	}
	return false
}

func errnoName(errno unix.Errno) string {
	if name := unix.ErrnoName(errno); name != "" {
		return name
	}
	return "errno " + strconv.Itoa(int(errno))
}
