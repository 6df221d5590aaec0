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
	t.Run("ring", func(t *testing.T) {
		simtest.Between(t, &ring, map[string][]string{
			"asleep":        {"send 1", "slots"},
			"one":           {"send 5", "pause consumer", "send 20", "consumer goes on"},
			"stopped":       {"send 10,000", "x-ray both"},
			"full":          {"send 1"},
			"goes-on":       {"send 5"},
			"paused":        {"batch", "send 20"},
			"busy":          {"producer goes on", "slots"},
			"x-ray":         {"send 10,000", "x-ray both"},
			"killed":        {"next consumer", "hold at publish"},
			"next-consumer": {"send 1"},
			"half":          {"send 5"},
			"next-producer": {"next producer"},
			"anew":          {"send 20"},
		})
	})
	t.Run("ring, deaths by hand", func(t *testing.T) {
		simtest.Between(t, &ring, map[string][]string{
			"one":           {"kill consumer"},
			"stopped":       {"send 5", "kill producer"},
			"x-ray":         {"kill consumer", "next consumer", "send 5"},
			"next-consumer": {"next consumer"},
			"next-producer": {"kill producer", "next producer"},
		})
	})
}

func TestMessagesABell(t *testing.T) {
	for _, c := range []struct {
		head, bells int64
		want        string
	}{{10_000, 4, "2,500"}, {10_000, 3, "3,333"}, {10, 4, "2.5"}, {7, 7, "1.0"}} {
		if got := perBell(c.head, c.bells); got != c.want {
			t.Errorf("%d messages, %d bells: %s, want %s", c.head, c.bells, got, c.want)
		}
	}
}
