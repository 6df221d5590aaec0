package draw

import (
	"slices"

	"ipctour/sims/scene"
)

// The graph of a scene: what is joined to what, and which column (rank) each
// thing belongs in so that data runs from low ranks to high ones. Nothing here
// knows of cells.

// node is a process, an object, or a dummy through which a long link passes.
type node struct {
	key    string
	proc   int // index of the process, or -1
	object scene.Object
	dummy  bool
	group  int // the connected component
	rank   int
	order  int // place within the rank

	card   card
	a, b   int // place along and across the direction of the data
	la, lb int // length along and across
	low    []*seg
	high   []*seg // segments that leave towards lower and higher ranks

	writes, reads *node // of a pipe: the dummies of the detours past it
}

// seg is a link, or a stretch of one, between neighbouring ranks.
type seg struct {
	l, h       *node
	link       *scene.Link
	toLow      bool // data moves towards the low end, and this is where it arrives
	toHigh     bool
	labelLow   string // at the end of a process: its descriptor
	labelHigh  string
	hue        Style
	portL      int // offset across, within l and h
	portH      int
	net        int // segments of one net may share cells
	channel    int // where it turns, or -1 if it is straight
	words      string
	procAtHigh bool
	around     bool // joins a detour to the end of the pipe, within one gap
	fixed      int  // its way and 1, where the ends do not tell
}

// block is one connected part of the graph, by ranks.
type block struct {
	ranks [][]*node
	segs  []*seg
}

type graph struct {
	p       *painter
	nodes   []*node
	at      map[string]*node
	blocks  []*block
	islands []*node // what no link touches
}

func newGraph(p *painter) *graph {
	s := p.s
	g := &graph{p: p, at: make(map[string]*node, len(s.Processes)+len(s.Objects))}
	store := make([]node, 0, len(s.Processes)+len(s.Objects))
	add := func(n node) {
		n.rank = unranked
		store = append(store, n)
		at := &store[len(store)-1]
		if g.at[n.key] == nil {
			g.at[n.key] = at
		}
		g.nodes = append(g.nodes, at)
	}
	for i := range s.Processes {
		add(node{key: s.Processes[i].ID, proc: i})
	}
	for _, o := range s.Objects {
		if o != nil {
			add(node{key: o.Key(), proc: -1, object: o})
		}
	}
	g.rank()
	g.split()
	return g
}

const unranked = -1 << 20

// links calls f for every link that joins two different things of the scene.
func (g *graph) links(f func(l *scene.Link, from, to *node)) {
	for i := range g.p.links {
		l := &g.p.links[i]
		from, to := g.at[l.From], g.at[l.To]
		if from != nil && to != nil && from != to {
			f(l, from, to)
		}
	}
}

// sides are the processes that put into an object and those that take out. Of
// those that do both, by one link or by one each way, or are only joined to it, the
// first half stands on the side of the writers.
func (g *graph) sides(o *node) (in, out []*node) {
	var both []*node
	g.links(func(l *scene.Link, from, to *node) {
		switch {
		case from.proc >= 0 && to == o && (l.Both || l.Plain):
			both = append(both, from)
		case to.proc >= 0 && from == o && (l.Both || l.Plain):
			both = append(both, to)
		case from.proc >= 0 && to == o:
			in = append(in, from)
		case to.proc >= 0 && from == o:
			out = append(out, to)
		}
	})
	for _, n := range in {
		if slices.Contains(out, n) && !slices.Contains(both, n) {
			both = append(both, n)
		}
	}
	loose := func(n *node) bool { return slices.Contains(both, n) }
	in, out = slices.DeleteFunc(in, loose), slices.DeleteFunc(out, loose)
	half := (len(both) + 1) / 2
	if len(in) > 0 && len(out) == 0 {
		half = 0
	} else if len(out) > 0 && len(in) == 0 {
		half = len(both)
	}
	return append(in, both[:half]...), append(out, both[half:]...)
}

// rank gives processes even ranks by the longest way data takes to them, and
// objects the odd ones between.
func (g *graph) rank() {
	next := map[*node][]*node{}
	join := func(from, to *node) {
		if from != to && !slices.Contains(next[from], to) && !reaches(next, to, from) {
			next[from] = append(next[from], to)
		}
	}
	for _, n := range g.nodes {
		if n.proc >= 0 {
			continue
		}
		in, out := g.sides(n)
		for _, w := range in {
			for _, r := range out {
				join(w, r)
			}
		}
	}
	g.links(func(_ *scene.Link, from, to *node) {
		if from.proc >= 0 && to.proc >= 0 {
			join(from, to)
		}
	})
	g.rankProcesses(next)
	for _, n := range g.nodes {
		if n.proc < 0 {
			n.rank = g.between(n)
		}
	}
	g.rankLoose()
}

func reaches(next map[*node][]*node, from, to *node) bool {
	if from == to {
		return true
	}
	for _, n := range next[from] {
		if reaches(next, n, to) {
			return true
		}
	}
	return false
}

func (g *graph) rankProcesses(next map[*node][]*node) {
	entered := map[*node]bool{}
	for range g.nodes { // as many passes as a way can be long
		changed := false
		for _, n := range g.nodes {
			if n.proc < 0 {
				continue
			}
			n.rank = max(n.rank, 0)
			for _, to := range next[n] {
				entered[to] = true
				if to.rank < n.rank+2 {
					to.rank, changed = n.rank+2, true
				}
			}
		}
		if !changed {
			break
		}
	}
	// A process that nobody feeds stands next to the one that it feeds.
	for _, n := range g.nodes {
		if n.proc < 0 || entered[n] || len(next[n]) == 0 {
			continue
		}
		least := next[n][0].rank
		for _, to := range next[n] {
			least = min(least, to.rank)
		}
		n.rank = least - 2
	}
}

// between is the rank of an object: after its writers, before its readers.
// Where both cannot be, it stands after the reader and data runs backwards.
func (g *graph) between(o *node) int {
	in, out := g.sides(o)
	last, first := unranked, -unranked
	for _, n := range in {
		last = max(last, n.rank)
	}
	for _, n := range out {
		first = min(first, n.rank)
	}
	switch {
	case len(in) > 0 && (len(out) == 0 || last < first):
		return last + 1
	case len(out) > 0 && len(in) == 0:
		return first - 1
	case len(out) > 0:
		return first + 1
	}
	return unranked
}

// rankLoose ranks what only other objects lead to, and parts linked neighbours
// that got the same rank.
func (g *graph) rankLoose() {
	for range g.nodes {
		g.links(func(_ *scene.Link, from, to *node) {
			switch {
			case from.rank != unranked && (to.rank == unranked || to.rank == from.rank):
				to.rank = from.rank + 1
			case from.rank == unranked && to.rank != unranked:
				from.rank = to.rank - 1
			}
		})
	}
	for _, n := range g.nodes {
		if n.rank == unranked {
			n.rank = 0
		}
	}
	g.links(func(_ *scene.Link, from, to *node) {
		if from.rank == to.rank {
			to.rank++
		}
	})
}

// split finds the connected parts and sorts each into ranks without holes.
func (g *graph) split() {
	for i, n := range g.nodes {
		n.group = i
	}
	linked := map[*node]bool{}
	g.links(func(_ *scene.Link, from, to *node) {
		linked[from], linked[to] = true, true
		old, now := max(from.group, to.group), min(from.group, to.group)
		for _, n := range g.nodes {
			if n.group == old {
				n.group = now
			}
		}
	})
	for group := range g.nodes {
		var members []*node
		for _, n := range g.nodes {
			if n.group == group && linked[n] {
				members = append(members, n)
			}
		}
		if len(members) > 0 {
			g.blocks = append(g.blocks, g.newBlock(members, group))
		}
	}
	for _, n := range g.nodes {
		if !linked[n] {
			g.islands = append(g.islands, n)
		}
	}
}

func (g *graph) newBlock(members []*node, group int) *block {
	used := make([]int, 0, len(members))
	for _, n := range members {
		used = append(used, n.rank)
	}
	slices.Sort(used)
	used = slices.Compact(used)
	b := &block{ranks: make([][]*node, len(used))}
	for _, n := range members {
		n.rank = slices.Index(used, n.rank)
		b.ranks[n.rank] = append(b.ranks[n.rank], n)
	}
	g.links(func(l *scene.Link, from, to *node) {
		if from.group == group {
			b.join(g.p, l, from, to)
		}
	})
	b.untangle()
	return b
}

// join adds a link as segments, with dummies in the ranks it passes.
func (b *block) join(p *painter, l *scene.Link, from, to *node) {
	if from.rank == to.rank || b.detour(p, l, from, to) {
		return
	}
	lo, hi := from, to
	if lo.rank > hi.rank {
		lo, hi = hi, lo
	}
	hue := p.hue(l.From)
	if from.proc < 0 {
		hue = p.hue(l.To)
	}
	words := linkWords(l)
	// The descriptor belongs to the process; between two, to the one that acts.
	labelLow := lo.proc >= 0 && (hi.proc < 0 || lo == from)
	at := lo
	for at != hi {
		end := hi
		if at.rank+1 < hi.rank {
			end = &node{proc: -1, dummy: true, rank: at.rank + 1, key: l.From + "\x00" + l.To}
			b.ranks[end.rank] = append(b.ranks[end.rank], end)
		}
		s := &seg{l: at, h: end, link: l, hue: hue, channel: -1}
		s.toHigh = end == hi && (l.Both || to == hi)
		s.toLow = at == lo && (l.Both || to == lo)
		if at == lo && labelLow {
			s.labelLow, s.words = linkLabel(l), words
		}
		if end == hi && !labelLow && hi.proc >= 0 {
			s.labelHigh, s.words, s.procAtHigh = linkLabel(l), words, true
		}
		at.high = append(at.high, s)
		end.low = append(end.low, s)
		b.segs = append(b.segs, s)
		at = end
	}
}

// detour joins a process to the far end of a pipe: whoever stands on the side of the
// readers writes into its left end all the same, and reads leave at its right end. All
// of one kind pass the pipe on one line. It reports whether there is such a way.
func (b *block) detour(p *painter, l *scene.Link, from, to *node) bool {
	write := from.proc >= 0
	o, q, via := from, to, &from.reads
	if write {
		o, q, via = to, from, &to.writes
	}
	if _, is := o.object.(scene.Pipe); !is || l.Both || l.Plain {
		return false
	}
	s := &seg{link: l, hue: p.hue(q.key), channel: -1, words: linkWords(l)}
	turn := &seg{link: l, hue: s.hue, channel: -1, around: true, fixed: 1}
	var d *node
	past := func() *node {
		if *via == nil {
			*via = &node{proc: -1, dummy: true, rank: o.rank, key: o.key + "\x00" + l.From}
			b.ranks[o.rank] = append(b.ranks[o.rank], *via)
		}
		return *via
	}
	switch {
	case write && q.rank == o.rank+1 && o.rank > 0:
		d = past()
		s.l, s.h, s.labelHigh, s.procAtHigh, s.fixed = d, q, linkLabel(l), true, 2
		turn.l, turn.h, turn.toHigh = d, o, true
		d.high, q.low, o.low = append(d.high, s), append(q.low, s), append(o.low, turn)
	case !write && q.rank == o.rank-1 && o.rank < len(b.ranks)-1:
		d = past()
		s.l, s.h, s.labelLow, s.toLow, s.fixed = q, d, linkLabel(l), true, 2
		turn.l, turn.h = o, d
		q.high, d.low, o.high = append(q.high, s), append(d.low, s), append(o.high, turn)
	default:
		return false
	}
	b.segs = append(b.segs, s, turn)
	return true
}

// untangle orders each rank by the middle of its neighbours, a few times over:
// the barycentre method, enough for the sizes of a lesson.
func (b *block) untangle() {
	number(b.ranks)
	for pass := range 4 {
		for i := range b.ranks {
			at, seen := i, func(n *node) (sum, k int) { return middle(n.low, false) }
			if pass%2 == 1 {
				at, seen = len(b.ranks)-1-i, func(n *node) (sum, k int) { return middle(n.high, true) }
			}
			slices.SortStableFunc(b.ranks[at], func(x, y *node) int {
				sx, kx := seen(x)
				sy, ky := seen(y)
				if kx == 0 || ky == 0 {
					return 0
				}
				return sx*ky - sy*kx
			})
			for order, n := range b.ranks[at] {
				n.order = order
			}
		}
	}
}

func number(ranks [][]*node) {
	for _, rank := range ranks {
		for i, n := range rank {
			n.order = i
		}
	}
}

func middle(segs []*seg, high bool) (sum, k int) {
	for _, s := range segs {
		switch {
		case s.around:
			continue
		case high:
			sum += s.h.order
		default:
			sum += s.l.order
		}
		k++
	}
	return sum, k
}
