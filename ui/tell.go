package ui

import (
	"fmt"
	"io"
	"strings"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
	"ipctour/ui/plain"
	"ipctour/ui/prose"
)

// Teller tells a run in sentences, from its events alone: a run that happens now
// and one that was recorded are told in the same words.
type Teller struct {
	out    io.Writer
	width  int
	lesson *lessons.Lesson
	// sparing keeps figures to itself but for the end of a step and a moment after
	// the learner has done something: a clock that runs would talk without end.
	sparing bool
	owed    int    // looks at the kernel till the figures are told; 0 when they are not due
	asked   string // the step that was told and has not begun
	fresh   int    // looks at the kernel that may have begun before the cast had its ends
	world   *sims.World
	shown   *scene.Scene
	turned  []string // knobs turned, to be told under the step that they begin
	pace    pace
}

// NewTeller begins to tell a run of a lesson in lines of prose of at most width cells.
func NewTeller(out io.Writer, l *lessons.Lesson, width int) *Teller {
	fmt.Fprintf(out, "%d %s › %s\n", l.Chapter.Number, l.Chapter.Title, l.Title)
	t := &Teller{out: out, width: width, lesson: l, world: sims.NewWorld(l.Sim)}
	t.shown = l.Sim.Draw(t.world)
	t.pace.anew()
	return t
}

// Anew lets the teller repeat what it has told: the learner has typed something.
func (t *Teller) Anew() { t.pace.anew() }

// Tell takes events in. The picture is told after each full look at the kernel,
// for between two readings of one look it may be half old; and before the words
// of a step that is done, which are about it.
func (t *Teller) Tell(batch []sims.Event) {
	for _, e := range batch {
		options := t.world.Options
		t.world.Apply(e)
		switch e.Kind {
		case stage.Begin:
			t.cast(options)
		case stage.Beat:
			t.beat()
		case stage.StepAsked, stage.StepBegun, stage.StepDone:
			t.changes()
			t.step(e)
		case stage.Turned:
			t.turned = append(t.turned, turn(e))
			t.touched()
		case stage.Faulted:
			t.touched()
		case stage.Trouble:
			t.trouble(e)
		case stage.Over:
			t.changes()
			t.lines("The run is over: " + e.S["why"] + ".")
		}
	}
}

// step tells where the walk is.
func (t *Teller) step(e sims.Event) {
	switch e.Kind {
	case stage.StepAsked:
		t.pace.anew()
		if t.asked != e.Name { // asked again where its knobs had to wait
			t.asked = e.Name
			t.begun(e.Name)
		}
	case stage.StepBegun:
		if t.asked != e.Name {
			t.begun(e.Name)
		}
		t.asked = ""
		t.turns()
	case stage.StepDone:
		t.done(e.Name)
	}
}

// touched expects something new: somebody has done something.
func (t *Teller) touched() {
	t.owed = settling
	t.pace.anew()
}

func (t *Teller) trouble(e sims.Event) {
	who := ""
	if e.Who != "" {
		who = e.Who + ": "
	}
	t.lines("Trouble: " + who + e.S["text"])
	if advice := e.S["advice"]; advice != "" {
		t.lines("What to do: " + advice)
	}
}

// cast tells that a cast starts anew, and with what. The empty stage between two
// casts is not told: nobody closed anything there.
func (t *Teller) cast(before map[string]string) {
	t.fresh = unsure
	t.touched()
	if t.world.Casts > 1 {
		if why := t.world.Words["why"]; why != "" {
			t.turned = append(t.turned, why)
		}
		for _, o := range t.lesson.Sim.Options {
			if v := t.world.Options[o.Name]; v != before[o.Name] {
				t.turned = append(t.turned, "You choose: "+o.Name+" = "+v+". New processes are started.")
			}
		}
	}
	t.shown = t.lesson.Sim.Draw(t.world)
}

// settling is how many looks at the kernel it takes until what the learner did
// shows: what is said after a look may miss the next one.
const settling = 4

// unsure is how many looks at a new cast may come before the first one at its
// descriptors, without which a pipe seems to be held by nobody.
const unsure = 3

// beat tells what a look at the kernel has shown.
func (t *Teller) beat() {
	if t.fresh > 0 {
		t.fresh--
		return
	}
	if !t.sparing {
		t.chat(t.lesson.Sim.Draw(t.world))
		return
	}
	due := t.owed == 1
	t.owed = max(t.owed-1, 0)
	if due {
		t.changes()
		return
	}
	next := *t.lesson.Sim.Draw(t.world)
	next.Figures = t.shown.Figures
	t.chat(&next)
}

// changes tells what is different from the picture told last, figures and all.
func (t *Teller) changes() {
	next := t.lesson.Sim.Draw(t.world)
	if sentences := plain.Changes(t.shown, next); len(sentences) > 0 {
		t.turns()
		t.lines(sentences...)
		t.pace.note(sentences, t.world.Now)
	}
	t.shown = next
}

// turns tells the knobs turned since it was called last.
func (t *Teller) turns() {
	t.lines(t.turned...)
	t.turned = nil
}

func (t *Teller) lines(sentences ...string) {
	for _, s := range sentences {
		fmt.Fprintln(t.out, "  "+s)
	}
}

func (t *Teller) begun(id string) {
	for i, s := range t.lesson.Sim.Walk {
		if s.ID == id {
			fmt.Fprintf(t.out, "\nStep %d of %d, until %s.\n", i+1, len(t.lesson.Sim.Walk), s.For)
		}
	}
}

func (t *Teller) done(id string) {
	t.turns()
	if words, ok := t.lesson.Text.Step(id); ok {
		fmt.Fprintln(t.out)
		t.prose(string(words.Body), "  ")
	}
}

// turn says which knob was turned, and to what.
func turn(e sims.Event) string {
	if value := e.S["value"]; value != "" {
		return "You turn: " + e.Name + ", to " + value + "."
	}
	return "You turn: " + e.Name + "."
}

// prose prints words of the lesson, with the figures of the picture in them.
func (t *Teller) prose(words, margin string) {
	figure := func(id string) string { return figureText(t.shown, id) }
	for _, line := range prose.Lines(words, t.width-len(margin), prose.Options{Figure: figure}) {
		fmt.Fprintln(t.out, strings.TrimRight(margin+line.String(), " "))
	}
}

// figureText is a figure of a picture, which may be nil, as it stands in words.
func figureText(s *scene.Scene, id string) string {
	if s == nil {
		return ""
	}
	for i := range s.Figures {
		if f := &s.Figures[i]; f.ID == id && f.Missing != "" {
			return "(not known here)"
		} else if f.ID == id {
			return f.Text
		}
	}
	return ""
}
