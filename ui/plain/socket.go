package plain

import "ipctour/sims/scene"

// How a socket is told.
func socket(s *scene.Scene, o *scene.Socket) []string {
	return []string{capital(named(s, o.ID)) + "."}
}
