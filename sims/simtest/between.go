package simtest

import (
	"testing"
	"time"

	"ipctour/sims"
	"ipctour/sims/stage"
)

// Between goes through one walk as a learner does who plays on the way: before the
// steps named it turns knobs by hand and looks on for a moment. Every step must
// still come to its end, and every claim hold.
func Between(t *testing.T, s *sims.Sim, played map[string][]string) {
	t.Helper()
	if why := lacking(s.Needs); why != "" {
		t.Skip(why)
	}
	house := House(t)
	p, err := sims.StartPlay(house, s, sims.PlayOptions{Sample: quick})
	if err != nil {
		t.Fatal(err)
	}
	defer finish(t, p)
	w := sims.NewWorld(s)
	since := int64(-1) // the look at which the latest knob was known to be turned
	killed := ""       // by a knob; a large process may take a while to die
	until := func(what string, done <-chan error, met func() bool) {
		t.Helper()
		deadline := time.After(Patience)
		for done != nil || !met() {
			select {
			case batch, open := <-p.Feed():
				if !open {
					t.Fatalf("the run ended before %s", what)
				}
				for _, e := range batch {
					w.Apply(e)
					if e.Kind == stage.Turned || e.Kind == stage.Begin {
						since = w.Beats
					}
					if e.Kind == stage.Faulted && e.Name == string(stage.Kill) {
						killed = e.Who
					}
					check(t, s, w)
				}
			case err := <-done:
				if err != nil {
					t.Fatalf("%s: %v\n%s", what, err, Describe(w))
				}
				done = nil
			case <-deadline:
				t.Fatalf("waited in vain until %s\n%s", what, Describe(w))
			}
		}
	}
	do := func(f func() error) <-chan error {
		done := make(chan error, 1)
		go func() { done <- f() }()
		return done
	}
	for i := range s.Walk {
		step := &s.Walk[i]
		for _, knob := range played[step.ID] {
			since, killed = -1, ""
			done := do(func() error { return p.Turn(knob, "") })
			until(knob+" was turned", done, func() bool { return since >= 0 && w.Beats >= since+8 && !w.Actor(killed).Life.Alive() })
		}
		until(step.For, do(p.Next), func() bool { return w.After(step.ID) != nil })
	}
	for _, c := range s.Claims {
		if v := c.Judge(w); lacking(c.Needs) == "" && v.Status != sims.Holds && v.Status != sims.Skipped {
			t.Errorf("%s (%s): %s; expected %s, measured %s by %s", c.ID, c.Says, v.Status, v.Expected, v.Measured, v.Source)
		}
	}
}
