package page

// This file holds the pages to read: a chapter's opening, and the whole text of
// a lesson.

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/ui/draw"
)

// Text is a page to read.
type Text struct {
	reader
	env   *Env
	title line
	name  string
	lines func(w int) []line
	enter func() (Move, tea.Cmd) // what ⏎ does; nil for nothing
	says  string                 // about ⏎ in the key line
}

// NewChapter is a chapter's opening page; ⏎ leads to its first lesson that is not done.
func NewChapter(env *Env, c *lessons.Chapter) *Text {
	t := &Text{env: env, name: c.Title, title: line{{fmt.Sprintf("%d  ", c.Number), draw.Dim}, {c.Title, draw.Strong}}}
	t.lines = func(w int) []line {
		w = min(w, textCells)
		out := paragraph(c.Tagline, w, draw.Accent)
		if c.Opening == "" {
			return gap(out, paragraph("The words of this chapter are still to come.", w, draw.Dim))
		}
		return gap(out, openingOf(c.Opening, w))
	}
	for _, l := range env.Course.Of(c) {
		if l.Sim != nil && !env.done(l.ID) {
			t.says = "first lesson: " + l.Title
			if l.Number > 1 {
				t.says = "next lesson: " + l.Title
			}
			t.enter = func() (Move, tea.Cmd) { return replace(OpenLesson(env, l)), nil }
			break
		}
	}
	return t
}

// NewText is the whole text of a lesson. The words of each step that was done in
// this world, which may be nil, have the figures of its end: they were true then.
func NewText(env *Env, l *lessons.Lesson, world *sims.World) *Text {
	after := map[string]*scene.Scene{}
	if world != nil && l.Sim != nil {
		for _, step := range l.Sim.Walk {
			if w := world.After(step.ID); w != nil {
				after[step.ID] = l.Sim.Draw(w)
			}
		}
	}
	t := textOf(env, l)
	t.lines = func(w int) []line { return lessonLines(l, after, min(w, textCells)) }
	return t
}

// NewQuestion is what a lesson says before the learner has predicted: not a word
// that gives the answer away.
func NewQuestion(env *Env, l *lessons.Lesson) *Text {
	t := textOf(env, l)
	t.lines = func(w int) []line {
		w = min(w, textCells)
		out := questionLines(l.Text, nil, w)
		return gap(gap(out, []line{nil}), paragraph("The rest of the words comes step by step; once the lesson runs, t shows them all.", w, draw.Dim))
	}
	return t
}

func textOf(env *Env, l *lessons.Lesson) *Text {
	return &Text{env: env, name: l.Title, title: line{{fmt.Sprintf("%d %s › ", l.Chapter.Number, l.Chapter.Title), draw.Dim}, {l.Title, draw.Strong}}}
}

func heading(out []line, text string) []line {
	return gap(gap(out, []line{nil}), []line{styled(text, draw.Accent.Bold())})
}

// questionLines is how a lesson begins: what to look at, and what it asks.
func questionLines(t *lessons.Text, out []line, w int) []line {
	out = gap(out, wordsOf(t.Intro, w, figures(nil)))
	if p := t.Predict; p != nil {
		out = gap(heading(out, "The question"), wordsOf(p.Ask, w, figures(nil)))
		out = append(out, nil)
		for _, c := range p.Choices {
			out = append(out, append(line{{"  ○ ", draw.Dim}}, plainLine(c.Label, w)...).wrap(w, 4)...)
		}
	}
	return out
}

// lessonLines is everything that a lesson says, in order.
func lessonLines(l *lessons.Lesson, after map[string]*scene.Scene, w int) []line {
	var out []line
	if l.Sim == nil {
		out = paragraph("This lesson's experiment is still to come.", w, draw.Accent)
	}
	t := l.Text
	if t == nil {
		return gap(out, paragraph("Its words are still to come as well.", w, draw.Dim))
	}
	out = questionLines(t, out, w)
	out = heading(out, "Step by step")
	for i, step := range t.Steps {
		body := wordsOf(step.Body, w-4, figures(after[step.ID]))
		for n := range body {
			lead := "    "
			if n == 0 {
				lead = fmt.Sprintf("%2d  ", i+1)
			}
			body[n] = append(line{{lead, draw.Dim}}, body[n]...)
		}
		out = gap(out, body)
	}
	if len(t.Hints) > 0 {
		out = heading(out, "Things to try")
		for i, h := range t.Hints {
			if i == 0 {
				out = append(out, nil)
			}
			out = append(out, wordsOf("- "+h, w, figures(nil))...)
		}
	}
	out = heading(out, "What you see")
	out = gap(out, wordsOf(t.Seen, w, figures(nil)))
	if t.More != "" {
		out = heading(out, "Also in the source")
		out = gap(out, wordsOf(t.More, w, figures(nil)))
	}
	return out
}

// Init does nothing.
func (t *Text) Init() tea.Cmd { return nil }

// Close has nothing to end.
func (t *Text) Close() {}

// Title names what is read.
func (t *Text) Title() string { return "ipctour · " + t.name }

// Keys are those for reading.
func (t *Text) Keys() []Section {
	return []Section{{"The text", t.own()}, {"Reading", scrollKeys}, {"Everywhere", anyKeys}}
}

func (t *Text) own() []Key {
	if t.enter == nil {
		return nil
	}
	return []Key{{Do: doEnter, Press: []string{"enter"}, Shown: "⏎", Says: t.says}}
}

// Update scrolls.
func (t *Text) Update(msg tea.Msg) (Move, tea.Cmd) {
	if t.take(msg, t.lines) {
		return stay, nil
	}
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch {
		case key.String() == "enter" && t.enter != nil:
			return t.enter()
		case key.String() == "t", intent(key.String(), anyKeys) == doLeave:
			return back(), nil
		}
	}
	return stay, nil
}

// Draw paints the text.
func (t *Text) Draw(cv *draw.Canvas, r draw.Rect) {
	own := t.own()
	if r.W < 70 { // there is no room for the title of a lesson among the keys
		for i := range own {
			own[i].Says, _, _ = strings.Cut(own[i].Says, ":")
		}
	}
	t.draw(on(cv, r), t.title, t.lines, readerKeys(own...))
}
