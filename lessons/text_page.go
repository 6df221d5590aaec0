package lessons

// A page of Markdown cut at its headings, by goldmark's tree and not by the
// look of a line, so that a "#" inside a block of code is no heading.

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"

	"ipctour/lessons/markdown"
)

// page is one file of words.
type page struct {
	file   string
	source []byte
	root   ast.Node
	lines  []int // offsets at which lines begin

	title      string
	opening    []ast.Node // what stands between the title and the first section
	openingAt  int
	openingEnd int
	sections   []*section

	faults []fault
}

// section is a heading and what stands under it. Offsets are into the source.
type section struct {
	title string
	start int // of the heading
	body  int // of what follows the heading
	end   int
	nodes []ast.Node // before the first part
	parts []*section // third-level headings
}

type fault struct {
	line int
	err  error
}

// readMarkdown cuts a file at its headings of levels one to three.
func readMarkdown(file string, source []byte) *page {
	p := &page{file: file, source: source, lines: []int{0}}
	for i, c := range source {
		if c == '\n' {
			p.lines = append(p.lines, i+1)
		}
	}
	p.root = markdown.Parse(source)
	p.openingEnd = len(source)
	for n := p.root.FirstChild(); n != nil; n = n.NextSibling() {
		if h, ok := n.(*ast.Heading); ok {
			p.heading(h)
		} else {
			p.block(n)
		}
	}
	p.close(len(source), 1)
	return p
}

// heading opens a section and ends the ones before it.
func (p *page) heading(h *ast.Heading) {
	start := p.lineStart(h.Pos())
	if !bytes.HasPrefix(bytes.TrimLeft(p.source[start:], " "), []byte("#")) {
		p.bad(start, "a heading that is underlined", "write it as \"## Title\"")
	}
	s := &section{title: p.plain(h), start: start, body: p.lineEnd(p.end(h))}
	p.close(start, h.Level)
	switch {
	case h.Level == 1 && p.title == "" && len(p.sections) == 0:
		p.title, p.openingAt = s.title, s.body
	case h.Level == 1:
		p.bad(start, "a second title", "a file has one \"# Title\", its first line")
	case h.Level == 2:
		p.sections = append(p.sections, s)
	case h.Level == 3 && len(p.sections) > 0:
		last := p.sections[len(p.sections)-1]
		last.parts = append(last.parts, s)
	default:
		p.bad(start, fmt.Sprintf("a heading of level %d here", h.Level), "use \"##\" for a section and \"###\" inside it")
	}
}

// close ends the sections that a heading of this level, or the file's end, ends.
func (p *page) close(at, level int) {
	if len(p.sections) == 0 {
		if level <= 2 {
			p.openingEnd = at
		}
		return
	}
	last := p.sections[len(p.sections)-1]
	if n := len(last.parts); n > 0 && last.parts[n-1].end == 0 {
		last.parts[n-1].end = at
	}
	if level <= 2 && last.end == 0 {
		last.end = at
	}
}

// block gives a paragraph, list or the like to the section it stands in.
func (p *page) block(n ast.Node) {
	if len(p.sections) == 0 {
		if p.title == "" {
			p.bad(max(n.Pos(), 0), "words before the title", "begin the file with \"# Title\"")
			p.title = "?"
		}
		p.opening = append(p.opening, n)
		return
	}
	s := p.sections[len(p.sections)-1]
	if len(s.parts) > 0 {
		s = s.parts[len(s.parts)-1]
	}
	s.nodes = append(s.nodes, n)
}

// bad notes a fault at an offset: what is wrong, and what to do.
func (p *page) bad(at int, wrong, do string) {
	line := sort.SearchInts(p.lines, max(at, 0)+1)
	p.faults = append(p.faults, fault{line, fmt.Errorf("%s:%d: %s: %s", p.file, line, wrong, do)})
}

// err is all faults in the order of their lines, or nil.
func (p *page) err() error {
	sort.SliceStable(p.faults, func(i, j int) bool { return p.faults[i].line < p.faults[j].line })
	var errs []error
	for _, f := range p.faults {
		errs = append(errs, f.err)
	}
	return errors.Join(errs...)
}

// between is the source from one offset to another, without blank edges.
func (p *page) between(from, to int) Markdown {
	if from >= to {
		return ""
	}
	return Markdown(strings.TrimRight(strings.Trim(string(p.source[from:to]), "\n"), " \t\r\n"))
}

// line is the words of the heading at an offset, as they were written.
func (p *page) line(start int) Markdown {
	s := string(p.source[start:p.lineEnd(start)])
	s = strings.TrimLeft(strings.TrimSpace(s), "#")
	return Markdown(strings.TrimSpace(strings.TrimRight(s, "#")))
}

func (p *page) lineStart(at int) int {
	return p.lines[sort.SearchInts(p.lines, max(at, 0)+1)-1]
}

// lineEnd is where the line after the one at this offset begins.
func (p *page) lineEnd(at int) int {
	if i := sort.SearchInts(p.lines, max(at, 0)+1); i < len(p.lines) {
		return p.lines[i]
	}
	return len(p.source)
}

// end is the offset after the last line of a block's own text.
func (p *page) end(n ast.Node) int {
	if l := n.Lines(); l != nil && l.Len() > 0 {
		return l.At(l.Len() - 1).Stop
	}
	return max(n.Pos(), 0)
}

// plain is a node's text without its markup, lines joined by spaces.
func (p *page) plain(n ast.Node) string {
	var b strings.Builder
	walk(n, func(c ast.Node) {
		t, ok := c.(*ast.Text)
		if !ok {
			return
		}
		value := t.Segment.Value(p.source)
		if _, code := t.Parent().(*ast.CodeSpan); !code {
			value = util.UnescapePunctuations(value)
		}
		b.Write(value)
		if t.SoftLineBreak() || t.HardLineBreak() {
			b.WriteByte(' ')
		}
	})
	return strings.TrimSpace(b.String())
}

// cites are the claims that links lead to, in the order of the text, each once.
func (p *page) cites() []string {
	var ids []string
	known := map[string]bool{}
	walk(p.root, func(n ast.Node) {
		link, ok := n.(*ast.Link)
		if !ok {
			return
		}
		id, ok := strings.CutPrefix(string(link.Destination), "claim:")
		switch {
		case !ok || known[id]:
		case !isSlug(id):
			p.bad(p.nearest(link), "\""+id+"\" is no claim id", "use lower-case letters, digits and hyphens")
		default:
			known[id] = true
			ids = append(ids, id)
		}
	})
	return ids
}

// figures are the ids in braces in a node's text. In a code span braces are braces.
func (p *page) figures(n ast.Node) []string {
	var ids []string
	walk(n, func(c ast.Node) {
		t, ok := c.(*ast.Text)
		if !ok {
			return
		}
		if _, code := t.Parent().(*ast.CodeSpan); code {
			return
		}
		for _, piece := range strings.Split(string(t.Segment.Value(p.source)), "{")[1:] {
			if id, _, ok := strings.Cut(piece, "}"); ok && isSlug(id) {
				ids = append(ids, id)
			}
		}
	})
	return ids
}

// nearest is an offset in the block that an inline node stands in.
func (p *page) nearest(n ast.Node) int {
	for ; n != nil; n = n.Parent() {
		if n.Type() == ast.TypeBlock && n.Pos() >= 0 {
			return n.Pos()
		}
	}
	return 0
}

// walk visits a node and all below it, in order.
func walk(n ast.Node, visit func(ast.Node)) {
	visit(n)
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		walk(c, visit)
	}
}
