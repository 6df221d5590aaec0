package draw

import "slices"

// Giving places: the ranks of a block one after another along the direction of
// the data, the nodes of a rank side by side across it. The same code makes
// columns (data runs to the right) and rows (data runs down); only axis.point
// knows which.

type axis bool

const (
	across axis = false // data runs left to right
	down   axis = true  // data runs top to bottom
)

// point is the cell for a place along and across.
func (x axis) point(a, b int) (col, line int) {
	if x == down {
		return b, a
	}
	return a, b
}

// placed is a block with a place for everything in it.
type placed struct {
	*block
	axis     axis
	la, lb   int   // cells along and across
	gaps     []int // after each rank
	starts   []int // of each rank, along
	lens     []int // of each rank, along
	pads     []pads
	channels []int // turns side by side in each gap
	cramped  bool  // a gap is about as short as it can be
}

// pads are the cells that labels take at the two ends of a gap.
type pads struct{ low, high int }

// size is the width and height in cells.
func (b *placed) size() (w, h int) {
	if b.axis == down {
		return b.lb, b.la
	}
	return b.la, b.lb
}

// place lays a block out in at most room cells along; it may need more, which
// the caller sees in size.
func (blk *block) place(x axis, room int) *placed {
	b := &placed{block: blk, axis: x}
	b.measure()
	b.distributePorts()
	b.across()
	b.route()
	b.along(room)
	return b
}

// measure sizes the nodes and makes the boxes of a rank agree.
func (b *placed) measure() {
	n := len(b.ranks)
	b.lens, b.gaps, b.starts = make([]int, n), make([]int, n), make([]int, n)
	b.pads, b.channels = make([]pads, n), make([]int, n)
	for i, rank := range b.ranks {
		widest := 0
		for _, n := range rank {
			n.channelless()
			if n.dummy {
				n.la, n.lb = 0, 1
				continue
			}
			w, h := n.card.size()
			if n.proc >= 0 && b.axis == across {
				_, frame := n.card.frame()
				h = max(h, len(n.low)+2*frame, len(n.high)+2*frame)
			}
			n.la, n.lb = w, h
			if b.axis == down {
				n.la, n.lb = h, w
			}
			b.lens[i] = max(b.lens[i], n.la)
			if n.proc >= 0 {
				widest = max(widest, n.la)
			}
		}
		for _, n := range rank {
			switch {
			case n.dummy:
				n.la = b.lens[i]
			case n.proc >= 0 && b.axis == across:
				n.la = widest
			}
		}
	}
}

func (n *node) channelless() {
	for _, s := range n.high {
		s.channel, s.net = -1, 0
	}
}

// spacing is the empty cells between two nodes of a rank.
func (b *placed) spacing(above, below *node) int {
	switch {
	case above.dummy && below.dummy:
		return 1
	case b.axis == down:
		return 3
	case above.proc >= 0 && below.proc >= 0 && !above.card.framed && (len(above.low) > 1 || len(above.high) > 1):
		return 1 // so that the lines of one are seen to be its own
	case above.proc >= 0 && below.proc >= 0:
		return 0
	}
	return 1
}

// across gives each node its place across: as near as the order allows to where
// its links are straight.
func (b *placed) across() {
	for _, rank := range b.ranks {
		at := 0
		for i, n := range rank {
			if i > 0 {
				at += b.spacing(rank[i-1], n)
			}
			n.b = at
			at += n.lb
		}
	}
	for i := 1; i < len(b.ranks); i++ {
		b.settle(b.ranks[i], true, false)
	}
	for i := len(b.ranks) - 2; i >= 0; i-- {
		b.settle(b.ranks[i], true, true)
	}
	for i := 1; i < len(b.ranks); i++ {
		b.settle(b.ranks[i], true, true)
	}
	least, most := 1<<30, 0
	for _, rank := range b.ranks {
		for _, n := range rank {
			least = min(least, n.b)
		}
	}
	for _, rank := range b.ranks {
		for _, n := range rank {
			n.b -= least
			most = max(most, n.b+n.lb)
		}
	}
	b.lb = most
}

// cluster is a run of nodes that push against each other.
type cluster struct{ sum, weight, first, last int }

// settle moves the nodes of one rank to where they want to be, on average, by
// pooling neighbours that would overlap (isotonic regression).
func (b *placed) settle(rank []*node, low, high bool) {
	offset := make([]int, len(rank)) // of each node if all stood packed together
	clusters := make([]cluster, 0, len(rank))
	for i, n := range rank {
		if i > 0 {
			offset[i] = offset[i-1] + rank[i-1].lb + b.spacing(rank[i-1], n)
		}
		want, weight := n.wanted(low, high)
		now := cluster{(want - offset[i]) * weight, weight, i, i}
		for len(clusters) > 0 {
			before := clusters[len(clusters)-1]
			if before.sum*now.weight < now.sum*before.weight {
				break
			}
			now = cluster{before.sum + now.sum, before.weight + now.weight, before.first, now.last}
			clusters = clusters[:len(clusters)-1]
		}
		clusters = append(clusters, now)
	}
	for _, c := range clusters {
		base := floorDiv(c.sum, c.weight)
		for i := c.first; i <= c.last; i++ {
			rank[i].b = base + offset[i]
		}
	}
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// wanted is the place across where a node's links run straight, and how many
// links say so.
func (n *node) wanted(low, high bool) (at, weight int) {
	sum, k := 0, 0
	if low {
		for _, s := range n.low {
			if !s.around {
				sum += s.l.b + s.portL - s.portH
				k++
			}
		}
	}
	if high {
		for _, s := range n.high {
			if !s.around {
				sum += s.h.b + s.portH - s.portL
				k++
			}
		}
	}
	if k == 0 {
		return n.b, 1
	}
	return floorDiv(sum, k), k
}

// along gives the ranks their places along, with gaps as wide as the words on
// the links like them where there is room.
func (b *placed) along(room int) {
	need, like := 0, make([]int, len(b.ranks))
	for i, l := range b.lens {
		need += l
		if i < len(b.ranks)-1 {
			b.gaps[i], like[i] = b.gap(i)
			need += b.gaps[i]
		}
	}
	for grown := true; need < room && grown; {
		grown = false
		for i := range b.gaps {
			if b.gaps[i] < like[i] && need < room {
				b.gaps[i]++
				need++
				grown = true
			}
		}
	}
	for i := range b.gaps {
		if least, _ := b.gap(i); i < len(b.gaps)-1 && b.gaps[i] < least+2 {
			b.cramped = true
		}
	}
	b.evenOut(room - need)
	at := 0
	for i, rank := range b.ranks {
		b.starts[i] = at
		for _, n := range rank {
			n.a = at + (b.lens[i]-n.la)/2
		}
		at += b.lens[i] + b.gaps[i]
	}
	b.la = at
}

// evenOut makes the boxes of all processes as long as the longest, where spare
// cells allow it: a row of equal boxes is calmer to look at.
func (b *placed) evenOut(spare int) {
	longest, missing := 0, 0
	for _, rank := range b.ranks {
		for _, n := range rank {
			if n.proc >= 0 {
				longest = max(longest, n.la)
			}
		}
	}
	for i, rank := range b.ranks {
		if slices.ContainsFunc(rank, func(n *node) bool { return n.proc >= 0 }) {
			missing += max(longest-b.lens[i], 0)
		}
	}
	if b.axis == down || missing > spare {
		return
	}
	for i, rank := range b.ranks {
		for _, n := range rank {
			if n.proc >= 0 {
				n.la = longest
				b.lens[i] = max(b.lens[i], longest)
			}
		}
		for _, n := range rank {
			if n.dummy {
				n.la = b.lens[i]
			}
		}
	}
}

// gap is the least length of the gap after a rank, and the length it likes.
func (b *placed) gap(i int) (least, like int) {
	words := 0
	for _, n := range b.ranks[i] {
		for _, s := range n.high {
			b.pads[i].low = max(b.pads[i].low, labelRoom(s.labelLow))
			b.pads[i].high = max(b.pads[i].high, labelRoom(s.labelHigh))
			words = max(words, min(Width(s.words), 16))
		}
	}
	ch := b.channels[i]
	if b.axis == down {
		if ch > 0 {
			return 2 + ch, 2 + ch
		}
		return 1, 2
	}
	least = b.pads[i].low + b.pads[i].high + 3 + 2*ch
	like = least + 5
	if words > 0 {
		like = max(like, least+words+3)
	}
	return least, like
}

// labelRoom is a space and, for a label, the label and another space.
func labelRoom(label string) int {
	if label == "" {
		return 1
	}
	return Width(label) + 2
}
