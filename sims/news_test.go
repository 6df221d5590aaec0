package sims

import (
	"testing"
	"time"

	"ipctour/sims/stage"
)

func TestNewsIsOfThisStep(t *testing.T) {
	w := NewWorld(&Sim{ID: "x/y", Roles: []Role{{Name: "a"}}, Walk: []Step{{ID: "one"}, {ID: "two"}}})
	at := func(n int, kind stage.Kind, who, name string) {
		w.Apply(Event{At: time.Duration(n), Kind: kind, Who: who, Name: name})
	}
	at(1, stage.Moment, "a", "said")
	if w.News("a", "said") == nil {
		t.Error("before the first step every moment is news")
	}
	at(2, stage.StepAsked, "", "one")
	if m := w.News("a", "said"); m != nil {
		t.Errorf("a moment from before the step is news: %v", m)
	}
	at(3, stage.Moment, "a", "said") // as quick as that: the knobs are still being turned
	at(4, stage.StepBegun, "", "one")
	if m := w.News("", "said"); m == nil || m.At != 3 {
		t.Errorf("news is %v, want the moment at 3", m)
	}
	at(5, stage.StepDone, "", "one")
	at(6, stage.StepAsked, "", "two")
	if w.Before == nil || w.Before.Now != 6 || w.Before.Said("a", "said") != 2 || w.Before.Before != nil {
		t.Error("Before is the world as the knobs are turned, and keeps no other")
	}
	if m := w.After("one").News("a", "said"); m == nil || m.At != 3 {
		t.Errorf("after the step its news is %v, want the moment at 3", m)
	}
}

func TestReadSinceEnd(t *testing.T) {
	w := NewWorld(&Sim{ID: "x/y", Roles: []Role{{Name: "a"}}})
	beat := func() { w.Apply(Event{Kind: stage.Beat}) }
	w.Apply(Event{Kind: stage.Born, Who: "a"})
	beat()
	beat()
	if w.ReadSinceEnd("a") {
		t.Error("readings since the end of a process that lives")
	}
	w.Apply(Event{Kind: stage.Died, Who: "a", N: map[string]int64{"signal": 9}})
	beat()
	if w.ReadSinceEnd("a") {
		t.Error("the look that was under way when it ended is believed")
	}
	beat()
	if !w.ReadSinceEnd("a") {
		t.Error("the look after the end is not believed")
	}
}
