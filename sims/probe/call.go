package probe

// Call: one system call as the x-ray sees it, entered or left.

import "time"

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
