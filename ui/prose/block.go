package prose

// Blocks: paragraphs, headings, lists, quotations, code.

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// blocks lays out what is in n, one under the other.
func (l *layout) blocks(n ast.Node, width int) []Line {
	var lines []Line
	var before ast.Node
	for _, c := range children(n) {
		these := l.block(c, width)
		if len(these) == 0 {
			continue
		}
		if before != nil && apart(before) {
			lines = append(lines, Line{})
		}
		lines = append(lines, these...)
		before = c
	}
	return lines
}

// apart reports whether an empty line follows a block: not after a line of a
// tight list, and not between a small heading and its words.
func apart(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.TextBlock:
		return false
	case *ast.Heading:
		return n.Level < 3
	}
	return true
}

func (l *layout) block(n ast.Node, width int) []Line {
	switch n := n.(type) {
	case *ast.Heading:
		lines := wrap(l.inline(n, Heading, ""), width)
		for i := range lines {
			lines[i].Heading = n.Level
		}
		return lines
	case *ast.Paragraph, *ast.TextBlock:
		return wrap(l.inline(n, Text, ""), width)
	case *ast.List:
		return l.list(n, width)
	case *ast.Blockquote:
		bar := Span{Text: l.marks.bar + " ", Class: Dim}
		if in, ok := inside(width, 2); ok {
			return indent(l.blocks(n, in), bar, bar)
		}
		return l.blocks(n, width)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		return l.code(n, width)
	case *ast.ThematicBreak:
		return []Line{{Spans: []Span{{Text: strings.Repeat(l.marks.rule, width), Class: Dim}}}}
	case *east.Table:
		return l.table(n, width)
	}
	return l.blocks(n, width)
}

// list hangs each item on its bullet or number.
func (l *layout) list(n *ast.List, width int) []Line {
	items := children(n)
	mark := func(i int) string { return l.marks.bullet + " " }
	if n.IsOrdered() {
		mark = func(i int) string { return strconv.Itoa(n.Start+i) + ". " }
	}
	hang := 0
	for i := range items {
		hang = max(hang, ansi.StringWidth(mark(i)))
	}
	in, hangs := inside(width, hang)
	var lines []Line
	for i, item := range items {
		these := l.blocks(item, in)
		if len(these) == 0 {
			these = []Line{{}}
		}
		if hangs {
			m := mark(i)
			lead := Span{Text: spaces(hang-ansi.StringWidth(m)) + m, Class: Accent}
			these = indent(these, lead, Span{Text: spaces(hang)})
		}
		if i > 0 && !n.IsTight {
			lines = append(lines, Line{})
		}
		lines = append(lines, these...)
	}
	return lines
}

// code keeps the lines as they are, indented; what is too long ends in an ellipsis.
func (l *layout) code(n ast.Node, width int) []Line {
	in, indented := inside(width, 2)
	var lines []Line
	for i := range n.Lines().Len() {
		seg := n.Lines().At(i)
		s := l.clean(strings.TrimRight(string(seg.Value(l.source)), " \t\r\n"))
		spans := []Span{{Text: s, Class: Code}}
		if ansi.StringWidth(s) > in {
			spans = clip(spans, in, l.marks.ellipsis)
		}
		lines = append(lines, Line{Spans: spans})
	}
	if indented {
		lines = indent(lines, Span{Text: "  "}, Span{Text: "  "})
	}
	return lines
}
