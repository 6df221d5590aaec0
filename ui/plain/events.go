package plain

import (
	"fmt"
	"strings"
	"time"

	"ipctour/sims/scene"
)

// How counters, timers and epoll loops are told.

func counter(s *scene.Scene, o *scene.Counter) []string {
	name := capital(named(s, o.ID))
	takes := "a read takes it all"
	if o.Semaphore {
		takes = "a read takes 1 (EFD_SEMAPHORE)"
	}
	switch {
	case o.Gone:
		return []string{name + " is gone: nobody holds it."}
	case !o.Known:
		return []string{name + " has not been read yet; " + takes + "."}
	case o.Value >= scene.CounterMax:
		return []string{fmt.Sprintf("%s is at %s, the most that it holds; %s.", name, scene.ThousandsOf(o.Value), takes)}
	}
	return []string{fmt.Sprintf("%s is at %s; %s.", name, scene.ThousandsOf(o.Value), takes)}
}

func timer(s *scene.Scene, o *scene.Timer) []string {
	name := capital(named(s, o.ID))
	if o.Gone {
		return []string{name + " is gone: nobody holds it."}
	}
	said := name + " is not armed"
	switch {
	case o.Interval > 0:
		said = name + " expires every " + lasting(o.Interval)
	case o.Armed:
		said = name + " expires once"
	}
	switch {
	case !o.Known:
		return []string{said + "."}
	case o.Ticks == 1:
		return []string{said + "; 1 expiration has not been read."}
	}
	return []string{said + "; " + scene.ThousandsOf(o.Ticks) + " expirations have not been read."}
}

// lasting is a time with its unit in short, "100 ms".
func lasting(t time.Duration) string {
	text := t.String()
	if i := strings.IndexFunc(text, func(r rune) bool { return r != '-' && r != '.' && (r < '0' || r > '9') }); i > 0 {
		return text[:i] + " " + text[i:]
	}
	return text
}

// timerRung reports whether a timer has changed so that it is worth saying: it was
// set, or ticks were missed, or taken. That time goes on is not.
func timerRung(was, is *scene.Timer) bool {
	missed := func(t *scene.Timer) bool { return t.Ticks > 1 }
	return was.Known != is.Known || was.Gone != is.Gone || was.Interval != is.Interval || missed(was) != missed(is) || is.Interval == 0 && was.Armed != is.Armed
}

func loop(s *scene.Scene, o *scene.Loop) []string {
	name := capital(named(s, o.ID))
	if o.Gone {
		return []string{name + " is gone: nobody holds it."}
	}
	var watched, cut, ready []string
	for i := range o.Watches {
		w := &o.Watches[i]
		if w.Cut {
			cut = append(cut, w.Name)
			continue
		}
		part := fmt.Sprintf("%s (descriptor %d)", w.Name, w.FD)
		if w.Edge {
			part += " by edge"
		}
		if w.Wakes != 0 {
			part += ", which woke it " + times(w.Wakes)
		}
		watched = append(watched, part)
		if w.Ready {
			ready = append(ready, w.Name)
		}
	}
	out := []string{name + " watches nothing."}
	if len(watched) > 0 {
		out = []string{name + " watches " + strings.Join(watched, "; ") + "."}
	}
	if len(cut) > 0 {
		out = append(out, "It no longer watches "+strings.Join(cut, ", ")+".")
	}
	if len(ready) > 0 {
		out = append(out, "Something waits in: "+strings.Join(ready, ", ")+".")
	}
	return append(out, "epoll_wait has returned "+times(o.Wakes)+".")
}

// loopChange tells who woke a loop since, and what it watches no more. That
// something waits for a moment before it is taken is not told.
func loopChange(s *scene.Scene, was, is *scene.Loop) []string {
	if was.Gone != is.Gone || len(was.Watches) != len(is.Watches) {
		return loop(s, is)
	}
	var out []string
	for i := range is.Watches {
		a, b := &was.Watches[i], &is.Watches[i]
		switch {
		case a.FD != b.FD || a.Name != b.Name || a.Edge != b.Edge:
			return loop(s, is)
		case a.Cut != b.Cut && b.Cut:
			out = append(out, fmt.Sprintf("%s no longer watches %s (descriptor %d).", capital(named(s, is.ID)), b.Name, b.FD))
		case a.Cut != b.Cut:
			return loop(s, is)
		}
		if a.Wakes != b.Wakes {
			out = append(out, fmt.Sprintf("%s (descriptor %d) has woken the loop %s.", capital(b.Name), b.FD, times(b.Wakes)))
		}
	}
	return out
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return scene.Thousands(n) + " times"
}
