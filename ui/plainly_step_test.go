package ui

import (
	"fmt"
	"strings"
	"testing"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

// walking is a lesson of three steps in the plain mode, without processes: it is told
// what has happened, after n was typed.
func walking(knobs ...sims.Knob) (*plainLesson, *strings.Builder) {
	var out strings.Builder
	it := &lessons.Lesson{ID: "test/walk", Title: "A walk", Chapter: &lessons.Chapter{Title: "Tests"}, Text: &lessons.Text{},
		Sim: &sims.Sim{ID: "test/walk", Knobs: knobs, Draw: func(*sims.World) *scene.Scene { return &scene.Scene{} },
			Walk: []sims.Step{{ID: "one", For: "one is there"}, {ID: "two", For: "two is there"}, {ID: "three", For: "three is there"}}}}
	w := &plainLesson{plainly: &plainly{PlainOptions: PlainOptions{Out: &out}}, it: it, tell: NewTeller(&out, it, 80), asked: true}
	return w, &out
}

func step(kind stage.Kind, name string) sims.Event { return sims.Event{Kind: kind, Name: name} }

const takesNext = "takes the next step"

// Where the walk goes back, what is typed ahead waits for the step that n has asked for.
func TestPlainWaitsWhileTheWalkGoesBack(t *testing.T) {
	w, out := walking()
	for _, batch := range [][]sims.Event{
		{step(stage.StepDone, "two")}, // done before n was typed
		{step(stage.Begin, "")},
		{step(stage.StepAsked, "one"), step(stage.StepBegun, "one")},
		{step(stage.StepDone, "one"), step(stage.StepAsked, "two")},
		{step(stage.StepBegun, "two")},
		{step(stage.StepDone, "two"), step(stage.Begin, "")}, // back once more
		{step(stage.StepAsked, "two"), step(stage.StepBegun, "two")},
	} {
		if w.seen(batch); !w.asked || strings.Contains(out.String(), takesNext) {
			t.Fatalf("after %v the next line is taken", batch)
		}
	}
	if w.seen([]sims.Event{step(stage.StepDone, "two")}); w.asked || strings.Count(out.String(), takesNext) != 1 {
		t.Errorf("the step is done, and the next line still waits: %s", out)
	}
}

// While the knobs of a step wait, the step that was done is still the world's.
func TestPlainSaysWhatIsWaitedFor(t *testing.T) {
	w, out := walking()
	w.seen([]sims.Event{step(stage.StepAsked, "one"), step(stage.StepBegun, "one"), step(stage.StepDone, "one")})
	w.asked = true
	w.seen([]sims.Event{step(stage.StepAsked, "two")})
	w.waited()
	if w.asked || !strings.Contains(out.String(), "Still waiting until two is there.") {
		t.Errorf("said: %s", out)
	}
	before := strings.Count(out.String(), takesNext)
	w.seen([]sims.Event{step(stage.StepBegun, "two"), step(stage.StepDone, "two")})
	if strings.Count(out.String(), takesNext) != before+1 {
		t.Error("the learner is not told that the step came after all")
	}
}

// A step that cannot be begun gives the learner the word; trouble of a process does
// not end the step.
func TestPlainTroubleEndsTheWait(t *testing.T) {
	w, out := walking()
	w.seen([]sims.Event{step(stage.StepAsked, "one"), {Kind: stage.Trouble, Who: "reader", S: map[string]string{"text": "no"}}})
	if !w.asked {
		t.Error("trouble of a process ended the wait")
	}
	w.seen([]sims.Event{{Kind: stage.Trouble, S: map[string]string{"text": "no"}}})
	if w.asked || !strings.Contains(out.String(), takesNext) {
		t.Errorf("the next line still waits: %s", out)
	}
}

// A prompt names what can be typed here: a knob takes its key from a word of the tour.
func TestPlainPromptsKnowTheKnobs(t *testing.T) {
	w, out := walking(sims.Knob{Key: "b", Name: "block"}, sims.Knob{Key: "r", Name: "rest"})
	w.ended = true
	w.prompt()
	w.waited()
	inOrder(t, out.String(), "play on, or back for back", "You may go on; again starts anew.")
	w, out = walking()
	w.ended = true
	w.prompt()
	w.waited()
	inOrder(t, out.String(), "play on, or b for back", "You may go on; r starts anew.")
}

// The past does not grow without end.
func TestPlainKeepsTheLatestPast(t *testing.T) {
	w, _ := walking()
	for i := range 2 * keptPast {
		w.remember(sims.Event{Kind: stage.Moment, Who: "writer", Name: fmt.Sprint(i)})
	}
	if len(w.past) != keptPast || !strings.Contains(w.past[keptPast-1], fmt.Sprint(2*keptPast-1)) {
		t.Errorf("%d lines are kept, the last %q", len(w.past), w.past[len(w.past)-1])
	}
}

// After play the walk goes back, and each n that was typed ahead is one step.
func TestPlainTypedAheadAfterPlay(t *testing.T) {
	out, _ := typed(t, "shm/same-frame", "", "n", "n", "4", "n", "n", "r", "again", "n", "q")
	inOrder(t, out, "Step 1 of 5", "Step 2 of 5", "You turn: store 7 back.", "Step 1 of 5", "Step 2 of 5", "Step 3 of 5", "Step 4 of 5",
		"You turn: watch the reader.", "Step 1 of 5", "Step 2 of 5", "All of it is gone.")
	if strings.Contains(out, "Still waiting") {
		t.Error("a step was asked for before the one before it was done")
	}
}
