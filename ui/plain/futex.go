package plain

import "ipctour/sims/scene"

// How a futex is told.
func futex(s *scene.Scene, o *scene.Futex) []string {
	return []string{capital(named(s, o.ID)) + "."}
}
