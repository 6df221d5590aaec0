// Package fds holds the experiments on event descriptors: eventfd, timerfd, epoll, a file a lesson.
package fds

import (
	"strings"

	"ipctour/sims"
	"ipctour/sims/scene"
)

// Sims are the experiments of the chapter in the order of the course.
func Sims() []*sims.Sim {
	return []*sims.Sim{&eventfd, &timerfd, &oneLoop}
}

// asleepIn reports whether a role sleeps in a system call. On newer kernels wchan
// names the helper that eventfd and timerfd share (do_wait_intr_irq) rather than
// eventfd_read, so the call itself is asked for first.
func asleepIn(w *sims.World, role, call string) bool {
	a := w.Actor(role)
	if !w.Asleep(role, "") {
		return false
	}
	if a.Syscall == "" {
		return strings.Contains(a.Wchan, call) || strings.Contains(a.Wchan, "do_wait_intr")
	}
	return strings.Contains(a.Syscall, call)
}

// process is a role in the picture, with the call that it is asleep in.
func process(w *sims.World, role, call string) scene.Process {
	p := w.Process(role)
	if p.Life == scene.Asleep && p.Note == "" && asleepIn(w, role, call) {
		p.Note = "in " + call + "(2)"
	}
	return p
}

// sleeps says where a role is, for a verdict: "state S in read(2), do_wait_intr_irq".
func sleeps(w *sims.World, role string) string {
	a := w.Actor(role)
	switch {
	case a.Ended() != "":
		return a.Ended()
	case a.Idle:
		return "no call: it has returned"
	case a.Syscall != "" && a.Wchan != "":
		return "state " + a.Letter + " in " + a.Syscall + "(2), " + a.Wchan
	case a.Syscall != "":
		return "state " + a.Letter + " in " + a.Syscall + "(2)"
	}
	return "state " + a.Letter + " in " + a.Wchan
}

// grown is by how much a counter of a role has grown in this step.
func grown(w *sims.World, role, counter string) int64 {
	return w.Count(role, counter) - w.Before.Count(role, counter)
}
