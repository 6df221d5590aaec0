package zerocopy

import (
	"strings"
	"testing"

	"ipctour/sims"
	"ipctour/sims/stage"
)

// Times that the tracer has made longer are not told as the machine's own.
func TestTimesUnderTheXRayAreToldAsSuch(t *testing.T) {
	w := sims.NewWorld(&copyCost)
	for _, e := range []sims.Event{
		{Kind: stage.Begin},
		{Kind: stage.Born, Who: "sender", N: map[string]int64{"pid": 7}},
		{Kind: stage.Born, Who: "receiver", N: map[string]int64{"pid": 8}},
		{Kind: stage.Idle, Who: "sender", N: map[string]int64{"waits": 1}},
		{Kind: stage.Moment, Who: "sender", Name: "measured", N: map[string]int64{"size": 1, "pipe": 1000, "ring": 900}},
	} {
		w.Apply(e)
	}
	if s := copyCostSentence(w); !strings.Contains(s, "by pipe") || strings.Contains(s, "x-ray") {
		t.Errorf("without the x-ray: %s", s)
	}
	w.Apply(sims.Event{Kind: stage.Traced, Who: "sender", N: map[string]int64{"on": 1}})
	if s := copyCostSentence(w); !strings.Contains(s, "slower by far") {
		t.Errorf("under the x-ray: %s", s)
	}
}
