package plain

import (
	"strings"

	"ipctour/sims/scene"
)

// How a thing of a diagram is told.
func thing(s *scene.Scene, o *scene.Thing) []string {
	if len(o.Lines) == 0 {
		return nil
	}
	return []string{capital(named(s, o.ID)) + ": " + strings.Join(o.Lines, ", ") + "."}
}
