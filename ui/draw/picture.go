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
}

// tries are the layouts, the roomiest first.
var tries = [...]try{
	{across, full}, {across, lean}, {across, medium}, {down, full}, {down, medium}, {across, small}, {down, flat},
}

// picture draws into r and returns the lines used.
func (p *painter) picture(c *Canvas, r Rect) int {
	if r.W <= 0 || r.H <= 0 {
		return 0
	}
	if n := len(p.s.Processes) + len(p.s.Objects); n == 0 || n > most || len(p.s.Links) > 4*most {
		return p.list(c, r, nil)
	}
	g := newGraph(p)
	for _, t := range tries {
		if l := g.plan(t, r); l.w <= r.W && l.h <= r.H {
			l.draw(c, r, p)
			return l.h
		}
	}
	return p.list(c, r, g)
}

// plan lays out every block under the other, then what nothing links.
func (g *graph) plan(t try, r Rect) *plan {
	for _, n := range g.nodes {
		if n.proc >= 0 {
			n.card = g.p.processCard(n.proc, t.detail)
		} else {
			n.card = g.p.objectCard(n.object, t.detail, r.W)
		}
	}
	l := &plan{islands: g.islands}
	for _, blk := range g.blocks {
		room := r.W
		if t.axis == down {
			room = min(r.H, blockHeight)
		}
		b := blk.place(t.axis, room)
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
