// Package prose lays Markdown out as lines of a given width. It says what each
// stretch of text is (strong, code, a heading); which colour that has is decided
// by whoever draws it. It knows nothing of a terminal and emits no escape codes.
package prose

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/yuin/goldmark/ast"

	"ipctour/lessons/markdown"
)

// Class is what a stretch of text is.
type Class int

const (
	Text Class = iota
	Strong
	Emphasis
	Code
	Heading
	Dim    // rules, bars, ellipses: there to be looked past
	Accent // bullets, links, marks and figures
)

// Span is text of one class. Link is where it leads ("claim:asleep"), or empty.
type Span struct {
	Text  string
	Class Class
	Link  string
}

// Line is one row. Heading is the level of the heading that it belongs to, or 0.
type Line struct {
	Spans   []Span
	Heading int
}

// String is the line without its classes.
func (l Line) String() string {
	var b strings.Builder
	for _, s := range l.Spans {
		b.WriteString(s.Text)
	}
	return b.String()
}

// Width is the number of cells that the line fills.
func (l Line) Width() int { return ansi.StringWidth(l.String()) }

// Options are what the words depend on besides the width.
type Options struct {
	// ASCII keeps every character below 0x80: bullets and rules become plain, and
	// what has no plain form becomes "?".
	ASCII bool
	// Mark is what to put after the text of a link to dest, e.g. the verdict on
	// the claim "claim:asleep". Empty for nothing; may be nil.
	Mark func(dest string) string
	// Figure is the text of the scene's figure with this id, put where the words
	// say {id}. Empty while the scene has none, shown as an ellipsis; nil leaves
	// the braces as they are.
	Figure func(id string) string
}

// Lines lays out words, in Markdown, in rows of at most width cells. A width below 1 is
// taken as 1. The same arguments always give the same lines, as long as the
// callbacks do.
func Lines(words string, width int, o Options) []Line {
	source := []byte(words)
	l := layout{source: source, Options: o, marks: pretty}
	if o.ASCII {
		l.marks = plain
	}
	width = max(width, 1)
	lines := l.blocks(markdown.Parse(source), width)
	for i := range lines {
		lines[i] = l.finish(lines[i], width)
	}
	return lines
}

// glyphs are the signs that are not in the source.
type glyphs struct{ bullet, bar, rule, ellipsis string }

var (
	pretty = glyphs{"•", "│", "─", "…"}
	plain  = glyphs{"*", "|", "-", "..."}
)

// layout is one call of Lines.
type layout struct {
	Options
	source []byte
	marks  glyphs
}

// narrowest is the width below which indentation is dropped to keep the words.
const narrowest = 4

// indent puts first before the first line and rest before the others, if what
// remains of the width was enough to lay the lines out in (see inside).
func indent(lines []Line, first, rest Span) []Line {
	for i := range lines {
		lead := rest
		if i == 0 {
			lead = first
		}
		lines[i].Spans = append([]Span{lead}, lines[i].Spans...)
	}
	return lines
}

// inside is the width that is left after an indentation; false if too little is.
func inside(width, indentation int) (int, bool) {
	if width-indentation < narrowest {
		return width, false
	}
	return width - indentation, true
}

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// finish joins neighbours that are alike, ends the line at its last word, and
// holds it to the width whatever the graphemes at its seams have become.
func (l *layout) finish(line Line, width int) Line {
	joined := make([]Span, 0, len(line.Spans))
	for _, s := range line.Spans {
		s.Text = strings.ReplaceAll(s.Text, noBreak, " ")
		if n := len(joined); n > 0 && joined[n-1].Class == s.Class && joined[n-1].Link == s.Link {
			joined[n-1].Text += s.Text
		} else if s.Text != "" {
			joined = append(joined, s)
		}
	}
	for n := len(joined); n > 0; n = len(joined) {
		joined[n-1].Text = strings.TrimRight(joined[n-1].Text, " ")
		if joined[n-1].Text != "" {
			break
		}
		joined = joined[:n-1]
	}
	line.Spans = joined
	if line.Width() > width {
		line.Spans = clip(joined, width, "")
	}
	return line
}

// children are the nodes directly below n.
func children(n ast.Node) []ast.Node {
	all := make([]ast.Node, 0, n.ChildCount())
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		all = append(all, c)
	}
	return all
}

// widest is a width that no paragraph fills.
const widest = 1 << 20

// Plain is Markdown on one line, without its marks.
func Plain(markdown string) string {
	var parts []string
	for _, line := range Lines(markdown, widest, Options{}) {
		if text := strings.TrimSpace(line.String()); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " ")
}
