package ui

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"ipctour/sims"
	"ipctour/sims/stage"
	"ipctour/ui/page"
)

// What a learner can type while a lesson runs in the plain mode.

// do does what a line asks.
func (w *plainLesson) do(line string) {
	w.tell.Anew()
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if k := w.knob(word); k != nil {
		w.act(w.play.Turn(k.Name, rest))
		return
	}
	if w.goes(word) || w.shows(word, rest) || w.interferes(word, rest) {
		return
	}
	w.say(fmt.Sprintf("Nothing here is called %q; ? lists what you can type.", word))
}

// goes does what leads through the lesson and out of it; false for another word.
func (w *plainLesson) goes(word string) bool {
	switch word {
	case "":
		w.prompt()
	case "n", "next":
		w.step()
	case "r", "R", "again":
		w.again()
	case "b", "back":
		w.over = true
	case "q", "quit":
		w.quit = true
	default:
		return false
	}
	return true
}

// shows prints what there is to read.
func (w *plainLesson) shows(word, rest string) bool {
	switch word {
	case "e", "evidence":
		w.evidence()
	case "c", "code":
		w.code(rest)
	case "t", "text":
		w.text(w.it, w.tell.world)
	case "h", "hint":
		w.hint()
	case "gates":
		w.gates()
	case "past", "history":
		w.history(rest)
	case "?", "help":
		w.help()
	default:
		return false
	}
	return true
}

// interferes does what is done to the processes of every lesson.
func (w *plainLesson) interferes(word, rest string) bool {
	switch word {
	case "k", "K", "kill":
		w.fault(stage.Kill, rest)
	case "Z", "stop":
		w.fault(stage.StopIt, rest)
	case "C", "cont", "continue":
		w.fault(stage.Continue, rest)
	case "X", "close":
		w.fault(stage.CloseEnd, rest)
	case "x", "xray":
		w.xray(rest)
	case "S", "step":
		w.stepMode()
	case "go":
		if role, _, ok := w.named(rest); ok {
			w.act(w.play.Release(role))
		}
	default:
		return false
	}
	return true
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

// short is the short form of a word that can be typed, or the long one where a knob
// of this lesson has the short one.
func (w *plainLesson) short(key, long string) string {
	if w.knob(key) != nil {
		return long
	}
	return key
}

// step asks for the next step. Which one that is, the events say: the walk may go back.
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
		w.asked, w.begun, w.until = true, "", time.After(patience)
	}
}

// again starts the cast anew, and the walk with it.
func (w *plainLesson) again() {
	err := w.play.Again()
	w.act(err)
	if err != nil {
		return
	}
	w.ended = false
	w.step()
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
	if ends := w.heldEnds(role); f == stage.CloseEnd && object == "" && len(ends) == 1 {
		object = ends[0]
	}
	if f == stage.CloseEnd && object == "" {
		w.say("Name after the process what to close: " + w.ends(role) + ".")
		return
	}
	w.act(w.play.Break(f, role, object))
}

// named takes the name of a process off the front of what was typed: the longest
// that fits, as names may have spaces. Without a name it is the process named last,
// or the only one that runs.
func (w *plainLesson) named(typed string) (role, rest string, ok bool) {
	for _, name := range w.roles() {
		if after, is := strings.CutPrefix(typed+" ", name+" "); is && len(name) > len(role) {
			role, rest, ok = name, strings.TrimSpace(after), true
		}
	}
	if only := w.only(); !ok && only != "" && (typed == "" || typed == "off" || w.holds(only, typed)) {
		role, rest, ok = only, typed, true
	}
	switch {
	case ok:
		w.chosen = role
	case typed == "":
		w.say("Which process? Type its name after the word: " + strings.Join(w.roles(), ", ") + ".")
	default:
		w.say(fmt.Sprintf("No process is called %q. There are: %s.", typed, strings.Join(w.roles(), ", ")))
	}
	return role, rest, ok
}

// only is the process that is meant where none is named; empty where it is not clear.
func (w *plainLesson) only() string {
	if w.chosen != "" {
		return w.chosen
	}
	name := ""
	for _, a := range w.tell.world.Actors {
		if !a.Life.Alive() {
			continue
		}
		if name != "" {
			return ""
		}
		name = a.Role
	}
	return name
}

// holds reports whether what was typed names an end that the process holds.
func (w *plainLesson) holds(role, typed string) bool {
	for _, f := range w.tell.world.Actor(role).FDs {
		if f.Object != "" && (typed == f.Object || typed == strconv.Itoa(f.N)) {
			return true
		}
	}
	return false
}

// code prints the functions that the processes run, or the whole file.
func (w *plainLesson) code(typed string) {
	show := func(text []string) {
		for _, l := range text {
			fmt.Fprintln(w.Out, l)
		}
	}
	if typed == "all" {
		show(strings.Split(strings.ReplaceAll(strings.TrimSpace(w.it.Sim.Source), "\t", "    "), "\n"))
		return
	}
	roles := w.roles()
	if typed != "" {
		role, _, ok := w.named(typed)
		if !ok {
			return
		}
		roles = []string{role}
	}
	for _, group := range w.sameCode(roles) {
		name, text := page.RoleCode(w.it.Sim, group[0])
		switch {
		case name == "":
			w.say("", strings.Join(group, ", ")+": the whole of the lesson's code.")
		default:
			w.say("", strings.Join(group, ", ")+": "+name+".")
		}
		show(text)
	}
	if typed == "" {
		c := w.short("c", "code")
		w.say("", c+" and a process shows its function alone, "+c+" all the whole file.")
	}
}

// sameCode puts roles that run the same function together.
func (w *plainLesson) sameCode(roles []string) [][]string {
	var groups [][]string
	at := map[string]int{}
	for _, role := range roles {
		name, _ := page.RoleCode(w.it.Sim, role)
		i, known := at[name]
		if !known {
			i = len(groups)
			at[name], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], role)
	}
	return groups
}

func (w *plainLesson) roles() []string {
	var names []string
	for i := range w.it.Sim.Roles {
		names = append(names, w.it.Sim.Roles[i].Name)
	}
	return names
}

// heldEnds are the numbers of the descriptors that lead to an object of the lesson.
func (w *plainLesson) heldEnds(role string) []string {
	var list []string
	for _, f := range w.tell.world.Actor(role).FDs {
		if f.Object != "" {
			list = append(list, strconv.Itoa(f.N))
		}
	}
	return list
}

// ends are the same in words, each with where it leads.
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
		w.say("There is nothing more to try here.")
		return
	}
	w.words("To try: " + string(hints[w.hinted%len(hints)]))
	w.hinted++
}

// help lists what can be typed, the short words only where no knob has them.
func (w *plainLesson) help() {
	for _, k := range w.it.Sim.Knobs {
		words := k.Name + ": " + k.Help
		switch act := k.Act.(type) {
		case sims.Choose:
			words += w.choices(act.Option)
		case sims.Set:
			if act.Any != nil {
				words += " (one of " + strings.Join(act.Names, ", ") + ", or another)"
			}
		}
		w.row(k.Key, words)
	}
	for _, c := range []struct{ short, long, words string }{
		{"n", "next", "the next step"},
		{"K", "kill", "and a process: kill it (" + strings.Join(w.roles(), ", ") + "); without a name, here and below, the one named last or the only one"},
		{"Z", "stop", "and a process: stop it"},
		{"C", "cont", "and a process: let it go on"},
		{"X", "close", "and a process and a descriptor or object: close that end"},
		{"e", "evidence", "each figure, who says so and how to read it yourself"},
		{"c", "code", "the functions that the processes run; a process after it for one, all for the whole file"},
		{"t", "text", "all that the lesson says"},
		{"h", "hint", "something to try"},
		{"x", "xray", "and a process: watch its system calls; again to see them, and \"off\" after the process to stop"},
		{"S", "step", "every process waits at its gates until you let it go; again to let all run free"},
		{"go", "go", "and a process: let it go to its next gate; gates says who waits where"},
		{"past", "history", "what happened last, event by event; a number after it for as many"},
		{"R", "again", "start the processes anew, from the first step"},
		{"b", "back", "end the processes and go back"},
		{"q", "quit", "end the tour"},
	} {
		w.row(w.short(c.short, c.long), c.words)
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

// evidence tells each figure of the picture, and how it was read.
func (w *plainLesson) evidence() {
	s := w.it.Sim.Draw(w.tell.world)
	w.say("", "The evidence: each figure, who says so, how it was read, and what reads the same in another terminal.")
	for i := range s.Figures {
		f := &s.Figures[i]
		if f.Missing != "" {
			w.say("", fmt.Sprintf("%s: not known here: %s.", f.Label, f.Missing))
			continue
		}
		said := fmt.Sprintf("%s: %s. Who says so: %s.", f.Label, f.Text, page.OriginWords(f.Origin))
		if f.How != "" {
			said += " How: " + strings.TrimSuffix(f.How, ".") + "."
		}
		w.say("", said)
		if f.Command != "" {
			fmt.Fprintf(w.Out, "  %s\n", f.Command)
		} else if why := page.NoCommand(f); why != "" {
			w.say(why)
		}
	}
}
