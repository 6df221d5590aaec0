package sims

import (
	"slices"

	"ipctour/sims/stage"
)

// Watch switches the x-ray of several roles on or off together (values "on" and "off"; a
// key takes the other). Those that do not live are left out. Where the machine denies it
// the reason is an event of its own, and the lesson goes on without.
func Watch(roles ...string) Do {
	return Do{Looks: true, Run: func(r *stage.Run, value string) error {
		alive := slices.DeleteFunc(slices.Clone(roles), func(role string) bool { return !r.Alive(role) })
		on := value == "on" || value == "" && slices.ContainsFunc(alive, func(role string) bool { return !r.Traced(role) })
		for _, role := range alive {
			_ = r.Trace(role, on) // see above
		}
		return nil
	}}
}
