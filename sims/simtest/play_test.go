package simtest

// How a play begins a step, on a lesson of three steps whose parts can be made to fail.

import (
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

// What the lesson does in the tour's own process is told here.
var (
	wired     atomic.Int32 // casts that were wired
	wireFails atomic.Bool
	knobFails atomic.Bool
)

var errOnPurpose = errors.New("it fails on purpose")

// adding has one process, which adds when it is told. Its steps build on each other.
var adding = sims.Sim{
	ID:    "simtest/adding",
	Roles: []sims.Role{{Name: "clerk", Run: add}},
	Wire: func(*sims.Wiring) error {
		wired.Add(1)
		if wireFails.Load() {
			return errOnPurpose
		}
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "add", Act: sims.Tell{Role: "clerk", Command: "add"}},
		{Key: "2", Name: "look", Act: sims.Do{Run: func(*stage.Run, string) error {
			if knobFails.Load() {
				return errOnPurpose
			}
			return nil
		}}},
		{Key: "3", Name: "watch", Act: sims.Trace{Role: "clerk"}},
		{Key: "4", Name: "colour", Act: sims.Choose{Option: "colour"}},
	},
	Options: []sims.Option{{Name: "colour", Values: []string{"red", "blue"}}},
	Draw:    func(*sims.World) *scene.Scene { return &scene.Scene{Sentence: "The clerk adds."} },
	Walk: []sims.Step{
		{ID: "one", Turn: sims.Press("add"), For: "one is added", Until: added(1)},
		{ID: "two", From: "one", Turn: sims.Press("look", "add"), For: "two are added", Until: added(2)},
		{ID: "three", From: "one", Turn: []sims.Turn{{Knob: "add", When: func(w *sims.World) bool { return w.Actor("clerk").Idle }},
			{Knob: "look", If: func(*sims.World) bool { return false }}}, For: "three are added", Until: added(3)},
	},
}

func add(a *sims.Actor) error {
	for {
		a.Next()
		a.Say("added")
	}
}

func added(n int) func(*sims.World) bool {
	return func(w *sims.World) bool { return w.Said("clerk", "added") == n }
}

func TestMain(m *testing.M) { Main(m, []*sims.Sim{&adding}) }

// atStep is a learner who has come to the end of a step.
func atStep(t *testing.T, step string) *learner {
	t.Helper()
	wired.Store(0)
	wireFails.Store(false)
	knobFails.Store(false)
	l := learn(t, &adding, sims.PlayOptions{Sample: quick})
	for i := range adding.Walk {
		l.step(&adding.Walk[i])
		if adding.Walk[i].ID == step {
			break
		}
	}
	return l
}

// fails does what must give an error, and looks on meanwhile.
func (l *learner) fails(do func() error) error {
	l.t.Helper()
	var got error
	l.until("it has failed", func() error { got = do(); return nil }, func() bool { return true })
	if got == nil {
		l.t.Fatal("there is no error")
	}
	return got
}

func TestAWalkThatNobodyTouchesHasOneCast(t *testing.T) {
	l := atStep(t, "three")
	if l.w.Casts != 1 {
		t.Errorf("%d casts", l.w.Casts)
	}
	if err := l.fails(l.p.Next); !errors.Is(err, io.EOF) {
		t.Errorf("after the last step: %v", err)
	}
}

func TestAWalkGoesBackWhereTheLearnerHasPlayed(t *testing.T) {
	for _, before := range []string{"one", "two"} {
		t.Run("after "+before, func(t *testing.T) {
			l := atStep(t, before)
			said := l.w.Said("clerk", "added")
			l.until("it was added by hand", func() error { return l.p.Turn("add", "") }, func() bool { return l.w.Said("clerk", "added") == said+1 })
			l.step(&adding.Walk[1+adding.StepAt(before)])
			if l.w.Casts != 2 || !strings.Contains(l.w.Words["why"], "earlier steps again") {
				t.Errorf("%d casts, because %q", l.w.Casts, l.w.Words["why"])
			}
			if n := l.w.After("one").Said("clerk", "added"); n != 1 {
				t.Errorf("the first step was gone through with %d added", n)
			}
		})
	}
}

func TestTheFirstStepHasACastToItself(t *testing.T) {
	wireFails.Store(false)
	l := learn(t, &adding, sims.PlayOptions{Sample: quick})
	l.until("it was added by hand", func() error { return l.p.Turn("add", "") }, func() bool { return l.w.Said("clerk", "added") == 1 })
	l.step(&adding.Walk[0])
	if l.w.Casts != 2 {
		t.Errorf("%d casts", l.w.Casts)
	}
}

func TestToLookCloserIsNotToPlay(t *testing.T) {
	l := atStep(t, "one")
	l.until("the x-ray has been asked for", func() error {
		_ = l.p.Turn("watch", "on") // where it is denied, that is no play either
		return nil
	}, func() bool { return true })
	l.step(&adding.Walk[1])
	if l.w.Casts != 1 {
		t.Errorf("%d casts", l.w.Casts)
	}
}

func TestACastThatCannotStartIsTriedOnceForEachKey(t *testing.T) {
	l := atStep(t, "one")
	l.until("it was added by hand", func() error { return l.p.Turn("add", "") }, func() bool { return l.w.Said("clerk", "added") == 2 })
	wireFails.Store(true)
	for n := int32(2); n <= 3; n++ {
		if err := l.fails(l.p.Next); !errors.Is(err, errOnPurpose) {
			t.Errorf("the error is %v", err)
		}
		if wired.Load() != n {
			t.Errorf("%d casts were wired, want %d", wired.Load(), n)
		}
	}
	if err := l.fails(func() error { return l.p.Turn("add", "") }); !errors.Is(err, errOnPurpose) {
		t.Errorf("a knob without a cast: %v", err)
	}
	if len(l.w.Trouble) > 0 {
		t.Errorf("the error is told again: %v", l.w.Trouble)
	}
	wireFails.Store(false)
	l.step(&adding.Walk[1])
	l.p.Stop()
	if r := l.p.Stop(); r.Processes != 2 {
		t.Errorf("the receipt has %d processes, want those of the two casts: %+v", r.Processes, r)
	}
}

func TestAKnobThatFailsDoesNotHideThatTheLearnerHasPlayed(t *testing.T) {
	l := atStep(t, "one")
	knobFails.Store(true)
	l.fails(l.p.Next)
	knobFails.Store(false)
	l.step(&adding.Walk[1])
	if l.w.Casts != 2 {
		t.Errorf("the step went on from the half of it that was done: %d casts", l.w.Casts)
	}
}

func TestAnewInTheMiddleOfTheWayBack(t *testing.T) {
	l := atStep(t, "two")
	l.until("it was added by hand", func() error { return l.p.Turn("add", "") }, func() bool { return l.w.Said("clerk", "added") == 3 })
	l.until("the way back begins and ends at once", func() error { return errors.Join(l.p.Next(), l.p.Again()) },
		func() bool { return l.w.Step == "" && l.w.Actor("clerk").Life.Alive() })
	for i := range adding.Walk {
		l.step(&adding.Walk[i])
	}
}

// What the learner chose is not what the walk goes back with, nor what it begins anew with.
func TestTheWalkHasOptionsOfItsOwn(t *testing.T) {
	l := atStep(t, "one")
	l.until("another colour was chosen", func() error { return l.p.Turn("colour", "") }, func() bool { return l.w.Options["colour"] == "blue" })
	l.step(&adding.Walk[1])
	if c := l.w.Options["colour"]; c != "red" {
		t.Errorf("the walk went back with %s", c)
	}
	l.until("another colour was chosen", func() error { return l.p.Turn("colour", "") }, func() bool { return l.w.Options["colour"] == "blue" })
	l.until("all is anew", l.p.Again, func() bool { return l.w.Step == "" && l.w.Options["colour"] == "red" })
}
