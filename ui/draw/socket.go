package draw

import (
	"cmp"
	"strconv"
	"strings"

	"ipctour/sims/scene"
)

// How a socket looks. A connection is its buffers, a bar for each way, with the
// edges of messages where the type keeps them. One that listens is a frame with
// its name and the queue of connections that nobody has accepted yet.

const (
	wayCells  = 16 // a bar's width
	wideCells = 26 // of one that is to show more text
	mostSlots = 8  // drawn of a queue
)

func (p *painter) socketCard(o *scene.Socket, d detail, room int) card {
	if o.Listens {
		return p.listenerCard(o, d)
	}
	if d == flat && p.beside && !o.Gone {
		return p.socketLine(o, room)
	}
	label := o.Label
	if label == "" {
		label = "socket"
	}
	k := card{name: label, title: text(label, Strong)}
	if o.Type != "" && o.Type != label {
		k.title = append(k.title, span{" " + o.Type, Dim})
	}
	if o.Path != "" && d < small {
		k.title = append(k.title, span{" " + tail(o.Path, pathCells(d)), Dim})
	}
	if o.Gone {
		k.rows = []row{text("gone: nobody holds it", Dim)}
		return k
	}
	if len(o.Ways) == 0 { // a lesson that is not about its buffers
		k.border, k.framed, k.edge = Square, true, Dim
		k.rows = []row{text(head(o.Note, 34), Text)}
		return k
	}
	cells := wayCells
	for i := range o.Ways {
		cells = max(cells, min(o.Ways[i].Expect, wideCells, room/3))
	}
	cells = p.wide(cells)
	if len(o.Ways) > 1 { // one above the other
		p.bars = min(p.bars, 3)
	}
	for i := range o.Ways {
		k.rows = append(k.rows, p.wayRows(o, &o.Ways[i], d, cells, i == 0)...)
	}
	if d < small {
		k.port = (max(p.bars, 1) - 1) / 2
	}
	switch {
	case o.Note == "":
	case d < small:
		k.rows = append(k.rows, text(head(o.Note, 34), Text))
	case len(k.rows) > 0:
		k.rows[0] = append(k.rows[0], span{"  " + head(o.Note, 34), Text})
	}
	if d == flat && len(k.rows) > 0 {
		return card{name: label, rows: k.rows}
	}
	if d < medium {
		k.least = 24 // so that nothing jumps as numbers grow
	}
	return k
}

// socketLine is a line for each way, or one for what is said where nothing waits in it.
func (p *painter) socketLine(o *scene.Socket, room int) card {
	label := o.Label
	k := card{name: cmp.Or(label, "socket")}
	if label == "socket" || strings.HasPrefix(label, "connection") {
		label = ""
	}
	if note := head(o.Note, 30); note != "" && (len(o.Ways) == 0 || len(o.Ways) == 1 && o.Ways[0].Queued == 0) {
		k.rows = []row{{{"▐ ", Dim}, {label, Strong}, {"  "[:min(2*len(label), 2)], Text}, {note, Text}, {" ▌", Dim}}}
		return k
	}
	for i := range o.Ways {
		if label != "" {
			bar := p.wayBar(o, &o.Ways[i], max(12, min(o.Ways[i].Expect, wideCells, room/3)))
			k.rows = append(k.rows, append(row{{label, Strong}, {" ", Text}}, bar...))
			continue
		}
		if w := &o.Ways[i]; len(o.Ways) == 1 { // no arrow needed
			level := wayLevel(o, w)
			if len(w.Flying) > 0 {
				level = "+" + strconv.Itoa(len(w.Flying)) + " fd"
			}
			k.rows = append(k.rows, append(p.wayBar(o, w, 12), span{" " + level, Text}))
			continue
		}
		k.rows = append(k.rows, p.wayRows(o, &o.Ways[i], flat, wayCells, i == 0)...)
	}
	if len(k.rows) == 0 {
		k.rows = []row{text(k.name, Strong)}
	}
	return k
}

// wayRows is one way: its bar, and who sends to whom how much.
func (p *painter) wayRows(o *scene.Socket, w *scene.Way, d detail, cells int, first bool) []row {
	if d >= small && cells == wayCells {
		cells = 12
	}
	bar := p.wayBar(o, w, cells)
	level := wayLevel(o, w)
	if d >= small {
		arrow := "→ "
		if !first {
			arrow = "← "
		}
		line := append(row{{arrow, p.hue(w.From)}}, bar...)
		line = append(line, span{" " + level, Text})
		if len(w.Flying) > 0 {
			line = append(line, span{" +" + strconv.Itoa(len(w.Flying)) + " fd", Accent})
		}
		return []row{line}
	}
	said := row{{head(w.From, 10), p.hue(w.From)}, {" → ", Dim}, {head(w.To, 10), p.hue(w.To)}, {" ", Text}, {level, Strong}}
	rows, _ := p.tall(bar)
	rows = append(rows, said)
	for i, f := range w.Flying {
		if i == 3 {
			rows = append(rows, text("and "+strconv.Itoa(len(w.Flying)-3)+" more", Dim))
			break
		}
		rows = append(rows, row{{"in flight ", Dim}, {"⟦" + head(f, 20) + "⟧", Accent}})
	}
	return rows
}

// wayLevel is "12 B", or "3 messages" where edges are kept and known.
func wayLevel(o *scene.Socket, w *scene.Way) string {
	switch {
	case w.Queued < 0:
		return "? B"
	case o.Edges() && o.Told(*w) && len(w.Messages) > 0:
		return count(len(w.Messages), "message")
	case o.Type == "DGRAM" && w.Queued > 0:
		return "next: " + amount(w.Queued) + " B"
	}
	return amount(w.Queued) + " B"
}

// wayBar shows what lies in the buffer: as text where it is known and fits, else by
// the share that is taken of what may be.
func (p *painter) wayBar(o *scene.Socket, w *scene.Way, cells int) row {
	edge := Dim
	if w.Queued > 0 || len(w.Flying) > 0 {
		edge = Text
	}
	r := row{{"▐", edge}}
	switch texts, ok := wayTexts(o, w, cells); {
	case w.Queued < 0:
		r = append(r, span{strings.Repeat("?", cells), Dim})
	case ok:
		used := 0
		for i, t := range texts {
			if i > 0 && o.Edges() {
				r = append(r, span{"│", Accent})
				used++
			}
			r = append(r, span{t, p.wayHue(w, i).Bold()})
			used += Width(t)
		}
		r = append(r, span{repeat(emptyCells, glyphBytes, cells-used), Dim})
	default:
		whole := share(w.Queued, max(w.Limit, w.Queued, 1), cells)
		if w.Limit <= 0 {
			whole = 0
		}
		r = append(r, span{repeat(fullCells, glyphBytes, whole), p.hue(w.From)})
		if whole < cells && w.Queued > 0 && (whole == 0 || w.Limit > 0 && w.Queued < w.Limit) {
			r = append(r, span{"▄", p.hue(w.From)})
			whole++
		}
		r = append(r, span{repeat(emptyCells, glyphBytes, cells-whole), Dim})
	}
	return append(r, span{"▌", edge})
}

// wayTexts is the messages as text, if they are all that lies there and fit.
func wayTexts(o *scene.Socket, w *scene.Way, cells int) ([]string, bool) {
	if len(w.Messages) == 0 || !o.Told(*w) {
		return nil, false
	}
	var texts []string
	width := 0
	for i := range w.Messages {
		t := w.Messages[i].Text
		if t == "" && w.Messages[i].Bytes > 0 {
			return nil, false
		}
		if i > 0 && o.Edges() {
			width++
		}
		if width += Width(t); width > cells {
			return nil, false
		}
		texts = append(texts, t)
	}
	return texts, true
}

func (p *painter) wayHue(w *scene.Way, i int) Style {
	if who := w.Messages[i].Who; who != "" {
		return p.hue(who)
	}
	return p.hue(w.From)
}

// listenerCard is a socket that takes connections.
func (p *painter) listenerCard(o *scene.Socket, d detail) card {
	label := o.Label
	if o.Path != "" {
		label = tail(o.Path, 24)
	}
	k := squareCard(label)
	k.name = label
	if d == flat && p.beside {
		return card{name: label, rows: []row{listenerLine(o, label)}}
	}
	if d < medium {
		k.least = 24
	}
	if o.Gone {
		k.border = Dashed
		k.rows = []row{text("nobody listens", Accent)}
	} else {
		k.rows = append(k.rows, queueRow(o, d))
		k.port = 0
	}
	switch {
	case o.Path == "" || d >= small:
	case o.Removed:
		k.rows = append(k.rows, row{{"✗ ", Fail}, {"no such name", Text}})
	case o.Abstract():
		k.rows = append(k.rows, text("abstract: in no folder", Dim))
	default:
		k.rows = append(k.rows, text("the name is there", Dim))
	}
	if o.Removed && d < small {
		k.title = row{{label, Dim.Struck()}}
	}
	if d <= lean && o.Note != "" {
		k.rows = append(k.rows, text(head(o.Note, 34), Dim))
	}
	return k
}

// listenerLine is a socket that takes connections in one line.
func listenerLine(o *scene.Socket, label string) row {
	switch {
	case o.Gone && o.Removed:
		return row{{label, Dim.Struck()}, {" no such name", Text}}
	case o.Gone:
		return row{{label, Dim}, {" nobody listens", Accent}}
	case o.Removed:
		return row{{label, Dim.Struck()}, {" ", Text}, {amount(int64(o.Waiting)), Strong}, {" waiting", Dim}}
	}
	return row{{label, Strong}, {" ", Text}, {amount(int64(o.Waiting)), Strong}, {" waiting", Dim}}
}

// queueRow is the queue of listen(2), a mark for each connection that waits.
func queueRow(o *scene.Socket, d detail) row {
	slots := min(max(o.Backlog, 0), mostSlots-1) + 1
	waiting := min(max(o.Waiting, 0), mostSlots)
	r := row{{"listens ", Dim}}
	if d < medium {
		r = append(r, span{strings.Repeat("●", waiting), Accent}, span{strings.Repeat("○", max(slots-waiting, 0)), Dim}, span{" ", Text})
	}
	return append(r, span{amount(int64(o.Waiting)), Strong}, span{" waiting", Dim})
}
