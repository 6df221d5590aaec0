package stage

import "time"

// Event is one thing that happened in a run. Events are the only truth: state
// is made from them alone, so a recorded run replays exactly.
type Event struct {
	// Seq numbers the events of a run from 1, without gaps.
	Seq uint64 `json:"seq"`
	// At is CLOCK_MONOTONIC since the run began, in nanoseconds. It never goes back.
	At time.Duration `json:"at"`
	// Who is the role or the object that it happened to; empty for the run itself.
	Who    string `json:"who,omitempty"`
	Source Source `json:"source"`
	Kind   Kind   `json:"kind"`
	// Name is the moment, the knob, the step, the gate or the system call.
	Name string `json:"name,omitempty"`
	// N are numbers, S are words, by name.
	N map[string]int64  `json:"n,omitempty"`
	S map[string]string `json:"s,omitempty"`
	// FDs is a descriptor table (Kind Table).
	FDs []FD `json:"fds,omitempty"`
}

// Source says who knows.
type Source string

const (
	FromKernel  Source = "kernel"  // read from /proc, an ioctl, a wait status or the tracer
	FromChild   Source = "child"   // told by the process: its counters and moments
	FromStage   Source = "stage"   // done by the tour itself
	FromLearner Source = "learner" // a key
)

// Kind says what an event is.
type Kind string

const (
	// Begin opens a cast: N and S hold the facts of the machine and the options
	// of the run. A second Begin in a run is a new cast after an option changed; with
	// N anew 1 the walk begins again with it; S why says why, where nobody asked for it.
	Begin Kind = "begin"
	// Born is a process started: N pid; S parent where a role forked it.
	Born Kind = "born"
	// Became is a role that becomes another program by exec: Name the program, S
	// path and line. It takes no commands any more and says nothing.
	Became Kind = "became"
	// Died is a process reaped: N code or signal, and core; from its wait status. N
	// cleared is 1 where the tour was ending the cast.
	Died Kind = "died"
	// Counts are the counters of a role that changed, from its shared page.
	Counts Kind = "counts"
	// Moment is something a role says has happened. Never dropped.
	Moment Kind = "moment"
	// Reading is what the kernel says of a process (Name "process": S state,
	// wchan, call; N switches, and fd, the descriptor that it sleeps on) or of an object (Name is the object's kind).
	Reading Kind = "reading"
	// Table is a process's descriptor table.
	Table Kind = "table"
	// Call is a system call of a traced process: S args, result; N took, entered,
	// blocked 1 while it has not returned, failed 1 on an error.
	Call Kind = "call"
	// Skipped counts the calls of a traced process that were too many to tell one by
	// one: N by the name of the call.
	Skipped Kind = "skipped"
	// Hold says that Who holds the object Name at descriptor N fd (-1: no more).
	Hold Kind = "hold"
	// AtGate is a role that came to a gate (Name) or left it (Name empty).
	AtGate Kind = "gate"
	// Idle is a role that waits for a command of the learner (N waits 1 or 0).
	Idle Kind = "idle"
	// Traced is the x-ray going on or off: N on; S reason where it could not.
	Traced Kind = "traced"
	// Turned is a knob that was turned: Name the knob, S value; setting or option
	// where it gave that another value while the cast plays.
	Turned Kind = "turned"
	// Faulted is a fault that was caused: Name kill, stop, continue, close.
	Faulted Kind = "faulted"
	// StepAsked is a step of the walk (Name) whose knobs are about to be turned, told
	// again when some had to wait;
	// StepBegun and StepDone frame the wait for its condition.
	StepAsked Kind = "asked"
	StepBegun Kind = "step"
	StepDone  Kind = "done"
	// Beat is a look at all processes and objects, done: N beat, counted. What was
	// read since the beat before has not changed again.
	Beat Kind = "beat"
	// Stepping is the step mode going on or off: N on.
	Stepping Kind = "stepping"
	// Trouble is an error that the learner should read: S text, advice.
	Trouble Kind = "trouble"
	// Clearing is the tour ending a cast: S why. What becomes of its processes and
	// objects from here on is no part of the lesson.
	Clearing Kind = "clearing"
	// Over closes a run: S why.
	Over Kind = "over"
)

// UnknownFD stands for a descriptor that the kernel does not show to us.
const UnknownFD = -2

// FD is one row of a descriptor table.
type FD struct {
	N      int    `json:"n"`
	Target string `json:"target"`         // what /proc/PID/fd/N links to
	Mode   string `json:"mode,omitempty"` // r, w or rw
	Object string `json:"object,omitempty"`
}
