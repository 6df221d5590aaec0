package lessons

// Verify: every claim of a lesson judged on this machine.

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ipctour/sims"
	"ipctour/sims/probe"
	"ipctour/sims/stage"
)

// Result is one claim judged. Its JSON is a contract (ipctour verify --json).
type Result struct {
	Lesson string `json:"lesson"`
	Claim  string `json:"claim"`
	Says   string `json:"says"`
	// Verdict is holds, fails or skipped.
	Verdict  sims.Status `json:"verdict"`
	Expected string      `json:"expected"`
	Measured string      `json:"measured"`
	Source   string      `json:"source"`
	Reason   string      `json:"reason"`
}

// Verify runs the lesson's walk and judges every claim of it. What this machine
// does not allow is skipped, with the reason; a walk that does not finish fails
// the claims that it leaves open.
func (l *Lesson) Verify(ctx context.Context, house *stage.House, o WalkOptions) ([]Result, error) {
	if l.Sim == nil {
		return nil, fmt.Errorf("%s %w", l.ID, ErrToCome)
	}
	if why := l.Missing(); why != "" {
		return l.all(sims.Skipped, why), nil
	}
	out, err := l.Walk(ctx, house, o)
	if out == nil {
		return l.all(sims.Fails, err.Error()), err
	}
	return out.Results, err
}

// Missing says why the lesson cannot run on this machine; "" when it can.
func (l *Lesson) Missing() string {
	if l.Sim == nil {
		return ErrToCome.Error()
	}
	return missing(slices.Concat(needed, l.Sim.Needs))
}

// needed is what every lesson needs: the counters of its roles are pages of a memfd, and
// what they say comes over a pair of sockets.
var needed = []string{"memfd", "socketpair"}

// OfHouse reports whether every lesson needs a capability.
func OfHouse(id string) bool { return slices.Contains(needed, id) }

// missing gives the reasons for the capabilities that this machine lacks.
func missing(needs []string) string {
	var why []string
	for _, id := range needs {
		if has, reason := probe.Has(id); !has {
			why = append(why, reason)
		}
	}
	return strings.Join(why, "; ")
}

// Judge judges every claim by a world. Stopped is why the walk did not finish,
// or nil: then a claim that is still open fails, for the walk should have tried it.
func (l *Lesson) Judge(w *sims.World, stopped error) []Result {
	reason := "the walk ended and did not try it"
	if stopped != nil {
		reason = stopped.Error()
	}
	results := make([]Result, 0, len(l.Sim.Claims))
	for _, c := range l.Sim.Claims {
		v := sims.Verdict{Status: sims.Skipped, Reason: missing(c.Needs)}
		if v.Reason == "" {
			v = c.Judge(w)
		}
		if v.Status == sims.Open {
			v.Status, v.Reason = sims.Fails, reason
		}
		results = append(results, l.result(c, v))
	}
	return results
}

// all gives every claim the same verdict.
func (l *Lesson) all(status sims.Status, reason string) []Result {
	results := make([]Result, 0, len(l.Sim.Claims))
	for _, c := range l.Sim.Claims {
		results = append(results, l.result(c, sims.Verdict{Status: status, Reason: reason}))
	}
	return results
}

func (l *Lesson) result(c sims.Claim, v sims.Verdict) Result {
	return Result{Lesson: l.ID, Claim: c.ID, Says: c.Says, Verdict: v.Status,
		Expected: v.Expected, Measured: v.Measured, Source: v.Source, Reason: v.Reason}
}

// Failed reports whether a claim among the results fails.
func Failed(results []Result) bool {
	for _, r := range results {
		if r.Verdict == sims.Fails {
			return true
		}
	}
	return false
}

// Needs are the capabilities that the lesson or one of its claims needs, each once.
func (l *Lesson) Needs() []string {
	if l.Sim == nil {
		return nil
	}
	needs := slices.Concat(needed, l.Sim.Needs)
	for _, c := range l.Sim.Claims {
		needs = append(needs, c.Needs...)
	}
	slices.Sort(needs)
	return slices.Compact(needs)
}
