package plain

import "ipctour/sims/scene"

// How a signals is told.
func signals(s *scene.Scene, o *scene.Signals) []string {
	return []string{capital(named(s, o.ID)) + "."}
}
