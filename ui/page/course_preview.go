package page

// This file holds what the course shows below its lists: the words of what is marked,
// what was predicted and measured, and how a lesson goes.

import (
	"slices"
	"strconv"
	"time"

	"ipctour/lessons"
	"ipctour/ui/draw"
)

// drawPreview is how the chosen chapter or lesson begins, where there is room.
func (c *Course) drawPreview(a area) {
	if a.H < 4 || a.W < 30 {
		return
	}
	w := min(a.W, textCells-14)
	a = a.part(0, 1, a.W, a.H-1)
	if c.inside {
		a.lines(0, c.lessonPreview(c.lessons()[c.lesson], w, a.H))
		return
	}
	a.lines(0, cutLines(c.firstWords(w), a.H))
}

// firstWords are those of the chapter's opening page, as far as its first picture.
func (c *Course) firstWords(w int) []line {
	if pieces := c.current().Opening.Pieces(); len(pieces) > 0 && pieces[0].Picture == nil {
		return wordsOf(pieces[0].Words, w, figures(nil))
	}
	return nil
}

// lessonPreview is what a lesson begins with, what it asks, and what came of that.
// Where not all fits, its beginning is cut.
func (c *Course) lessonPreview(l *lessons.Lesson, w, rows int) []line {
	t := l.Text
	if t == nil {
		return paragraph("This lesson is still to come.", w, draw.Dim)
	}
	var out []line
	if t.Predict != nil {
		ask := wordsOf(t.Predict.Ask, w, figures(nil))
		for i := range ask {
			for k := range ask[i] {
				ask[i][k].style = draw.Strong
			}
		}
		out = gap(out, ask)
	}
	out = gap(out, c.outcome(l, w))
	intro := wordsOf(t.Intro, w, figures(nil))
	switch room := rows - len(out) - 1; {
	case len(out) == 0:
		return cutLines(intro, rows)
	case room < 1:
		return cutLines(out, rows)
	default:
		return gap(cutLines(intro, room), out)
	}
}

// outcome is what the learner predicted of a lesson, and what was measured then.
func (c *Course) outcome(l *lessons.Lesson, w int) []line {
	if c.env.Progress == nil {
		return nil
	}
	d, done := c.env.Progress.Done(l.ID)
	switch {
	case !done || d.Measured == "":
		return nil
	case d.Predicted == "":
		return line{{"measured ", draw.Dim}, {Label(l.Text, d.Measured), draw.Text}}.wrap(w, 2)
	case d.Right:
		return line{{"✓ ", draw.Good}, {Label(l.Text, d.Measured), draw.Text}, {", as you predicted", draw.Dim}}.wrap(w, 2)
	}
	return line{{"you said ", draw.Dim}, {Label(l.Text, d.Predicted), draw.Text}, {"; measured ", draw.Dim}, {Label(l.Text, d.Measured), draw.Accent}}.wrap(w, 2)
}

// lately is what the learner predicted last and what was measured, the newest
// first; before there is anything, how a lesson goes.
func (c *Course) lately(w int) []line {
	var list []*lessons.Lesson
	at := map[*lessons.Lesson]time.Time{}
	for _, l := range c.env.Course.Lessons {
		if c.env.Progress == nil {
			break
		}
		if d, done := c.env.Progress.Done(l.ID); done {
			list, at[l] = append(list, l), d.At
		}
	}
	if len(list) == 0 {
		return howItGoes(w)
	}
	slices.SortStableFunc(list, func(a, b *lessons.Lesson) int { return at[b].Compare(at[a]) })
	out := []line{styled("What you did last", draw.Dim)}
	for _, l := range list {
		out = append(out, styled(l.Title, draw.Text).wrap(w, 2)...)
		for _, o := range c.outcome(l, w-2) {
			out = append(out, append(line{{"  ", draw.Text}}, o...))
		}
	}
	return out
}

func howItGoes(w int) []line {
	out := []line{styled("How a lesson goes", draw.Dim)}
	for i, text := range []string{"You predict what will happen.", "Real processes do it, before your eyes.", "The kernel says who was right."} {
		out = append(out, line{{strconv.Itoa(i+1) + "  ", draw.Accent}, {text, draw.Text}}.wrap(w, 3)...)
	}
	return out
}
