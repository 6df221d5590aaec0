// Package pipes holds the experiments on pipes and FIFOs (pipe(7), fifo(7)), a
// file a lesson.
package pipes

import "ipctour/sims"

// Sims are the experiments of the chapter in the order of the course.
func Sims() []*sims.Sim {
	return []*sims.Sim{&hose, &fullBuffer, &inherit, &shell, &fifo, &framing, &atomicWrites}
}
