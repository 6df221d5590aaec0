package draw

import (
	"strings"

	"ipctour/sims/scene"
)

// How a byte stream looks: what was sent over what was read, byte under byte,
// and between them a ruler with a mark at every edge: ┸ where a write ended, ┰
// where a read ended, ╂ where both did. Framing is whether the marks agree.
func (p *painter) streamCard(o *scene.Stream, d detail, room int) card {
	k := squareCard(o.Label)
	lead, around := "", 14
	if d == flat { // no frame: the label stands before the bars
		lead = head(o.Label, 18) + "  "
		k = card{name: k.name, left: true}
		around = 8
	}
	total := max(sum(o.Sent), sum(o.Reads), min(o.Whole, maxBytes))
	cells := int(min(total, int64(max(min(room-around-Width(lead), 60), 8))))
	switch {
	case total > 0:
	case d == flat:
		k.rows = []row{{{lead, Strong}, {"nothing sent yet", Dim}}}
		return k
	default:
		k.rows = []row{text("nothing sent yet", Dim)}
		return k
	}
	if d == small && room < narrowStream && total > int64(cells) {
		k.rows = []row{{{amount(sum(o.Sent)), Strong}, {" sent, ", Dim}, {amount(sum(o.Reads)), Strong}, {" read", Dim}}}
		return k
	}
	gap := blanks(Width(lead))
	k.rows = []row{
		append(row{{lead, Strong}, {"sent  ", Dim}}, p.segments(o.Sent, total, cells)...),
		{{gap + "      ", Dim}, {ruler(o, total, cells), Accent}},
		append(row{{gap + "read  ", Dim}}, p.segments(o.Reads, total, cells)...),
	}
	if d < small {
		k.rows = append(k.rows,
			row{{count(len(o.Sent), "write"), Text}, {lengths(o.Sent), Dim}},
			row{{count(len(o.Reads), "read"), Text}, {lengths(o.Reads), Dim}})
	}
	k.port = 1
	return k
}

// narrowStream is the width below which a stream of many bytes is told in numbers:
// what is left for its bars there says little.
const narrowStream = 48

// sum is all bytes of the segments. A size that no stream can have (a scene may
// come from a hostile file) counts as the largest that adds up safely.
func sum(segs []scene.Segment) (n int64) {
	for i := range segs {
		n = min(n+min(max(segs[i].Bytes, 0), maxBytes), maxBytes)
	}
	return n
}

const maxBytes = 1 << 53 // exact as a float64

// share is how many of cells n is, when total is all of them, rounded down.
func share(n, total int64, cells int) int {
	if total <= 0 || n <= 0 {
		return 0
	}
	return min(int(float64(n)/float64(total)*float64(cells)), cells)
}

// segments shows each stretch as its text where there is a cell for each byte,
// else as a bar of its share.
func (p *painter) segments(segs []scene.Segment, total int64, cells int) row {
	r, at := make(row, 0, len(segs)+1), 0
	for i := range segs {
		s := &segs[i]
		end := share(sum(segs[:i+1]), total, cells)
		st := Text
		if s.Who != "" {
			st = p.hue(s.Who)
		}
		if total == int64(cells) && Width(s.Text) == end-at {
			r = append(r, span{s.Text, st})
		} else {
			r = append(r, span{strings.Repeat("▒", end-at), st})
		}
		at = end
	}
	return append(r, span{strings.Repeat("·", cells-at), Dim})
}

// ruler marks the last cell of every write and of every read.
func ruler(o *scene.Stream, total int64, cells int) string {
	marks := make([]byte, cells)
	edges := func(segs []scene.Segment, bit byte) {
		for i := range segs {
			if at := share(sum(segs[:i+1]), total, cells); at > 0 {
				marks[at-1] |= bit
			}
		}
	}
	edges(o.Sent, 1)
	edges(o.Reads, 2)
	var b strings.Builder
	for _, m := range marks {
		b.WriteString([...]string{"─", "┸", "┰", "╂"}[m])
	}
	return b.String()
}

// lengths is ": 4, 4, 6 B", cut after a few.
func lengths(segs []scene.Segment) string {
	if len(segs) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(": ")
	for i := range segs {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == 6 {
			b.WriteString("…")
			break
		}
		b.WriteString(amount(segs[i].Bytes))
	}
	b.WriteString(" B")
	return b.String()
}
