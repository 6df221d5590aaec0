package failures

import (
	"strings"
	"testing"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

// rounds is a world after batches of a million rounds each, with so many of two zeros.
func rounds(zeros map[string]int64) *sims.World {
	w := sims.NewWorld(&missingFence)
	w.Apply(sims.Event{Kind: stage.Begin})
	for _, step := range []struct{ id, manner string }{{"plain", "plain"}, {"two-fences", "two fences"}} {
		w.Apply(sims.Event{Kind: stage.StepBegun, Name: step.id})
		w.Apply(sims.Event{Kind: stage.Moment, Who: "left", Name: "batch", S: map[string]string{"manner": step.manner},
			N: map[string]int64{"rounds": 1_000_000, "00": zeros[step.manner]}})
		w.Apply(sims.Event{Kind: stage.StepDone, Name: step.id})
	}
	return w
}

// A processor that shows no round with two zeros has proved nothing: not the cure, and
// not what was predicted.
func TestNoZerosProveNothing(t *testing.T) {
	for _, test := range []struct {
		plain, fenced int64
		answer        string
		fence         sims.Status
	}{
		{0, 0, "", sims.Skipped},
		{9, 0, "sometimes", sims.Holds},
		{900_000, 0, "mostly", sims.Holds},
		{9, 1, "sometimes", sims.Fails},
		{0, 1, "", sims.Fails},
	} {
		w := rounds(map[string]int64{"plain": test.plain, "two fences": test.fenced})
		answer, known := howOftenBothZero(w)
		if answer != test.answer || known != (test.answer != "") {
			t.Errorf("%d zeros: the prediction is answered %q (%v), want %q", test.plain, answer, known, test.answer)
		}
		if v := checkNoZeros("two fences")(w); v.Status != test.fence || v.Status == sims.Skipped && v.Reason == "" {
			t.Errorf("%d zeros plain, %d with fences: %+v, want %s", test.plain, test.fenced, v, test.fence)
		}
	}
}

// Where binding is denied the picture says so.
func TestNotBound(t *testing.T) {
	for allowed, want := range map[int64]bool{1: true, 2: false} {
		w := sims.NewWorld(&missingFence)
		w.Apply(sims.Event{Kind: stage.Begin})
		for i, role := range []string{"left", "right"} {
			w.Apply(sims.Event{Kind: stage.Born, Who: role, N: map[string]int64{"pid": 7}})
			w.Apply(sims.Event{Kind: stage.Reading, Who: role, Name: "proc", N: map[string]int64{"processor": int64(i)}, S: map[string]string{"state": string(scene.Running)}})
			w.Apply(sims.Event{Kind: stage.Moment, Who: role, Name: "pinned", N: map[string]int64{"allowed": allowed}})
		}
		s := drawMissingFence(w)
		if bound(w) != want || strings.Contains(s.Sentence, "denied") == want {
			t.Errorf("with %d processors allowed: bound %v, %q", allowed, bound(w), s.Sentence)
		}
	}
}
