package sims

import (
	"cmp"
	"errors"
	"fmt"

	"ipctour/sims/stage"
)

// How a play begins a step of the walk. A learner may have done anything before:
// the step sees to what it needs.

// due is what is left of a step's knobs: the first of them waits for its condition,
// or for a new cast to be known.
type due struct {
	step  *Step
	turns []Turn
	fresh bool // a new cast was started for it
}

// begin turns a step's knobs. Where a learner's play has taken away what it builds on,
// a new cast goes through the steps before it first: see goOn.
func (p *Play) begin(s *Step) error {
	if !p.lost(s) {
		p.asked(s)
		return p.turnAll(s, s.Turn, false)
	}
	from := p.sim.Step(cmp.Or(s.From, s.ID))
	why := "You have played in between: this step has new processes."
	if from != s {
		why = "You have played in between: new processes go through earlier steps again."
	}
	if err := p.recast(why, false, p.sim.optionsBefore(from, p.first)); err != nil {
		return fmt.Errorf("step %s: %w", s.ID, err)
	}
	p.begun = p.sim.StepAt(from.ID)
	p.due = &due{from, from.Turn, true}
	return nil
}

// lost reports whether what a step builds on is gone. The first builds on a cast to
// which nothing was done.
func (p *Play) lost(s *Step) bool {
	switch {
	case p.down != nil:
		return true
	case s.Lost != nil:
		return s.Lost(p.world)
	case s.From != "":
		return p.played
	}
	return p.touched && s == &p.sim.Walk[0]
}

// goOn begins the next step where the walk has gone back to an earlier one than Next
// asked for. It reports whether it did.
func (p *Play) goOn() bool {
	at := p.sim.StepAt(p.world.Step)
	if p.run == nil || p.due != nil || at < 0 || p.world.StepOpen || at != p.begun || at >= p.goal {
		return false
	}
	next := &p.sim.Walk[at+1]
	if err := p.begin(next); err != nil {
		p.trouble(next, err)
		p.goal = 0 // the learner asks for it when it can be
	}
	return true
}

func (p *Play) asked(s *Step) {
	p.begun = p.sim.StepAt(s.ID)
	p.journal.Add(Event{Source: stage.FromStage, Kind: stage.StepAsked, Name: s.ID})
}

// turnAll turns knobs up to the first that has to wait, or has waited where it is the
// first of all; after the last the step has begun.
func (p *Play) turnAll(s *Step, turns []Turn, waited bool) error {
	for i, t := range turns {
		if t.When != nil && (i > 0 || !waited) {
			p.due = &due{step: s, turns: turns[i:]} // asked once the events so far are known
			return nil
		}
		if err := p.turnOne(s, t); err != nil {
			p.played = true // half of the step was done
			return err
		}
	}
	p.played = false
	p.journal.Add(Event{Source: stage.FromStage, Kind: stage.StepBegun, Name: s.ID})
	p.run.Poke()
	return nil
}

// turnDue goes on with a step whose knobs wait, once they need not any more. It
// reports whether it did.
func (p *Play) turnDue() bool {
	d := p.due
	if d == nil || p.run == nil {
		return false
	}
	// What was done last may not have been known when the step was asked for.
	if untouched := len(d.turns) == len(d.step.Turn); untouched && !d.fresh && d.step.Lost != nil && d.step.Lost(p.world) {
		p.due = nil
		if err := p.begin(d.step); err != nil {
			p.trouble(d.step, err)
		}
		return true
	}
	if len(d.turns) > 0 && d.turns[0].When != nil && !d.turns[0].When(p.world) {
		return false
	}
	p.due = nil
	p.asked(d.step) // the world as it is now is the one before the knobs
	if err := p.turnAll(d.step, d.turns, true); err != nil {
		p.trouble(d.step, err)
	}
	return true
}

// trouble tells that a step cannot be done, to whoever does not wait for its answer.
func (p *Play) trouble(s *Step, err error) {
	p.journal.Add(Event{Source: stage.FromStage, Kind: stage.Trouble, Name: s.ID, S: map[string]string{"text": err.Error(), "advice": "Start the cast anew."}})
}

func (p *Play) turnOne(s *Step, t Turn) error {
	if t.If != nil && !t.If(p.world) || p.stands(t) {
		return nil
	}
	err := p.turn(t.Knob, t.Value)
	var already stage.Already
	// Where the machine denies the x-ray an event says so, and the walk goes on without.
	if err == nil || errors.As(err, &already) || p.isTrace(t.Knob) {
		return nil
	}
	return fmt.Errorf("step %s: %w", s.ID, err)
}

// stands reports whether a turn asks for nothing but what is there: an option's
// value that it has, and, where that would be a new cast, nothing was done to this one;
// or that an x-ray be off which is. One that is on is switched on again, and counts anew.
func (p *Play) stands(t Turn) bool {
	k := p.sim.Knob(t.Knob)
	if k == nil || t.Value == "" {
		return false
	}
	switch act := k.Act.(type) {
	case Choose:
		return p.options[act.Option] == t.Value && (!p.touched || p.sim.Option(act.Option).Live)
	case Trace:
		return t.Value == "off" && !p.world.Actor(act.Role).Traced
	}
	return false
}

func (p *Play) isTrace(knob string) bool {
	k := p.sim.Knob(knob)
	if k == nil {
		return false
	}
	_, is := k.Act.(Trace)
	return is
}
