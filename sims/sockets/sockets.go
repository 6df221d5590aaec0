// Package sockets holds the experiments on Unix domain sockets (unix(7)), a file a lesson.
package sockets

import (
	"strings"

	"ipctour/sims"
	"ipctour/sims/scene"
)

// Sims are the experiments of the chapter in the order of the course.
func Sims() []*sims.Sim {
	return []*sims.Sim{&stream, &flavoursSim, &passFD, &credentials}
}

// target is what a role's descriptor of an object leads to, by its link in /proc;
// "" when it has none.
func target(w *sims.World, role, object string) string {
	if object == "" {
		return ""
	}
	for _, f := range w.Actor(role).FDs {
		if f.Object == object {
			return f.Target
		}
	}
	return ""
}

// news is the latest moment of this cast, and who has ended since it was said ("" for
// nobody).
func news(w *sims.World) (m *sims.Moment, ended string) {
	if n := len(w.Moments); n > 0 {
		m = &w.Moments[n-1]
	}
	var at = -1 * w.Now
	if m != nil {
		at = m.At
	}
	for _, a := range w.Actors {
		if a.Ended() != "" && a.Since > at {
			ended, at = a.Role, a.Since
		}
	}
	return m, ended
}

// stopped is the first role that is stopped, "" for none.
func stopped(w *sims.World) string {
	for _, a := range w.Actors {
		if a.Life == scene.Stopped {
			return a.Role
		}
	}
	return ""
}

func contains(s, part string) bool { return strings.Contains(s, part) }

// orElse is the error, or the word for success.
func orElse(errno, success string) string {
	if errno == "" {
		return success
	}
	return errno
}
