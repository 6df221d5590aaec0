package draw

import (
	"slices"

	"ipctour/sims/scene"
)

// Where links meet their nodes, and where they turn between two ranks.

// distributePorts gives each link of a process a place of its own; the links
// that run the same way into or out of an object share one, and so merge. Those
// that failed keep apart from those that did not.
func (b *placed) distributePorts() {
	for _, rank := range b.ranks {
		for _, n := range rank {
			b.portsOf(n, n.low, false)
			b.portsOf(n, n.high, true)
		}
	}
}

func (b *placed) portsOf(n *node, segs []*seg, high bool) {
	far := func(s *seg) int {
		if high {
			return s.h.order
		}
		return s.l.order
	}
	slices.SortStableFunc(segs, func(x, y *seg) int { return far(x) - far(y) })
	for i, s := range segs {
		slot, of := i, len(segs)
		if n.proc < 0 {
			slot, of = direction(segs, s)
		}
		at := b.port(n, slot, of)
		if high {
			s.portL = at
		} else {
			s.portH = at
		}
	}
}

// direction is which of the lanes on one side of an object s is in, and how many
// there are.
func direction(segs []*seg, s *seg) (slot, of int) {
	var seen []int
	for _, o := range segs {
		w := o.lane()
		if !slices.Contains(seen, w) {
			seen = append(seen, w)
		}
	}
	return slices.Index(seen, s.lane()), len(seen)
}

// lanes is how many lanes there are on the side that has more of them.
func (n *node) lanes() int {
	most := 1
	for _, segs := range [...][]*seg{n.low, n.high} {
		var seen [lanesKnown]bool
		count := 0
		for _, s := range segs {
			if l := s.lane(); !seen[l] {
				seen[l] = true
				count++
			}
		}
		most = max(most, count)
	}
	return most
}

// lanesKnown is how many lanes there can be.
const lanesKnown = 6

// lane is what the links that may merge at an object have in common: their way,
// and whether they failed.
func (s *seg) lane() int {
	if flow(s.link) == scene.Broken {
		return s.way() + 3
	}
	return s.way()
}

// way is 0 towards higher ranks, 1 towards lower, 2 both.
func (s *seg) way() int {
	if s.fixed > 0 {
		return s.fixed - 1
	}
	switch up := s.link.From == s.lowest().key; {
	case s.link.Both:
		return 2
	case up:
		return 0
	}
	return 1
}

// lowest is the real node at the low end of the whole link.
func (s *seg) lowest() *node {
	for s.l.dummy {
		s = s.l.low[0]
	}
	return s.l
}

// port is the offset of the slot-th of so many links on one side of n.
func (b *placed) port(n *node, slot, of int) int {
	switch {
	case n.dummy:
		return 0
	case b.axis == down:
		return min(n.lb*(slot+1)/(of+1), n.lb-1)
	}
	base := n.card.portRow()
	if n.proc >= 0 && n.card.framed {
		base = max(min(base, n.lb-1-of), 1)
	}
	return min(base+slot, n.lb-1)
}

// lowB and highB are the places across of the two ends.
func (s *seg) lowB() int  { return s.l.b + s.portL }
func (s *seg) highB() int { return s.h.b + s.portH }

// netKey says which segments may merge: those at one port of one object.
type netKey struct {
	n    *node
	port int
	high bool
}

func (s *seg) netKey() netKey {
	switch {
	case s.l.proc < 0 && !s.l.dummy:
		return netKey{s.l, s.portL, true}
	case s.fixed > 0 && s.l.dummy: // all of a detour merge
		return netKey{s.l, 0, true}
	case s.fixed > 0 && s.h.dummy:
		return netKey{s.h, 0, false}
	case s.h.proc < 0 && !s.h.dummy:
		return netKey{s.h, s.portH, false}
	}
	return netKey{s.l, s.portL, true}
}

// net is the segments of one gap that merge, and the stretch across that their
// turn takes.
type net struct {
	segs         []*seg
	from, to     int
	lows, highs  []int
	id, channel  int
	straightOnly bool
}

// route numbers the nets and gives those that turn a channel of their own
// wherever they would otherwise run over each other.
func (b *placed) route() {
	id := 0
	for i := range b.ranks {
		nets := b.netsOf(i, &id)
		order(nets)
		used := 0
		for k, n := range nets {
			n.channel = 0
			for _, before := range nets[:k] {
				if n.from <= before.to && before.from <= n.to {
					n.channel = max(n.channel, before.channel+1)
				}
			}
			used = max(used, n.channel+1)
			for _, s := range n.segs {
				s.channel = n.channel
			}
		}
		b.channels[i] = used
	}
}

// netsOf groups the segments of a gap; only nets that turn are returned.
func (b *placed) netsOf(i int, id *int) []*net {
	var nets []*net
	index := map[netKey]*net{}
	add := func(s *seg, key netKey) {
		at := index[key]
		if at == nil {
			*id++
			at = &net{id: *id, from: 1 << 30, straightOnly: true}
			index[key] = at
			nets = append(nets, at)
		}
		s.net = at.id
		lo, hi := s.lowB(), s.highB()
		at.segs = append(at.segs, s)
		at.from, at.to = min(at.from, lo, hi), max(at.to, lo, hi)
		switch {
		case s.around && s.l.dummy: // both ends are on the high side
			at.highs = append(at.highs, lo, hi)
		case s.around:
			at.lows = append(at.lows, lo, hi)
		default:
			at.lows, at.highs = append(at.lows, lo), append(at.highs, hi)
		}
		at.straightOnly = at.straightOnly && lo == hi && !s.around
	}
	for _, n := range b.ranks[i] {
		for _, s := range n.high {
			add(s, s.netKey())
		}
	}
	if i+1 < len(b.ranks) {
		for _, n := range b.ranks[i+1] {
			for _, s := range n.low {
				if s.around {
					add(s, netKey{n, s.portH, false})
				}
			}
		}
	}
	return slices.DeleteFunc(nets, func(n *net) bool { return n.straightOnly })
}

// before reports whether n must turn nearer to the low side than m: n comes in
// on a line on which m goes out.
func (n *net) before(m *net) bool {
	for _, line := range n.lows {
		if slices.Contains(m.highs, line) {
			return true
		}
	}
	return false
}

// order sorts nets so that those which must turn first come first; where two
// ask it of each other, one crosses.
func order(nets []*net) {
	for range nets {
		for i := range nets {
			for j := i + 1; j < len(nets); j++ {
				if nets[j].before(nets[i]) && !nets[i].before(nets[j]) {
					nets[i], nets[j] = nets[j], nets[i]
				}
			}
		}
	}
}
