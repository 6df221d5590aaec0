package shm

import (
	"fmt"
	"slices"
	"testing"

	"ipctour/sims"
	"ipctour/sims/simtest"
)

func TestMain(m *testing.M) { simtest.Main(m, Sims()) }

func TestWalks(t *testing.T) { simtest.Walks(t, Sims()) }

func TestKillEach(t *testing.T) {
	simtest.KillEach(t, []*sims.Sim{&sameFrame, fewerAdds(), &futexLock})
}

// fewerAdds is shm/lost-updates with a tenth of the additions: TestWalks adds all of
// them, and under the race detector a million each take many times as long.
func fewerAdds() *sims.Sim {
	s := lostUpdates
	s.Options = slices.Clone(s.Options)
	s.Options[1].Values = []string{"100,000"}
	return &s
}

// A learner who plays between the steps must not break the walk.
func TestPlayedBetween(t *testing.T) {
	t.Run("same-frame", func(t *testing.T) {
		simtest.Between(t, &sameFrame, map[string][]string{"made": {"map it"}, "mapped": {"store 42"}, "store": {"store 7 back"},
			"load": {"load", "store 7 back"}, "latency": {"time 20,000 stores", "store 42"}})
	})
	t.Run("lost-updates", func(t *testing.T) {
		simtest.Between(t, fewerAdds(), map[string][]string{"two-loads": {"adders", "plain"}, "two-stores": {"a stores", "a loads"},
			"plain": {"a stores", "adders"}, "atomic": {"mutex", "a loads"}, "four": {"adders", "atomic"}, "four-mutex": {"adders", "b stores"}})
	})
	t.Run("futex", func(t *testing.T) {
		simtest.Between(t, &futexLock, map[string][]string{"alone": {"b locks"}, "held": {"b locks", "a locks"}, "sleeps": {"a unlocks", "c locks"},
			"both-sleep": {"a unlocks"}, "wakes": {"b unlocks", "a unlocks"}, "free": {"c unlocks", "b unlocks", "a locks"}, "watched": {"c locks"},
			"brief": {"inside", "fight"}, "long": {"who", "outside", "fight"}, "three": {"c locks", "fight"}})
	})
}

// With more adders, an odd number and the most, each way comes to its end and no cure
// loses anything.
func TestMoreAdders(t *testing.T) {
	house := simtest.House(t)
	for _, n := range []string{"3", "8"} {
		t.Run(n, func(t *testing.T) {
			s := *fewerAdds() // with a walk that changes nothing but the way
			s.Walk = nil
			for _, step := range lostUpdates.Walk {
				if len(step.Turn) == 1 && slices.Contains(ways, step.Turn[0].Knob) {
					step.From = ""
					s.Walk = append(s.Walk, step)
				}
			}
			w := simtest.WalkWith(t, house, &s, map[string]string{"adders": n})
			for _, how := range ways[1:] {
				if sum := latestSum(w, how); fmt.Sprint(sum.parties) != n || sum.sum != sum.adds {
					t.Errorf("%s: %d of %d by %d", how, sum.sum, sum.adds, sum.parties)
				}
			}
		})
	}
}
