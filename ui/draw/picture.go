package draw

import "ipctour/sims/scene"

// Choosing a layout: the roomiest that fits, from columns with everything told
// to a list.

// most is the number of nodes beyond which a graph says nothing and takes long.
const most = 48

// Picture draws the processes, the objects and the links between them.
func Picture(s *scene.Scene, o Options) *Canvas {
	c := o.canvas()
	p := &painter{s: s, spin: o.Spin}
	p.picture(c, Rect{0, 0, c.W, c.H})
	return c
}

// plan is a layout of a whole scene.
type plan struct {
	blocks  []*placed
	islands []*node
	rows    []islandRow
	w, h    int
}

// islandRow is things that nothing links, side by side.
type islandRow struct {
	nodes []*node
	w, h  int
}

// try is one way to lay a scene out.
type try struct {
	axis   axis
	detail detail
	bare   bool // processes without frames, a line each
	table  bool // and one more for their descriptors
	narrow bool // pipes with a short bar
}

// tries are the layouts, the roomiest first.
var tries = [...]try{
	{axis: across, detail: full}, {axis: across, detail: lean}, {axis: across, detail: medium}, {axis: down, detail: full}, {axis: down, detail: medium},
	{axis: across, detail: small}, {axis: down, detail: flat},
	{axis: across, detail: small, bare: true, table: true}, {axis: across, detail: small, bare: true},
	{axis: across, detail: small, bare: true, narrow: true},
	flattest,
}

// flattest is a line for everything: better than a list, and the figures come first.
var flattest = try{axis: across, detail: flat, bare: true}

// picture draws into r and returns the lines used.
func (p *painter) picture(c *Canvas, r Rect) int {
	if r.W <= 0 || r.H <= 0 {
		return 0
	}
	if n := len(p.s.Processes) + len(p.s.Objects); n == 0 || n > most || len(p.s.Links) > 4*most {
		return p.list(c, r, nil)
	}
	g := p.links()
	if l := p.fitting; l != nil && p.width == r.W && l.h <= r.H {
		l.draw(c, r, p)
		return l.h
	}
	for _, t := range tries {
		if l := g.plan(t, r, min(r.H, blockHeight)); l.w <= r.W && l.h <= r.H {
			l.draw(c, r, p)
			return l.h
		}
	}
	p.cells = 0
	return p.list(c, r, g)
}

// links is the graph of the scene, made once for a picture.
func (p *painter) links() *graph {
	if p.graph == nil {
		p.graph = newGraph(p)
	}
	return p.graph
}

// height is the lines that the picture takes as boxes and arrows w cells wide, told
// in at least that detail: of the roomiest layout that fits into h lines, else of the
// lowest there is. 0: no layout fits the width.
func (p *painter) height(w, h int, coarsest detail) int {
	n := len(p.s.Processes) + len(p.s.Objects)
	if n == 0 || n > most || len(p.s.Links) > 4*most {
		return 0
	}
	least := 0
	for _, t := range tries {
		if t.detail > coarsest || t == flattest {
			continue
		}
		l := p.links().plan(t, Rect{W: w, H: tallest}, 0)
		switch {
		case l.w > w:
		case l.h <= h:
			if t.axis == across { // those that run down fill the room that they get
				p.fitting, p.width = l, w
			}
			return l.h
		case least == 0 || l.h < least:
			least = l.h
		}
	}
	return least
}

// flatHeight is the lines that the flattest layout takes, 0 where it is too wide.
func (p *painter) flatHeight(w int) int {
	n := len(p.s.Processes) + len(p.s.Objects)
	if n == 0 || n > most || len(p.s.Links) > 4*most {
		return 0
	}
	if l := p.links().plan(flattest, Rect{W: w, H: tallest}, 0); l.w <= w {
		return l.h
	}
	return 0
}

const tallest = 1 << 14

// plan lays out every block under the other, then what nothing links. Rows are
// pulled apart to fill room lines where the data runs down.
func (g *graph) plan(t try, r Rect, room int) *plan {
	g.p.cells = barCells
	if t.narrow {
		g.p.cells = barCells / 2
	}
	g.p.beside = t.bare && t.detail == flat
	for _, n := range g.nodes {
		if n.proc >= 0 && t.bare {
			n.card = g.p.bareCard(n.proc, t.table)
		} else if n.proc >= 0 {
			n.card = g.p.processCard(n.proc, t.detail)
		} else {
			n.card = g.p.objectCard(n.object, t.detail, r.W)
		}
	}
	l := &plan{islands: g.islands}
	for _, blk := range g.blocks {
		along := r.W
		if t.axis == down {
			along = room
		}
		b := blk.place(t.axis, along)
		w, h := b.size()
		l.stack(w, h)
		l.blocks = append(l.blocks, b)
		if l.w > r.W || l.h > r.H {
			return l
		}
	}
	l.flow(r.W)
	return l
}

// blockHeight is as far as rows are pulled apart only because there is room.
const blockHeight = 60

// stack adds something below what is there.
func (l *plan) stack(w, h int) {
	if l.h > 0 {
		l.h++
	}
	l.w, l.h = max(l.w, w), l.h+h
}

const islandGap = 3

func (l *plan) flow(room int) {
	var now islandRow
	flush := func() {
		if len(now.nodes) > 0 {
			l.stack(now.w, now.h)
			l.rows = append(l.rows, now)
			now = islandRow{}
		}
	}
	for _, n := range l.islands {
		w, h := n.card.size()
		n.la, n.lb = w, h
		if now.w > 0 && now.w+islandGap+w > room {
			flush()
		}
		if now.w > 0 {
			now.w += islandGap
		}
		now.nodes = append(now.nodes, n)
		now.w, now.h = now.w+w, max(now.h, h)
	}
	flush()
}

// draw puts a plan that fits into r, in the middle of its width.
func (l *plan) draw(c *Canvas, r Rect, p *painter) {
	y := r.Y
	for _, b := range l.blocks {
		w, h := b.size()
		at := Rect{r.X + (r.W-w)/2, y, w, h}
		b.drawLinks(c, at, p.spin)
		for _, rank := range b.ranks {
			for _, n := range rank {
				if n.dummy {
					continue
				}
				x, line := b.axis.point(n.a, n.b)
				nw, nh := b.axis.point(n.la, n.lb)
				n.card.draw(c, Rect{at.X + x, at.Y + line, nw, nh})
			}
		}
		y += h + 1
	}
	for _, row := range l.rows {
		x := r.X + (r.W-row.w)/2
		for _, n := range row.nodes {
			n.card.draw(c, Rect{x, y, n.la, n.lb})
			x += n.la + islandGap
		}
		y += row.h + 1
	}
}
