// Package sims is the contract of an experiment: a cast of real processes, the
// knobs that a learner turns, the walk through it and the claims it must prove.
// The experiments themselves are in the packages below, one a chapter.
package sims

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

// The words of the stage that a lesson uses, so that it needs one import.
type (
	Actor   = stage.Actor
	Role    = stage.Role
	Wiring  = stage.Wiring
	Event   = stage.Event
	Command = stage.Command
	End     = stage.End
	Cell    = stage.Cell
)

// Sim is one lesson's experiment.
type Sim struct {
	// ID is chapter/lesson.
	ID    string
	Roles []Role
	// Wire makes the kernel objects before the cast starts and gives each role
	// its descriptors. It runs again whenever an option changes.
	Wire func(*Wiring) error
	// Options are what a run may be started with; the first value is the default.
	Options []Option
	Knobs   []Knob
	// Draw makes the picture. It is pure: the same world, the same scene.
	Draw func(*World) *scene.Scene
	// Measured is the answer to the prediction as this run gave it, once it did.
	Measured func(*World) (value string, known bool)
	Walk     []Step
	Claims   []Claim
	// Needs are capabilities (see probe) without which the lesson cannot run.
	Needs []string
	// Source is the file that holds the role functions, embedded.
	Source string
}

// Option is a way to set the lesson up. Changing one starts the cast anew, unless it
// is Live.
type Option struct {
	Name   string
	Values []string
	// Live options change while the cast plays. The roles do not see them: they are for
	// a Do, which asks Run.Option, and for the picture.
	Live bool
	// Check makes it an option that takes any text that it accepts; Values are suggestions then.
	Check func(string) error
}

// Knob is one thing that the learner can do while the lesson runs.
type Knob struct {
	Key  string // a single key
	Name string // "drain 1 byte"
	Help string // one line for the help page
	Act  Act
}

// Act is what a knob does: Tell, Set, Choose, Start, Break, Trace or Do.
type Act interface{ act() }

// Tell sends a command to a role, which takes it with Actor.Next. Where Peer is
// given, the command carries the pid of that role instead of N. Ends says that the role
// ends by it.
type Tell struct {
	Role, Command string
	N             int64
	Peer          string
	Ends          bool
}

// Set changes a setting that a role reads while it runs. Each turn takes the
// next of Values; Names say them in words. Where Any is there the learner may type
// another value as well, which Any turns into the number, or refuses.
type Set struct {
	Role, Setting string
	Values        []int64
	Names         []string
	Any           func(string) (int64, error)
}

// Between takes any whole number from least to most, written with commas or without: for
// Set.Any. The error says what would be taken.
func Between(least, most int64) func(string) (int64, error) {
	return func(text string) (int64, error) {
		n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(text), ",", ""), 10, 64)
		if err != nil || n < least || n > most {
			return 0, fmt.Errorf("a number from %s to %s, not %q", scene.Thousands(least), scene.Thousands(most), text)
		}
		return n, nil
	}
}

// Takes is the number behind a value by its name, or behind one that was typed.
func (s Set) Takes(value string) (int64, error) {
	if i := slices.Index(s.Names, value); i >= 0 {
		return s.Values[i], nil
	}
	if s.Any != nil {
		return s.Any(value)
	}
	return 0, fmt.Errorf("it is one of %s, not %q", strings.Join(s.Names, ", "), value)
}

// Choose gives an option its next value, or the value typed, and starts the cast anew
// unless the option is live.
type Choose struct{ Option string }

// Start starts a late role, or one that has ended.
type Start struct{ Role string }

// Break causes a fault on purpose as part of the lesson: kill, stop, continue, close.
type Break struct {
	Fault stage.Fault
	Role  string
	// Object names what the descriptor to close leads to (Fault close).
	Object string
}

// Trace switches the x-ray of a role on or off (values "on" and "off"), for a
// lesson that counts system calls: see World.Called.
type Trace struct{ Role string }

// Do acts on the stage in a way of the lesson's own, such as chmod of a path.
type Do struct {
	Run func(*stage.Run, string) error
	// Looks says that it does nothing to the processes.
	Looks bool
}

func (Tell) act()   {}
func (Set) act()    {}
func (Choose) act() {}
func (Start) act()  {}
func (Break) act()  {}
func (Trace) act()  {}
func (Do) act()     {}

// Step is one step of the walk: knobs turned, then a condition waited for.
// What is said stands in the lesson's words under the same ID.
type Step struct {
	ID   string
	Turn []Turn
	// From names the step to go back to where a learner's play has taken away what this
	// one builds on: the steps from there on are gone through again, with a new cast. It
	// may be the step itself, which then begins with a new cast. Empty: it needs nothing.
	From string
	// Lost says whether that is so; nil: any play since the step before is one too many.
	Lost func(*World) bool
	// Until is the condition; it is asked after every event.
	Until func(*World) bool
	// For says in words what is waited for: "the writer is asleep on a full pipe".
	For string
}

// Turn is one knob turned by a walk.
type Turn struct {
	Knob  string // its name
	Value string // for Choose and Set: the value; empty takes the next one
	// When is a condition that this turn, and those after it, wait for. World.Before is
	// then the world in which it came.
	When func(*World) bool
	// If leaves the turn out where the world asks for none.
	If func(*World) bool
}

// Press turns knobs without a value, in order.
func Press(knobs ...string) []Turn {
	turns := make([]Turn, len(knobs))
	for i, k := range knobs {
		turns[i].Knob = k
	}
	return turns
}

// Claim is a sentence of the course with its test.
type Claim struct {
	ID   string
	Says string
	// Needs are capabilities without which it cannot be tried here.
	Needs []string
	// After is the step of the walk that the claim waits for; it is open until then.
	After string
	// Check judges the world as it was when that step was done. It is pure. Earlier
	// steps are in that world's After.
	Check func(*World) Verdict
}

// Status is how a claim stands.
type Status string

const (
	Open    Status = "open"    // not tried yet
	Holds   Status = "holds"   //
	Fails   Status = "fails"   //
	Skipped Status = "skipped" // cannot be tried on this machine; Reason says why
)

// Verdict is a claim judged: what was expected, what was measured, and by what.
type Verdict struct {
	Status   Status
	Expected string
	Measured string
	Source   string // the reading: "ioctl(FIONREAD)", "wait status"
	Reason   string // why skipped
}

// Judge is Holds when ok, else Fails.
func Judge(ok bool, expected, measured, source string) Verdict {
	v := Verdict{Status: Fails, Expected: expected, Measured: measured, Source: source}
	if ok {
		v.Status = Holds
	}
	return v
}

// Judge judges a world: Open while the step has not been done. A check that breaks down fails the claim and says so: one
// bad lesson must not end the tour.
func (c *Claim) Judge(w *World) (v Verdict) {
	defer func() {
		if p := recover(); p != nil {
			v = Verdict{Status: Fails, Reason: fmt.Sprintf("the check itself broke down: %v", p)}
		}
	}()
	if w = w.After(c.After); w == nil {
		return Verdict{Status: Open}
	}
	return c.Check(w)
}

// Role finds a role by name, or nil.
func (s *Sim) Role(name string) *Role {
	for i := range s.Roles {
		if s.Roles[i].Name == name {
			return &s.Roles[i]
		}
	}
	return nil
}

// Option finds an option by its name, or nil.
func (s *Sim) Option(name string) *Option {
	for i := range s.Options {
		if s.Options[i].Name == name {
			return &s.Options[i]
		}
	}
	return nil
}

// Accepts says why an option may not have a value, or that there is no such
// option; nil when a cast may be started with it.
func (s *Sim) Accepts(option, value string) error {
	o := s.Option(option)
	switch {
	case o == nil:
		return fmt.Errorf("%s has no option %q", s.ID, option)
	case o.Check != nil:
		return o.Check(value)
	case !slices.Contains(o.Values, value):
		return fmt.Errorf("%s is one of %s, not %s", option, strings.Join(o.Values, ", "), value)
	}
	return nil
}

// Step finds a step of the walk by its id, or nil.
func (s *Sim) Step(id string) *Step {
	if i := s.StepAt(id); i >= 0 {
		return &s.Walk[i]
	}
	return nil
}

// StepAt is a step's place in the walk, or -1.
func (s *Sim) StepAt(id string) int {
	return slices.IndexFunc(s.Walk, func(step Step) bool { return step.ID == id })
}

// changesCast reports whether a knob does something to the processes: an x-ray only
// looks, and a live option is read when something else is done.
func (s *Sim) changesCast(k *Knob) bool {
	switch act := k.Act.(type) {
	case Trace:
		return false
	case Do:
		return !act.Looks
	case Choose:
		o := s.Option(act.Option)
		return o == nil || !o.Live
	}
	return true
}

// following is the value of an option after the one that it has.
func (s *Sim) following(option string, now map[string]string) string {
	if o := s.Option(option); o != nil && len(o.Values) > 0 {
		return o.Values[(1+slices.Index(o.Values, now[option]))%len(o.Values)]
	}
	return ""
}

// optionsBefore are the options as the walk alone has them before a step, when it begins
// with those of the start.
func (s *Sim) optionsBefore(step *Step, start map[string]string) map[string]string {
	now := maps.Clone(start)
	for i := range s.Walk {
		if &s.Walk[i] == step {
			break
		}
		for _, t := range s.Walk[i].Turn {
			if k := s.Knob(t.Knob); k != nil {
				if act, is := k.Act.(Choose); is {
					now[act.Option] = cmp.Or(t.Value, s.following(act.Option, now))
				}
			}
		}
	}
	return now
}

// Knob finds a knob by its name, or nil.
func (s *Sim) Knob(name string) *Knob {
	for i := range s.Knobs {
		if s.Knobs[i].Name == name {
			return &s.Knobs[i]
		}
	}
	return nil
}

// Defaults are the first values of the options.
func (s *Sim) Defaults() map[string]string {
	m := make(map[string]string, len(s.Options))
	for _, o := range s.Options {
		if len(o.Values) > 0 {
			m[o.Name] = o.Values[0]
		}
	}
	return m
}
