package ui

// A lesson in the plain mode.

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
	"ipctour/ui/page"
	"ipctour/ui/prose"
)

// plainLesson is one lesson being played.
type plainLesson struct {
	*plainly
	it     *lessons.Lesson
	tell   *Teller
	play   *sims.Play
	said   string // the choice predicted; empty for none
	begun  string // the step that n has asked for, till it is done
	beats  int    // looks at the kernel that the next line waits for
	until  <-chan time.Time
	hinted int
	past   []string // what happened, a line each
	ended  bool     // the walk was gone through
	over   bool     // the learner has left
}

func (p *plainly) lesson(l *lessons.Lesson) error {
	if l.Text == nil {
		p.say("", l.Title+" is still to come.")
		return nil
	}
	p.Progress.Leave(l.ID)
	p.save()
	p.say("", l.Title, "")
	p.words(string(l.Text.Intro))
	if why := l.Missing(); why != "" {
		p.say("", "Its experiment cannot run here: "+why+". These are its words.", "")
		p.text(l)
		return nil
	}
	w := &plainLesson{plainly: p, it: l}
	if !w.predict() {
		return nil
	}
	return w.run()
}

// text prints everything that a lesson says.
func (p *plainly) text(l *lessons.Lesson) {
	t := l.Text
	p.words(string(t.Intro))
	for _, s := range t.Steps {
		p.say("")
		p.words(string(s.Body))
	}
	p.say("", "What you saw", "")
	p.words(string(t.Seen))
	if t.More != "" {
		p.say("", "Also in the source", "")
		p.words(string(t.More))
	}
}

// predict asks what the run will answer; false where the learner leaves.
func (w *plainLesson) predict() bool {
	ask := w.it.Text.Predict
	if ask == nil {
		return true
	}
	w.say("", "Predict:")
	w.words(string(ask.Ask))
	for i, c := range ask.Choices {
		w.row(strconv.Itoa(i+1), bare(c.Label))
	}
	w.row("enter", "no guess")
	for {
		line, ok := w.next()
		if !ok {
			return false
		}
		n, _ := strconv.Atoi(line)
		switch {
		case n >= 1 && n <= len(ask.Choices):
			w.said = ask.Choices[n-1].Value
			w.say("You say: " + bare(ask.Choices[n-1].Label) + ".")
			return true
		case line == "":
			return true
		case line == "q" || line == "quit":
			w.quit = true
			return false
		case line == "b" || line == "back":
			return false
		case line == "t" || line == "text":
			w.text(w.it)
		default:
			w.unknown(line, fmt.Sprintf("a number from 1 to %d; only enter for no guess; t for the whole text; b for back; q to quit", len(ask.Choices)))
		}
	}
}

// run starts the cast and plays with the learner, and stops it whatever happens.
func (w *plainLesson) run() error {
	play, err := sims.StartPlay(w.House, w.it.Sim, sims.PlayOptions{})
	if err != nil {
		w.say("The processes of this lesson could not be started: " + err.Error() + ". `ipctour doctor` says what this machine allows.")
		return nil
	}
	fmt.Fprintln(w.Out)
	w.play, w.tell = play, NewTeller(w.Out, w.it, plainWidth)
	w.tell.sparing = true
	w.settle()
	w.loop()
	receipt := w.stop()
	w.say("", receipt.String())
	if len(receipt.Left) > 0 {
		return fmt.Errorf("not cleared away: %s. `ipctour clean` tries again", strings.Join(receipt.Left, ", "))
	}
	return nil
}

// stop ends the cast while its last events are read: the play waits for a reader.
func (w *plainLesson) stop() stage.Receipt {
	receipt := make(chan stage.Receipt, 1)
	go func() { receipt <- w.play.Stop() }()
	for range w.play.Feed() {
	}
	return <-receipt
}

// loop takes events as they come, and a line when the one before has shown what
// it does: the same words typed ahead give the same run.
func (w *plainLesson) loop() {
	idle := time.NewTimer(idleLimit)
	defer idle.Stop()
	for !w.over && !w.quit {
		lines := w.lines
		if w.begun != "" || w.beats > 0 {
			lines = nil
		}
		select {
		case batch, open := <-w.play.Feed():
			if !open {
				return
			}
			w.seen(batch)
		case <-w.until:
			w.waited()
		case line, ok := <-lines:
			w.quit = !ok
			if ok {
				idle.Reset(idleLimit)
				w.do(line)
			}
		case <-idle.C:
			w.say("", "The processes are ended: nothing was typed for a quarter of an hour.")
			return
		case <-w.ctx.Done():
			w.quit = true
		}
	}
}

func (w *plainLesson) seen(batch []sims.Event) {
	w.tell.Tell(batch)
	for _, e := range batch {
		if page.OfNote(e) {
			w.past = append(w.past, fmt.Sprintf("%6.2f s  %s", e.At.Seconds(), page.Tell(e)))
		}
		switch {
		case e.Kind == stage.Beat && w.beats > 0:
			if w.beats--; w.beats == 0 && w.begun == "" {
				w.prompt()
			}
		case e.Kind == stage.StepDone:
			w.stepDone(e.Name)
		}
	}
}

func (w *plainLesson) stepDone(id string) {
	asked := w.begun == id
	w.begun = ""
	if walk := w.it.Sim.Walk; id == walk[len(walk)-1].ID && !w.ended {
		w.finish()
	}
	if asked && w.beats == 0 {
		w.prompt()
	}
}

// settle lets the next line wait till what was done is seen.
func (w *plainLesson) settle() {
	w.beats, w.until = settling+unsure+1, time.After(patience)
}

// waited gives the learner the word back: what was waited for may never come.
func (w *plainLesson) waited() {
	w.until = nil
	if w.begun != "" {
		w.say("Still waiting until " + w.waiting() + ". You may go on; r starts anew.")
	}
	w.begun, w.beats = "", 0
}

func (w *plainLesson) waiting() string {
	for _, s := range w.it.Sim.Walk {
		if s.ID == w.tell.world.Step {
			return s.For
		}
	}
	return "the step begins"
}

func (w *plainLesson) prompt() {
	fmt.Fprintln(w.Out)
	if w.ended {
		w.say("The walk is done: play on, or b for back. ? lists what you can type.")
		return
	}
	w.say("n takes the next step. ? lists what else you can type.")
}

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

// finish judges the claims and the prediction by the walk that has ended here.
func (w *plainLesson) finish() {
	w.ended = true
	world := w.tell.world
	results := w.it.Judge(world, nil)
	w.say("", "What you saw", "")
	w.prose(string(w.it.Text.Seen), prose.Options{Mark: func(dest string) string {
		for _, r := range results {
			if dest == "claim:"+r.Claim {
				return "(" + string(r.Verdict) + ")"
			}
		}
		return ""
	}})
	w.say("", "The claims of this lesson, judged by this run:")
	for _, r := range results {
		fmt.Fprintf(w.Out, "  %s: %s\n", r.Verdict, r.Says)
		if r.Reason != "" {
			fmt.Fprintf(w.Out, "    because %s\n", r.Reason)
		}
		if r.Expected != "" || r.Measured != "" {
			fmt.Fprintf(w.Out, "    expected %s; measured %s\n", r.Expected, r.Measured)
		}
	}
	g := w.it.Grade(world, w.said)
	if g.Known && w.it.Text.Predict != nil {
		fmt.Fprintln(w.Out)
		switch {
		case w.said == "":
			w.say("Measured here: " + w.label(g.Measured) + ".")
		case g.Right:
			w.say("You predicted " + w.label(w.said) + ": right.")
		default:
			w.say("You predicted " + w.label(w.said) + ". Measured here: " + w.label(g.Measured) + ".")
		}
	}
	w.Progress.Finish(w.it.ID, w.said, g.Measured, g.Right)
	w.save()
	if next := w.Course.Next(w.it.ID); next != nil {
		w.say("The next lesson is " + next.Title + ", " + next.ID + ".")
	}
}

// label is a value as the choices write it.
func (w *plainLesson) label(value string) string {
	for _, c := range w.it.Text.Predict.Choices {
		if c.Value == value {
			return bare(c.Label)
		}
	}
	return value
}
