// Package zerocopy holds the experiments on the cost of a copy and how to avoid it, a file a lesson.
package zerocopy

import "ipctour/sims"

// Sims are the experiments of the chapter in the order of the course.
func Sims() []*sims.Sim {
	return []*sims.Sim{&copyCost, &ring}
}
