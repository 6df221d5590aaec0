// Package why holds the experiments on why processes need one another's help:
// private memory, isolation, and the two ways of moving data, a file a lesson.
package why

import "ipctour/sims"

// Sims are the experiments of the chapter in the order of the course.
func Sims() []*sims.Sim {
	return []*sims.Sim{
		&privateMemory,
		&isolation,
		&twoModels,
	}
}
