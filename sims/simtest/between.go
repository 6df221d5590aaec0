package simtest

import (
	"strings"
	"testing"
	"time"

	"ipctour/sims"
	"ipctour/sims/stage"
)

// Between goes through one walk as a learner does who plays on the way: before the
// steps named it turns knobs by hand, or kills a role ("kill -9 writer"), and looks on
// for a moment. Every step must still come to its end, and every claim hold, or be skipped
// for what the machine lacks.
func Between(t *testing.T, s *sims.Sim, played map[string][]string) {
	t.Helper()
	l := learn(t, s, sims.PlayOptions{Sample: quick})
	for i := range s.Walk {
		step := &s.Walk[i]
		for _, knob := range played[step.ID] {
			l.since, l.killed = -1, ""
			l.until(knob+" was turned", func() error {
				if role, kill := strings.CutPrefix(knob, "kill -9 "); kill {
					return l.p.Break(stage.Kill, role, "")
				}
				return l.p.Turn(knob, "")
			}, func() bool { return l.since >= 0 && l.w.Beats >= l.since+8 && !l.w.Actor(l.killed).Life.Alive() })
		}
		l.step(step)
	}
	for _, c := range s.Claims {
		if v := c.Judge(l.w); lacking(c.Needs) == "" && v.Status != sims.Holds && v.Status != sims.Skipped {
			t.Errorf("%s (%s): %s; expected %s, measured %s by %s", c.ID, c.Says, v.Status, v.Expected, v.Measured, v.Source)
		}
	}
}

// KilledAtItsFirstGate kills a role before it has done anything that has a gate, and
// goes through the walk then: the others must be able to go on.
func KilledAtItsFirstGate(t *testing.T, s *sims.Sim, role string) {
	t.Helper()
	l := learn(t, s, sims.PlayOptions{Sample: quick, Stepping: true})
	l.until(role+" is at its first gate", nil, func() bool { return l.w.Actor(role).Gate != "" })
	l.until(role+" is reaped", func() error { return l.p.Break(stage.Kill, role, "") }, func() bool { return !l.w.Actor(role).Life.Alive() })
	l.until("all run free", func() error { return l.p.Step(false) }, func() bool { return !l.w.Stepping })
	for i := range s.Walk {
		l.step(&s.Walk[i])
	}
}

// learner is somebody at a play, with the world as it looks from there.
type learner struct {
	t *testing.T
	s *sims.Sim
	p *sims.Play
	w *sims.World
	// since is the look at which what was done last was known, -1 before; killed is who was
	// killed by it: a large process may take a while to die.
	since  int64
	killed string
}

func learn(t *testing.T, s *sims.Sim, o sims.PlayOptions) *learner {
	t.Helper()
	if why := lacking(s.Needs); why != "" {
		t.Skip(why)
	}
	p, err := sims.StartPlay(House(t), s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { finish(t, p) })
	return &learner{t: t, s: s, p: p, w: sims.NewWorld(s), since: -1}
}

func (l *learner) step(s *sims.Step) {
	l.t.Helper()
	l.until(s.For, l.p.Next, func() bool { return l.w.After(s.ID) != nil })
}

// until does something (nil: nothing), and looks on until a condition holds.
func (l *learner) until(what string, do func() error, met func() bool) {
	l.t.Helper()
	done := make(chan error, 1)
	if do == nil {
		do = func() error { return nil }
	}
	go func() { done <- do() }()
	deadline := time.After(Patience)
	for done != nil || !met() {
		select {
		case batch, open := <-l.p.Feed():
			if !open {
				l.t.Fatalf("the run ended before %s", what)
			}
			for _, e := range batch {
				l.w.Apply(e)
				switch {
				case e.Kind == stage.Faulted && e.Name == string(stage.Kill):
					l.since, l.killed = l.w.Beats, e.Who
				case e.Kind == stage.Turned || e.Kind == stage.Begin:
					l.since = l.w.Beats
				}
				check(l.t, l.s, l.w)
			}
		case err := <-done:
			if err != nil {
				l.t.Fatalf("%s: %v\n%s", what, err, Describe(l.w))
			}
			done = nil
		case <-deadline:
			l.t.Fatalf("waited in vain until %s\n%s", what, Describe(l.w))
		}
	}
}
