// Package signals holds the experiments on signals (signal(7)), a file a lesson.
package signals

import "ipctour/sims"

// Sims are the experiments of the chapter in the order of the course.
func Sims() []*sims.Sim {
	return []*sims.Sim{&dispositions, &coalescing}
}
