package page

// This file holds the history of a lesson: the picture stands still or goes
// back, while the recording goes on.

import (
	"fmt"
	"strings"
	"time"

	"ipctour/sims"
	"ipctour/sims/stage"
)

// history follows a key of freezing or of going back and forth.
func (l *Lesson) history(do Intent) {
	if do == doFreeze {
		if l.frozen {
			l.unfreeze()
		} else {
			l.showAt(l.tape.Len())
		}
		return
	}
	at := l.tape.Len()
	if l.frozen {
		at = l.at
	}
	l.showAt(moved(l.tape, at, do))
}

// showAt freezes the picture after the first n events.
func (l *Lesson) showAt(n int) {
	if l.tape.Len() == 0 {
		return
	}
	l.at = max(1, min(n, l.tape.Len()))
	l.frozen, l.past = true, l.tape.At(l.at)
}

// unfreeze shows what is live again, and says so where it was not.
func (l *Lesson) unfreeze() string {
	was := l.frozen
	l.frozen, l.past = false, nil
	if was {
		return "Live again. "
	}
	return ""
}

// moved is where a key leads from the place after at events: to the event of
// note before or after, or a second away.
func moved(t *sims.Tape, at int, do Intent) int {
	last := t.Len()
	timeAt := func(n int) time.Duration {
		if n < 1 || n > last {
			return 0
		}
		return t.Event(n - 1).At
	}
	here := timeAt(at)
	switch do {
	case doEarlierEvent:
		for n := at - 1; n >= 1; n-- {
			if OfNote(t.Event(n - 1)) {
				return n
			}
		}
		return 1
	case doLaterEvent:
		for n := at + 1; n <= last; n++ {
			if OfNote(t.Event(n - 1)) {
				return n
			}
		}
		return last
	case doEarlierJump:
		for n := at - 1; n >= 1; n-- {
			if timeAt(n) <= here-time.Second {
				return n
			}
		}
		return 1
	case doLaterJump:
		for n := at + 1; n <= last; n++ {
			if timeAt(n) >= here+time.Second {
				return n
			}
		}
		return last
	}
	return at
}

// behind counts the events of note after the first at ones.
func behind(t *sims.Tape, at int) int {
	n := 0
	for i := at; i < t.Len(); i++ {
		if OfNote(t.Event(i)) {
			n++
		}
	}
	return n
}

// OfNote reports whether an event is one to stop at: the counters and levels
// between two of them move too often to be stepped through.
func OfNote(e sims.Event) bool {
	switch e.Kind {
	case stage.Counts, stage.Table, stage.Hold, stage.Idle, stage.Traced, stage.Beat, stage.Skipped, stage.StepBegun:
		return false
	case stage.Reading:
		return e.Name == "process" && e.S["state"] != ""
	case stage.Died:
		return e.N["cleared"] == 0 // else it is the tour that ends a cast
	}
	return true
}

// Tell says in a sentence what an event of a sim's run was.
func Tell(sim *sims.Sim, e sims.Event) string {
	who := e.Who
	if who == "" {
		who = "the run"
	}
	switch e.Kind {
	case stage.Begin:
		return "the processes are started"
	case stage.Born:
		return fmt.Sprintf("%s is started, pid %d", who, e.N["pid"])
	case stage.Died:
		if s := e.N["signal"]; s != 0 {
			return fmt.Sprintf("%s is killed by %s", who, stage.SignalName(int(s)))
		}
		return fmt.Sprintf("%s ends, exit status %d", who, e.N["code"])
	case stage.Moment:
		return who + ": " + e.Name + details(e)
	case stage.Reading:
		return tellReading(who, e)
	case stage.Call:
		if e.N["blocked"] != 0 {
			return fmt.Sprintf("%s is in %s(%s), which has not returned", who, e.Name, e.S["args"])
		}
		return fmt.Sprintf("%s: %s(%s) = %s", who, e.Name, e.S["args"], e.S["result"])
	case stage.AtGate:
		if e.Name == "" {
			return who + " goes on"
		}
		return who + " waits at its gate " + e.Name
	case stage.Turned:
		return strings.TrimSpace("you turned: " + e.Name + " " + e.S["value"])
	case stage.Faulted:
		return "you caused a fault: " + e.Name + " of " + who
	case stage.StepAsked, stage.StepBegun, stage.StepDone:
		return tellStep(sim, e)
	case stage.Trouble:
		return who + ": " + e.S["text"]
	case stage.Clearing:
		return "the processes are ended"
	case stage.Over:
		return "the run ends"
	}
	return strings.TrimSpace(who + ": " + string(e.Kind) + " " + e.Name)
}

// tellStep names a step by its number and by what it waits for.
func tellStep(sim *sims.Sim, e sims.Event) string {
	i := sim.StepAt(e.Name)
	if i < 0 {
		return "a step: " + e.Name
	}
	step := fmt.Sprintf("step %d of %d", i+1, len(sim.Walk))
	switch e.Kind {
	case stage.StepAsked:
		return step + " begins"
	case stage.StepBegun:
		return step + " waits until " + sim.Walk[i].For
	}
	return step + " is done: " + sim.Walk[i].For
}

func tellReading(who string, e sims.Event) string {
	if e.Name != "process" {
		return who + details(e)
	}
	where := e.S["wchan"]
	if where == "" {
		where = e.S["call"]
	}
	words := map[string]string{"R": "runs", "S": "is asleep", "D": "is asleep and not to be disturbed", "T": "is stopped", "t": "is stopped by the tracer", "Z": "has ended and waits to be reaped"}
	text := who + " " + words[e.S["state"]]
	if where != "" && e.S["state"] == "S" {
		text += " in " + where
	}
	return text
}

// details are an event's numbers and words, in order of their names.
func details(e sims.Event) string {
	var b strings.Builder
	for _, k := range sortedKeys(e.N) {
		fmt.Fprintf(&b, " %s %d", k, e.N[k])
	}
	for _, k := range sortedKeys(e.S) {
		if e.S[k] != "" {
			fmt.Fprintf(&b, " %s %s", k, e.S[k])
		}
	}
	return b.String()
}
