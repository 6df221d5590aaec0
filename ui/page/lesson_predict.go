package page

// This file holds the lesson before it runs: what to look at, a question, and
// answers to choose from.

import (
	"fmt"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/ui/draw"
	"ipctour/ui/prose"
)

func (l *Lesson) choices() []lessons.Choice {
	if p := l.it.Text.Predict; p != nil {
		return p.Choices
	}
	return nil
}

// predict takes a key before the processes run.
func (l *Lesson) predict(msg tea.KeyPressMsg) (Move, tea.Cmd) {
	if n, err := strconv.Atoi(msg.String()); err == nil && n >= 1 && n <= len(l.choices()) {
		l.choice = n - 1
		return stay, nil
	}
	switch intent(msg.String(), predictKeys, anyKeys) {
	case doUp:
		l.choice = max(0, l.choice-1)
	case doDown:
		l.choice = max(0, min(l.choice+1, len(l.choices())-1))
	case doEnter:
		if c := l.choices(); len(c) > 0 {
			l.said, l.label = c[l.choice].Value, prose.Plain(string(c[l.choice].Label))
			return stay, l.run()
		}
		return stay, l.run()
	case doSkip:
		return stay, l.run()
	case doText:
		return open(NewQuestion(l.env, l.it)), nil
	case doLeave:
		return back(), nil
	}
	return stay, nil
}

func (l *Lesson) predictKeyList() []Key {
	var keys []Key
	for _, k := range predictKeys {
		if len(l.choices()) == 0 && (k.Do == doUp || k.Do == doSkip) {
			continue
		}
		if k.Do == doUp {
			continue
		}
		keys = append(keys, k)
	}
	return append(keys, Key{Shown: "esc", Says: "back"}, anyKeys[0])
}

// drawPredict paints the question. Where there is little room the introduction
// is cut, never the question or its answers.
func (l *Lesson) drawPredict(a area) {
	head, body, foot := frame(a, 1)
	l.drawTitle(head, fmt.Sprintf("predict   %d/%d", l.it.Number, len(l.env.Course.Of(l.it.Chapter))), draw.Dim)
	w := min(body.W, textCells)
	question := l.questionLines(w)
	intro := wordsOf(l.it.Text.Intro, w, figures(nil))
	room := body.H - len(question) - 1
	switch {
	case room < 2:
		intro = nil
	case len(intro) > room:
		intro = append(intro[:room-1:room-1], line{{"…  t for the whole text", draw.Dim}})
	}
	lines := gap(intro, question)
	if over := len(lines) - body.H; over > 0 && len(lines) > len(question) {
		lines = lines[over:]
	}
	body.lines(0, lines)
	keyLine(foot, l.predictKeyList())
}

func (l *Lesson) questionLines(w int) []line {
	p := l.it.Text.Predict
	if p == nil {
		return line{{"⏎", draw.Accent.Bold()}, {" starts the processes.", draw.Text}}.wrap(w, 0)
	}
	var out []line
	for _, q := range wordsOf(p.Ask, w, figures(nil)) {
		for i := range q {
			q[i].style = q[i].style.Bold()
		}
		out = append(out, q)
	}
	out = append(out, nil)
	for i, c := range p.Choices {
		mark, st := "    ", draw.Text
		if i == l.choice {
			mark, st = "  ▸ ", draw.Accent.Bold()
		}
		row := line{{strconv.Itoa(i + 1), draw.Accent}, {"   ", draw.Text}}
		for _, s := range plainLine(c.Label, w) {
			if s.style == draw.Text || i == l.choice {
				s.style = st
			}
			row = append(row, s)
		}
		for n, part := range row.wrap(w-4, 4) {
			if n > 0 {
				mark = spaces(4)
			}
			out = append(out, append(line{{mark, draw.Accent.Bold()}}, part...))
		}
	}
	return out
}

// plainLine is Markdown as one line of spans.
func plainLine(m lessons.Markdown, w int) line {
	var out line
	for i, l := range wordsOf(m, max(w, textCells), figures(nil)) {
		if i > 0 {
			out = append(out, span{" ", draw.Text})
		}
		out = append(out, l...)
	}
	return out
}
