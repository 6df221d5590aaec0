package draw

import (
	"cmp"
	"strconv"

	"ipctour/sims/scene"
)

// How a queue looks: a bar with a cell for each message that it may hold, how many
// it has, and the messages themselves, the next one to be received on top.

// queueCells is how deep a queue may be to get a cell for each message.
const queueCells = 20

func (p *painter) queueCard(o *scene.Queue, d detail, room int) card {
	label := cmp.Or(o.Label, "queue")
	k := squareCard(head(label, 20))
	if o.Path != "" && d <= medium {
		k.title = row{{head(label, 20), Strong}, {" ", Text}, {tail(o.Path, pathCells(d)), Dim}}
	}
	if o.Unnamed {
		k.title = row{{head(label, 20), Strong}, {" ", Text}, {"no name", Accent}}
	}
	if o.Gone {
		k.border = Dashed
		k.title = row{{"✗ ", Dim}, {head(label, 20), Dim.Struck()}}
		k.rows = []row{text("there is no queue", Dim)}
		return k
	}
	switch d {
	case flat:
		line := append(k.title, span{" ", Text})
		line = append(append(line, p.queueBar(o)...), span{" ", Text})
		line = append(line, queueLevel(o)...)
		return card{name: k.name, rows: []row{append(line, p.inLine(o, max(room-line.width()-8, 0))...)}}
	case small:
		k.rows = []row{p.queueBar(o), queueLevel(o)}
		if len(o.Messages) > 0 && o.Count != 0 {
			k.rows = append(k.rows, p.nextRow(o, 22))
		}
		return k
	}
	k.least = 22
	bars, port := p.tall(p.queueBar(o))
	k.rows, k.port = append(append(k.rows, bars...), queueLevel(o)), port
	k.rows = append(k.rows, p.listed(o, [...]int{full: 10, lean: 6, medium: 3}[d])...)
	if o.Note != "" && d <= lean {
		for _, line := range wrap(o.Note, 30, 2) {
			k.rows = append(k.rows, text(head(line, 30), Dim))
		}
	}
	return k
}

// queueLevel is "4 of 10 messages".
func queueLevel(o *scene.Queue) row {
	n := span{amount(int64(max(o.Count, -1))), Strong}
	if o.Depth <= 0 {
		return row{n, {" messages", Dim}}
	}
	return row{n, {" of ", Dim}, {scene.Thousands(int64(o.Depth)), Text}, {" messages", Dim}}
}

// queueBar has a cell for each message where the queue is not too deep, else its
// share, in the colour of who sent it.
func (p *painter) queueBar(o *scene.Queue) row {
	cells, depth := o.Depth, max(o.Depth, 1)
	if o.Depth <= 0 || o.Depth > queueCells {
		cells = barCells
	}
	cells = p.wide(cells)
	edge := Dim
	if o.Count > 0 {
		edge = Text
	}
	r := row{{"▐", edge}}
	switch {
	case o.Count < 0:
		r = append(r, span{blanks(cells), Dim})
	case o.Depth <= 0:
		r = append(r, span{repeat(fullCells, glyphBytes, min(o.Count, cells)), p.writer(o.ID)},
			span{repeat(emptyCells, glyphBytes, cells-min(o.Count, cells)), Dim})
	default:
		filled := share(int64(min(o.Count, depth)), int64(depth), cells)
		if filled == 0 && o.Count > 0 {
			filled = 1 // something always shows as something
		}
		for i := range filled {
			r = append(r, span{"█", p.messageHue(o, int(float64(i)/float64(cells)*float64(depth)))})
		}
		r = append(r, span{repeat(emptyCells, glyphBytes, cells-filled), Dim})
	}
	return append(r, span{"▌", edge})
}

func (p *painter) messageHue(o *scene.Queue, i int) Style {
	if i >= 0 && i < len(o.Messages) && o.Messages[i].Who != "" {
		return p.hue(o.Messages[i].Who)
	}
	return p.writer(o.ID)
}

// listed are the next messages, a row each, at most n rows.
func (p *painter) listed(o *scene.Queue, n int) []row {
	known := len(o.Messages)
	if o.Count >= 0 {
		known = min(known, o.Count)
	}
	if known == 0 {
		return nil
	}
	show, wide := known, digits(o, known)
	if known > n || o.Count > known {
		show = min(known, n-1)
	}
	rows := make([]row, 0, n)
	for i := range show {
		rows = append(rows, p.messageRow(o, i, wide, 16))
	}
	if more := max(o.Count, known) - show; more > 0 {
		rows = append(rows, text("  … and "+strconv.Itoa(more)+" more", Dim))
	}
	return rows
}

// digits is the width of the widest priority among the first n messages.
func digits(o *scene.Queue, n int) int {
	wide := 1
	for i := range min(n, len(o.Messages)) {
		wide = max(wide, len(strconv.FormatInt(o.Messages[i].Priority, 10)))
	}
	return min(wide, 6)
}

// messageRow is "▸ 31 █ fire": its priority, who sent it by colour and, where there
// is more than one sender, by name.
func (p *painter) messageRow(o *scene.Queue, i, wide, room int) row {
	m := &o.Messages[i]
	mark, st := " ", Text
	if i == 0 {
		mark, st = "▸", Strong
	}
	number := head(strconv.FormatInt(m.Priority, 10), 6)
	r := row{{mark, Accent}, {blanks(1+max(wide-len(number), 0)) + number, st}, {" ", Text}, {"█ ", p.messageHue(o, i)}, {head(m.Text, room), st}}
	if m.Who != "" && severalSenders(o) {
		r = append(r, span{fill, Text}, span{head(p.called(m.Who), 8), p.hue(m.Who)})
	}
	return r
}

// nextRow is the next message and the priorities of those after it, in so many
// cells: "▸ 31 fire · 1 · 1".
func (p *painter) nextRow(o *scene.Queue, room int) row {
	m := &o.Messages[0]
	r := row{{"▸ ", Accent}, {head(strconv.FormatInt(m.Priority, 10), 6), Strong}}
	if m.Text != "" {
		r = append(r, span{" " + head(m.Text, 12), p.messageHue(o, 0)})
	}
	for i := 1; i < len(o.Messages) && (o.Count < 0 || i < o.Count); i++ {
		number := head(strconv.FormatInt(o.Messages[i].Priority, 10), 6)
		if r.width()+3+len(number) > room-1 {
			return append(r, span{" …", Dim})
		}
		r = append(r, span{" · ", Dim}, span{number, p.messageHue(o, i)})
	}
	return r
}

func severalSenders(o *scene.Queue) bool {
	for i := range o.Messages {
		if o.Messages[i].Who != o.Messages[0].Who {
			return true
		}
	}
	return false
}

// inLine is the messages one after another, as many as fit: [31 fire][1 mail].
func (p *painter) inLine(o *scene.Queue, room int) row {
	r := row{{" ", Text}}
	for i := range o.Messages {
		m := &o.Messages[i]
		said := head(strconv.FormatInt(m.Priority, 10), 6)
		if m.Text != "" {
			said += " " + head(m.Text, 12)
		}
		if r.width()+Width(said)+2 > room {
			return append(r, span{"…", Dim})
		}
		r = append(r, span{"[", Dim}, span{said, p.messageHue(o, i)}, span{"]", Dim})
	}
	return r
}
