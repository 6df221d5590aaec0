package draw

// A card is one process or one object, ready to be measured and drawn: a title
// and rows of styled text. Kinds differ in what they write, not in how it is
// placed.

// span is text in one style; row is one line of them.
type span struct {
	text  string
	style Style
}

type row []span

// detail says how much of a thing to tell.
type detail int

const (
	full   detail = iota // everything, generous
	lean                 // everything, narrow
	medium               // the essential, two or three lines
	small                // narrow and low
	flat                 // one line where possible, as wide as it takes
)

type card struct {
	name   string // what links call it in words
	title  row
	named  bool   // its name stands in its row: there is no title
	border Border // none: the title is a row of its own
	framed bool
	edge   Style
	rows   []row
	left   bool // rows begin at the left; without a frame they stand in the middle else
	port   int  // the row, counted in rows, where links meet; the bar of a pipe
	least  int  // the least width, so that boxes do not jump as numbers grow
}

// frame is the cells that the border takes on each side, across and down.
func (k *card) frame() (across, down int) {
	if k.framed {
		return 2, 1
	}
	return 0, 0
}

// size is the cells wanted.
func (k *card) size() (w, h int) {
	across, down := k.frame()
	w = k.least
	for _, r := range k.rows {
		w = max(w, r.width()+2*across)
	}
	if t := k.title.width(); t > 0 && k.framed {
		w = max(w, t+6)
	} else {
		w = max(w, t)
	}
	h = len(k.rows) + 2*down
	if !k.framed && len(k.title) > 0 {
		h++
	}
	return w, h
}

// airy puts a blank line above and below what a frame holds.
func (k *card) airy() {
	if !k.framed || len(k.rows) == 0 {
		return
	}
	k.rows = append(append([]row{nil}, k.rows...), nil)
	k.port++
	k.least += 4
}

// portRow is the line of the drawn card that links should meet.
func (k *card) portRow() int {
	if k.framed || len(k.title) > 0 {
		return k.port + 1
	}
	return k.port
}

// inset is how far inside a card of width w its line at offset y begins: a link
// goes on to there, so that arrows touch a pipe's bar and not its margin.
func (k *card) inset(y, w int) int {
	if len(k.title) > 0 {
		y--
	}
	if k.framed || k.left || y < 0 || y >= len(k.rows) {
		return 0
	}
	return max((w-k.rows[y].width())/2, 0)
}

// draw fills r; what does not fit is cut.
func (k *card) draw(c *Canvas, r Rect) {
	if !k.framed {
		y := r.Y
		if len(k.title) > 0 {
			k.title.center(c, r.X, y, r.W)
			y++
		}
		for i, line := range k.rows {
			switch {
			case y+i >= r.Y+r.H:
			case k.left:
				line.draw(c, r.X, y+i, r.W)
			default:
				line.center(c, r.X, y+i, r.W)
			}
		}
		return
	}
	c.Box(r, k.border, k.edge)
	if len(k.title) > 0 && r.W > 6 {
		x := r.X + 2
		c.Put(x-1, r.Y, " ", k.edge)
		x = k.title.draw(c, x, r.Y, r.W-4)
		c.Put(x, r.Y, " ", k.edge)
	}
	for i, line := range k.rows {
		if i+1 < r.H-1 {
			line.draw(c, r.X+2, r.Y+1+i, r.W-4)
		}
	}
}

func (r row) width() int {
	n := 0
	for _, s := range r {
		n += Width(s.text)
	}
	return n
}

// draw writes the row into w cells and returns the column after it. A span of
// text fill pushes what follows to the right edge.
func (r row) draw(c *Canvas, x, y, w int) int {
	end, spare := x+w, w-r.width()
	for _, s := range r {
		if s.text == fill && spare > 0 {
			x += spare
		}
		if x >= end {
			break
		}
		x = c.Clip(x, y, end-x, s.text, s.style)
	}
	return x
}

// fill is two spaces that stretch.
const fill = "  "

func (r row) center(c *Canvas, x, y, w int) {
	off := max((w-r.width())/2, 0)
	r.draw(c, x+off, y, w-off)
}

// text is a row of one span.
func text(s string, st Style) row { return row{{s, st}} }

// wrap breaks s at spaces into lines of at most w cells, at most n of them; the
// last takes the rest and is clipped when it is drawn.
func wrap(s string, w, n int) []string {
	if Width(s) <= w || w < 1 || n <= 1 {
		return []string{s}
	}
	cut, last, cells := 0, 0, 0
	for rest := s; len(rest) > 0; {
		g, gw, next := nextGlyph(rest)
		if cells+gw > w {
			break
		}
		cells += gw
		last = len(s) - len(next)
		if g == " " {
			cut = last
		}
		rest = next
	}
	if last < len(s) && s[last] == ' ' {
		cut = last
	}
	if cut == 0 {
		cut = max(last, 1)
	}
	return append([]string{trimSpaces(s[:cut])}, wrap(trimSpaces(s[cut:]), w, n-1)...)
}

func trimSpaces(s string) string {
	for len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	for len(s) > 0 && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}
