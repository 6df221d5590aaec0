package queues

import (
	"slices"
	"testing"

	"ipctour/sims/scene"
	"ipctour/sims/simtest"
)

func TestMain(m *testing.M) { simtest.Main(m, Sims()) }

func TestWalks(t *testing.T) { simtest.Walks(t, Sims()) }

func TestKillEach(t *testing.T) { simtest.KillEach(t, Sims()) }

// A learner who plays between the steps must not break the walk.
func TestPlayedBetween(t *testing.T) {
	t.Run("priority", func(t *testing.T) {
		simtest.Between(t, &urgentFirst, map[string][]string{
			"sent": {"receive one", "send a letter", "second: fire"}, "urgent": {"send a log"}, "order": {"second: letter"}, "overtaken": {"send a letter", "past the top"},
			"starved": {"second: fire"}, "asleep": {"send a letter"}, "woken": {"send a log", "receive one"}, "limits": {"send at the top", "second: letter"},
		})
	})
	t.Run("full", func(t *testing.T) {
		simtest.Between(t, &fullQueue, map[string][]string{
			"fills": {"take five", "depth"}, "one-out": {"take one", "mode"}, "flows": {"take five", "consumer goes on"}, "settles": {"take one"},
			"nonblock": {"mode", "take one", "patience"}, "timeout": {"take five"}, "limit": {"ask for nothing", "take one", "depth"},
		})
	})
	t.Run("persistence", func(t *testing.T) {
		simtest.Between(t, &persistence, map[string][]string{
			"written": {"one more letter"}, "killed": {"one more letter", "kill the producer"}, "listed": {"list the queue"}, "read": {"start the consumer", "receive one"},
			"again": {"start the producer", "one more letter"}, "unlinked": {"list the queue", "one more letter"}, "refused": {"one more letter"}, "destroyed": {"start the consumer"},
		})
	})
	t.Run("persistence, with an early consumer", func(t *testing.T) {
		simtest.Between(t, &persistence, map[string][]string{"killed": {"start the consumer", "receive one"}, "again": {"kill the consumer"}, "refused": {"start the consumer"}, "destroyed": {"producer ends"}})
	})
}

// What the lister has read is shown until the queue has changed.
func TestAListingGoesWithWhatItTellsOf(t *testing.T) {
	w := simtest.Walk(t, simtest.House(t), &persistence)
	for step, want := range map[string]bool{"listed": true, "read": false, "again": false, "destroyed": false} {
		shown := slices.ContainsFunc(drawPersistence(w.After(step)).Figures, func(f scene.Figure) bool { return f.ID == "listing" || f.ID == "file" })
		if shown != want {
			t.Errorf("%s: the listing is shown: %v, want %v", step, shown, want)
		}
	}
}
