package command

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

// tellWidth is how long a line of prose may be.
const tellWidth = 100

// teller tells a run in sentences, from its events alone: a run that happens now
// and one that was recorded are told in the same words.
type teller struct {
	out    io.Writer
	lesson *lessons.Lesson
	world  *sims.World
	shown  *scene.Scene
	turned []string // knobs turned, to be told under the step that they begin
}

func newTeller(out io.Writer, l *lessons.Lesson) *teller {
	fmt.Fprintf(out, "%d %s › %s\n", l.Chapter.Number, l.Chapter.Title, l.Title)
	t := &teller{out: out, lesson: l, world: sims.NewWorld(l.Sim)}
	t.shown = l.Sim.Draw(t.world)
	return t
}

// tell takes events in. The picture is told after each full look at the kernel,
// for between two readings of one look it may be half old; and before the words
// of a step that is done, which are about it.
func (t *teller) tell(batch []sims.Event) {
	for _, e := range batch {
		options := t.world.Options
		t.world.Apply(e)
		switch e.Kind {
		case stage.Begin:
			t.cast(options)
		case stage.Beat:
			t.changes()
		case stage.StepBegun:
			t.changes()
			t.begun(e.Name)
		case stage.StepDone:
			t.changes()
			t.done(e.Name)
		case stage.Turned:
			t.turned = append(t.turned, turn(e))
		case stage.Trouble:
			t.lines("Trouble: "+e.S["text"], "What to do: "+e.S["advice"])
		case stage.Over:
			t.changes()
			t.lines("The run is over: " + e.S["why"] + ".")
		}
	}
}

// cast tells that a cast starts anew, and with what. The empty stage between two
// casts is not told: nobody closed anything there.
func (t *teller) cast(before map[string]string) {
	if t.world.Casts > 1 {
		for _, o := range t.lesson.Sim.Options {
			if v := t.world.Options[o.Name]; v != before[o.Name] {
				t.turned = append(t.turned, "You choose: "+o.Name+" = "+v+". New processes are started.")
			}
		}
	}
	t.shown = t.lesson.Sim.Draw(t.world)
}

// changes tells what is different from the picture told last.
func (t *teller) changes() {
	next := t.lesson.Sim.Draw(t.world)
	if sentences := plain.Changes(t.shown, next); len(sentences) > 0 {
		t.turns()
		t.lines(sentences...)
	}
	t.shown = next
}

// turns tells the knobs turned since it was called last.
func (t *teller) turns() {
	t.lines(t.turned...)
	t.turned = nil
}

func (t *teller) lines(sentences ...string) {
	for _, s := range sentences {
		fmt.Fprintln(t.out, "  "+s)
	}
}

func (t *teller) begun(id string) {
	for i, s := range t.lesson.Sim.Walk {
		if s.ID == id {
			fmt.Fprintf(t.out, "\nStep %d of %d, until %s.\n", i+1, len(t.lesson.Sim.Walk), s.For)
		}
	}
	t.turns()
}

func (t *teller) done(id string) {
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
func (t *teller) prose(words, margin string) {
	figure := func(id string) string {
		for _, f := range t.shown.Figures {
			if f.ID == id {
				return f.Text
			}
		}
		return ""
	}
	for _, line := range prose.Lines(words, tellWidth-len(margin), prose.Options{Figure: figure}) {
		fmt.Fprintln(t.out, strings.TrimRight(margin+line.String(), " "))
	}
}
