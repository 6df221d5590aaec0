package zerocopy

import (
	"testing"

	"ipctour/sims/simtest"
)

func TestMain(m *testing.M) { simtest.Main(m, Sims()) }

func TestWalks(t *testing.T) { simtest.Walks(t, Sims()) }

func TestKillEach(t *testing.T) { simtest.KillEach(t, Sims()) }

// A learner who plays between the steps must not break the walk.
func TestPlayedBetween(t *testing.T) {
	t.Run("copy-cost", func(t *testing.T) {
		simtest.Between(t, &copyCost, map[string][]string{
			"byte":       {"1 KiB", "x-ray sender"},
			"mebibyte":   {"placement", "one by ring"},
			"all":        {"placement", "x-ray sender", "one by pipe"},
			"x-ray-pipe": {"64 B", "one by pipe"},
			"x-ray-ring": {"placement", "one by pipe"},
		})
	})
}
