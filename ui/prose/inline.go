package prose

// Inline text: from goldmark's nodes to stretches of one class, with marks
// after links and figures in place of their names.

import (
	"html"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// lineBreak inside a span ends the line there.
const lineBreak = "\n"

// inline is the text under n, in order.
func (l *layout) inline(n ast.Node, class Class, link string) []Span {
	var spans []Span
	for _, c := range children(n) {
		switch c := c.(type) {
		case *ast.Text:
			spans = append(spans, l.words(string(c.Segment.Value(l.source)), class, link)...)
			if c.HardLineBreak() {
				spans = append(spans, Span{Text: lineBreak})
			} else if c.SoftLineBreak() {
				spans = append(spans, Span{Text: " ", Class: class, Link: link})
			}
		case *ast.String:
			spans = append(spans, Span{l.clean(string(c.Value)), class, link})
		case *ast.CodeSpan:
			spans = append(spans, Span{l.verbatim(c), within(class, Code), link})
		case *ast.Emphasis:
			kind := Emphasis
			if c.Level > 1 {
				kind = Strong
			}
			spans = append(spans, l.inline(c, within(class, kind), link)...)
		case *ast.Link:
			spans = append(spans, l.link(c, class, string(c.Destination))...)
		case *ast.AutoLink:
			spans = append(spans, Span{l.clean(string(c.Label(l.source))), within(class, Accent), string(c.URL(l.source))})
		default: // an image is its description
			spans = append(spans, l.inline(c, class, link)...)
		}
	}
	return spans
}

// within is the class of text of class c inside text of class outer.
func within(outer, c Class) Class {
	if outer == Heading || outer == Strong && c == Emphasis {
		return outer
	}
	return c
}

// link is a link's text and, tied to its last word, the mark of where it leads.
func (l *layout) link(n ast.Node, class Class, dest string) []Span {
	dest = l.clean(dest)
	mark := ""
	if l.Mark != nil {
		mark = l.clean(l.Mark(dest))
	}
	if mark == "" {
		return l.inline(n, within(class, Accent), dest)
	}
	mark = strings.ReplaceAll(mark, " ", noBreak)
	return append(l.inline(n, class, dest), Span{noBreak + mark, Accent, dest})
}

// verbatim is the content of a code span.
func (l *layout) verbatim(n ast.Node) string {
	var b strings.Builder
	for _, c := range children(n) {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(l.source))
		}
	}
	return l.clean(b.String())
}

// words resolves backslashes, entities and figures in a stretch of text.
func (l *layout) words(raw string, class Class, link string) []Span {
	var spans []Span
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			spans = append(spans, Span{l.clean(b.String()), class, link})
			b.Reset()
		}
	}
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '\\' && i+1 < len(raw) && util.IsPunct(raw[i+1]):
			b.WriteByte(raw[i+1])
			i += 2
		case c == '&':
			s, n := entity(raw[i:])
			b.WriteString(s)
			i += n
		case c == '{' && l.Figure != nil:
			id, ok := figure(raw[i:])
			if !ok {
				b.WriteByte(c)
				i++
				continue
			}
			flush()
			spans = append(spans, Span{l.figure(id), within(class, Accent), link})
			i += len(id) + 2
		default:
			b.WriteByte(c)
			i++
		}
	}
	flush()
	return spans
}

// figure asks for a figure's text; its number and unit stay on one line.
func (l *layout) figure(id string) string {
	s := l.clean(l.Figure(id))
	if s == "" {
		s = l.marks.ellipsis
	}
	return strings.ReplaceAll(s, " ", noBreak)
}

// figure is the id in braces that s begins with.
func figure(s string) (string, bool) {
	id, _, ok := strings.Cut(s[1:], "}")
	return id, ok && id != "" && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// longestEntity is the length of the longest name in HTML, with & and ;.
const longestEntity = 33

// entity is what "&amp;" stands for and how much of s it takes; an & alone is an &.
func entity(s string) (string, int) {
	if end := strings.IndexByte(s[:min(len(s), longestEntity)], ';'); end > 1 {
		if r := html.UnescapeString(s[:end+1]); r != s[:end+1] {
			return r, end + 1
		}
	}
	return "&", 1
}
