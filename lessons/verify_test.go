package lessons

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipctour/sims"
	"ipctour/sims/residue"
	"ipctour/sims/stage"
)

// TestMain: a lesson's children are this test program, started again in a role.
func TestMain(m *testing.M) {
	stage.Become(os.Args, Role)
	os.Exit(m.Run())
}

// house opens a stage that is closed, and found empty, when the test ends.
func house(t *testing.T) *stage.House {
	t.Helper()
	residue.Check(t)
	h, err := stage.NewHouse()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("closing the house: %v", err)
		}
	})
	return h
}

// TestEveryClaimHolds plays every lesson on real processes. A claim that cannot
// be tried here must say why; one that fails here is a bug in the course.
func TestEveryClaimHolds(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, l := range c.Lessons {
		if l.Sim == nil {
			continue
		}
		played++
		t.Run(l.ID, func(t *testing.T) {
			results, err := l.Verify(t.Context(), house(t), WalkOptions{})
			if err != nil {
				t.Error(err)
			}
			if len(results) != len(l.Sim.Claims) {
				t.Errorf("%d results for %d claims", len(results), len(l.Sim.Claims))
			}
			for _, r := range results {
				skipped := r.Verdict == sims.Skipped && r.Reason != ""
				holds := r.Verdict == sims.Holds && r.Expected != "" && r.Measured != "" && r.Source != ""
				if !skipped && !holds {
					t.Errorf("%+v", r)
				}
				if verb := clause(r.Source); verb != "" {
					t.Errorf("claim %s: its source is told after \"measured … by\", and %q is a sentence: %q", r.Claim, r.Source, verb)
				}
			}
		})
	}
	if played == 0 {
		t.Error("there is no lesson to play")
	}
}

// clause finds a verb that makes a sentence of a source, which should name a thing:
// "the reader's check of each number", not "the reader checks each number". What
// comes after "that" or "what" may have one.
func clause(source string) string {
	for _, part := range strings.FieldsFunc(source, func(r rune) bool { return r == ',' || r == ';' }) {
		for _, word := range strings.Fields(part) {
			switch word {
			case "that", "what", "where", "which", "who":
				part = ""
			case "is", "are", "was", "were", "compares", "adds", "puts", "looks", "checks", "says", "tells":
				if part != "" {
					return word
				}
			}
		}
	}
	return ""
}

func TestClause(t *testing.T) {
	for source, verb := range map[string]string{
		"the reader compares each number with the one before": "compares",
		"ioctl(FIONREAD), each reader adds the accounts up":   "adds",
		"the reader's check of each number":                   "",
		"the numbers that read(2) gave, eventfd-count":        "",
		"the sum of what is there; /proc/PID/stat":            "",
	} {
		if got := clause(source); got != verb {
			t.Errorf("%q: %q, want %q", source, got, verb)
		}
	}
}

// TestFiguresInTheWords: a step that shows {queued} needs a figure of that name
// in the picture as it is when the step is done.
func TestFiguresInTheWords(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range c.Lessons {
		if l.Sim == nil || l.Missing() != "" {
			continue
		}
		t.Run(l.ID, func(t *testing.T) {
			out, err := l.Walk(t.Context(), house(t), WalkOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for _, words := range l.Text.Steps {
				have := map[string]bool{}
				for _, f := range l.Sim.Draw(out.World.After(words.ID)).Figures {
					have[f.ID] = true
				}
				for _, id := range words.Figures {
					if !have[id] {
						t.Errorf("step %s shows {%s}, and the picture has no such figure", words.ID, id)
					}
				}
			}
			skipped := slices.ContainsFunc(out.Results, func(r Result) bool { return r.Verdict == sims.Skipped })
			if l.Text.Predict == nil || skipped { // a run that proves nothing answers nothing
				return
			}
			if g := l.Grade(out.World, "nothing of the kind"); !g.Known || g.Right {
				t.Errorf("after the walk the prediction is graded %+v", g)
			}
		})
	}
}

// TestRunFilesReplay: what was recorded is read back without complaint, and its
// claims are judged as they were.
func TestRunFilesReplay(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range c.Lessons {
		if l.Sim == nil || l.Missing() != "" {
			continue
		}
		t.Run(l.ID, func(t *testing.T) {
			var file bytes.Buffer
			out, err := l.Walk(t.Context(), house(t), WalkOptions{Record: &file})
			if err != nil {
				t.Fatal(err)
			}
			run, err := sims.OpenRunFile(&file)
			if err != nil {
				t.Fatal(err)
			}
			events, err := run.All()
			if err != nil {
				t.Fatal(err)
			}
			w := sims.NewWorld(l.Sim)
			for _, e := range events {
				w.Apply(e)
			}
			if diff := cmp.Diff(out.Results, l.Judge(w, nil)); diff != "" {
				t.Errorf("the run and its file are judged differently: %s", diff)
			}
		})
	}
}

// TestWalkThatWaitsInVain: a step that never comes true ends at its limit, and
// what it left open fails with that as the reason.
func TestWalkThatWaitsInVain(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	real := c.Lesson("pipes/full-buffer")
	sim := *real.Sim
	sim.Walk = []sims.Step{{ID: "never", For: "pigs fly", Until: func(*sims.World) bool { return false }}}
	l := *real
	l.Sim = &sim
	results, err := l.Verify(t.Context(), house(t), WalkOptions{StepLimit: 50 * time.Millisecond})
	if !errors.Is(err, errStepLimit) || !strings.Contains(fmt.Sprint(err), "until pigs fly") {
		t.Errorf("the error is %v", err)
	}
	if !Failed(results) {
		t.Error("no claim fails")
	}
	for _, r := range results {
		if r.Verdict != sims.Fails || !strings.Contains(r.Reason, "pigs fly") {
			t.Errorf("%+v", r)
		}
	}
}

func TestJudge(t *testing.T) {
	says := func(v sims.Verdict) func(*sims.World) sims.Verdict {
		return func(*sims.World) sims.Verdict { return v }
	}
	l := &Lesson{ID: "hoses/short", Sim: &sims.Sim{Walk: []sims.Step{{ID: "done"}, {ID: "to come"}}, Claims: []sims.Claim{
		{ID: "a", Says: "A", After: "done", Check: says(sims.Judge(true, "1", "1", "wait status"))},
		{ID: "b", Says: "B", After: "done", Check: says(sims.Judge(false, "1", "2", "wait status"))},
		{ID: "c", Says: "C", After: "to come", Check: says(sims.Judge(true, "1", "1", "x"))},
		{ID: "d", Says: "D", After: "done", Needs: []string{"no such capability"}, Check: says(sims.Judge(true, "1", "1", "x"))},
	}}}
	w := sims.NewWorld(l.Sim)
	w.Apply(sims.Event{Kind: stage.StepDone, Name: "done"})
	got := l.Judge(w, nil)
	got[3].Reason = "why" // probe's own words
	want := []Result{
		{"hoses/short", "a", "A", sims.Holds, "1", "1", "wait status", ""},
		{"hoses/short", "b", "B", sims.Fails, "1", "2", "wait status", ""},
		{"hoses/short", "c", "C", sims.Fails, "", "", "", "the walk ended and did not try it"},
		{"hoses/short", "d", "D", sims.Skipped, "", "", "", "why"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := l.Judge(w, errors.New("it broke")); got[2].Reason != "it broke" {
		t.Errorf("an open claim of a broken walk: %+v", got[2])
	}
}
