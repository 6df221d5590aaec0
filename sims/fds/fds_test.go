package fds

import (
	"testing"

	"ipctour/sims/simtest"
)

func TestMain(m *testing.M) { simtest.Main(m, Sims()) }

func TestWalks(t *testing.T) { simtest.Walks(t, Sims()) }

func TestKillEach(t *testing.T) { simtest.KillEach(t, Sims()) }

// A learner who plays between the steps must not break the walk.
func TestPlayedBetween(t *testing.T) {
	t.Run("eventfd", func(t *testing.T) {
		simtest.Between(t, &eventfd, map[string][]string{
			"added": {"add 3", "read", "EFD_SEMAPHORE"}, "one-read": {"add 3"}, "empty": {"add 4"}, "wakes": {"read"}, "top": {"add 4", "add 3"}, "full": {"read"},
			"room": {"add 2^64−1"}, "too-much": {"read"}, "no-end": {"add 4"}, "eagain": {"EFD_SEMAPHORE", "read"}, "semaphore": {"EFD_SEMAPHORE", "add 3"},
		})
	})
	t.Run("timerfd", func(t *testing.T) {
		simtest.Between(t, &timerfd, map[string][]string{
			"keeps-up": {"every 10 ms", "read once", "doze"}, "missed": {"every 10 ms"}, "one-read": {"read once"}, "dozes": {"every second", "read once"},
			"adds-up": {"disarm"}, "once": {"every 10 ms", "read once"}, "no-more": {"disarm"}, "left": {"once"}, "outlives": {"read once"},
		})
	})
	t.Run("one-loop", func(t *testing.T) {
		simtest.Between(t, &oneLoop, map[string][]string{
			"watches": {"pipe", "timer", "EPOLLET"}, "seven": {"child ends", "takes", "3 bytes at once"}, "threads": {"signal", "EPOLLET"}, "level": {"takes", "EPOLLET"},
			"edge": {"pipe"}, "late": {"3 bytes at once"}, "drained": {"pipe"},
		})
	})
}
