package failures

import (
	"testing"

	"ipctour/sims/simtest"
)

func TestMain(m *testing.M) { simtest.Main(m, Sims()) }

func TestWalks(t *testing.T) { simtest.Walks(t, Sims()) }

func TestKillEach(t *testing.T) { simtest.KillEach(t, Sims()) }

// A learner who plays between the steps must not break the walk.
func TestPlayedBetween(t *testing.T) {
	t.Run("sigpipe", func(t *testing.T) {
		simtest.Between(t, &sigpipe, map[string][]string{"talks": {"SIGPIPE"}, "leaves": {"write", "read"}, "ignored": {"channel"}})
	})
	t.Run("partial-write", func(t *testing.T) {
		simtest.Between(t, &partialWrite, map[string][]string{"short": {"read on", "interrupt", "send 4,096"}, "small": {"writer"}, "mended": {"interrupt"}})
	})
	t.Run("missing-fence", func(t *testing.T) {
		simtest.Between(t, &missingFence, map[string][]string{"plain": {"sync/atomic"}, "two-fences": {"one fence"}})
	})
	t.Run("dead-owner", func(t *testing.T) {
		simtest.Between(t, &deadOwner, map[string][]string{
			"held":   {"kind of lock"},
			"asleep": {"repair and unlock"},
			"again":  {"lock", "lock", "unlock as it is"},
			"plain":  {"lock"},
		})
	})
}
