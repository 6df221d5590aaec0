package mapped

import (
	"testing"

	"ipctour/sims/simtest"
)

func TestMain(m *testing.M) { simtest.Main(m, Sims()) }

func TestWalks(t *testing.T) { simtest.Walks(t, Sims()) }

func TestKillEach(t *testing.T) { simtest.KillEach(t, Sims()) }

// A learner who plays between the steps must not break the walk.
func TestPlayedBetween(t *testing.T) {
	t.Run("lmdb, a dead writer", func(t *testing.T) {
		simtest.Between(t, &lmdb, map[string][]string{"again": {"start the writer"}, "old-reader": {"start the writer", "commit"}})
	})
	t.Run("shared-file", func(t *testing.T) {
		simtest.Between(t, &sharedFile, map[string][]string{
			"typed":   {"type " + texts[1], "neighbour looks", "reader reads"},
			"loaded":  {"neighbour types", xrayKnob, "type " + texts[1]},
			"read":    {"typist's mapping", "typist's mapping", "type " + texts[0]},
			"private": {"typist's mapping", "type " + texts[0]},
			"copied":  {"neighbour types", "typist looks"},
			"unseen":  {"typist looks"},
		})
	})
	t.Run("shared-file, another mapping", func(t *testing.T) {
		simtest.Between(t, &sharedFile, map[string][]string{
			"loaded": {"typist's mapping"}, "read": {"your words"}, "copied": {"typist's mapping"}, "unseen": {"type your words", "typist's mapping"},
		})
	})
	t.Run("shared-file, killed", func(t *testing.T) {
		simtest.Between(t, &sharedFile, map[string][]string{
			"typed": {"kill -9 typist"}, "loaded": {"kill -9 neighbour"}, "read": {"kill -9 reader"},
			"private": {"kill -9 neighbour"}, "copied": {"kill -9 typist"}, "unseen": {"kill -9 reader", "kill -9 neighbour"},
		})
	})
	t.Run("lmdb, killed", func(t *testing.T) {
		simtest.Between(t, &lmdb, map[string][]string{
			"commit": {"kill -9 reader-1"}, "watched": {"kill -9 reader-2"}, "unhurt": {"kill -9 holder"}, "sealed": {"kill -9 reader-1"},
			"pinned": {"kill -9 holder"}, "dies": {"give it up", "kill -9 reader-2"}, "reused": {"kill -9 writer"},
		})
	})
	t.Run("lmdb", func(t *testing.T) {
		simtest.Between(t, &lmdb, map[string][]string{
			"commit":  {"commit", "commit", "look again"},
			"held":    {"write on and on", "x-ray the readers"},
			"watched": {"x-ray the readers"},
			"killed":  {"x-ray the readers", "look again"},
			"again":   {"hold a version", "give it up"},
			"sealed":  {"write on and on", "rest"},
			"pinned":  {"commit"},
			"dies":    {"look again"},
			"reused":  {"commit"},
		})
	})
}
