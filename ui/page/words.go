package page

// This file holds the course's words as lines of this package.

import (
	"strings"

	"ipctour/lessons"
	"ipctour/sims/scene"
	"ipctour/ui/draw"
	"ipctour/ui/prose"
)

// classes say how each kind of text looks.
var classes = map[prose.Class]draw.Style{
	prose.Text: draw.Text, prose.Strong: draw.Strong, prose.Emphasis: draw.Strong, prose.Code: draw.Accent,
	prose.Heading: draw.Strong, prose.Dim: draw.Dim, prose.Accent: draw.Accent,
}

// words lays Markdown out; no line is longer than is good to read.
func wordsOf(text lessons.Markdown, w int, o prose.Options) []line {
	var out []line
	for _, l := range prose.Lines(string(text), max(1, min(w, textCells)), o) {
		var now line
		for _, s := range l.Spans {
			st := classes[s.Class]
			if s.Link != "" {
				st = draw.Text
			}
			if l.Heading > 0 && l.Heading < 3 {
				st = draw.Accent.Bold()
			}
			now = append(now, span{s.Text, st})
		}
		out = append(out, now)
	}
	return out
}

// Label is a value as the choices of the prediction write it; one that is no choice's
// is as it was measured.
func Label(t *lessons.Text, value string) string {
	if t == nil || t.Predict == nil {
		return value
	}
	for _, c := range t.Predict.Choices {
		if c.Value == value {
			return prose.Plain(string(c.Label))
		}
	}
	return value
}

// Colon stands between what is said and the label after it: one colon in a sentence
// is enough.
func Colon(label string) string {
	if strings.Contains(label, ":") {
		return ", "
	}
	return ": "
}

// openingOf lays out the opening page of a chapter, with its pictures drawn.
func openingOf(text lessons.Markdown, w int) []line {
	var out []line
	for _, p := range text.Pieces() {
		if p.Picture == nil {
			out = gap(out, wordsOf(p.Words, w, figures(nil)))
			continue
		}
		out = gap(out, pictureLines(p.Picture, w))
	}
	return out
}

// pictureRows is more than any picture of the words takes.
const pictureRows = 40

func pictureLines(s *scene.Scene, w int) []line {
	drawn := draw.Picture(s, draw.Options{Width: w, Height: pictureRows})
	out := make([]line, drawn.Used())
	for y := range out {
		drawn.Spans(y, func(text string, st draw.Style) { out[y] = append(out[y], span{text, st}) })
	}
	return out
}

// figures gives prose the figures of a scene by their ids.
func figures(s *scene.Scene) prose.Options {
	return prose.Options{Figure: func(id string) string {
		if s != nil {
			for i := range s.Figures {
				if f := &s.Figures[i]; f.ID == id {
					if f.Missing != "" {
						return "(not known here)"
					}
					return f.Text
				}
			}
		}
		return ""
	}}
}

// gap adds lines after an empty one.
func gap(ls, more []line) []line {
	if len(more) == 0 {
		return ls
	}
	if len(ls) > 0 {
		ls = append(ls, nil)
	}
	return append(ls, more...)
}
