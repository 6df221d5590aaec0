// Package all is the list of the experiments, chapter by chapter in the order
// of the course, and nothing else.
package all

import (
	"slices"

	"ipctour/sims"
	"ipctour/sims/pipes"
)

// Sims are the experiments of every chapter.
func Sims() []*sims.Sim {
	return slices.Concat(pipes.Sims())
}
