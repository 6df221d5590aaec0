package sockets

import (
	"testing"

	"ipctour/sims/scene"
	"ipctour/sims/simtest"
)

func TestMain(m *testing.M) { simtest.Main(m, Sims()) }

func TestWalks(t *testing.T) { simtest.Walks(t, Sims()) }

func TestKillEach(t *testing.T) { simtest.KillEach(t, Sims()) }

// A learner who plays between the steps must not break the walk.
func TestPlayedBetween(t *testing.T) {
	t.Run("credentials", func(t *testing.T) {
		simtest.Between(t, &credentials, map[string][]string{
			"met": {"honest says hello"}, "hello": {"forger lies in the text", "forger claims the truth"}, "forged-pid": {"forger claims a uid"},
			"forged-uid": {"forger claims the pid", "honest says hello"}, "heir": {"honest forks"}, "exec": {"heir speaks", "forger claims the truth"},
		})
	})
	t.Run("credentials, another list", func(t *testing.T) {
		simtest.Between(t, &credentials, map[string][]string{"hello": {"list the forger"}, "exec": {"list the honest client", "heir speaks"}})
	})
	t.Run("stream", func(t *testing.T) {
		simtest.Between(t, &stream, map[string][]string{
			"listening": {"start the guest", "accept"}, "queued": {"start the guest"}, "duplex": {"server calls", "guest reads"}, "killed": {"server hangs up", "knock"},
			"outlives": {"guest orders", "server calls"}, "refused": {"knock"}, "in-use": {"knock"},
			"missing": {"knock"}, "long": {"try long paths"}, "abstract": {"knock"}, "vanishes": {"start the guest", "accept"}, "nobody": {"knock"}, "rebinds": {"knock"},
		})
	})
	t.Run("flavours", func(t *testing.T) {
		simtest.Between(t, &flavoursSim, map[string][]string{
			"sent": {"messages", "send five"}, "received": {"buffer"}, "again": {"receive all", "messages", "send five", "try to listen"},
			"cut": {"buffer"}, "listen": {"send five", "try to listen"}, "end": {"receive all", "try to listen"},
		})
	})
	t.Run("pass-fd", func(t *testing.T) {
		simtest.Between(t, &passFD, map[string][]string{
			"alone": {"opener reads"}, "flying": {"worker tries the path", "pass the file"}, "received": {"worker receives"}, "offset": {"opener reads"},
			"shared": {"worker reads"}, "closed": {"opener reads"}, "pipe": {"worker reads"}, "memory": {"worker writes", "pass the memory", "worker receives", "worker stores"},
			"door": {"worker stores"}, "orphan": {"worker writes"}, "alive": {"worker writes"},
		})
	})
	t.Run("pass-fd, one of them gone", func(t *testing.T) {
		simtest.Between(t, &passFD, map[string][]string{
			"alone": {"kill -9 worker"}, "flying": {"pass and leave"}, "received": {"kill -9 worker"}, "closed": {"opener closes the file"},
			"pipe": {"kill -9 opener"}, "orphan": {"pass and leave"}, "alive": {"kill -9 worker"},
		})
	})
}

// A server that is dead has no conversation, and what a dead one has answered is not the
// next one's answer.
func TestStreamDrawsNothingOfADeadServer(t *testing.T) {
	w := simtest.Walk(t, simtest.House(t), &stream)
	state := func(step, role string) scene.Flow {
		for _, l := range drawStream(w.After(step)).Links {
			if l.From == role {
				return l.State
			}
		}
		return ""
	}
	for _, c := range []struct {
		step, role string
		want       scene.Flow
	}{
		{"outlives", "second", scene.Idle}, {"killed", "second", scene.Broken}, {"missing", "second", scene.Broken},
		{"nobody", "stranger", scene.Broken}, {"rebinds", "stranger", ""},
	} {
		if got := state(c.step, c.role); got != c.want {
			t.Errorf("%s: the link of the %s is %q, want %q", c.step, c.role, got, c.want)
		}
	}
}
