package plain

import "ipctour/sims/scene"

// How a ring is told.
func ring(s *scene.Scene, o *scene.Ring) []string {
	return []string{capital(named(s, o.ID)) + "."}
}
