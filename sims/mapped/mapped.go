// Package mapped holds the experiments on memory-mapped files (mmap(2)), a file a lesson.
package mapped

import "ipctour/sims"

// Sims are the experiments of the chapter in the order of the course.
func Sims() []*sims.Sim {
	return []*sims.Sim{&sharedFile, &lmdb}
}
