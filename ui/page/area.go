package page

// This file holds what pages draw with: an area of the canvas that clips, and
// lines of styled text that wrap.

import (
	"slices"
	"strings"

	"ipctour/ui/draw"
)

// area is a rectangle of the canvas. Nothing that is put into it leaves it.
type area struct {
	c *draw.Canvas
	draw.Rect
}

func on(c *draw.Canvas, r draw.Rect) area {
	r.W, r.H = max(r.W, 0), max(r.H, 0)
	return area{c, r}
}

// part is the rectangle at (x, y) of this one, cut to what is inside.
func (a area) part(x, y, w, h int) area {
	x, y = max(x, 0), max(y, 0)
	return area{a.c, draw.Rect{X: a.X + x, Y: a.Y + y, W: max(0, min(w, a.W-x)), H: max(0, min(h, a.H-y))}}
}

// put writes text at (x, y), cut with … at the right edge, and returns the column after it.
func (a area) put(x, y int, text string, st draw.Style) int {
	if x < 0 || y < 0 || y >= a.H || x >= a.W {
		return x
	}
	return a.c.Clip(a.X+x, a.Y+y, a.W-x, text, st) - a.X
}

// right writes text so that it ends at the right edge; not at all where it does not fit after column from.
func (a area) right(y int, text string, st draw.Style, from int) {
	if x := a.W - draw.Width(text); x >= from {
		a.put(x, y, text, st)
	}
}

// span is text in one style; a line is spans from left to right.
type span struct {
	text  string
	style draw.Style
}

type line []span

func styled(text string, st draw.Style) line { return line{{text, st}} }

// width is the number of cells that a line fills.
func (l line) width() (n int) {
	for _, s := range l {
		n += draw.Width(s.text)
	}
	return n
}

// line writes a line at (x, y).
func (a area) line(x, y int, l line) int {
	for _, s := range l {
		x = a.put(x, y, s.text, s.style)
	}
	return x
}

// lines writes from row y on and returns the row after the last.
func (a area) lines(y int, ls []line) int {
	for _, l := range ls {
		if y >= a.H {
			break
		}
		a.line(0, y, l)
		y++
	}
	return y
}

// wrap breaks a line at spaces so that it fits into w cells; a word that is
// longer is broken where it must be. Lines after the first are indented.
func (l line) wrap(w, indent int) []line {
	if w < 1 {
		return nil
	}
	if indent >= w {
		indent = 0
	}
	var out []line
	var now line
	used, fresh := 0, true
	flush := func() {
		out = append(out, now)
		now, used, fresh = nil, 0, true
		if indent > 0 {
			now, used = line{{strings.Repeat(" ", indent), draw.Text}}, indent
		}
	}
	for _, s := range l {
		for _, word := range words(s.text) {
			wide := draw.Width(word)
			if word == " " {
				if !fresh && used < w {
					now, used = append(now, span{" ", s.style}), used+1
				}
				continue
			}
			if used+wide > w && !fresh {
				flush()
			}
			for wide > w-used {
				head, tail := cutAt(word, w-used)
				if head == "" {
					break
				}
				now = append(now, span{head, s.style})
				flush()
				word, wide = tail, draw.Width(tail)
			}
			now, used, fresh = append(now, span{word, s.style}), used+wide, false
		}
	}
	if !fresh || len(out) == 0 {
		out = append(out, now)
	}
	return out
}

// cutLines is the first rows of lines; the last of them says where more would follow.
func cutLines(ls []line, rows int) []line {
	if len(ls) <= rows || rows < 1 {
		return ls
	}
	ls = slices.Clone(ls[:rows])
	last := slices.Clone(ls[rows-1])
	if n := len(last); n > 0 {
		last[n-1].text = strings.TrimRight(last[n-1].text, " ") + " …"
	}
	ls[rows-1] = last
	return ls
}

// words splits text into words and single spaces.
func words(text string) []string {
	var out []string
	for len(text) > 0 {
		i := strings.IndexAny(text, " \n\t")
		switch {
		case i < 0:
			return append(out, text)
		case i > 0:
			out = append(out, text[:i])
		}
		out, text = append(out, " "), text[i+1:]
	}
	return out
}

// cutAt takes as many whole runes as fit into w cells.
func cutAt(s string, w int) (head, tail string) {
	for i := range s {
		if i > 0 && draw.Width(s[:i]) > w {
			return prefixBefore(s, i)
		}
	}
	return s, ""
}

func prefixBefore(s string, i int) (head, tail string) {
	last := 0
	for j := range s[:i] {
		last = j
	}
	return s[:last], s[last:]
}

// paragraph is plain text wrapped.
func paragraph(text string, w int, st draw.Style) []line { return styled(text, st).wrap(w, 0) }

// bar is a progress bar of w cells: what is done, and what is not yet.
func bar(part, whole, w int) (full, empty string) {
	n := 0
	if whole > 0 {
		n = part * w / whole
	}
	if part > 0 && n == 0 {
		n = 1
	}
	return strings.Repeat("━", n), strings.Repeat("─", w-n)
}

// hang wraps a line that begins with indent blanks, and keeps them on each row.
func (l line) hang(w, indent int) []line {
	if indent >= w || len(l) == 0 {
		return l.wrap(w, 0)
	}
	rows := l[1:].wrap(w-indent, 0)
	for i := range rows {
		rows[i] = append(line{{spaces(indent), draw.Text}}, rows[i]...)
	}
	return rows
}

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }
