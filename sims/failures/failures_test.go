package failures

import (
	"testing"

	"ipctour/sims"
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
		simtest.Between(t, &partialWrite, map[string][]string{"short": {"read on", "interrupt", "send 4,096"}, "small": {"writer", "channel"}, "mended": {"interrupt"}, "whole": {"send"}, "socket-whole": {"read on"}})
	})
	t.Run("missing-fence", func(t *testing.T) {
		simtest.Between(t, &missingFence, map[string][]string{"plain": {"sync/atomic"}, "two-fences": {"one fence"}})
	})
	t.Run("missing-fence, killed", func(t *testing.T) {
		simtest.Between(t, &missingFence, map[string][]string{"plain": {"kill -9 right"}, "one-fence": {"kill -9 left"}, "atomic": {"plain stores", "kill -9 right"}})
	})
	t.Run("dead-owner", func(t *testing.T) {
		simtest.Between(t, &deadOwner, map[string][]string{
			"held":   {"kind of lock"},
			"asleep": {"repair and unlock"},
			"again":  {"lock", "lock", "unlock as it is"},
			"plain":  {"lock"},
		})
	})
	t.Run("dead-owner, killed at birth", func(t *testing.T) {
		simtest.Between(t, &deadOwner, map[string][]string{"held": {"kill -9 holder"}, "plain": {"kill -9 waiter"}, "time-out": {"kill -9 waiter", "new holder"}})
	})
}

// Who is killed before it has even mapped the page leaves it to the others as it was.
func TestKilledInItsFirstInstants(t *testing.T) {
	holderLeft := []sims.Step{
		{ID: "again", Turn: sims.Press("new holder"), For: "another is half-way", Until: halfWay},
		{ID: "asks", Turn: sims.Press("lock"), For: "the waiter sleeps", Until: func(w *sims.World) bool { return w.Asleep("waiter", "futex") }},
		{ID: "got", Turn: sims.Press("finish"), For: "the waiter has the lock", Until: hasSaid("waiter", "locked")},
	}
	waiterLeft := []sims.Step{{ID: "ends", Turn: sims.Press("finish"), For: "the holder has come to its end", Until: hasSaid("holder", "finished")}}
	for _, lock := range deadOwner.Options[0].Values {
		for role, walk := range map[string][]sims.Step{"holder": holderLeft, "waiter": waiterLeft} {
			t.Run(lock+", the "+role, func(t *testing.T) {
				s := deadOwner
				s.Walk, s.Options = walk, []sims.Option{{Name: "lock", Values: []string{lock}}}
				simtest.KilledAtItsFirstGate(t, &s, role)
			})
		}
	}
}
