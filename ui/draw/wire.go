package draw

import (
	"strconv"
	"strings"

	"ipctour/sims/scene"
)

// Drawing links. A grid of cells remembers in which directions each cell is
// joined, so that lines that meet make the right corner or tee, and lines of
// different nets that cross do not seem to join.

const (
	north = 1 << iota
	east
	south
	west
)

// wire is what one cell holds of the lines through it.
type wire struct {
	joins uint8
	heavy bool
	style Style
	net   int32
	bead  bool // a moving link's bytes are here in this phase
}

// wires is the lines of one block, drawn before anything else of it.
type wires struct {
	c    *Canvas
	r    Rect
	grid []wire
	x    axis
}

func (w *wires) at(a, b int) *wire {
	col, line := w.x.point(a, b)
	if col < 0 || line < 0 || col >= w.r.W || line >= w.r.H {
		return nil
	}
	return &w.grid[line*w.r.W+col]
}

// put writes a glyph at a place along and across.
func (w *wires) put(a, b int, glyph string, st Style) {
	col, line := w.x.point(a, b)
	w.c.Put(w.r.X+col, w.r.Y+line, glyph, st)
}

// drawLinks draws all links of a block inside r.
func (b *placed) drawLinks(c *Canvas, r Rect, spin int) {
	w := &wires{c: c, r: r, x: b.axis, grid: make([]wire, max(r.W*r.H, 0))}
	// The liveliest last: where lines merge, it is what the eye should see.
	for _, state := range [...]scene.Flow{scene.Cut, scene.Idle, scene.Broken, scene.Blocked, scene.Moving} {
		for _, s := range b.segs {
			if flow(s.link) == state && state != scene.Cut {
				w.trace(b.path(s), s, spin)
			}
		}
	}
	w.render()
	for _, state := range [...]scene.Flow{scene.Cut, scene.Idle, scene.Broken, scene.Blocked, scene.Moving} {
		for _, s := range b.segs {
			if flow(s.link) == state {
				w.ends(b.path(s), s)
			}
		}
	}
}

// flow is the link's state; one that is not named counts as idle.
func flow(l *scene.Link) scene.Flow {
	switch l.State {
	case scene.Moving, scene.Blocked, scene.Cut, scene.Broken:
		return l.State
	}
	return scene.Idle
}

// path is the places that a segment runs through, along and across: it starts
// at (fromA, fromB), turns at turn, and ends at (toA, toB).
type path struct{ fromA, fromB, turn, toA, toB int }

func (b *placed) path(s *seg) path {
	if s.around {
		return b.turnPath(s)
	}
	i := s.l.rank
	p := path{fromA: s.l.a + s.l.la, fromB: s.lowB(), toA: s.h.a - 1, toB: s.highB()}
	if b.axis == across {
		if !s.l.dummy {
			p.fromA += labelRoom(s.labelLow) - s.l.card.inset(s.portL, s.l.la)
		}
		if !s.h.dummy {
			p.toA -= labelRoom(s.labelHigh) - s.h.card.inset(s.portH, s.h.la)
		}
	}
	p.turn = b.turn(i, s)
	if p.fromB == p.toB {
		p.turn = p.toA
	}
	return p
}

// turn is where a segment turns in the gap after a rank.
func (b *placed) turn(i int, s *seg) int {
	low, high, ch := b.pads[i].low, b.pads[i].high, b.channels[i]
	step, width := 2, 2*ch-1
	if b.axis == down {
		low, high, step, width = 1, 1, 1, ch
	}
	free := b.gaps[i] - low - high - width
	return b.starts[i] + b.lens[i] + low + max(free/2, 0) + step*max(s.channel, 0)
}

// turnPath is the way of a detour between the line past a pipe and the pipe's end,
// which are on the same side of the gap.
func (b *placed) turnPath(s *seg) path {
	p := path{fromB: s.lowB(), toB: s.highB()}
	inset := func(n *node, port int) int {
		if b.axis == down {
			return 0
		}
		return n.card.inset(port, n.la) - 1
	}
	if s.l.dummy { // into the pipe
		p.fromA, p.toA, p.turn = s.l.a-1, s.h.a-1+inset(s.h, s.portH), b.turn(s.h.rank-1, s)
		return p
	}
	p.fromA, p.toA, p.turn = s.l.a+s.l.la-inset(s.l, s.portL), s.h.a-1, b.turn(s.l.rank, s)
	return p
}

// trace joins the cells of a path.
func (w *wires) trace(p path, s *seg, spin int) {
	steps := 0
	walk := func(a, b, da, db, n int) {
		for range n {
			w.join(a, b, da, db, s, w.beadHere(s, steps, spin))
			a, b = a+da, b+db
			w.join(a, b, -da, -db, s, false)
			steps++
		}
	}
	dir := func(from, to int) (sign, n int) {
		if to < from {
			return -1, from - to
		}
		return 1, to - from
	}
	sign, n := dir(p.fromA, p.turn)
	walk(p.fromA, p.fromB, sign, 0, n)
	sign, n = dir(p.fromB, p.toB)
	walk(p.turn, p.fromB, 0, sign, n)
	sign, n = dir(p.turn, p.toA)
	walk(p.turn, p.toB, sign, 0, n)
	if steps == 0 { // a single cell still shows
		w.join(p.fromA, p.fromB, 1, 0, s, false)
	}
	if s.l.dummy && !s.around { // through the rank that the link passes
		for a := s.l.a - 1; a < p.fromA; a++ {
			w.join(a, p.fromB, 1, 0, s, false)
			w.join(a+1, p.fromB, -1, 0, s, false)
		}
	}
}

// beadHere moves a bead along the data's way, one in six cells.
func (w *wires) beadHere(s *seg, step, spin int) bool {
	if spin == 0 || flow(s.link) != scene.Moving {
		return false
	}
	if s.way() == 1 {
		step = -step
	}
	return (((step-spin)%6)+6)%6 == 0
}

// join marks that the cell is joined towards (da, db). Of two nets that cross,
// the one that runs straight along the data is drawn through the other.
func (w *wires) join(a, b, da, db int, s *seg, bead bool) {
	at := w.at(a, b)
	if at == nil {
		return
	}
	bit := w.bit(da, db)
	if at.joins != 0 && at.net != int32(s.net) {
		if da == 0 {
			return
		}
		*at = wire{}
	}
	heavy := flow(s.link) != scene.Idle || s.link.Plain
	if at.joins&(north|south) != 0 && at.joins&(east|west) != 0 && !heavy {
		heavy = at.heavy
	}
	st := wireStyle(s)
	if at.joins != 0 && at.style&hueMask != st&hueMask {
		st = Text | st&^hueMask // a stretch that several share is nobody's
	}
	*at = wire{joins: at.joins | bit, heavy: heavy, style: st, net: int32(s.net), bead: at.bead || bead}
}

func (w *wires) bit(da, db int) uint8 {
	dx, dy := w.x.point(da, db)
	switch {
	case dx > 0:
		return east
	case dx < 0:
		return west
	case dy > 0:
		return south
	}
	return north
}

func wireStyle(s *seg) Style {
	switch flow(s.link) {
	case scene.Idle:
		return s.hue
	case scene.Cut:
		return Dim
	case scene.Broken:
		return Fail
	}
	return s.hue.Bold()
}

// Glyphs by the directions joined: north 1, east 2, south 4, west 8.
var (
	thin  = [16]string{" ", "┆", "╌", "└", "┆", "┆", "┌", "├", "╌", "┘", "╌", "┴", "┐", "┤", "┬", "┼"}
	heavy = [16]string{" ", "┃", "━", "┗", "┃", "┃", "┏", "┣", "━", "┛", "━", "┻", "┓", "┫", "┳", "╋"}
)

func (w *wires) render() {
	for i := range w.grid {
		at := &w.grid[i]
		if at.joins == 0 {
			continue
		}
		glyph := thin[at.joins]
		if at.heavy {
			glyph = heavy[at.joins]
		}
		if at.bead && (at.joins == north|south || at.joins == east|west) {
			glyph = "●"
		}
		w.c.Put(w.r.X+i%w.r.W, w.r.Y+i/w.r.W, glyph, at.style)
	}
}

// ends draws what is at the ends of a segment: heads, descriptor, words.
func (w *wires) ends(p path, s *seg) {
	st := wireStyle(s)
	state := flow(s.link)
	if state == scene.Cut {
		w.stub(p, s)
	} else {
		if s.toHigh && !s.link.Plain {
			w.head(p.toA, p.toB, head4(w.x, true, state), st)
		}
		if s.toLow && !s.link.Plain {
			w.head(p.fromA, p.fromB, head4(w.x, false, state), st)
		}
		w.ownWall(p, s, st)
	}
	w.label(p, s)
	if state != scene.Cut {
		w.words(p, s, st)
	}
}

// head draws the end of a line in the line's colour: where several processes
// share it, it is nobody's.
func (w *wires) head(a, b int, glyph string, st Style) {
	if at := w.at(a, b); at != nil && at.joins != 0 {
		st = at.style
	}
	w.put(a, b, glyph, st)
}

// ownWall marks a blocked writer on its own stretch, before the turn. At the
// object its line may merge with that of a writer whose bytes move, and the
// head there is then the mover's.
func (w *wires) ownWall(p path, s *seg, st Style) {
	if flow(s.link) != scene.Blocked || p.fromB == p.toB {
		return
	}
	switch {
	case s.toHigh && !s.procAtHigh && p.turn-1 > p.fromA:
		w.put(p.turn-1, p.fromB, head4(w.x, true, scene.Blocked), st)
	case s.toLow && s.procAtHigh && p.turn+1 < p.toA:
		w.put(p.turn+1, p.toB, head4(w.x, false, scene.Blocked), st)
	}
}

// head4 is the glyph at the end of a link. A blocked one ends in a wall and a
// broken one in a cross, so that no colour is needed to tell.
func head4(x axis, high bool, state scene.Flow) string {
	i := 0
	if x == down {
		i = 2
	}
	if !high {
		i++
	}
	switch state {
	case scene.Broken:
		return "✗"
	case scene.Blocked:
		return [...]string{"┃", "┃", "┻", "┳"}[i]
	case scene.Idle:
		return [...]string{"▷", "◁", "▽", "△"}[i]
	}
	return [...]string{"▶", "◀", "▼", "▲"}[i]
}

// stub is what remains of a closed link: a short end at the process.
func (w *wires) stub(p path, s *seg) {
	if s.labelLow == "" && s.labelHigh == "" {
		return
	}
	a, b, step := p.fromA, p.fromB, 1
	if s.procAtHigh {
		a, b, step = p.toA, p.toB, -1
	}
	if w.x == down {
		w.put(a, b, "✗", Fail)
		w.free(a, b+2+labelRoom(s.labelLow+s.labelHigh)-1, "closed", Dim)
		return
	}
	w.put(a, b, "╌", Dim)
	w.put(a+step, b, "✗", Fail)
	// The word stands in the gap, or nowhere: what the gap ends at is drawn later.
	const word = "closed"
	if s.procAtHigh {
		if at := a - 2 - len(word); at > s.l.a+s.l.la {
			w.free(at, b, word, Dim)
		}
		return
	}
	if a+3+len(word) < s.h.a {
		w.free(a+3, b, word, Dim)
	}
}

// label writes the descriptor at the process's end.
func (w *wires) label(p path, s *seg) {
	st := s.hue
	if w.x == down {
		if s.labelLow != "" {
			w.free(p.fromA, p.fromB+2, s.labelLow, st)
		}
		if s.labelHigh != "" {
			w.free(p.toA, p.toB+2, s.labelHigh, st)
		}
		return
	}
	if s.labelLow != "" {
		w.free(p.fromA-1-Width(s.labelLow), p.fromB, s.labelLow, st)
	}
	if s.labelHigh != "" {
		w.free(p.toA+2, p.toB, s.labelHigh, st)
	}
}

// free writes text only into blank cells: a word less rather than a line cut.
func (w *wires) free(a, b int, text string, st Style) {
	x, y := w.x.point(a, b)
	x, y = x+w.r.X, y+w.r.Y
	for i := range Width(text) {
		if x+i >= w.r.X+w.r.W || !w.c.Blank(x+i, y) {
			return
		}
	}
	w.c.Text(x, y, text, st)
}

// words says on the process's own stretch of the link what goes on there.
func (w *wires) words(p path, s *seg, st Style) {
	if s.words == "" {
		return
	}
	n := Width(s.words)
	if w.x == down {
		a, b, label := p.fromA, p.fromB, s.labelLow
		if s.procAtHigh {
			a, b, label = p.toA, p.toB, s.labelHigh
		}
		w.free(a, b+2+labelRoom(label)-1, s.words, st&hueMask)
		return
	}
	from, to, b := p.fromA, p.turn, p.fromB
	if s.procAtHigh {
		from, to, b = p.turn, p.toA, p.toB
	}
	if p.fromB == p.toB {
		from, to = p.fromA, p.toA
	}
	room := to - from // without the head or the turn
	if room < n+4 {
		if room+2 >= n {
			w.free(from+max(room-n, 0)/2, b-1, s.words, st&hueMask)
		}
		return
	}
	col, line := w.x.point(from+(room-n)/2, b)
	x, y := w.r.X+col, w.r.Y+line
	w.c.Put(x-1, y, " ", Text)
	end := w.c.Text(x, y, s.words, st&hueMask)
	w.c.Put(end, y, " ", Text)
}

// linkLabel is the descriptor, or what stands for it.
func linkLabel(l *scene.Link) string {
	switch {
	case strings.HasPrefix(l.Label, "0x") && Width(l.Label) > 10: // an address: the end tells more
		return "0x" + tail(l.Label[2:], 8)
	case l.Label != "":
		return head(l.Label, 10)
	case l.FD > 0:
		return strconv.Itoa(l.FD)
	}
	return ""
}

// linkWords is what the link says in words, so that no colour or shape has to.
func linkWords(l *scene.Link) string {
	switch {
	case l.Through != "":
		return head(l.Through, 20)
	case l.State == scene.Blocked:
		return "asleep"
	case l.State == scene.Broken:
		return "failed"
	}
	return ""
}
