package plain

import "ipctour/sims/scene"

// How a page of memory is told.
func page(s *scene.Scene, o *scene.Page) []string {
	return []string{capital(named(s, o.ID)) + "."}
}
