package sims

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"ipctour/sims/stage"
)

// Play is one learner's session with an experiment: it starts the cast, turns
// knobs, goes through the walk and passes every event on. All of its methods
// may be called from any goroutine; none of them blocks for longer than it
// takes to start or end a cast.
type Play struct {
	sim     *Sim
	house   *stage.House
	journal *stage.Journal
	run     *stage.Run
	world   *World
	options map[string]string
	first   map[string]string // the options that it began with
	cycle   map[string]int    // where each Set knob stands
	touched bool              // something was done to this cast
	due     *due              // what is left of a step's knobs
	down    error             // why there is no cast; run is the one that was ended last
	played  bool              // by the learner, since the last step was begun
	goal    int               // the step of the walk that Next asked for,
	begun   int               // and the one that was begun last
	record  *Recorder
	feed    chan []Event
	do      chan func()
	ended   chan struct{}
	every   time.Duration
	receipt stage.Receipt
}

// PlayOptions set up a Play. The zero value is a quiet headless run.
type PlayOptions struct {
	Options map[string]string // values for the sim's options; missing ones take the default
	Record  io.Writer         // gets the run file as it grows
	// Every is how often the feed is filled at most; 0 passes each event on at once.
	Every time.Duration
	// Sample is how often the kernel is asked; 0 means 20 times a second.
	Sample time.Duration
	// Stepping starts the cast in step mode: every process waits at its first gate.
	Stepping bool
}

// StartPlay starts the cast. Call Stop in the end, whatever happens between.
func StartPlay(house *stage.House, sim *Sim, o PlayOptions) (*Play, error) {
	p := &Play{sim: sim, house: house, world: NewWorld(sim), options: sim.Defaults(), cycle: map[string]int{},
		feed: make(chan []Event), do: make(chan func()), ended: make(chan struct{}), every: o.Every}
	for k, v := range o.Options {
		if err := p.setOption(k, v); err != nil {
			return nil, err
		}
	}
	p.first = maps.Clone(p.options)
	p.journal = stage.NewJournal()
	if o.Record != nil {
		r, err := NewRecorder(o.Record, sim.ID)
		if err != nil {
			return nil, err
		}
		p.record = r
	}
	spec := p.spec()
	spec.Sample, spec.Stepping = o.Sample, o.Stepping
	run, err := house.Start(spec)
	if err != nil {
		return nil, err
	}
	p.run = run
	go p.conduct()
	return p, nil
}

func (p *Play) spec() stage.Spec {
	return stage.Spec{Lesson: p.sim.ID, Roles: p.sim.Roles, Wire: p.sim.Wire, Options: p.options, Journal: p.journal}
}

// Feed gives the events in order, in batches. It is closed when the play has
// ended. It must be read.
func (p *Play) Feed() <-chan []Event { return p.feed }

// conduct is the one goroutine that owns the world, the walk and the run.
func (p *Play) conduct() {
	defer close(p.ended)
	defer close(p.feed)
	var pending []Event
	tick := time.NewTicker(max(p.every, time.Millisecond))
	defer tick.Stop()
	stopped := false
	for {
		var out chan []Event
		var beat <-chan time.Time
		if len(pending) > 0 {
			if p.every == 0 || stopped {
				out = p.feed
			} else {
				beat = tick.C
			}
		} else if stopped {
			return
		}
		select {
		case <-p.journal.Ready():
			pending = append(pending, p.take()...)
		case f := <-p.do:
			f()
			pending = append(pending, p.take()...)
			stopped = p.run == nil
		case out <- pending:
			pending = nil
		case <-beat:
			if quiet(pending) {
				continue // nothing has changed: a picture of it can wait
			}
			select {
			case p.feed <- pending:
				pending = nil
			default:
			}
		}
	}
}

// quietBeats is how many looks at the kernel that found nothing new are passed
// on together.
const quietBeats = 10

// quiet reports whether events are but a few looks that found nothing new.
func quiet(events []Event) bool {
	return len(events) < quietBeats && !slices.ContainsFunc(events, func(e Event) bool { return e.Kind != stage.Beat })
}

// take applies what has come, goes on with the walk as far as that allows, and applies
// what has come of it.
func (p *Play) take() []Event {
	events := p.apply()
	for p.turnDue() || p.goOn() {
		events = append(events, p.apply()...)
	}
	for i := range events {
		events[i].Seq = p.journal.Number()
	}
	if p.record != nil {
		p.record.Write(events)
	}
	return events
}

// apply applies what has come, and ends the step whose condition is met.
func (p *Play) apply() []Event {
	events := p.journal.Drain()
	for i := 0; i < len(events); i++ {
		p.world.Apply(events[i])
		if step := p.current(); step != nil && step.Until(p.world) {
			done := Event{At: events[i].At, Source: stage.FromStage, Kind: stage.StepDone, Name: step.ID}
			events = slices.Insert(events, i+1, done)
		}
	}
	return events
}

func (p *Play) current() *Step {
	if !p.world.StepOpen {
		return nil
	}
	return p.sim.Step(p.world.Step)
}

// ErrEnded is returned by every action on a play that was stopped.
var ErrEnded = errors.New("the run has ended")

// call runs f on the conductor and waits for it.
func (p *Play) call(f func() error) error {
	answer := make(chan error, 1)
	select {
	case p.do <- func() {
		if p.run == nil {
			answer <- ErrEnded
			return
		}
		answer <- f()
	}:
		return <-answer
	case <-p.ended:
		return ErrEnded
	}
}

// ErrWaiting says that a step is still waiting for its condition.
type ErrWaiting struct{ Step *Step }

func (e ErrWaiting) Error() string {
	return fmt.Sprintf("step %q still waits until %s", e.Step.ID, e.Step.For)
}

// Next begins the next step of the walk and turns its knobs. It returns io.EOF
// after the last, and ErrWaiting while a step is under way. A step that builds on
// earlier ones begins with those, where the learner has played in between.
func (p *Play) Next() error {
	return p.call(func() error {
		if s := p.current(); s != nil {
			return ErrWaiting{s}
		}
		if p.due != nil {
			return ErrWaiting{p.due.step}
		}
		i := 1 + p.sim.StepAt(p.world.Step)
		if i >= len(p.sim.Walk) {
			return io.EOF
		}
		p.goal = i
		if err := p.begin(&p.sim.Walk[i]); err != nil {
			p.goal = 0 // it is not tried again till it is asked for
			return err
		}
		return nil
	})
}

// Turn turns a knob, as a key of the learner does. Value is for a Choose (the
// option's new value) and a Set (one of its names, or what it takes besides); empty takes the next one.
func (p *Play) Turn(knob, value string) error {
	return p.call(func() error {
		err := p.turn(knob, value)
		p.done(err, p.sim.Knob(knob))
		return err
	})
}

// done notes that the learner has done something to the cast, by a knob or, where that
// is nil, otherwise. To look closer does nothing to it.
func (p *Play) done(err error, by *Knob) {
	if err == nil && (by == nil || p.sim.changesCast(by)) {
		p.played = true
	}
}

func (p *Play) turn(name, value string) error {
	k := p.sim.Knob(name)
	if k == nil {
		return fmt.Errorf("no knob %q in %s", name, p.sim.ID)
	}
	if p.down != nil {
		return p.down
	}
	note := Event{Source: stage.FromLearner, Kind: stage.Turned, Name: name, S: map[string]string{"value": value}}
	var err error
	p.touched = p.touched || p.sim.changesCast(k)
	switch act := k.Act.(type) {
	case Tell:
		p.journal.Add(note)
		err = p.tell(act)
	case Set:
		err = p.set(k, act, value, note)
	case Choose:
		if value == "" {
			value = p.sim.following(act.Option, p.options)
		}
		err = p.choose(act.Option, value, note)
	case Start:
		p.journal.Add(note)
		err = p.run.StartRole(act.Role)
	case Break:
		p.journal.Add(note)
		err = p.run.Break(act.Fault, act.Role, act.Object)
	case Trace:
		p.journal.Add(note)
		err = p.run.Trace(act.Role, value == "on" || value == "" && !p.world.Actor(act.Role).Traced)
	case Do:
		p.journal.Add(note)
		err = act.Run(p.run, value)
	}
	p.run.Poke()
	return err
}

func (p *Play) tell(act Tell) error {
	n := act.N
	if act.Ends && p.run.Ended(act.Role) {
		return stage.Already{Says: act.Role + " has ended"}
	}
	if act.Peer != "" {
		pid, err := p.run.PID(act.Peer)
		if err != nil {
			return err
		}
		n = int64(pid)
	}
	return p.run.Tell(act.Role, Command{Name: act.Command, N: n})
}

func (p *Play) set(k *Knob, act Set, value string, note Event) error {
	if value == "" {
		value = act.Names[(p.cycle[k.Name]+1)%len(act.Names)]
	}
	n, err := act.Takes(value)
	if err != nil {
		return fmt.Errorf("knob %q: %w", k.Name, err)
	}
	if i := slices.Index(act.Names, value); i >= 0 {
		p.cycle[k.Name] = i
	}
	note.Who = act.Role
	note.S = map[string]string{"value": value, "setting": act.Setting}
	p.journal.Add(note)
	return p.run.Set(act.Role, act.Setting, n)
}

func (p *Play) setOption(name, value string) error {
	if err := p.sim.Accepts(name, value); err != nil {
		return err
	}
	p.options[name] = value
	return nil
}

// choose ends the cast and starts a new one with one option changed; a live one
// leaves the cast as it is. The walk goes on.
func (p *Play) choose(option, value string, note Event) error {
	if err := p.setOption(option, value); err != nil {
		return err
	}
	if p.sim.Option(option).Live {
		note.S = map[string]string{"value": value, "option": option}
		p.run.Choose(option, value)
		p.journal.Add(note)
		return nil
	}
	return p.recast("", false, p.options)
}

// recast ends the cast and starts a new one; why is for the learner, where nothing
// that was asked for says it. With anew the walk begins again too. Where no cast can be
// started there is none (down) till one can.
func (p *Play) recast(why string, anew bool, options map[string]string) error {
	p.options = maps.Clone(options)
	p.cycle, p.touched = map[string]int{}, false
	if anew {
		p.played, p.goal, p.begun = false, 0, 0
	}
	p.end("started anew")
	spec := p.spec()
	spec.Sample, spec.Stepping, spec.Anew, spec.Why = p.run.Sample(), p.run.Stepping(), anew, why
	run, err := p.house.Start(spec)
	if p.down = err; err != nil {
		p.down = fmt.Errorf("the processes could not be started: %w", err)
		return p.down
	}
	p.run = run
	return nil
}

// end ends the cast, if there is one, and keeps its receipt.
func (p *Play) end(why string) {
	if p.down == nil {
		p.receipt.Add(p.run.Stop(why))
	}
}

// Break causes a fault in any process: kill, stop, continue, or close of the
// descriptor that leads to an object (or of a number written in decimal).
func (p *Play) Break(f stage.Fault, role, object string) error {
	return p.call(func() error {
		err := p.run.Break(f, role, object)
		p.touched = true
		p.done(err, nil)
		p.run.Poke()
		return err
	})
}

// StartRole starts a late role, or one that has ended.
func (p *Play) StartRole(role string) error {
	return p.call(func() error {
		err := p.run.StartRole(role)
		p.touched = true
		p.done(err, nil)
		return err
	})
}

// Trace switches the x-ray of a role on or off.
func (p *Play) Trace(role string, on bool) error {
	return p.call(func() error { return p.run.Trace(role, on) })
}

// Step switches the step mode on or off.
func (p *Play) Step(on bool) error {
	return p.call(func() error { p.run.Step(on); return nil })
}

// Release lets a role that waits at a gate go on to its next one.
func (p *Play) Release(role string) error {
	return p.call(func() error { return p.run.Release(role) })
}

// Again starts the cast anew with the options of the start; the walk is before its
// first step again.
func (p *Play) Again() error {
	return p.call(func() error {
		p.due = nil
		return p.recast("", true, p.first)
	})
}

// Stop ends the cast, waits until nothing of it is left and says what was made
// and that it is gone. It may be called more than once.
func (p *Play) Stop() stage.Receipt {
	err := p.call(func() error {
		p.end("stopped")
		p.journal.Add(Event{Source: stage.FromStage, Kind: stage.Over, S: map[string]string{"why": "stopped"}})
		p.run = nil
		return nil
	})
	_ = err // ErrEnded: somebody else has stopped it
	return p.receipt
}

// End is Stop for the one who reads the feed: it reads on to the end, for the play waits
// for a reader. Seen gets what is left; it may be nil.
func (p *Play) End(seen func([]Event)) stage.Receipt {
	receipt := make(chan stage.Receipt, 1)
	go func() { receipt <- p.Stop() }()
	for batch := range p.feed {
		if seen != nil {
			seen(batch)
		}
	}
	return <-receipt
}

// Walk goes through all the steps without a learner, calling seen for every
// batch of events. It returns the world at the end. A step whose knobs cannot be
// turned, or whose condition does not come before ctx ends, gives an error that names it.
func (p *Play) Walk(ctx context.Context, seen func([]Event)) (*World, error) {
	w := NewWorld(p.sim)
	var failed error
	take := func(batch []Event) {
		for _, e := range batch {
			w.Apply(e)
			if e.Kind == stage.Trouble && p.sim.Step(e.Name) != nil {
				failed = errors.New(e.S["text"])
			}
		}
		if seen != nil {
			seen(batch)
		}
	}
	for i := range p.sim.Walk {
		step := &p.sim.Walk[i]
		begun := make(chan error, 1)
		go func() { begun <- p.Next() }()
		for w.After(step.ID) == nil {
			select {
			case batch, open := <-p.feed:
				if !open {
					return w, ErrEnded
				}
				if take(batch); failed != nil {
					return w, failed
				}
			case err := <-begun:
				if err != nil {
					return w, err
				}
				begun = nil
			case <-ctx.Done():
				return w, fmt.Errorf("step %s: waited until %s: %w", step.ID, step.For, ctx.Err())
			}
		}
	}
	return w, nil
}
