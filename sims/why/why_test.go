package why

import (
	"testing"

	"ipctour/sims/simtest"
)

func TestMain(m *testing.M) { simtest.Main(m, Sims()) }

func TestWalks(t *testing.T) { simtest.Walks(t, Sims()) }

func TestKillEach(t *testing.T) { simtest.KillEach(t, Sims()) }

// A learner who plays between the steps must not break the walk.
func TestPlayedBetween(t *testing.T) {
	t.Run("private-memory", func(t *testing.T) {
		simtest.Between(t, &privateMemory, map[string][]string{
			"own":    {"A stores", "page"},
			"other":  {"page"},
			"shared": {"page", "B stores"},
			"seen":   {"A stores", "page"},
		})
	})
	t.Run("private-memory, killed", func(t *testing.T) {
		simtest.Between(t, &privateMemory, map[string][]string{
			"own":    {"kill -9 A"},
			"other":  {"B stores", "kill -9 B"},
			"shared": {"kill -9 A"},
			"seen":   {"kill -9 B"},
		})
	})
	t.Run("isolation", func(t *testing.T) {
		simtest.Between(t, &isolation, map[string][]string{
			"threads":   {"crash worker 1"},
			"process":   {"crash worker 2", "crash a goroutine"},
			"restarted": {"crash a goroutine"},
		})
	})
	t.Run("isolation, no spare left", func(t *testing.T) {
		simtest.Between(t, &isolation, map[string][]string{
			"threads":   {"crash a goroutine"},
			"process":   {"crash worker 2", "crash worker 1", "crash worker 3"},
			"restarted": {"crash worker 3", "crash worker 1"},
		})
	})
	t.Run("isolation, killed", func(t *testing.T) {
		simtest.Between(t, &isolation, map[string][]string{
			"threads":   {"kill -9 server"},
			"process":   {"kill -9 supervisor"},
			"restarted": {"kill -9 supervisor", "kill -9 worker 1"},
		})
	})
	t.Run("two-models", func(t *testing.T) {
		simtest.Between(t, &twoModels, map[string][]string{
			"ready":  {"payload", "send by pipe"},
			"copied": {"watch the pipe's two", "send by pipe", "send by memory"},
			"shared": {"watch nobody", "send by memory", "send by pipe"},
			"large":  {"payload", "watch the memory's two"},
			"slept":  {"watch the pipe's two", "send by pipe", "send by memory"},
			"awake":  {"payload", "watch the memory's two", "send by memory"},
		})
	})
}
