package plain

import (
	"fmt"
	"strings"

	"ipctour/sims/scene"
)

// How a futex is told.
func futex(s *scene.Scene, o *scene.Futex) []string {
	name := capital(named(s, o.ID))
	if o.Label == "" {
		name = "The futex " + o.ID
	}
	switch {
	case o.Gone:
		return []string{name + " is gone: no process maps it."}
	case !o.Known:
		return []string{name + " has not been read yet."}
	}
	said := fmt.Sprintf("%s is %d", name, o.Word)
	if o.Robust {
		said = fmt.Sprintf("%s is 0x%08x", name, o.Word)
	}
	if o.Means != "" {
		said += ": " + o.Means
	}
	out := []string{said + "."}
	if o.Robust {
		out = append(out, fmt.Sprintf("Its bits: FUTEX_WAITERS %s, FUTEX_OWNER_DIED %s, thread %d.", onOff(o.Waiters), onOff(o.Died), o.TID))
	}
	held := capital(o.Holder()) + " holds it"
	if o.Owner != "" {
		held = "It is held by " + named(s, o.Owner)
	}
	if len(o.Asleep) == 0 {
		out = append(out, held+", and nobody sleeps on it.")
	} else {
		var who []string
		for _, id := range o.Asleep {
			who = append(who, named(s, id))
		}
		out = append(out, held+"; asleep on it: "+strings.Join(who, ", ")+".")
	}
	if o.Note != "" {
		out = append(out, capital(o.Note)+".")
	}
	return out
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
