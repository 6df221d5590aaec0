package sims

import (
	"slices"
	"testing"

	"ipctour/sims/stage"
)

// choir is a lesson whose cast depends on an option.
var choir = Sim{ID: "x/choir", Options: []Option{{Name: "voices", Values: []string{"1", "2"}}, {Name: "mood", Values: []string{"calm", "wild"}, Live: true}},
	Roles: []Role{{Name: "first"}, {Name: "second", When: func(o map[string]string) bool { return o["voices"] == "2" }}}}

func roles(w *World) (names []string) {
	for _, a := range w.Actors {
		names = append(names, a.Role)
	}
	return names
}

func beginWith(w *World, voices string, anew int64) {
	w.Apply(Event{Kind: stage.Begin, N: map[string]int64{"anew": anew}, S: map[string]string{"option voices": voices, "option mood": "calm"}})
}

func TestCastOfTheOptions(t *testing.T) {
	w := NewWorld(&choir)
	if got := roles(w); !slices.Equal(got, []string{"first"}) {
		t.Errorf("before the first cast: %v", got)
	}
	beginWith(w, "2", 0)
	if got := roles(w); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("with two voices: %v", got)
	}
	beginWith(w, "1", 0)
	w.Apply(Event{Kind: stage.Born, Who: "second"})
	if got := roles(w); !slices.Equal(got, []string{"first"}) {
		t.Errorf("with one voice again: %v", got)
	}
}

func TestEarlierCastsAreHeard(t *testing.T) {
	w := NewWorld(&choir)
	beginWith(w, "1", 0)
	w.Apply(Event{Kind: stage.Moment, Who: "first", Name: "sang"})
	beginWith(w, "2", 0)
	if w.Said("", "sang") != 0 || len(w.Earlier) != 1 || w.Earlier[0].Name != "sang" {
		t.Errorf("moments %v, earlier %v; want none and one", w.Moments, w.Earlier)
	}
	beginWith(w, "2", 1)
	if len(w.Earlier) != 0 {
		t.Errorf("the walk began anew, and still there is %v from before", w.Earlier)
	}
}

func TestLiveOptionLeavesTheCast(t *testing.T) {
	w := NewWorld(&choir)
	beginWith(w, "1", 0)
	w.Apply(Event{Kind: stage.Moment, Who: "first", Name: "sang"})
	was := w.Clone()
	w.Apply(Event{Kind: stage.Turned, Name: "mood", S: map[string]string{"option": "mood", "value": "wild"}})
	w.Apply(Event{Kind: stage.Turned, Name: "mood", S: map[string]string{"option": "none", "value": "wild"}})
	if w.Options["mood"] != "wild" || was.Options["mood"] != "calm" || len(w.Options) != 2 || w.Said("first", "sang") != 1 {
		t.Errorf("options %v, before %v, moments %v", w.Options, was.Options, w.Moments)
	}
}

func TestProcessorsAreRemembered(t *testing.T) {
	w := NewWorld(&choir)
	beginWith(w, "1", 0)
	for _, cpu := range []int64{0, 1, 1, 0} {
		w.Apply(Event{Kind: stage.Reading, Who: "first", Name: "process", N: map[string]int64{"processor": cpu}})
	}
	if got := w.Actor("first").Ran; !slices.Equal(got, []int64{0, 1, 0}) {
		t.Errorf("ran on %v, want 0, 1, 0", got)
	}
}
