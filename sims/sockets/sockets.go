// Package sockets holds the experiments on Unix domain sockets (unix(7)), a file a lesson.
package sockets

import "ipctour/sims"

// Sims are the experiments of the chapter in the order of the course.
func Sims() []*sims.Sim {
	return []*sims.Sim{}
}
