// Package shm holds the experiments on shared memory (shm_overview(7), futex(7)), a file a lesson.
package shm

import "ipctour/sims"

// Sims are the experiments of the chapter in the order of the course.
func Sims() []*sims.Sim {
	return []*sims.Sim{&sameFrame, &lostUpdates, &futexLock}
}
