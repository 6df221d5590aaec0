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
	lines := make([]string, len(o.Lines))
	for i, l := range o.Lines {
		lines[i] = strings.Join(strings.Fields(l), " ") // columns are for the eye
	}
	return []string{capital(named(s, o.ID)) + ": " + strings.Join(lines, ", ") + "."}
}
