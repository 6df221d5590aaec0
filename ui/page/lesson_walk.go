package page

// This file holds the walk: which step is shown, what it says, what comes next.

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/ui/draw"
)

// nextStep begins the next step; after the last one it opens what was seen.
func (l *Lesson) nextStep() (Move, tea.Cmd) {
	if l.phase != live {
		return stay, nil
	}
	l.unfreeze()
	w := l.tape.Last()
	i := l.sim.StepAt(w.Step)
	switch {
	case w.StepOpen && i >= 0:
		l.say("Still waiting until " + l.sim.Walk[i].For + ". R starts anew.")
		return stay, nil
	case l.next:
		l.say("The step begins as soon as the processes are ready for it. R starts anew.")
		return stay, nil
	case i+1 >= len(l.sim.Walk):
		return open(NewSeen(l)), l.judge()
	}
	l.next, l.why = true, ""
	return stay, l.cast.do("begin the next step", Player.Next)
}

// stepDone notes the end of the walk.
func (l *Lesson) stepDone(id string) tea.Cmd {
	if l.graded == "" && l.it.Grade(l.tape.Last(), l.said).Known {
		l.graded = id
	}
	if l.sim.StepAt(id) != len(l.sim.Walk)-1 {
		return nil
	}
	l.ended = true
	return tea.Batch(l.judge(), l.env.finish(l.it, l.said, l.tape.Last()))
}

// wordLines are the words beside the picture: the step, the grade, what is next.
func (l *Lesson) wordLines(w int) []line {
	world := l.world()
	var out []line
	if l.ask != nil {
		return l.ask.lines(w)
	}
	if l.menu != nil {
		return l.menu.lines(w)
	}
	switch l.phase {
	case starting:
		return paragraph("The processes are being started.", w, draw.Dim)
	case resting:
		return append(paragraph("The processes of this lesson have been ended: there was no key for a quarter of an hour.", w, draw.Text),
			append([]line{nil}, paragraph("Any key starts them again.", w, draw.Accent)...)...)
	case broken:
		return l.brokenLines(w)
	}
	i := l.sim.StepAt(world.Step)
	if i >= 0 && !world.StepOpen {
		out = l.stepWords(world, w)
		if l.moved && !l.frozen { // what is said was so when the step was done
			out = append(styled(fmt.Sprintf("Step %d showed:", i+1), draw.Accent).wrap(w, 0), dimmed(out)...)
		}
		out = gap(out, l.gradeLines(world, w))
	}
	out = gap(out, l.nextLines(world, i, w))
	for _, h := range l.it.Text.Hints[:min(l.hints, len(l.it.Text.Hints))] {
		out = gap(out, wordsOf("*To try.* "+h, w, figures(nil)))
	}
	if n := len(world.Trouble); n > 0 {
		t := world.Trouble[n-1]
		text := t.Text
		if t.Who != "" {
			text = t.Who + ": " + text
		}
		out = gap(out, paragraph(text, w, draw.Fail))
		out = append(out, paragraph(t.Advice, w, draw.Dim)...)
	}
	if l.note.width() > l.w-4 { // the row above the keys has not room for it all
		out = gap(out, l.note.wrap(w, 0))
	}
	return out
}

// dimmed is lines without their colours, to be looked past.
func dimmed(ls []line) []line {
	out := make([]line, len(ls))
	for i, l := range ls {
		out[i] = slices.Clone(l)
		for n := range out[i] {
			out[i][n].style = draw.Dim
		}
	}
	return out
}

// stepWords are the words of the step that is done. They are the same in every picture
// until another step is, and laid out once.
func (l *Lesson) stepWords(w *sims.World, width int) []line {
	t, ok := l.it.Text.Step(w.Step)
	if !ok {
		return nil
	}
	done := w.After(w.Step)
	if l.laid.width != width || l.laid.done != done || done == nil {
		l.laid = laidOut{done, width, wordsOf(t.Body, width, figures(l.stepScene(w)))}
	}
	return slices.Clip(l.laid.lines)
}

// laidOut is words laid out in a width, with the figures of a world.
type laidOut struct {
	done  *sims.World
	width int
	lines []line
}

// stepScene is the picture at the end of the step that is shown: its words stay
// true while the learner plays on.
func (l *Lesson) stepScene(w *sims.World) *scene.Scene {
	if a := w.After(w.Step); a != nil {
		return l.it.Draw(a)
	}
	return nil
}

// nextLines say what is waited for, or what the key n does now.
func (l *Lesson) nextLines(w *sims.World, i, width int) []line {
	switch {
	case w.StepOpen && i >= 0:
		out := styled("Waiting until "+l.sim.Walk[i].For+" …", draw.Dim).wrap(width, 0)
		if why := l.hindrance(w); why != "" {
			out = gap(out, paragraph(why, width, draw.Text))
		}
		return out
	case l.frozen:
		return nil
	case l.next && i >= 0 && l.env.Now().Sub(l.lastKey) > soon:
		return paragraph("The next step begins as soon as the processes are ready for it …", width, draw.Dim)
	case i < 0:
		return nil
	case i+1 < len(l.sim.Walk):
		return l.nextTurns(w, l.sim.Walk[i+1].Turn, width)
	}
	return line{{"The walk is done. ", draw.Text}, {"n", draw.Accent.Bold()},
		{" shows what you saw; or go on playing with the keys below.", draw.Text}}.wrap(width, 0)
}

// long is a wait that is told what may be done about it; soon is one that is not told.
const (
	long = 5 * time.Second
	soon = time.Second / 2
)

// hindrance is what may keep a step from its end, and the way on.
func (l *Lesson) hindrance(w *sims.World) string {
	for _, a := range w.Actors {
		switch {
		case a.Paused:
			return capital(l.the(a.Role)) + " is stopped: C lets it go on."
		case a.Gate != "" && w.Stepping:
			return "In step mode every process waits at its gates: ⏎ lets the chosen one go on, tab chooses."
		case a.Life == scene.Killed && (a.Since > w.StepSince || w.Now-w.StepSince > long):
			return capital(l.the(a.Role)) + " was killed. If this cannot come any more, R starts anew."
		}
	}
	if w.Now-w.StepSince > long {
		return "If this cannot come any more, R starts anew."
	}
	return ""
}

// nextTurns say what the next step will turn, as far as it changes anything.
func (l *Lesson) nextTurns(w *sims.World, turns []sims.Turn, width int) []line {
	now := map[string]string{} // values by knob
	for _, k := range l.sim.Knobs {
		now[k.Name] = valueOf(w, k)
	}
	var names []string
	for _, t := range turns {
		if t.If != nil && !t.If(w) {
			continue
		}
		name := t.Knob
		if k := l.sim.Knob(t.Knob); k != nil && t.Value != "" {
			name += ": " + t.Value
			before := now[t.Knob]
			if c, is := k.Act.(sims.Choose); is && !l.sim.Option(c.Option).Live {
				for _, k := range l.sim.Knobs { // a new cast begins with the first values
					if set, ok := k.Act.(sims.Set); ok && len(set.Names) > 0 {
						now[k.Name] = set.Names[0]
					}
				}
			}
			if trace, is := k.Act.(sims.Trace); is && w.Actor(trace.Role).Traced {
				before = "on"
			} else if is {
				before = "off"
			}
			now[t.Knob] = t.Value
			if before == t.Value {
				continue
			}
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil
	}
	return line{{"n", draw.Accent.Bold()}, {"  next: ", draw.Dim}, {strings.Join(names, ", then "), draw.Text}}.wrap(width, 3)
}

// gradeLines compare the prediction with what was measured, at the step that
// measured it.
func (l *Lesson) gradeLines(w *sims.World, width int) []line {
	if w.Step != l.graded {
		return nil
	}
	return l.grade(w, width)
}

func (l *Lesson) grade(w *sims.World, width int) []line {
	g := l.it.Grade(w, l.said)
	if !g.Known || l.it.Text.Predict == nil {
		return nil
	}
	measured := Label(l.it.Text, g.Measured)
	colon := Colon(measured)
	switch {
	case l.said == "":
		return line{{"Measured here" + colon, draw.Dim}, {measured, draw.Strong}}.wrap(width, 0)
	case g.Right:
		return line{{"✓ ", draw.Good}, {"You said ", draw.Text}, {l.label + strings.TrimSpace(colon), draw.Strong}, {" right.", draw.Good}}.wrap(width, 0)
	}
	return line{{"You said ", draw.Text}, {l.label + ".", draw.Strong}, {" Measured here" + colon, draw.Text}, {measured + ".", draw.Accent.Bold()}}.wrap(width, 0)
}

func (l *Lesson) brokenLines(w int) []line {
	out := paragraph("The processes of this lesson could not be started.", w, draw.Strong)
	out = gap(out, l.note.wrap(w, 0))
	return gap(out, line{{"d", draw.Accent.Bold()}, {" shows what this machine allows and what to do about it; ", draw.Text},
		{"t", draw.Accent.Bold()}, {" shows the words of the lesson; any other key tries again.", draw.Text}}.wrap(w, 0))
}

// stepCount is "step 3 of 6".
func (l *Lesson) stepCount(w *sims.World) string {
	i := l.sim.StepAt(w.Step)
	if i < 0 {
		return fmt.Sprintf("%d steps", len(l.sim.Walk))
	}
	return fmt.Sprintf("step %d of %d", i+1, len(l.sim.Walk))
}
