package ui

// Looking closer in the plain mode: the x-ray, the gates and what has happened.

import (
	"fmt"
	"strconv"
	"time"

	"ipctour/sims/scene"
)

// idleLimit ends a lesson that nobody types at.
const idleLimit = 15 * time.Minute

// pastLines is how much of the past is told where no number asks for more.
const pastLines = 20

// xray watches a process, or tells what it has called since.
func (w *plainLesson) xray(typed string) {
	role, rest, ok := w.named(typed)
	if !ok {
		return
	}
	a := w.tell.world.Actor(role)
	switch {
	case rest == "off":
		w.act(w.play.Trace(role, false))
	case !a.Traced:
		if err := w.play.Trace(role, true); err != nil {
			w.say("The x-ray of the " + role + " cannot be had: " + err.Error() + ".")
			return
		}
		w.say("The system calls of the " + role + " are watched. The same words again tell them.")
		w.settle()
	case len(a.Calls) == 0:
		w.say("The " + role + " has made no system call since.")
	default:
		for _, c := range a.Calls[max(0, len(a.Calls)-pastLines):] {
			fmt.Fprintf(w.Out, "  %s\n", callText(&c))
		}
		if a.Skipped > 0 {
			w.say(fmt.Sprintf("%s more were too many to tell one by one.", scene.Thousands(a.Skipped)))
		}
	}
}

// callText is a call as strace writes it.
func callText(c *scene.Call) string {
	text := c.Name + "(" + c.Args + ")"
	if c.Blocked {
		return text + " has not returned"
	}
	return text + " = " + c.Result + ", " + c.Took.String()
}

// stepMode lets every process wait at its gates, or all run free again.
func (w *plainLesson) stepMode() {
	on := !w.tell.world.Stepping
	if err := w.play.Step(on); err != nil {
		w.act(err)
		return
	}
	if on {
		w.say("Step mode is on: every process waits at its next gate. gates says where, go and a process lets it on.")
	} else {
		w.say("Step mode is off: all run free.")
	}
	w.settle()
}

// gates tells which process waits where.
func (w *plainLesson) gates() {
	waits := false
	for _, a := range w.tell.world.Actors {
		if a.Gate != "" {
			waits = true
			w.say(fmt.Sprintf("The %s waits at its gate %s: go %s lets it go on.", a.Role, a.Gate, a.Role))
		}
	}
	if !waits {
		w.say("No process waits at a gate now.")
	}
}

// history tells the latest of what happened.
func (w *plainLesson) history(typed string) {
	n, err := strconv.Atoi(typed)
	if err != nil || n < 1 {
		n = pastLines
	}
	for _, line := range w.past[max(0, len(w.past)-n):] {
		fmt.Fprintln(w.Out, line)
	}
}
