package plain

import "ipctour/sims/scene"

// How counters, timers and epoll loops are told.

func counter(s *scene.Scene, o *scene.Counter) []string {
	return []string{capital(named(s, o.ID)) + "."}
}

func timer(s *scene.Scene, o *scene.Timer) []string {
	return []string{capital(named(s, o.ID)) + "."}
}

func loop(s *scene.Scene, o *scene.Loop) []string {
	return []string{capital(named(s, o.ID)) + "."}
}
