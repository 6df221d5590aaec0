package sims

import (
	"testing"

	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

// TestClearingIsNoPartOfTheLesson: what the tour itself ends is not shown as killed.
func TestClearingIsNoPartOfTheLesson(t *testing.T) {
	w := NewWorld(&Sim{ID: "x/y", Roles: []Role{{Name: "a"}}, Walk: []Step{{ID: "one"}}})
	for _, e := range []Event{
		{Kind: stage.Begin},
		{Kind: stage.Born, Who: "a", N: map[string]int64{"pid": 7}},
		{Kind: stage.Reading, Who: "p", Name: "pipe", N: map[string]int64{"writers": 1, "readers": 1, "queued": 9}},
		{Kind: stage.Clearing},
		{Kind: stage.Died, Who: "a", N: map[string]int64{"signal": 9}},
		{Kind: stage.Reading, Who: "p", Name: "pipe", N: map[string]int64{"writers": 0, "readers": 0}},
		{Kind: stage.StepDone, Name: "one"},
		{Kind: stage.Over, S: map[string]string{"why": "stopped"}},
	} {
		w.Apply(e)
	}
	if a := w.Actor("a"); a.Life != scene.Running || a.PID != 7 {
		t.Errorf("the process is %s, pid %d", a.Life, a.PID)
	}
	if p := w.Pipe("p"); p.Gone || p.Queued != 9 {
		t.Errorf("the pipe is %+v", p)
	}
	if w.After("one") == nil || w.Ended != "stopped" {
		t.Error("steps and the end of the run count all the same")
	}
	w.Apply(Event{Kind: stage.Begin})
	w.Apply(Event{Kind: stage.Born, Who: "a", N: map[string]int64{"pid": 8}})
	if a := w.Actor("a"); a.PID != 8 {
		t.Error("a new cast is not shown")
	}
}

// TestAPipeThatNobodyHoldsHasNoLevel: there is no descriptor left to ask.
func TestAPipeThatNobodyHoldsHasNoLevel(t *testing.T) {
	w := NewWorld(&Sim{ID: "x/y"})
	read := func(n map[string]int64) {
		w.Apply(Event{Kind: stage.Reading, Who: "p", Name: "pipe", N: n})
	}
	read(map[string]int64{"writers": 1, "readers": 0, "queued": 9, "capacity": 65536})
	if f := w.QueuedFigure("p"); f.Missing != "" || f.Text != "9 B" {
		t.Errorf("held by one: %+v", f)
	}
	read(map[string]int64{"writers": 0, "readers": 0, "queued": 0})
	if f := w.QueuedFigure("p"); f.Missing == "" {
		t.Errorf("held by nobody: %+v", f)
	}
	if f := w.CapacityFigure("p"); f.Missing == "" {
		t.Errorf("held by nobody: %+v", f)
	}
}

func TestWhoWaitsForTheLearnerIsNotSaidToBeAwake(t *testing.T) {
	w := NewWorld(&Sim{ID: "x/y", Roles: []Role{{Name: "a"}}})
	w.Apply(Event{Kind: stage.Born, Who: "a"})
	w.Apply(Event{Kind: stage.Idle, Who: "a", N: map[string]int64{"waits": 1}})
	if f := w.SleepFigure("a"); f.Text != "waits for you" {
		t.Errorf("it is said to be %q", f.Text)
	}
	w.Apply(Event{Kind: stage.AtGate, Who: "a", Name: "read"})
	if f := w.SleepFigure("a"); f.Text != "held at the gate read" {
		t.Errorf("it is said to be %q", f.Text)
	}
}
