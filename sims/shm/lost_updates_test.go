package shm

import (
	"testing"

	"ipctour/sims"
	"ipctour/sims/stage"
)

// A sum that is right is luck: it answers no prediction.
func TestRightSumAnswersNothing(t *testing.T) {
	for sum, want := range map[int64]string{2_000_000: "", 1_999_999: "less"} {
		w := sims.NewWorld(&lostUpdates)
		w.Apply(sims.Event{Kind: stage.Begin})
		w.Apply(sims.Event{Kind: stage.StepBegun, Name: "plain"})
		for _, role := range adders[:2] {
			w.Apply(sims.Event{Kind: stage.Moment, Who: role, Name: "added", S: map[string]string{"how": "plain"},
				N: map[string]int64{"meeting": 1, "parties": 2, "sum": sum, "adds": 2_000_000}})
		}
		w.Apply(sims.Event{Kind: stage.StepDone, Name: "plain"})
		if got, known := plainTotal(w); got != want || known != (want != "") {
			t.Errorf("%d: %q (%v), want %q", sum, got, known, want)
		}
	}
}
