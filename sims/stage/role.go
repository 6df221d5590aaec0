package stage

import (
	"slices"

	"golang.org/x/sys/unix"
)

// Role is a part that one process plays. Parent and child run the same binary,
// so the order of the names is the layout of the page they share.
type Role struct {
	Name string
	// Run is the code that the learner reads and the process runs, on its main thread.
	Run func(*Actor) error
	// Counters, Settings and Gates name what Run uses: at most 40, 40 and 60.
	Counters []string
	Settings []string
	Gates    []string
	// Late roles are not started with the cast but by a knob.
	Late bool
	// When says with which options the role is in the cast; nil is with all.
	When func(options map[string]string) bool
	// By names the role that forks this one; empty when the stage starts it.
	By string
	// Blocked are signals that all threads of the process block from their birth
	// (sigprocmask(2)): what is sent stays pending until the role unblocks it.
	Blocked []unix.Signal
	// Masks has the sampler read its signal masks (SigBlk, ShdPnd … of proc(5)).
	Masks bool
	// IO has the sampler read the kernel's account of the bytes that went through its
	// system calls: rchar, wchar, syscr, syscw of /proc/PID/io (proc(5)).
	IO bool
}

// Cast are those of the roles that play with these options.
func Cast(roles []Role, options map[string]string) []Role {
	return slices.DeleteFunc(slices.Clone(roles), func(r Role) bool { return r.When != nil && !r.When(options) })
}

const (
	maxCounters  = 40
	maxSettings  = 40
	maxProcesses = 16
)

func index(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	return -1
}
