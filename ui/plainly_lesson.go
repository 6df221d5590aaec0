package ui

// A lesson in the plain mode.

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"ipctour/lessons"
	"ipctour/sims"
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
			w.past = append(w.past, fmt.Sprintf("%6.2f s  %s", e.At.Seconds(), page.Tell(w.it.Sim, e)))
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
