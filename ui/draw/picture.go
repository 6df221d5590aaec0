package draw

import (
	"cmp"

	"ipctour/sims/scene"
)

// Choosing a layout: the roomiest that fits, from columns with everything told
// to a list.

// most is the number of nodes beyond which a graph says nothing and takes long.
const most = 48

// Picture draws the processes, the objects and the links between them.
func Picture(s *scene.Scene, o Options) *Canvas {
	c := o.canvas()
	p := newPainter(s, o.Spin)
	p.picture(c, Rect{0, 0, c.W, c.H}, below{})
	return c
}

// plan is a layout of a whole scene.
type plan struct {
	level   int // of the tries
	blocks  []*placed
	islands []*node
	rows    []islandRow
	w, h    int
	close   bool // no blank line before what nothing links
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
	cells  int  // of a pipe's bar, where not as many as usual
	bars   int  // lines of a bar, where more than one
	air    bool
	tight  bool
	chart  chartForm
}

// tries are the layouts, the roomiest first.
var tries = [...]try{
	{cells: 3 * barCells, bars: 5, air: true}, {cells: 2 * barCells, bars: 5, air: true},
	{cells: 2 * barCells, bars: 3, air: true}, {cells: 3 * barCells / 2, bars: 3, air: true}, {bars: 3, air: true},
	{detail: lean, bars: 3, air: true},
	{bars: 3}, {detail: lean, bars: 3},
	{detail: full}, {detail: lean}, {detail: medium}, {detail: medium, tight: true, cells: barCells / 2},
	{axis: down, detail: full}, {axis: down, detail: medium},
	{detail: small, chart: chartLow}, {detail: flat, bare: true, chart: chartLow}, {detail: flat, bare: true, chart: chartLowest},
	{detail: small, chart: chartRows}, {axis: down, detail: flat},
	{detail: small, bare: true, table: true}, {detail: small, bare: true},
	{detail: small, bare: true, cells: barCells / 2},
	{detail: flat, bare: true, chart: chartRows},
	flattest,
}

// flattest is a line for everything: better than a list, and the figures come first.
var flattest = try{detail: flat, bare: true}

const (
	fewThings = 6  // that many may be drawn large
	wideRoom  = 90 // in so many cells
)

// worth reports whether a try may give what those before it did not.
func (p *painter) worth(t try, w int) bool {
	switch {
	case t.air:
		return w >= wideRoom && len(p.s.Processes)+len(p.s.Objects) <= fewThings
	case t.chart != chartFull && t.detail != small:
		return p.charts() > 0
	case t.chart == chartLow:
		return p.charts() > 0
	}
	return true
}

func (p *painter) charts() (n int) {
	for _, o := range p.s.Objects {
		if _, is := o.(scene.Chart); is {
			n++
		}
	}
	return n
}

// below is the lines that what stands below a picture asks for, and those that it can
// do with.
type below struct{ want, least int }

// asks is what a layout leaves to what is below: boxes give up their blank lines
// before figures go, and figures go before boxes lose what they say.
func (b below) asks(t try) int {
	switch {
	case t == flattest:
		return min(b.least, 2)
	case (t.chart == chartLow || t.chart == chartLowest) && t.bare: // the last values stand beside it
		return max(b.least-1, 0)
	case t.air && b.want > 0:
		return b.want + 2
	case t.detail <= lean && t.axis == across:
		return b.want
	}
	return b.least
}

// choose is the roomiest layout that fits, or nil. How much must be left below it does
// not depend on the height, so that more lines never make a layout poorer.
func (p *painter) choose(w, h int, b below) *plan {
	if !p.drawable() {
		return nil
	}
	for level, t := range tries {
		room := h - b.asks(t)
		if room < 1 || !p.worth(t, w) {
			continue
		}
		l := p.net().plan(t, Rect{W: w, H: room}, 0)
		if l.w > w || l.h > room || t.air && l.cramped() {
			continue
		}
		switch spare := h - b.want - l.h; {
		case t.axis == down:
			l = p.net().plan(t, Rect{W: w, H: room}, min(max(h-b.want, l.h), blockHeight))
		case spare > 2 && t.detail <= medium && p.charts() > 0:
			p.taller = min((spare-2)/p.charts(), chartMost)
			l = p.net().plan(t, Rect{W: w, H: h}, 0)
		}
		l.level = level
		return l
	}
	return nil
}

// drawable reports whether there is anything to draw as a graph, and not too much.
func (p *painter) drawable() bool {
	n := len(p.s.Processes) + len(p.s.Objects)
	return n > 0 && n <= most && len(p.links) <= 4*most
}

// picture draws into r, of which something is left for what is below, and returns the
// lines used.
func (p *painter) picture(c *Canvas, r Rect, b below) int {
	if r.W <= 0 || r.H <= 0 {
		return 0
	}
	if l := p.choose(r.W, r.H, b); l != nil {
		l.draw(c, r, p)
		return l.h
	}
	p.shape = shape{}
	r.H = min(r.H, max(r.H-b.want, (r.H+1)/2))
	if p.drawable() {
		return p.list(c, r, p.net())
	}
	return p.list(c, r, nil)
}

// net is the graph of the scene, made once for a picture.
func (p *painter) net() *graph {
	if p.graph == nil {
		p.graph = newGraph(p)
	}
	return p.graph
}

// height is the lines that the picture takes as boxes and arrows w cells wide, told
// in at least that detail: of the roomiest layout that fits into h lines, else of the
// lowest there is. 0: no layout fits the width.
func (p *painter) height(w, h int, coarsest detail) int {
	if !p.drawable() {
		return 0
	}
	least := 0
	for _, t := range tries {
		if t.detail > coarsest || t.air || t.bare && t.detail == flat || !p.worth(t, w) {
			continue
		}
		l := p.net().plan(t, Rect{W: w, H: tallest}, 0)
		switch {
		case l.w > w:
		case l.h <= h:
			return l.h
		case least == 0 || l.h < least:
			least = l.h
		}
	}
	return least
}

const tallest = 1 << 14

// plan lays out every block under the other, then what nothing links. Rows are
// pulled apart to fill room lines where the data runs down.
func (g *graph) plan(t try, r Rect, room int) *plan {
	taller := g.p.taller
	g.p.shape = shape{cells: cmp.Or(t.cells, barCells), air: t.air, beside: t.bare && t.detail == flat, tight: t.tight, chart: t.chart, taller: taller}
	for _, n := range g.nodes {
		g.p.bars = max(t.bars, 1)
		switch {
		case n.proc >= 0 && t.bare:
			n.card = g.p.bareCard(n.proc, t.table)
		case n.proc >= 0:
			n.card = g.p.processCard(n.proc, t.detail)
		default:
			if _, is := n.object.(scene.Pipe); is {
				g.p.bars = max(g.p.bars, n.lanes())
			}
			n.card = g.p.objectCard(n.object, t.detail, r.W)
		}
		if t.air {
			n.card.airy()
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
	l.close = g.p.beside
	l.flow(r.W)
	return l
}

// cramped reports whether an arrow is about as short as it can be.
func (l *plan) cramped() bool {
	for _, b := range l.blocks {
		if b.cramped {
			return true
		}
	}
	return false
}

// blockHeight is as far as rows are pulled apart only because there is room.
const blockHeight = 60

// stack adds something below what is there.
func (l *plan) stack(w, h int) {
	if l.h > 0 && !l.close {
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
	if l.close && len(l.blocks) > 0 {
		y--
	}
	for _, row := range l.rows {
		x := r.X + (r.W-row.w)/2
		for _, n := range row.nodes {
			n.card.draw(c, Rect{x, y, n.la, n.lb})
			x += n.la + islandGap
		}
		if y += row.h; !l.close {
			y++
		}
	}
}
