package plain

import "ipctour/sims/scene"

// How a mapped is told.
func mapped(s *scene.Scene, o *scene.Mapped) []string {
	return []string{capital(named(s, o.ID)) + "."}
}
