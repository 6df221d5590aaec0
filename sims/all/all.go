// Package all is the list of the experiments, chapter by chapter in the order
// of the course, and nothing else.
package all

import (
	"slices"

	"ipctour/sims"
	"ipctour/sims/failures"
	"ipctour/sims/fds"
	"ipctour/sims/mapped"
	"ipctour/sims/pipes"
	"ipctour/sims/queues"
	"ipctour/sims/shm"
	"ipctour/sims/signals"
	"ipctour/sims/sockets"
	"ipctour/sims/why"
	"ipctour/sims/zerocopy"
)

// Sims are the experiments of every chapter.
func Sims() []*sims.Sim {
	return slices.Concat(why.Sims(), pipes.Sims(), sockets.Sims(), queues.Sims(), shm.Sims(), zerocopy.Sims(), signals.Sims(), fds.Sims(), mapped.Sims(), failures.Sims())
}
