// Package queues holds the experiments on message queues (mq_overview(7)), a file a lesson.
package queues

import "ipctour/sims"

// Sims are the experiments of the chapter in the order of the course.
func Sims() []*sims.Sim {
	return []*sims.Sim{
		&urgentFirst,
		&fullQueue,
		&persistence,
	}
}
