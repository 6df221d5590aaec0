package draw

import (
	"cmp"
	"slices"
	"strings"

	"ipctour/sims/scene"
)

// How a pipe looks: its buffer as a bar with a cell for each page, what is in
// it, and how many hold its ends. No frame: the bar is the object.

// barCells is the usual width of a bar: the 16 pages of a default pipe.
const barCells = 16

const (
	fullCells  = "████████████████████████████████████████████████"
	emptyCells = "░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░"
	glyphBytes = len("█")
)

func (p *painter) pipeCard(o *scene.Pipe, d detail) card {
	label := o.Label
	if label == "" {
		label = "pipe"
	}
	k := card{name: label}
	k.title = text(label, Strong)
	if o.Path != "" {
		k.title = row{{label, Strong}, {" ", Text}, {tail(o.Path, pathCells(d)), Dim}}
	}
	bar := p.pipeBar(o, cmp.Or(p.cells, barCells))
	level := row{{amount(o.Queued), Strong}, {" of ", Dim}, {known(o.Capacity), Text}, {" B", Dim}}
	if o.Gone {
		level = text("gone: nobody holds it", Dim)
	}
	switch d {
	case flat:
		if p.beside && !o.Gone { // what it may hold is in the bar
			level = text(amount(o.Queued)+" B", Text)
		}
		line := append(k.title, span{" ", Text})
		line = append(append(line, bar...), span{" ", Text})
		return card{name: label, rows: []row{append(line, level...)}}
	case small:
		level = text(amount(o.Queued)+" B", Text)
		if o.Gone {
			level = text("gone", Dim)
		}
		k.rows, k.port = p.tall(bar)
		k.rows = append(k.rows, level)
		return k
	}
	if d <= lean {
		k.least = 24 // as wide as "at least 12 of 16 pages", so that nothing jumps
	}
	if p.tight {
		k.least = len("65,536 B")
		if level = text(amount(o.Queued)+" B", Strong); o.Gone {
			level = text("gone", Dim)
		}
	}
	k.rows, k.port = p.tall(bar)
	k.rows = append(k.rows, level)
	if d <= lean && !o.Gone {
		k.rows = append(k.rows, text(pages(o), Dim))
		k.rows = append(k.rows, text(count(o.Writers, "writer")+" · "+count(o.Readers, "reader"), endStyle(o)))
	}
	return k
}

// tall is a bar as high as bars are in this layout, and the first of its lines that
// links meet. What is written in it stands in the middle.
func (p *painter) tall(bar row) (rows []row, port int) {
	n := max(p.bars, 1)
	port = (n - 1) / 2
	rows = make([]row, n, n+3)
	for i := range rows {
		rows[i] = bar
		if i != port {
			rows[i] = edgeOf(bar)
		}
	}
	return rows, port
}

// wide is so many cells of a bar of another kind, as much wider as those of pipes are.
func (p *painter) wide(cells int) int {
	return min(cells*max(p.cells, barCells)/barCells, len(fullCells)/glyphBytes)
}

// edgeOf is a bar without what is written in it.
func edgeOf(bar row) row {
	r := slices.Clone(bar)
	for i, s := range r {
		if g, _, _ := nextGlyph(s.text + " "); !strings.Contains("█░▄▐▌▒│●", g) {
			r[i].text = blanks(Width(s.text))
		}
	}
	return r
}

func pathCells(d detail) int {
	if d == full || d == flat {
		return 30
	}
	return 18
}

// endStyle brings out a pipe that has lost one side: the next use of it is an
// end of file or a SIGPIPE.
func endStyle(o *scene.Pipe) Style {
	if o.Writers == 0 || o.Readers == 0 {
		return Accent
	}
	return Dim
}

// known is a size that is 0 when nobody could say.
func known(n int64) string {
	if n <= 0 {
		return "?"
	}
	return scene.Thousands(n)
}

// pages says how many pages are taken. The kernel tells bytes, not pages: a
// short write may leave the rest of its page empty (pipe(7)), so unless the
// pipe is empty, every page must be taken, or the lesson knows, bytes give only a
// lower bound.
func pages(o *scene.Pipe) string {
	slots := o.Slots()
	if slots <= 0 || o.Queued < 0 {
		return "? pages"
	}
	used := o.Queued / o.Page
	if o.Queued%o.Page != 0 {
		used++
	}
	of := " of " + amount(slots) + " pages"
	if o.Taken > 0 {
		return amount(min(o.Taken, slots)) + of
	}
	if used == 0 || used >= slots {
		return amount(used) + of
	}
	return "at least " + amount(used) + of
}

// pipeBar is the buffer. Readable bytes that fit are shown as themselves,
// oldest first; else the bar is filled by the share that is taken.
func (p *painter) pipeBar(o *scene.Pipe, cells int) row {
	edge := Dim
	if o.Queued > 0 {
		edge = Text
	}
	r := make(row, 0, 6)
	r = append(r, span{"▐", edge})
	switch {
	case o.Gone:
		r = append(r, span{blanks(cells), Dim})
	case o.Queued < 0:
		r = append(r, span{strings.Repeat("?", cells), Dim})
	case readable(o, cells):
		r = p.appendLetters(r, o, cells)
	default:
		r = p.appendFill(r, o, cells)
	}
	return append(r, span{"▌", edge})
}

// readable reports whether the segments are all of what is queued, as text,
// and short enough for the bar.
func readable(o *scene.Pipe, cells int) bool {
	n, width := int64(0), 0
	for i := range o.Segments {
		s := &o.Segments[i]
		if s.Text == "" || s.Bytes > int64(cells) {
			return false
		}
		n += max(s.Bytes, 0)
		width += Width(s.Text)
		if width > cells {
			return false
		}
	}
	return n > 0 && n == o.Queued
}

func (p *painter) appendLetters(r row, o *scene.Pipe, cells int) row {
	for i := range o.Segments {
		s := &o.Segments[i]
		r = append(r, span{s.Text, p.segmentHue(s, o.ID).Bold()})
		cells -= Width(s.Text)
	}
	return append(r, span{repeat(emptyCells, glyphBytes, cells), Dim})
}

// appendFill draws whole, part and empty cells. Something always shows as
// something, and what is not full never shows as full.
func (p *painter) appendFill(r row, o *scene.Pipe, cells int) row {
	capacity := o.Capacity
	if capacity <= 0 {
		capacity = max(o.Queued, 1)
	}
	queued := min(o.Queued, capacity)
	whole := share(queued, capacity, cells)
	part := whole < cells && queued > 0 && float64(whole)*float64(capacity) < float64(queued)*float64(cells)
	if o.Capacity <= 0 && o.Queued > 0 { // some bytes, of how many nobody knows
		whole, part = 0, true
	}
	if slots := o.Slots(); o.Taken > 0 && slots > 0 && o.Queued/o.Page < min(o.Taken, slots)-1 { // none of the pages is full
		taken := share(min(o.Taken, slots), slots, cells)
		r = append(r, span{strings.Repeat("▄", taken), p.lastHue(o)})
		return append(r, span{repeat(emptyCells, glyphBytes, cells-taken), Dim})
	}
	r = p.appendWhole(r, o, whole, cells)
	if part {
		r = append(r, span{"▄", p.lastHue(o)})
		whole++
	}
	return append(r, span{repeat(emptyCells, glyphBytes, cells-whole), Dim})
}

// appendWhole colours the full cells by who wrote the bytes in them.
func (p *painter) appendWhole(r row, o *scene.Pipe, whole, cells int) row {
	if len(o.Segments) == 0 || o.Capacity <= 0 {
		return append(r, span{repeat(fullCells, glyphBytes, whole), p.writer(o.ID)})
	}
	perCell := float64(o.Capacity) / float64(cells)
	at, i, end := 0, 0, o.Segments[0].Bytes
	for at < whole {
		from, st := at, p.segmentHue(&o.Segments[i], o.ID)
		for at < whole && (float64(at)*perCell < float64(end) || i == len(o.Segments)-1) {
			at++
		}
		if at > from {
			r = append(r, span{repeat(fullCells, glyphBytes, at-from), st})
		}
		if i < len(o.Segments)-1 {
			i++
			end += o.Segments[i].Bytes
		}
	}
	return r
}

func (p *painter) segmentHue(s *scene.Segment, key string) Style {
	if s.Who == "" {
		return p.writer(key)
	}
	return p.hue(s.Who)
}

func (p *painter) lastHue(o *scene.Pipe) Style {
	if n := len(o.Segments); n > 0 {
		return p.segmentHue(&o.Segments[n-1], o.ID)
	}
	return p.writer(o.ID)
}

// tail keeps the end of a path, which tells more than its beginning.
func tail(path string, w int) string {
	if Width(path) <= w {
		return path
	}
	for Width(path) > w-1 {
		_, _, path = nextGlyph(path)
	}
	return "…" + path
}
