package lessons

// Grade: a prediction is judged by what this run measured, not by a key.

import (
	"strings"

	"ipctour/sims"
)

// Grade is how a prediction stands against a run.
type Grade struct {
	// Known is false while the run has not measured the answer yet.
	Known    bool
	Right    bool
	Measured string // as the experiment gave it
}

// Grade compares what was predicted with what the run measured. Numbers may be
// written with or without separators and spaces: "65,536" is 65536.
func (l *Lesson) Grade(w *sims.World, predicted string) Grade {
	if l.Sim == nil || l.Sim.Measured == nil {
		return Grade{}
	}
	value, known := l.Sim.Measured(w)
	if !known {
		return Grade{}
	}
	return Grade{Known: true, Right: plainValue(predicted) == plainValue(value), Measured: value}
}

// plainValue is a value without what only makes it easier to read.
func plainValue(s string) string {
	return strings.NewReplacer(",", "", "_", "", " ", "", "\u00a0", "", "\u202f", "").Replace(strings.ToLower(strings.TrimSpace(s)))
}
