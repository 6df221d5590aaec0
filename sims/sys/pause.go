package sys

import "golang.org/x/sys/unix"

// Pause tells the processor that this is a loop that waits for another one (PAUSE,
// YIELD on arm64): it saves power, and leaves the loop quicker. Tens of nanoseconds.
func Pause()

// Yield lets another process have the processor, sched_yield(2). It cannot fail.
func Yield() { _, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
