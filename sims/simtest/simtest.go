// Package simtest proves experiments on real processes: every walk with every
// claim, every child killed at every step, and nothing left behind. A chapter's
// test file is three lines that call it.
package simtest

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"ipctour/sims"
	"ipctour/sims/probe"
	"ipctour/sims/residue"
	"ipctour/sims/stage"
)

// Patience is how long a test waits for a condition before it gives up. It
// bounds a failure; nothing that passes waits for it.
const Patience = 60 * time.Second

// quick is the time between two looks at the kernel in tests.
const quick = 4 * time.Millisecond

// Main runs a chapter's tests; in a child, a role of its sims or a helper that
// tries what this machine allows.
func Main(m *testing.M, list []*sims.Sim) {
	if probe.Become(os.Args) {
		return
	}
	stage.Become(os.Args, Find(list))
	os.Exit(m.Run())
}

// Find looks a role up in a list of sims.
func Find(list []*sims.Sim) func(lesson, role string) *stage.Role {
	return func(lesson, role string) *stage.Role {
		for _, s := range list {
			if s.ID == lesson {
				return s.Role(role)
			}
		}
		return nil
	}
}

// House is a house for one test; at the test's end it must close without error
// and the machine must be as it was.
func House(t *testing.T) *stage.House {
	t.Helper()
	residue.Check(t)
	h, err := stage.NewHouse()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("close the house: %v", err)
		}
	})
	return h
}

// Walks goes through every walk and judges every claim. A claim whose needs
// this machine does not meet, or that skips itself, is told, not judged.
func Walks(t *testing.T, list []*sims.Sim) {
	for _, s := range list {
		t.Run(s.ID, func(t *testing.T) {
			if why := lacking(s.Needs); why != "" {
				t.Skip(why)
			}
			w, tried := Walk(t, House(t), s), true
			for _, c := range s.Claims {
				if why := lacking(c.Needs); why != "" {
					tried = false
					t.Logf("%s cannot be tried here: %s", c.ID, why)
					continue
				}
				v := c.Judge(w)
				if v.Status == sims.Skipped && v.Reason != "" {
					tried = false
					t.Logf("%s was not tried: %s", c.ID, v.Reason)
					continue
				}
				if v.Status != sims.Holds {
					t.Errorf("%s (%s): %s; expected %s, measured %s by %s %s", c.ID, c.Says, v.Status, v.Expected, v.Measured, v.Source, v.Reason)
				}
			}
			if s.Measured != nil && tried { // a run that proves nothing answers nothing
				if _, known := s.Measured(w); !known {
					t.Error("the walk does not answer the prediction")
				}
			}
		})
	}
}

func lacking(needs []string) string {
	for _, n := range needs {
		if ok, why := probe.Has(n); !ok {
			return n + ": " + why
		}
	}
	return ""
}

// Walk goes through one walk on real processes and returns the world at its
// end. Every picture on the way is drawn.
func Walk(t *testing.T, house *stage.House, s *sims.Sim) *sims.World {
	t.Helper()
	return WalkWith(t, house, s, nil)
}

// WalkWith is Walk with other values for some options.
func WalkWith(t *testing.T, house *stage.House, s *sims.Sim, options map[string]string) *sims.World {
	t.Helper()
	p, err := sims.StartPlay(house, s, sims.PlayOptions{Options: options, Sample: quick})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	picture := sims.NewWorld(s)
	w, err := p.Walk(ctx, func(batch []sims.Event) {
		for _, e := range batch {
			picture.Apply(e)
			check(t, s, picture)
		}
	})
	finish(t, p)
	if err != nil {
		t.Fatalf("%v\n%s", err, Describe(w))
	}
	for _, trouble := range w.Trouble {
		t.Errorf("trouble: %s: %s", trouble.Who, trouble.Text)
	}
	return w
}

// finish stops a play and asks that nothing be left.
func finish(t *testing.T, p *sims.Play) {
	t.Helper()
	if r := p.End(nil); len(r.Left) > 0 {
		t.Errorf("left behind: %v", r.Left)
	}
}

// check draws a world and looks that the picture hangs together.
func check(t *testing.T, s *sims.Sim, w *sims.World) {
	t.Helper()
	if w.Casts == 0 {
		return
	}
	sc := s.Draw(w)
	if sc.Sentence == "" {
		t.Errorf("%s: no sentence at event %d", s.ID, w.Seq)
	}
	for _, l := range sc.Links {
		for _, end := range []string{l.From, l.To} {
			if sc.Process(end) == nil && sc.Object(end) == nil {
				t.Errorf("%s: a link leads to %q, which is not in the picture", s.ID, end)
			}
		}
	}
	for _, f := range sc.Figures {
		if f.Text == "" && f.Missing == "" {
			t.Errorf("%s: figure %q says nothing", s.ID, f.ID)
		}
		if f.How == "" && f.Missing == "" {
			t.Errorf("%s: figure %q has no source", s.ID, f.ID)
		}
	}
}

// KillEach kills each role with SIGKILL after each step of each walk. The
// picture must stay whole and the run must end with nothing left.
func KillEach(t *testing.T, list []*sims.Sim) {
	for _, s := range list {
		t.Run(s.ID, func(t *testing.T) {
			if why := lacking(s.Needs); why != "" {
				t.Skip(why)
			}
			house := House(t)
			whole := Walk(t, house, s)
			for i, step := range s.Walk {
				if !everyStep && i < len(s.Walk)-1 {
					continue
				}
				for _, a := range whole.After(step.ID).Actors {
					if a.Life.Alive() { // else it has ended, or has not been started: there is nothing to kill
						killAfter(t, house, s, i, a.Role)
					}
				}
			}
		})
	}
}

func killAfter(t *testing.T, house *stage.House, s *sims.Sim, last int, role string) {
	t.Helper()
	p, err := sims.StartPlay(house, s, sims.PlayOptions{Sample: quick})
	if err != nil {
		t.Fatal(err)
	}
	defer finish(t, p)
	w := sims.NewWorld(s)
	until := func(what string, met func() bool) bool {
		deadline := time.After(Patience)
		for !met() {
			select {
			case batch, open := <-p.Feed():
				if !open {
					t.Errorf("kill %s after %s: the run ended before %s", role, s.Walk[last].ID, what)
					return false
				}
				for _, e := range batch {
					w.Apply(e)
					check(t, s, w)
				}
			case <-deadline:
				t.Errorf("kill %s after %s: waited in vain until %s\n%s", role, s.Walk[last].ID, what, Describe(w))
				return false
			}
		}
		return true
	}
	for _, step := range s.Walk[:last+1] {
		begun := make(chan error, 1)
		go func() { begun <- p.Next() }()
		if !until(step.For, func() bool { return w.After(step.ID) != nil }) {
			return
		}
		if err := <-begun; err != nil {
			t.Errorf("step %s: %v", step.ID, err)
			return
		}
	}
	if !w.Actor(role).Life.Alive() {
		return // it has ended, or has not been started: there is nothing to kill
	}
	killed := make(chan error, 1)
	go func() { killed <- p.Break(stage.Kill, role, "") }()
	until("it is reaped", func() bool { return !w.Actor(role).Life.Alive() })
	if err := <-killed; err != nil && w.Actor(role).Life.Alive() {
		t.Errorf("kill %s after %s: %v", role, s.Walk[last].ID, err)
	}
	beats := w.Beats
	until("the kernel was asked again", func() bool { return w.Beats >= beats+2 })
}

// Describe is a world in words, for a failed test.
func Describe(w *sims.World) string {
	text := fmt.Sprintf("step %s (open %v), beat %d, options %v\n", w.Step, w.StepOpen, w.Beats, w.Options)
	for _, a := range w.Actors {
		text += fmt.Sprintf("  %s: pid %d %s %s %s in %q gate %q idle %v %s counts %v numbers %v fds %v\n",
			a.Role, a.PID, a.Life, a.Letter, a.Wchan, a.Syscall, a.Gate, a.Idle, a.Ended(), a.Counts, a.Numbers, a.FDs)
	}
	for name, o := range w.Objects {
		text += fmt.Sprintf("  %s: %v %v\n", name, o.N, o.S)
	}
	for _, m := range w.Moments[max(0, len(w.Moments)-20):] {
		text += fmt.Sprintf("  %v %s said %s %v %v\n", m.At, m.Who, m.Name, m.N, m.S)
	}
	for _, tr := range w.Trouble {
		text += fmt.Sprintf("  trouble %s: %s\n", tr.Who, tr.Text)
	}
	return text
}
