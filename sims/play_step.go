package sims

import (
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

// begin starts the cast anew where the one that is there cannot do the step, and
// turns the step's knobs.
func (p *Play) begin(s *Step) error {
	if s.Anew != nil && s.Anew(p.world) {
		if err := p.recast("started anew", false); err != nil {
			return fmt.Errorf("step %s: %w", s.ID, err)
		}
		p.due = &due{s, s.Turn, true}
		return nil
	}
	p.asked(s)
	return p.turnAll(s, s.Turn, false)
}

func (p *Play) asked(s *Step) {
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
			return err
		}
	}
	p.journal.Add(Event{Source: stage.FromStage, Kind: stage.StepBegun, Name: s.ID})
	p.run.Poke()
	return nil
}

// turnDue goes on with a step whose knobs wait, once they need not any more.
func (p *Play) turnDue() {
	d := p.due
	if d == nil || p.run == nil {
		return
	}
	begin := func() error {
		p.asked(d.step) // the world as it is now is the one before the knobs
		return p.turnAll(d.step, d.turns, true)
	}
	switch untouched := len(d.turns) == len(d.step.Turn); {
	case untouched && !d.fresh && d.step.Anew != nil && d.step.Anew(p.world): // what you did last was not known when it was asked
		begin = func() error { return p.begin(d.step) }
	case len(d.turns) > 0 && d.turns[0].When != nil && !d.turns[0].When(p.world):
		return
	}
	p.due = nil
	if err := begin(); err != nil {
		p.journal.Add(Event{Source: stage.FromStage, Kind: stage.Trouble, S: map[string]string{
			"text": err.Error(), "advice": "Start the cast anew."}})
	}
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

// stands reports whether a turn asks for nothing but the cast that is there: an
// option's value that it has, and nothing was done to it yet.
func (p *Play) stands(t Turn) bool {
	if k := p.sim.Knob(t.Knob); k != nil && !p.touched && t.Value != "" {
		act, is := k.Act.(Choose)
		return is && p.options[act.Option] == t.Value
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
