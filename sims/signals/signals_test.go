package signals

import (
	"testing"

	"ipctour/sims/simtest"
)

func TestMain(m *testing.M) { simtest.Main(m, Sims()) }

func TestWalks(t *testing.T) { simtest.Walks(t, Sims()) }

func TestKillEach(t *testing.T) { simtest.KillEach(t, Sims()) }

// A learner who plays between the steps must not break the walk.
func TestPlayedBetween(t *testing.T) {
	for name, played := range map[string]map[string][]string{
		"more is sent": {"sent": {"of each", "send"}, "unblocked": {"send", "of each", "send"}, "twelve": {"burst"}, "burst": {"send", "block", "send"}},
		"let in early": {"blocked": {"unblock", "send"}, "unblocked": {"unblock"}, "again": {"send"}, "let-in": {"unblock", "send"}},
	} {
		t.Run("coalescing, "+name, func(t *testing.T) { simtest.Between(t, &coalescing, played) })
	}
	t.Run("dispositions", func(t *testing.T) {
		simtest.Between(t, &dispositions, map[string][]string{
			"sent": {"SIGCONT to all", "to ignored", "to handled", "to blocked"}, "unblocked": {"to blocked"},
			"refused": {"SIGKILL to all"}, "stopped": {"to handled", "SIGCONT to all"}, "continued": {"send to all", "unblock"}, "killed": {"signal"},
		})
	})
}
