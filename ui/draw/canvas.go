package draw

import (
	"strconv"
	"strings"
)

// Canvas is a grid of cells. It is the only place that makes escape codes and
// the only way by which text reaches the screen, so no text needs care before
// it is put here. Everything outside the grid is dropped.
type Canvas struct {
	W, H  int
	cells []cell
	theme Theme
	ascii bool
}

// cell is one column of one line. A wide glyph has its text in the first of
// its two cells; the second has the flag tail and no text.
type cell struct {
	glyph string // empty is a space
	style Style
	tail  bool
}

// Rect is a part of a canvas, in cells.
type Rect struct{ X, Y, W, H int }

// ASCII reports whether only ASCII characters are drawn.
func (c *Canvas) ASCII() bool { return c.ascii }

// NewCanvas is a blank canvas; a negative size counts as 0.
func NewCanvas(w, h int, theme Theme, ascii bool) *Canvas {
	w, h = max(w, 0), max(h, 0)
	return &Canvas{W: w, H: h, cells: make([]cell, w*h), theme: theme, ascii: ascii}
}

// Put sets one cell, or two for a wide glyph: one glyph of our own, from code.
func (c *Canvas) Put(x, y int, glyph string, st Style) { c.put(x, y, glyph, 1, st) }

func (c *Canvas) put(x, y int, glyph string, width int, st Style) {
	if y < 0 || y >= c.H || x < 0 || x+width > c.W {
		return
	}
	if c.ascii {
		glyph = toASCII(glyph)
	}
	c.split(x, y)
	c.split(x+width, y)
	i := y*c.W + x
	c.cells[i] = cell{glyph: glyph, style: st}
	if width == 2 {
		c.cells[i+1] = cell{glyph: "", style: st, tail: !c.ascii}
		if c.ascii {
			c.cells[i+1].glyph = glyph
		}
	}
}

// split blanks the wide glyph that would be cut by a write starting at x.
func (c *Canvas) split(x, y int) {
	if x <= 0 || x >= c.W || !c.cells[y*c.W+x].tail {
		return
	}
	c.cells[y*c.W+x-1] = cell{}
	c.cells[y*c.W+x] = cell{}
}

// Text writes s from (x, y) and returns the column after it. It never wraps:
// what does not fit on the canvas is cut, a wide glyph as a whole.
func (c *Canvas) Text(x, y int, s string, st Style) int {
	return c.text(x, y, c.W-x, s, st)
}

// Clip writes s into at most w cells, with … in the last where it is cut.
func (c *Canvas) Clip(x, y, w int, s string, st Style) int {
	if w <= 0 {
		return x
	}
	if Width(s) <= w {
		return c.text(x, y, w, s, st)
	}
	x = c.text(x, y, w-1, s, st)
	c.Put(x, y, "…", st)
	return x + 1
}

func (c *Canvas) text(x, y, room int, s string, st Style) int {
	for len(s) > 0 {
		g, w, rest := nextGlyph(s)
		if w > room {
			break
		}
		c.put(x, y, g, w, st)
		x, room, s = x+w, room-w, rest
	}
	return x
}

// Blank reports whether nothing has been put at (x, y); outside is not blank.
func (c *Canvas) Blank(x, y int) bool {
	if x < 0 || y < 0 || x >= c.W || y >= c.H {
		return false
	}
	at := &c.cells[y*c.W+x]
	return at.glyph == "" && !at.tail
}

// HLine repeats a glyph to the right.
func (c *Canvas) HLine(x, y, n int, glyph string, st Style) {
	for i := range n {
		c.Put(x+i, y, glyph, st)
	}
}

// Border is the glyphs of a frame: corners clockwise from the top left, then
// the horizontal and the vertical.
type Border [6]string

// Rounded frames are processes, square ones are objects of the kernel; dashed
// is what is not there yet or any more.
var (
	Rounded = Border{"╭", "╮", "╯", "╰", "─", "│"}
	Square  = Border{"┌", "┐", "┘", "└", "─", "│"}
	Dashed  = Border{"╭", "╮", "╯", "╰", "╌", "┆"}
)

// Box draws a frame just inside r.
func (c *Canvas) Box(r Rect, b Border, st Style) {
	if r.W < 2 || r.H < 2 {
		return
	}
	right, bottom := r.X+r.W-1, r.Y+r.H-1
	c.HLine(r.X+1, r.Y, r.W-2, b[4], st)
	c.HLine(r.X+1, bottom, r.W-2, b[4], st)
	for y := r.Y + 1; y < bottom; y++ {
		c.Put(r.X, y, b[5], st)
		c.Put(right, y, b[5], st)
	}
	c.Put(r.X, r.Y, b[0], st)
	c.Put(right, r.Y, b[1], st)
	c.Put(right, bottom, b[2], st)
	c.Put(r.X, bottom, b[3], st)
}

// Used is how many lines are not blank, counted from the top to the last.
func (c *Canvas) Used() int {
	for i := len(c.cells) - 1; i >= 0; i-- {
		if c.cells[i].glyph != "" {
			return i/c.W + 1
		}
	}
	return 0
}

// String is the canvas with 24-bit SGR codes: H lines of exactly W cells, each
// with the codes it needs and reset at its end, joined by newlines.
func (c *Canvas) String() string {
	var b strings.Builder
	b.Grow(len(c.cells)*4 + 64)
	var num [4]byte
	for y := range c.H {
		if y > 0 {
			b.WriteByte('\n')
		}
		last := Text
		for _, at := range c.cells[y*c.W : (y+1)*c.W] {
			if at.tail {
				continue
			}
			if at.style != last && (at.glyph != "" || at.style&struck != last&struck) {
				c.sgr(&b, at.style, num[:0])
				last = at.style
			}
			if at.glyph == "" {
				b.WriteByte(' ')
			} else {
				b.WriteString(at.glyph)
			}
		}
		if last != Text {
			b.WriteString("\x1b[m")
		}
	}
	return b.String()
}

// sgr resets and sets everything a style needs, so that styles need no order.
func (c *Canvas) sgr(b *strings.Builder, st Style, num []byte) {
	b.WriteString("\x1b[0")
	color := c.theme.color(st)
	if st&bold != 0 {
		b.WriteString(";1")
	}
	if st&hueMask == Dim && !color.Set {
		b.WriteString(";2")
	}
	if st&struck != 0 {
		b.WriteString(";9")
	}
	if color.Set {
		b.WriteString(";38;2;")
		b.Write(strconv.AppendUint(num, uint64(color.R), 10))
		b.WriteByte(';')
		b.Write(strconv.AppendUint(num, uint64(color.G), 10))
		b.WriteByte(';')
		b.Write(strconv.AppendUint(num, uint64(color.B), 10))
	}
	b.WriteByte('m')
}

// Plain is the canvas without any escape code; lines have no trailing spaces.
func (c *Canvas) Plain() string {
	var b strings.Builder
	b.Grow(len(c.cells) + len(c.cells)/2)
	for y := range c.H {
		if y > 0 {
			b.WriteByte('\n')
		}
		spaces := 0
		for _, at := range c.cells[y*c.W : (y+1)*c.W] {
			switch {
			case at.tail:
			case at.glyph == "" || at.glyph == " ":
				spaces++
			default:
				for ; spaces > 0; spaces-- {
					b.WriteByte(' ')
				}
				b.WriteString(at.glyph)
			}
		}
	}
	return b.String()
}
