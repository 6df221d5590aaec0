package plain

import (
	"fmt"
	"strings"

	"ipctour/sims/scene"
)

// How a ring is told.
func ring(s *scene.Scene, o *scene.Ring) []string {
	name := capital(named(s, o.ID))
	if o.Gone {
		return []string{name + " is gone: nobody has it mapped."}
	}
	if !o.Known {
		return []string{fmt.Sprintf("%s has %s; nobody has read head and tail yet.", name, count(max(o.Slots, 0), "slot"))}
	}
	out := []string{fmt.Sprintf("%s holds %d of %s: head %d, tail %d.", name, o.Filled(), count(max(o.Slots, 0), "slot"), o.Head, o.Tail)}
	if in := ringContents(o); in != "" {
		out = append(out, "In it, oldest first: "+in+".")
	}
	return append(out, doorbell("consumer", o.Data, true), doorbell("producer", o.Room, o.Room.Rung > 0 || o.Room.Asked))
}

// ringContents is what the filled slots hold, where it is known and short.
func ringContents(o *scene.Ring) string {
	n := o.Filled()
	if n == 0 || n > 16 || len(o.Texts) < o.Slots {
		return ""
	}
	var parts []string
	for i := range uint64(n) {
		says := o.Texts[(o.Tail%uint64(o.Slots)+i)%uint64(o.Slots)]
		if says == "" || len(says) > 40 {
			return ""
		}
		parts = append(parts, says)
	}
	return strings.Join(parts, ", ")
}

// doorbell is "" for one that there is not, or that is not worth a sentence.
func doorbell(whose string, d scene.Doorbell, worth bool) string {
	if d.Rung < 0 || !worth {
		return ""
	}
	said := fmt.Sprintf("The %s's doorbell was rung %s", whose, scene.Many(d.Rung, "time"))
	if d.Asked {
		return said + ", and is to be rung for the next."
	}
	return said + "."
}

// ringEdge is the part of a ring's level that is worth a sentence while it runs.
func ringEdge(o *scene.Ring) string {
	switch n := o.Filled(); {
	case o.Gone:
		return "gone"
	case !o.Known:
		return "unknown"
	case n == 0:
		return "empty"
	case n == o.Slots:
		return "full"
	}
	return "between"
}
