// Package fds holds the experiments on event descriptors: eventfd, timerfd, epoll, a file a lesson.
package fds

import "ipctour/sims"

// Sims are the experiments of the chapter in the order of the course.
func Sims() []*sims.Sim {
	return []*sims.Sim{}
}
