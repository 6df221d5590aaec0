package sims

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

// World is the state of a run: what its events say so far. Apply is the only
// thing that changes it, and it is pure, so a run file gives the same worlds,
// and the same pictures, as the run did.
type World struct {
	Lesson  string
	Now     time.Duration // of the latest event
	Seq     uint64
	Casts   int               // how often a cast was started
	Options map[string]string // what this cast was started with
	Facts   map[string]int64  // the machine: page, pipe-max-size, cpus, uid …
	Words   map[string]string // the machine in words: kernel release …
	Actors  []*ActorState     // in the order of the roles
	Objects map[string]*ObjectState
	// Moments are what the roles of this cast said, oldest first.
	Moments []Moment
	// Turned counts how often each knob was turned in this cast, by its name: known at
	// once, when what comes of it may take a while.
	Turned map[string]int
	// Step is the step under way, or the last one done; "" before the first.
	Step     string
	StepOpen bool
	// StepSince is when the step began.
	StepSince time.Duration
	// Before is the world as it was just before the knobs of this step were turned:
	// what the learner did earlier is in it. Nil before the first step.
	Before *World
	// Beats counts the looks at the kernel so far. What a moment of beat n tells
	// is reflected in all readings from beat n+2 on.
	Beats    int64
	steps    map[string]*World
	walk     map[string]bool // the ids of the steps that there are
	Stepping bool
	Trouble  []Trouble
	Ended    string // why the run ended; "" while it goes on
	clearing bool   // the tour ends this cast: the picture stays as it was
}

// ActorState is one role's process.
type ActorState struct {
	Role     string
	PID      int
	Life     scene.Life
	Letter   string
	Wchan    string
	Syscall  string // the call it is blocked in, by /proc/PID/syscall
	Since    time.Duration
	Born     time.Duration
	Code     int // exit status, once exited
	Signal   int // that killed it, or 0
	Gate     string
	Idle     bool   // waits for a command
	Program  string // what it has become by exec; "" while it is the tour's own
	Traced   bool
	Untraced string // why the x-ray is not available
	Paused   bool   // by the learner's stop fault
	Counts   map[string]int64
	Numbers  map[string]int64  // other readings: switches, threads, signal masks …
	Settings map[string]string // last values of its knobs
	FDs      []stage.FD
	closed   []scene.FD
	Calls    []scene.Call
	Called   map[string]int64 // calls that returned since the x-ray was switched on, by name
	Skipped  int64            // of them, not in Calls
	Births   int
	ended    int64 // the world's Beats when it ended
	rates    map[string]*rate
}

// ObjectState is what is known of one kernel object.
type ObjectState struct {
	Name, Kind string
	N          map[string]int64
	S          map[string]string
	Holders    map[string]int // role → descriptor, where the role said so
}

// Moment is something a role said.
type Moment struct {
	At   time.Duration
	Beat int64 // of the world when it was said
	Who  string
	Name string
	N    map[string]int64
	S    map[string]string
}

// Trouble is an error shown in the lesson, with what to do about it.
type Trouble struct {
	At           time.Duration
	Who          string
	Text, Advice string
}

const (
	keptCalls   = 48 // per actor, for the x-ray
	keptTrouble = 8
	// No run of a lesson comes near these; a damaged run file must not fill memory.
	keptMoments = 1 << 15
	keptObjects = 1 << 8
)

// NewWorld is a world before its first event.
func NewWorld(s *Sim) *World {
	w := &World{Lesson: s.ID, steps: map[string]*World{}, walk: make(map[string]bool, len(s.Walk))}
	for i := range s.Walk {
		w.walk[s.Walk[i].ID] = true
	}
	w.reset(s.Roles)
	return w
}

func (w *World) reset(roles []Role) {
	w.Actors = nil
	for _, r := range roles {
		w.Actors = append(w.Actors, &ActorState{Role: r.Name, Life: scene.Unborn})
	}
	w.clear()
}

// clear forgets the cast but keeps the steps done: claims look back at them.
func (w *World) clear() {
	for i, a := range w.Actors {
		w.Actors[i] = &ActorState{Role: a.Role, Life: scene.Unborn,
			Counts: map[string]int64{}, Numbers: map[string]int64{}, Settings: map[string]string{}, rates: map[string]*rate{}}
	}
	w.Objects = map[string]*ObjectState{}
	w.Moments, w.Trouble, w.Turned = nil, nil, map[string]int{}
}

// Clone is a copy that later events do not change.
func (w *World) Clone() *World {
	c := *w
	c.Actors = make([]*ActorState, len(w.Actors))
	for i, a := range w.Actors {
		c.Actors[i] = a.clone()
	}
	c.Objects = make(map[string]*ObjectState, len(w.Objects))
	for k, o := range w.Objects {
		c.Objects[k] = &ObjectState{o.Name, o.Kind, maps.Clone(o.N), maps.Clone(o.S), maps.Clone(o.Holders)}
	}
	c.Moments = slices.Clip(w.Moments) // moments are only appended
	c.Trouble = slices.Clip(w.Trouble)
	c.Turned = maps.Clone(w.Turned)
	c.steps = maps.Clone(w.steps)
	return &c
}

func (a *ActorState) clone() *ActorState {
	c := *a
	c.Counts, c.Numbers, c.Settings = maps.Clone(a.Counts), maps.Clone(a.Numbers), maps.Clone(a.Settings)
	c.Called = maps.Clone(a.Called)
	c.FDs, c.closed, c.Calls = slices.Clip(a.FDs), slices.Clip(a.closed), slices.Clone(a.Calls)
	c.rates = make(map[string]*rate, len(a.rates))
	for k, r := range a.rates {
		n := *r
		n.points = slices.Clone(r.points)
		c.rates[k] = &n
	}
	return &c
}

// Actor finds a role's state. It is never nil: an unknown name gives an unborn actor.
func (w *World) Actor(role string) *ActorState {
	if a := w.find(role); a != nil {
		return a
	}
	return &ActorState{Role: role, Life: scene.Unborn}
}

func (w *World) find(role string) *ActorState {
	for _, a := range w.Actors {
		if a.Role == role {
			return a
		}
	}
	return nil
}

// Object finds an object's state. It is never nil; N of an unknown one is empty.
func (w *World) Object(name string) *ObjectState {
	if o := w.Objects[name]; o != nil {
		return o
	}
	return &ObjectState{Name: name}
}

// Level is one number of an object, or -1 while it is not known.
func (o *ObjectState) Level(name string) int64 {
	if n, ok := o.N[name]; ok {
		return n
	}
	return -1
}

// After is the world as it was when a step was done, or nil.
func (w *World) After(step string) *World { return w.steps[step] }

// ReadSince reports whether all readings were taken after a moment: a look that was
// under way when it was said does not count, the one after it does. False for no moment.
func (w *World) ReadSince(m *Moment) bool { return w.Since(m) >= 2 }

// Since counts the looks at the kernel since a moment, for a condition that something
// does not happen: it must stay away in several. It is 0 for no moment.
func (w *World) Since(m *Moment) int64 {
	if m == nil {
		return 0
	}
	return w.Beats - m.Beat
}

// Count is a counter of a role: its own word.
func (w *World) Count(role, counter string) int64 { return w.Actor(role).Counts[counter] }

// Called counts the system calls of a role that returned since its x-ray was
// switched on: those of the names given, or all. Calls of the Go runtime and of the
// tour's own link are not among them.
func (w *World) Called(role string, names ...string) (n int64) {
	for name, k := range w.Actor(role).Called {
		if len(names) == 0 || slices.Contains(names, name) {
			n += k
		}
	}
	return n
}

// Mapping is what the kernel says of an object mapped by a role that told of it
// (Actor.Mapped): see probe.Mapping for its numbers.
func (w *World) Mapping(role, object string) *ObjectState { return w.Object(object + "@" + role) }

// Last is the latest moment of that name from a role ("" for any), or nil.
func (w *World) Last(role, name string) *Moment {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		m := &w.Moments[i]
		if m.Name == name && (role == "" || m.Who == role) {
			return m
		}
	}
	return nil
}

// News is Last, but nil for a moment from before the knobs of this step were turned:
// what the learner did by hand earlier does not end a step.
func (w *World) News(role, name string) *Moment {
	m := w.Last(role, name)
	if m == nil || w.Before != nil && m.At < w.Before.Now {
		return nil
	}
	return m
}

// ReadSinceEnd reports whether all readings were taken after a role's process ended.
func (w *World) ReadSinceEnd(role string) bool {
	a := w.Actor(role)
	return a.Ended() != "" && w.Beats-a.ended >= 2
}

// Said counts the moments of that name from a role ("" for any).
func (w *World) Said(role, name string) int {
	n := 0
	for i := range w.Moments {
		if m := &w.Moments[i]; m.Name == name && (role == "" || m.Who == role) {
			n++
		}
	}
	return n
}

// Asleep reports whether the kernel says that a role sleeps in a function whose
// name contains part (any, where it is ""). Where wchan is not shown to us, the
// system call it is blocked in is matched instead.
func (w *World) Asleep(role, part string) bool {
	a := w.Actor(role)
	return (a.Letter == "S" || a.Letter == "D") && !a.Idle && a.Gate == "" && a.blockedIn(part)
}

// Where is what the kernel says of a process, for a verdict: "state S in
// anon_pipe_write", or how it ended.
func (a *ActorState) Where() string {
	if !a.Life.Alive() {
		return cmp.Or(a.Ended(), "not started")
	}
	return "state " + a.Letter + " in " + cmp.Or(a.Wchan, a.Syscall, "nothing that is shown")
}

func (a *ActorState) blockedIn(part string) bool {
	if a.Wchan != "" {
		return contains(a.Wchan, part)
	}
	return a.Syscall != "" && (part == "" || contains(part, a.Syscall) || contains(a.Syscall, part))
}
