package plain

import "ipctour/sims/scene"

// How a queue is told.
func queue(s *scene.Scene, o *scene.Queue) []string {
	return []string{capital(named(s, o.ID)) + "."}
}
