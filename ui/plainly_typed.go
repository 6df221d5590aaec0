package ui

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

// What a learner can type while a lesson runs in the plain mode.

// do does what a line asks.
func (w *plainLesson) do(line string) {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if k := w.knob(word); k != nil {
		w.act(w.play.Turn(k.Name, rest))
		return
	}
	switch word {
	case "":
		w.prompt()
	case "n", "next":
		w.step()
	case "k", "kill":
		w.fault(stage.Kill, rest)
	case "stop":
		w.fault(stage.StopIt, rest)
	case "cont", "continue":
		w.fault(stage.Continue, rest)
	case "close":
		w.fault(stage.CloseEnd, rest)
	case "e", "evidence":
		w.evidence()
	case "c", "code":
		fmt.Fprintln(w.Out, strings.ReplaceAll(strings.TrimSpace(w.it.Sim.Source), "\t", "    "))
	case "t", "text":
		w.text(w.it)
	case "h", "hint":
		w.hint()
	case "r", "again":
		w.ended = false
		w.act(w.play.Again())
		w.step()
	case "x", "xray":
		w.xray(rest)
	case "step":
		on := !w.tell.world.Stepping
		w.act(w.play.Step(on))
		if on {
			w.say("Step mode is on: every process waits at its next gate. gates says where, go and a process lets it on.")
		} else {
			w.say("Step mode is off: all run free.")
		}
	case "go":
		if role, _, ok := w.named(rest); ok {
			w.act(w.play.Release(role))
		}
	case "gates":
		w.gates()
	case "past", "history":
		w.history(rest)
	case "?", "help":
		w.help()
	case "b", "back":
		w.over = true
	case "q", "quit":
		w.quit = true
	default:
		w.say(fmt.Sprintf("Nothing here is called %q. You can type:", word))
		w.help()
	}
}

// knob finds a knob by its key, which comes before the tour's own short words.
func (w *plainLesson) knob(key string) *sims.Knob {
	for i := range w.it.Sim.Knobs {
		if k := &w.it.Sim.Knobs[i]; k.Key == key {
			return k
		}
	}
	return nil
}

func (w *plainLesson) step() {
	var waiting sims.ErrWaiting
	switch err := w.play.Next(); {
	case errors.Is(err, io.EOF):
		w.prompt()
	case errors.As(err, &waiting):
		w.say("Still waiting until " + waiting.Step.For + ".")
	case err != nil:
		w.act(err)
	default:
		// Next begins the step that follows the one known here: this is all of its
		// events that have been read, and no step was under way.
		i := 1 + slices.IndexFunc(w.it.Sim.Walk, func(s sims.Step) bool { return s.ID == w.tell.world.Step })
		w.begun, w.until = w.it.Sim.Walk[min(i, len(w.it.Sim.Walk)-1)].ID, time.After(patience)
	}
}

// act tells what came of something the learner did.
func (w *plainLesson) act(err error) {
	if err != nil {
		w.say("That did not work: " + err.Error() + ".")
		return
	}
	w.settle()
}

func (w *plainLesson) fault(f stage.Fault, rest string) {
	role, object, ok := w.named(rest)
	if !ok {
		return
	}
	if f == stage.CloseEnd && object == "" {
		w.say("Name after the process what to close: " + w.ends(role) + ".")
		return
	}
	w.act(w.play.Break(f, role, object))
}

// named takes the name of a process off the front of what was typed: the longest
// that fits, as names may have spaces.
func (w *plainLesson) named(typed string) (role, rest string, ok bool) {
	for _, name := range w.roles() {
		if after, is := strings.CutPrefix(typed+" ", name+" "); is && len(name) > len(role) {
			role, rest, ok = name, strings.TrimSpace(after), true
		}
	}
	if !ok {
		w.say(fmt.Sprintf("Name a process after it: %s. Not %q.", strings.Join(w.roles(), ", "), typed))
	}
	return role, rest, ok
}

func (w *plainLesson) roles() []string {
	var names []string
	for i := range w.it.Sim.Roles {
		names = append(names, w.it.Sim.Roles[i].Name)
	}
	return names
}

// ends are the descriptors of a role that lead to an object of the lesson.
func (w *plainLesson) ends(role string) string {
	var list []string
	for _, f := range w.tell.world.Actor(role).FDs {
		if f.Object != "" {
			list = append(list, fmt.Sprintf("%d (%s %s)", f.N, f.Object, f.Mode))
		}
	}
	if len(list) == 0 {
		return "a descriptor's number, but it holds no end now"
	}
	return strings.Join(list, ", ")
}

func (w *plainLesson) hint() {
	hints := w.it.Text.Hints
	if len(hints) == 0 {
		w.say("There are no hints here.")
		return
	}
	w.words("Hint: " + string(hints[w.hinted%len(hints)]))
	w.hinted++
}

// help lists what can be typed, the short words only where no knob has them.
func (w *plainLesson) help() {
	for _, k := range w.it.Sim.Knobs {
		words := k.Name + ": " + k.Help
		if c, ok := k.Act.(sims.Choose); ok {
			words += w.choices(c.Option)
		}
		w.row(k.Key, words)
	}
	for _, c := range []struct{ short, long, words string }{
		{"n", "next", "the next step"},
		{"k", "kill", "and a process: kill it (" + strings.Join(w.roles(), ", ") + ")"},
		{"stop", "stop", "and a process: stop it; cont lets it go on"},
		{"close", "close", "and a process and a descriptor or object: close that end"},
		{"e", "evidence", "each figure, who says so and how to read it yourself"},
		{"c", "code", "the program that the processes run"},
		{"t", "text", "all that the lesson says"},
		{"h", "hint", "something to try"},
		{"x", "xray", "and a process: watch its system calls; again to see them, and \"off\" after the process to stop"},
		{"step", "step", "every process waits at its gates until you let it go; again to let all run free"},
		{"go", "go", "and a process: let it go to its next gate; gates says who waits where"},
		{"past", "history", "what happened last, event by event; a number after it for as many"},
		{"r", "again", "start the processes anew, from the first step"},
		{"b", "back", "end the processes and go back"},
		{"q", "quit", "end the tour"},
	} {
		if w.knob(c.short) != nil {
			c.short = c.long
		}
		w.row(c.short, c.words)
	}
}

func (w *plainLesson) choices(option string) string {
	for _, o := range w.it.Sim.Options {
		if o.Name == option {
			return " (now " + w.tell.world.Options[option] + "; or one of " + strings.Join(o.Values, ", ") + ")"
		}
	}
	return ""
}

// originWords say who knows a figure.
var originWords = map[scene.Origin]string{
	scene.Kernel: "the kernel", scene.Child: "the process itself", scene.Derived: "computed from others",
	scene.Said: "the course's source, not measured",
}

func (w *plainLesson) evidence() {
	s := w.it.Sim.Draw(w.tell.world)
	w.say("", "The evidence: each figure, who says so, how it was read, and what reads the same in another terminal.")
	for i := range s.Figures {
		f := &s.Figures[i]
		if f.Missing != "" {
			w.say("", fmt.Sprintf("%s: not known here: %s.", f.Label, f.Missing))
			continue
		}
		said := fmt.Sprintf("%s: %s. Who says so: %s.", f.Label, f.Text, originWords[f.Origin])
		if f.How != "" {
			said += " How: " + strings.TrimSuffix(f.How, ".") + "."
		}
		w.say("", said)
		if f.Command != "" {
			fmt.Fprintf(w.Out, "  %s\n", f.Command)
		}
	}
}
