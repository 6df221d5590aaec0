package sims

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

// reading is what the sampler tells of an object.
func reading(object, kind string, n map[string]int64) Event {
	return Event{Who: object, Source: stage.FromKernel, Kind: stage.Reading, Name: kind, N: n}
}

// A counter has 64 bits and a reading 63 and a sign: the top of the one is −2 in the other.
func TestCounterHasAllItsBits(t *testing.T) {
	w := NewWorld(&Sim{})
	if _, known := w.Object("bell").Value(); known {
		t.Error("a counter is known before it was read")
	}
	w.Apply(reading("bell", "eventfd", map[string]int64{"count": -2, "semaphore": 1, "holders": 2}))
	want := scene.Counter{ID: "bell", Label: "bell", Value: scene.CounterMax, Known: true, Semaphore: true}
	if diff := cmp.Diff(want, w.Counter("bell")); diff != "" {
		t.Error(diff)
	}
}

func TestTimerIsArmedWhileItWillExpire(t *testing.T) {
	tests := []struct {
		name string
		n    map[string]int64
		want scene.Timer
	}{
		{"never set", map[string]int64{"holders": 1, "ticks": 0, "interval": 0, "left": 0}, scene.Timer{Known: true}},
		{"again and again", map[string]int64{"holders": 1, "ticks": 5, "interval": 1e8, "left": 4e7},
			scene.Timer{Known: true, Armed: true, Ticks: 5, Interval: 100 * time.Millisecond, Left: 40 * time.Millisecond}},
		{"once", map[string]int64{"holders": 1, "ticks": 0, "interval": 0, "left": 1}, scene.Timer{Known: true, Armed: true, Left: 1}},
		{"held by nobody", map[string]int64{"holders": 0}, scene.Timer{Gone: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := NewWorld(&Sim{})
			w.Apply(reading("clock", "timerfd", test.n))
			test.want.ID, test.want.Label = "clock", "clock"
			if diff := cmp.Diff(test.want, w.Timer("clock")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The kernel's list names descriptors; what they lead to is in the role's table. A
// line of a descriptor that is closed by now is left out.
func TestLoopIsTheKernelsList(t *testing.T) {
	w := NewWorld(&Sim{Roles: []Role{{Name: "server"}}})
	w.Apply(Event{Who: "server", Kind: stage.Born, N: map[string]int64{"pid": 7}})
	w.Apply(Event{Who: "server", Kind: stage.Table, FDs: []stage.FD{{N: 4, Object: "pipe"}, {N: 3, Object: "socket"}, {N: 9, Object: "epoll"}}})
	w.Apply(reading("epoll", "epoll", map[string]int64{"holders": 1, "watched": 2, "tfd 4": epollET | 1, "tfd 3": 1, "tfd 5": 1}))
	want := scene.Loop{ID: "epoll", Label: "epoll", Watches: []scene.Watch{{FD: 3, Name: "socket"}, {FD: 4, Name: "pipe", Edge: true, Wakes: 12}}}
	if diff := cmp.Diff(want, w.Loop("epoll", "server", map[string]int64{"pipe": 12})); diff != "" {
		t.Error(diff)
	}
	if got := w.InfoCommand("epoll", "nobody", "server"); got != "cat /proc/7/fdinfo/9" {
		t.Errorf("the command is %q", got)
	}
}
