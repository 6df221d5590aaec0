// Package failures holds the experiments on how each mechanism fails, a file a lesson.
package failures

import "ipctour/sims"

// Sims are the experiments of the chapter in the order of the course.
func Sims() []*sims.Sim {
	return []*sims.Sim{
		&sigpipe,
		&partialWrite,
		&missingFence,
		&deadOwner,
	}
}
