package plain

import (
	"fmt"
	"strings"

	"ipctour/sims/scene"
)

// How the signal sets of a process are told: a sentence for each signal.
func signals(s *scene.Scene, o *scene.Signals) []string {
	name := named(s, o.ID)
	if o.Gone {
		return []string{capital(name) + " are gone with its process."}
	}
	var out []string
	for i := range o.Rows {
		out = append(out, capital(name)+": "+signal(o, &o.Rows[i])+".")
	}
	if o.Limit > 0 {
		out = append(out, fmt.Sprintf("%s: %s of %s that this user may have wait.", capital(name), scene.Thousands(o.Queued), scene.Thousands(o.Limit)))
	}
	return out
}

// signal is "SIGUSR1 is blocked and pending, was sent 5 times and handled once".
func signal(o *scene.Signals, s *scene.Signal) string {
	said := s.Name + " is in no set"
	if in := inSets(s); len(in) > 0 {
		said = s.Name + " is " + strings.Join(in, ", ")
		if n := len(in) - 1; n > 0 {
			said = s.Name + " is " + strings.Join(in[:n], ", ") + " and " + in[n]
		}
	}
	if o.Counts {
		said += ", was sent " + times(s.Sent) + " and handled " + times(s.Handled)
	}
	if len(s.Values) > 0 && len(s.Values) <= 32 {
		said += fmt.Sprintf(", with the %s %s", plural(len(s.Values), "value"), strings.Join(s.Values, ", "))
	}
	return said
}

func inSets(s *scene.Signal) []string {
	var in []string
	for _, set := range []struct {
		in   bool
		word string
	}{{s.Blocked, "blocked"}, {s.Ignored, "ignored"}, {s.Caught, "caught"}, {s.Pending, "pending"}} {
		if set.in {
			in = append(in, set.word)
		}
	}
	return in
}

func plural(n int, thing string) string {
	if n == 1 {
		return thing
	}
	return thing + "s"
}
