package sims

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ipctour/sims/scene"
)

// Pictures of counters, timers and epoll loops, from their fdinfo.

// Counter is an eventfd as the picture shows it.
func (w *World) Counter(name string) scene.Counter {
	o := w.Object(name)
	c := scene.Counter{ID: name, Label: name, Gone: o.Level("holders") == 0, Semaphore: o.Level("semaphore") == 1}
	c.Value, c.Known = o.Value()
	return c
}

// Value is the number in an eventfd, all of its 64 bits.
func (o *ObjectState) Value() (n uint64, known bool) {
	v, known := o.N["count"]
	return uint64(v), known
}

// Timer is a timerfd as the picture shows it.
func (w *World) Timer(name string) scene.Timer {
	o := w.Object(name)
	t := scene.Timer{ID: name, Label: name, Gone: o.Level("holders") == 0, Interval: time.Duration(max(o.Level("interval"), 0)),
		Left: time.Duration(max(o.Level("left"), 0)), Ticks: uint64(max(o.Level("ticks"), 0)), Known: o.Level("ticks") >= 0 && o.S["missing"] == ""} // without timerfd_gettime they are 1 for "one at least"
	t.Armed = t.Left > 0 || t.Interval > 0
	return t
}

// Loop is an epoll instance that a role holds, with what the kernel says it watches
// there. Wakes is how often each object has woken it, by the role's own account.
func (w *World) Loop(name, role string, wakes map[string]int64) scene.Loop {
	o := w.Object(name)
	l := scene.Loop{ID: name, Label: name, Gone: o.Level("holders") == 0}
	for key, events := range o.N {
		number, ok := strings.CutPrefix(key, "tfd ")
		if !ok {
			continue
		}
		fd, err := strconv.Atoi(number)
		if err != nil {
			continue
		}
		watch := scene.Watch{FD: fd, Edge: events&epollET != 0}
		for _, f := range w.Actor(role).FDs {
			if f.N == fd {
				watch.Name = f.Object
			}
		}
		if watch.Name == "" { // closed since the list was read
			continue
		}
		watch.Wakes = wakes[watch.Name]
		l.Watches = append(l.Watches, watch)
	}
	slices.SortFunc(l.Watches, func(a, b scene.Watch) int { return a.FD - b.FD })
	return l
}

// epollET is EPOLLET as fdinfo writes it.
const epollET = 1 << 31

// InfoCommand reads the fdinfo of an object from another terminal, through the
// first of the roles that holds it; "" when none does.
func (w *World) InfoCommand(object string, roles ...string) string {
	for _, role := range roles {
		if fd, open := w.Holds(role, object, ""); open {
			return fmt.Sprintf("cat /proc/%d/fdinfo/%d", w.Actor(role).PID, fd)
		}
	}
	return ""
}

// CounterFigure is the number in an eventfd.
func (w *World) CounterFigure(name string, roles ...string) scene.Figure {
	v, known := w.Object(name).Value()
	if !known || w.Object(name).Level("holders") == 0 {
		return scene.Missing("count", "in the counter", "no process holds it now")
	}
	f := scene.Figure{ID: "count", Label: "in the counter", Text: scene.ThousandsOf(v), Origin: scene.Kernel}
	return f.From("eventfd-count in /proc/PID/fdinfo/FD, which is hexadecimal there", w.InfoCommand(name, roles...))
}
