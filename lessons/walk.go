package lessons

// Walk: a lesson played to its end without a learner, on real processes. It is
// what `ipctour run` shows, what `ipctour verify` judges and what tests run.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"ipctour/sims"
	"ipctour/sims/stage"
)

// StepLimit is how long a step may wait for its condition, when nothing else is
// said. It is generous: on a quiet machine a step takes milliseconds.
const StepLimit = 30 * time.Second

// ErrToCome says that a lesson has words but no experiment yet.
var ErrToCome = errors.New("is still to come: it has no experiment yet")

// WalkOptions set up a walk. The zero value is a quiet one.
type WalkOptions struct {
	Options   map[string]string // values for the sim's options
	Record    io.Writer         // gets the run file as it grows
	StepLimit time.Duration     // for each step; 0 is the constant StepLimit
	// Seen gets every batch of events till the walk has ended, Closing those of
	// the cast being stopped after it.
	Seen, Closing func([]sims.Event)
}

// Outcome is what a walk leaves.
type Outcome struct {
	// World is how things stood when the walk ended, before the cast was stopped.
	World   *sims.World
	Results []Result
	// Receipt says what was made, and that it is gone.
	Receipt stage.Receipt
}

// Walk plays the lesson's walk, judges its claims and stops the cast. The
// outcome is nil only when no cast could be started; with an error and an
// outcome the walk did not finish, and the results say what that leaves open.
func (l *Lesson) Walk(ctx context.Context, house *stage.House, o WalkOptions) (*Outcome, error) {
	if l.Sim == nil {
		return nil, fmt.Errorf("%s %w", l.ID, ErrToCome)
	}
	if o.Seen == nil {
		o.Seen = func([]sims.Event) {}
	}
	play, err := sims.StartPlay(house, l.Sim, sims.PlayOptions{Options: o.Options, Record: o.Record})
	if err != nil {
		return nil, fmt.Errorf("start of %s: %w", l.ID, err)
	}
	out := &Outcome{}
	out.World, err = l.steps(ctx, play, o)
	out.Receipt = play.End(o.Closing)
	out.Results = l.Judge(out.World, err)
	if err == nil {
		err = play.RecordErr()
	}
	return out, err
}

// errStepLimit is the cause of the end of a walk whose step waited too long.
var errStepLimit = errors.New("the step took too long")

// steps goes through the walk, with a time limit that starts anew at each step.
func (l *Lesson) steps(ctx context.Context, play *sims.Play, o WalkOptions) (*sims.World, error) {
	limit := o.StepLimit
	if limit <= 0 {
		limit = StepLimit
	}
	timed, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	clock := time.AfterFunc(limit, func() { cancel(errStepLimit) })
	defer clock.Stop()
	world, err := play.Walk(timed, func(batch []sims.Event) {
		for _, e := range batch {
			if e.Kind == stage.StepBegun || e.Kind == stage.StepDone {
				clock.Reset(limit)
			}
		}
		o.Seen(batch)
	})
	if err != nil && errors.Is(context.Cause(timed), errStepLimit) {
		err = fmt.Errorf("%w after %s (more with --step-timeout): %s", errStepLimit, limit, strings.TrimSuffix(err.Error(), ": "+context.Canceled.Error()))
	}
	return world, err
}
