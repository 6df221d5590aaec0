package ui

// A lesson in the plain mode.

import (
	"cmp"
	"fmt"
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
	chosen string // the process named last: what is typed without a name is about it
	asked  bool   // n has asked for a step, and the next line waits till it is done
	begun  string // the step under way, as the events say; empty while none is known
	beats  int    // looks at the kernel that the next line waits for
	until  <-chan time.Time
	hinted int
	past   []string // what happened, a line each; the latest keptPast
	ended  bool     // the walk was gone through
	over   bool     // the learner has left
}

const (
	// patience is how long the learner's next line waits for a step.
	patience = 10 * time.Second
	// keptPast is how many lines of the past are kept.
	keptPast = 4000
)

// lesson plays one lesson.
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
		p.text(l, nil)
		return nil
	}
	w := &plainLesson{plainly: p, it: l}
	if !w.predict() {
		return nil
	}
	return w.run()
}

// text prints everything that a lesson says. The words of a step that was done have
// the figures of its end; where nothing was done, world is nil.
func (p *plainly) text(l *lessons.Lesson, world *sims.World) {
	t := l.Text
	p.words(string(t.Intro))
	for _, s := range t.Steps {
		var after *scene.Scene
		if world != nil {
			if w := world.After(s.ID); w != nil {
				after = l.Sim.Draw(w)
			}
		}
		p.say("")
		p.prose(string(s.Body), prose.Options{Figure: func(id string) string { return figureText(after, id) }})
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
	w.question()
	for {
		line, ok := w.next()
		if !ok {
			return false
		}
		n, _ := strconv.Atoi(line)
		switch {
		case n >= 1 && n <= len(ask.Choices):
			w.said = ask.Choices[n-1].Value
			w.say("You say: " + prose.Plain(string(ask.Choices[n-1].Label)) + ".")
			return true
		case line == "":
			return true
		case line == "q" || line == "quit":
			w.quit = true
			return false
		case line == "b" || line == "back":
			return false
		case line == "t" || line == "text":
			w.words(string(w.it.Text.Intro)) // the rest gives the answer away
			w.question()
		default:
			w.unknown(line, fmt.Sprintf("a number from 1 to %d; only enter for no guess; t to hear the words and the question again; b for back; q to quit", len(ask.Choices)))
		}
	}
}

// question asks for a prediction.
func (w *plainLesson) question() {
	ask := w.it.Text.Predict
	w.say("", "Predict:")
	w.words(string(ask.Ask))
	for i, c := range ask.Choices {
		w.row(strconv.Itoa(i+1), prose.Plain(string(c.Label)))
	}
	w.row("enter", "no guess")
}

// run starts the cast and plays with the learner, and stops it whatever happens.
func (w *plainLesson) run() error {
	play, err := sims.StartPlay(w.House, w.it.Sim, sims.PlayOptions{})
	if err != nil {
		w.say("The processes of this lesson could not be started: " + err.Error() + ". `ipctour doctor` says what this machine allows.")
		return nil
	}
	fmt.Fprintln(w.Out)
	w.play, w.tell = play, NewTeller(w.Out, w.it, cmp.Or(w.Width, PlainWidth))
	w.tell.sparing = true
	w.settle()
	w.loop()
	receipt := w.play.End(nil)
	w.say("", receipt.String())
	if len(receipt.Left) > 0 {
		return fmt.Errorf("not cleared away: %s. `ipctour clean` tries again", strings.Join(receipt.Left, ", "))
	}
	return nil
}

// loop takes events as they come, and a line when the one before has shown what
// it does: the same words typed ahead give the same run.
func (w *plainLesson) loop() {
	idle := time.NewTimer(idleLimit)
	defer idle.Stop()
	for !w.over && !w.quit {
		lines := w.lines
		if w.asked || w.beats > 0 {
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
	ready := false // what the next line waits for has come, and nothing new is waited for
	for _, e := range batch {
		w.remember(e)
		switch e.Kind {
		case stage.Beat:
			if w.beats > 0 {
				w.beats--
				ready = ready || w.beats == 0 && !w.asked
			}
		case stage.Begin: // a step's own knob may have brought it, and the step comes after
			ready = false
		case stage.StepAsked:
			w.begun, ready = e.Name, false
			if w.asked {
				w.until = time.After(patience)
			}
		case stage.StepDone:
			ready = w.stepDone(e.Name) || ready
		case stage.Trouble: // of a process, the step may yet come; of the walk, it does not
			ready = ready || w.asked && e.Who == ""
		}
	}
	if ready {
		w.asked = false
		w.ready()
	}
}

// ready gives the learner the word, once all that was waited for is there.
func (w *plainLesson) ready() {
	if w.beats == 0 {
		w.until = nil
		w.prompt()
	}
}

// remember keeps what happened, as far as it is of note.
func (w *plainLesson) remember(e sims.Event) {
	if !page.OfNote(e) {
		return
	}
	w.past = append(w.past, fmt.Sprintf("%6.2f s  %s", e.At.Seconds(), page.Tell(w.it.Sim, e)))
	if extra := len(w.past) - keptPast; extra > 0 {
		w.past = slices.Delete(w.past, 0, extra)
	}
}

// stepDone reports whether that was the step under way. Where the walk has gone back,
// the next one is asked for at once.
func (w *plainLesson) stepDone(id string) bool {
	if walk := w.it.Sim.Walk; id == walk[len(walk)-1].ID && !w.ended {
		w.finish()
	}
	if w.begun != id {
		return false // one from before what n has asked for
	}
	w.begun = ""
	return true
}

// settle lets the next line wait till what was done is seen.
func (w *plainLesson) settle() {
	w.beats, w.until = settling+unsure+1, time.After(patience)
}

// waited gives the learner the word back: what was waited for may never come.
func (w *plainLesson) waited() {
	w.until = nil
	if w.asked {
		w.say("Still waiting until " + w.waiting() + ". You may go on; " + w.short("r", "again") + " starts anew.")
	}
	w.asked, w.beats = false, 0
}

// waiting is what the step under way waits for. The world's own step is still the
// one before while the knobs of this one wait.
func (w *plainLesson) waiting() string {
	if s := w.it.Sim.Step(w.begun); s != nil {
		return s.For
	}
	return "the step begins"
}

func (w *plainLesson) prompt() {
	fmt.Fprintln(w.Out)
	if w.ended {
		w.say("The walk is done: play on, or " + w.short("b", "back") + " for back. ? lists what you can type.")
		return
	}
	w.say(w.short("n", "next") + " takes the next step. ? lists what else you can type.")
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
	w.claims(results)
	g := w.it.Grade(world, w.said)
	if g.Known && w.it.Text.Predict != nil {
		w.say("", w.grade(g))
	}
	w.Progress.Finish(w.it.ID, w.said, g.Measured, g.Right)
	w.save()
	if next := w.Course.After(w.it.ID); next != nil {
		w.say("The next lesson is " + next.Title + ": c in the list of chapters, or its name, " + next.ID + ".")
	}
}

// claims tells what each claim came to.
func (w *plainLesson) claims(results []lessons.Result) {
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
}

// grade compares the prediction with what was measured.
func (w *plainLesson) grade(g lessons.Grade) string {
	named := func(words, value string) string {
		label := page.Label(w.it.Text, value)
		return words + page.Colon(label) + label + "."
	}
	measured := named("Measured here", g.Measured)
	switch {
	case w.said == "":
		return measured
	case g.Right:
		return named("You predicted", w.said) + " That is right."
	}
	return named("You predicted", w.said) + " " + measured
}
