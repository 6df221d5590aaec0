package sims

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// Apply takes one event in. Events of an unknown kind, or about an unknown
// role, change nothing but the clock: a newer run file still replays.
func (w *World) Apply(e Event) {
	if e.At > w.Now {
		w.Now = e.At
	}
	w.Seq = e.Seq
	if w.clearing && !ofTheRun(e.Kind) {
		return
	}
	a := w.find(e.Who)
	if e.Kind == stage.Turned && len(w.Turned) < keptObjects {
		w.Turned[e.Name]++
	}
	switch e.Kind {
	case stage.Clearing:
		w.clearing = true
	case stage.Begin:
		w.begin(e)
	case stage.StepAsked, stage.StepBegun, stage.StepDone:
		w.step(e)
	case stage.Beat:
		w.Beats++
	case stage.Stepping:
		w.Stepping = e.N["on"] != 0
	case stage.Trouble:
		w.Trouble = append(w.Trouble, Trouble{e.At, e.Who, e.S["text"], e.S["advice"]})
		if len(w.Trouble) > keptTrouble {
			w.Trouble = slices.Clone(w.Trouble[1:])
		}
	case stage.Moment:
		w.moment(e)
	case stage.Hold:
		w.object(e.Name, e.S["kind"]).hold(e.Who, int(e.N["fd"]))
	case stage.Reading:
		if e.Name != "process" {
			w.object(e.Who, e.Name).read(e)
		} else if a != nil {
			a.read(e)
		}
	case stage.Over:
		w.Ended = e.S["why"]
	case stage.Turned:
		if _, is := w.Options[e.S["option"]]; is {
			w.Options = maps.Clone(w.Options) // earlier worlds keep theirs
			w.Options[e.S["option"]] = e.S["value"]
		} else if a != nil {
			a.apply(e)
		}
	default:
		if a != nil {
			a.apply(e)
			if e.Kind == stage.Died {
				a.ended = w.Beats
			}
		}
	}
}

// step takes in how the walk goes on. A run file may name steps that there are not.
func (w *World) step(e Event) {
	if !w.walk[e.Name] {
		return
	}
	switch e.Kind {
	case stage.StepAsked:
		w.Before = nil // each keeps one back, not all
		w.Before = w.Clone()
	case stage.StepBegun:
		w.Step, w.StepOpen, w.StepSince = e.Name, true, w.Now
	case stage.StepDone:
		w.StepOpen = false
		w.steps[e.Name] = w.Clone()
	}
}

func (w *World) moment(e Event) {
	if len(w.Moments) >= keptMoments {
		w.Moments = slices.Clone(w.Moments[len(w.Moments)-keptMoments/2:])
	}
	w.Moments = append(w.Moments, Moment{e.At, w.Beats, e.Who, e.Name, e.N, e.S})
}

// ofTheRun reports whether an event is about the run itself and not about one cast.
func ofTheRun(k stage.Kind) bool {
	switch k {
	case stage.Begin, stage.StepAsked, stage.StepBegun, stage.StepDone, stage.Trouble, stage.Over:
		return true
	}
	return false
}

func (w *World) begin(e Event) {
	w.Casts++
	w.Ended, w.clearing = "", false
	w.Options, w.Facts, w.Words = map[string]string{}, e.N, map[string]string{}
	for k, v := range e.S {
		if name, ok := strings.CutPrefix(k, "option "); ok {
			w.Options[name] = v
		} else {
			w.Words[k] = v
		}
	}
	w.clear()
	if e.N["anew"] != 0 {
		w.Step, w.StepOpen, w.Before, w.Earlier, w.steps = "", false, nil, nil, map[string]*World{}
	}
}

func (w *World) object(name, kind string) *ObjectState {
	o := w.Objects[name]
	if o == nil {
		if len(w.Objects) >= keptObjects {
			return &ObjectState{N: map[string]int64{}, S: map[string]string{}, Holders: map[string]int{}} // lost: no run has so many
		}
		o = &ObjectState{Name: name, N: map[string]int64{}, S: map[string]string{}, Holders: map[string]int{}}
		w.Objects[name] = o
	}
	if kind != "" {
		o.Kind = kind
	}
	return o
}

func (o *ObjectState) hold(role string, fd int) {
	if fd < 0 {
		delete(o.Holders, role)
		return
	}
	o.Holders[role] = fd
}

func (o *ObjectState) read(e Event) {
	for k, v := range e.N {
		o.N[k] = v
	}
	for k, v := range e.S {
		o.S[k] = v
	}
}

// apply takes an event about this actor's process.
func (a *ActorState) apply(e Event) {
	switch e.Kind {
	case stage.Born:
		*a = ActorState{Role: a.Role, PID: int(e.N["pid"]), Life: scene.Running, Born: e.At, Since: e.At, Births: a.Births + 1,
			Counts: map[string]int64{}, Numbers: map[string]int64{}, Settings: map[string]string{}, rates: map[string]*rate{}}
	case stage.Became:
		a.Program, a.Idle, a.Gate = e.Name, false, ""
	case stage.Died:
		a.died(e)
	case stage.Counts:
		for k, v := range e.N {
			a.Counts[k] = v
			a.rate(k).add(e.At, v)
		}
	case stage.Table:
		a.table(e.FDs)
	case stage.Call:
		a.call(e)
	case stage.Skipped:
		for name, n := range e.N {
			a.Skipped += n
			a.called(name, n)
		}
	case stage.AtGate:
		a.Gate = e.Name
		a.settle(e.At)
	case stage.Idle:
		a.Idle = e.N["waits"] != 0
		a.settle(e.At)
	case stage.Traced:
		a.Traced, a.Untraced = e.N["on"] != 0, e.S["reason"]
		if a.Traced {
			a.Called = map[string]int64{}
		}
	case stage.Turned:
		if s := e.S["setting"]; s != "" {
			a.Settings[s] = e.S["value"]
		}
	case stage.Faulted:
		switch e.Name {
		case string(stage.StopIt):
			a.Paused = true
		case string(stage.Continue):
			a.Paused = false
		}
	}
}

func (a *ActorState) died(e Event) {
	a.Code, a.Signal = int(e.N["code"]), int(e.N["signal"])
	a.Life = scene.Exited
	if a.Signal != 0 {
		a.Life = scene.Killed
	}
	a.Letter, a.Wchan, a.Syscall, a.Gate, a.Idle, a.Traced, a.Paused = "", "", "", "", false, false, false
	a.Since = e.At
	for _, f := range a.FDs {
		a.closed = append(a.closed, scene.FD{N: f.N, Target: f.Target, Object: f.Object, End: endName(f.Mode), Cut: true})
	}
	a.FDs = nil
	if n := len(a.Calls); n > 0 && a.Calls[n-1].Blocked {
		a.Calls[n-1].Blocked, a.Calls[n-1].Result = false, "never returned"
	}
}

func (a *ActorState) read(e Event) {
	if s, ok := e.S["state"]; ok {
		a.Letter, a.Wchan, a.Syscall = s, e.S["wchan"], e.S["call"]
		a.settle(e.At)
	}
	if v, ok := e.N["voluntary"]; ok && v != a.Numbers["voluntary"] && a.Life == scene.Asleep {
		a.Since = e.At // it woke and fell asleep again between two looks
	}
	if v, ok := e.N["processor"]; ok && (len(a.Ran) == 0 || a.Ran[len(a.Ran)-1] != v) {
		a.Ran = append(a.Ran[max(0, len(a.Ran)-keptRan):], v)
	}
	for k, v := range e.N {
		a.Numbers[k] = v
	}
}

// settle derives the life from what is known, and notes when it changed.
func (a *ActorState) settle(at time.Duration) {
	if !a.Life.Alive() {
		return
	}
	life := scene.Running
	switch {
	case a.Letter == "T":
		life = scene.Stopped
	case a.Gate != "" || a.Idle:
		life = scene.Waiting
	case a.Letter == "S" || a.Letter == "D":
		life = scene.Asleep
	}
	if life != a.Life {
		a.Life, a.Since = life, at
	}
}

func (a *ActorState) table(fds []stage.FD) {
	for _, was := range a.FDs {
		if !slices.ContainsFunc(fds, func(f stage.FD) bool { return f.N == was.N && f.Target == was.Target }) {
			a.closed = append(a.closed, scene.FD{N: was.N, Target: was.Target, Object: was.Object, End: endName(was.Mode), Cut: true})
		}
	}
	a.FDs = fds
}

func (a *ActorState) call(e Event) {
	c := scene.Call{Name: e.Name, Args: e.S["args"], Result: e.S["result"], Failed: e.N["failed"] != 0,
		At: time.Duration(e.N["entered"]), Took: time.Duration(e.N["took"]), Blocked: e.N["blocked"] != 0}
	if !c.Blocked { // a call counts when it has returned
		a.called(e.Name, 1)
	}
	if n := len(a.Calls); n > 0 && a.Calls[n-1].Blocked && a.Calls[n-1].At == c.At {
		a.Calls[n-1] = c // the call that was blocked has returned
		return
	}
	a.Calls = append(a.Calls, c)
	if len(a.Calls) > keptCalls {
		a.Calls = slices.Clone(a.Calls[len(a.Calls)-keptCalls:])
	}
}

func (a *ActorState) called(name string, n int64) {
	if a.Called == nil {
		a.Called = map[string]int64{}
	}
	a.Called[name] += n
}

func endName(mode string) string {
	switch mode {
	case "r":
		return "read end"
	case "w":
		return "write end"
	case "rw":
		return "both ways"
	}
	return ""
}

// Ended says how a process ended, in words; "" while it lives.
func (a *ActorState) Ended() string {
	switch a.Life {
	case scene.Exited:
		return fmt.Sprintf("exit %d", a.Code)
	case scene.Killed:
		return "killed by " + stage.SignalName(a.Signal)
	}
	return ""
}
