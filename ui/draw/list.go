package draw

import (
	"strconv"

	"ipctour/sims/scene"
)

// The picture when there is room for no picture: a line for each thing, in the
// order in which data passes them, and the links as words.

// list draws into r and returns the lines used. Lines about links are the first
// to go where there is not room for all; then processes that do nothing.
func (p *painter) list(c *Canvas, r Rect, g *graph) int {
	if r.W <= 0 || r.H <= 0 {
		return 0
	}
	things := p.inOrder(g)
	if len(things) == 0 {
		return 0
	}
	hold := 0
	for _, t := range things {
		if t.proc != nil {
			hold++
		}
	}
	own := len(things)+hold <= r.H // links get lines of their own
	things, left := p.foremost(things, r.H)
	names := p.names(r.W)
	y := r.Y
	for _, t := range things {
		x := t.line(p, c, r, y, names)
		y++
		if t.proc == nil {
			continue
		}
		switch links := p.linkRow(t.proc.ID, names); {
		case len(links) == 0:
		case own:
			links.draw(c, r.X+3, y, r.W-3)
			y++
		case x+2+links.width() <= r.X+r.W:
			links.draw(c, x+2, y-1, r.X+r.W-x-2)
		}
	}
	if len(left) > 0 {
		p.leftLine(c, Rect{r.X, y, r.W, 1}, left, names)
		y++
	}
	return y - r.Y
}

// foremost are the things for which there are lines, in order, and those that are
// left out: the objects stay, as the lesson is about them, and whoever acts.
func (p *painter) foremost(things []thing, lines int) (shown, left []thing) {
	if len(things) <= lines {
		return things, nil
	}
	for rank := restless; rank <= idle && len(shown) < max(lines-1, 1); rank++ {
		for i := range things {
			if len(shown) < max(lines-1, 1) && p.rankOf(&things[i]) == rank {
				things[i].shown = true
				shown = append(shown, things[i])
			}
		}
	}
	shown = nil
	for _, t := range things {
		if t.shown {
			shown = append(shown, t)
		} else {
			left = append(left, t)
		}
	}
	if lines <= 1 {
		return shown, nil
	}
	return shown, left
}

// The ranks of things where there are lines for few.
const (
	restless = iota // an object that something joins
	acting          // a process that runs or sleeps in the kernel, of its own
	still           // other objects
	idle            // processes that are held, not there yet, or gone
)

func (p *painter) rankOf(t *thing) int {
	switch {
	case t.proc == nil:
		for i := range p.links {
			if l := &p.links[i]; l.State != scene.Cut && (l.From == t.object.Key() || l.To == t.object.Key()) {
				return restless
			}
		}
		return still
	case t.proc.Life == scene.Running || t.proc.Life == scene.Asleep || t.proc.Life == scene.Killed || t.proc.Gate != "":
		return acting
	}
	return idle
}

// leftLine names what there was no line for.
func (p *painter) leftLine(c *Canvas, r Rect, left []thing, names map[string]string) {
	line := row{{"… " + count(len(left), "more thing"), Dim}}
	for i, t := range left {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		name, st := "", Dim
		if t.proc != nil {
			name, st = names[t.proc.ID], t.hue
		} else {
			name = names[t.object.Key()]
		}
		line = append(line, span{sep, Dim}, span{name, st})
	}
	if line.width() > r.W {
		line[0].text = "… " + strconv.Itoa(len(left)) + " more"
	}
	line.draw(c, r.X, r.Y, r.W)
}

// thing is a process or an object.
type thing struct {
	proc   *scene.Process
	hue    Style
	object scene.Object
	shown  bool
}

// inOrder is the things by rank where the graph is known.
func (p *painter) inOrder(g *graph) []thing {
	things := make([]thing, 0, len(p.s.Processes)+len(p.s.Objects))
	if g == nil {
		for i := range p.s.Processes {
			things = append(things, thing{proc: &p.s.Processes[i], hue: Process(i)})
		}
		for _, o := range p.s.Objects {
			if o != nil {
				things = append(things, thing{object: o})
			}
		}
		return things
	}
	add := func(n *node) {
		switch {
		case n.dummy:
		case n.proc >= 0:
			things = append(things, thing{proc: &p.s.Processes[n.proc], hue: Process(n.proc)})
		default:
			things = append(things, thing{object: n.object})
		}
	}
	for _, b := range g.blocks {
		for _, rank := range b.ranks {
			for _, n := range rank {
				add(n)
			}
		}
	}
	for _, n := range g.islands {
		add(n)
	}
	return things
}

// line draws one thing in one line and returns the column after it.
func (t thing) line(p *painter, c *Canvas, r Rect, y int, names map[string]string) int {
	if t.proc != nil {
		name := t.proc.Name
		if name == "" {
			name = t.proc.ID
		}
		x := c.Clip(r.X, y, min(r.W, max(r.W/3, 8)), name, t.hue.Bold())
		return p.processLine(t.proc).draw(c, x+1, y, r.X+r.W-x-1)
	}
	k := p.objectCard(t.object, small, r.W)
	x := r.X + min(2, r.W/8)
	if name := names[t.object.Key()]; name == k.name && k.named {
		x--
	} else if name != k.name || len(k.title) == 0 {
		x = c.Clip(x, y, r.W/2, name, Strong)
	} else {
		x = k.title.draw(c, x, y, max(r.W/2, 1))
	}
	for _, line := range k.rows {
		if x >= r.X+r.W-1 {
			break
		}
		x = line.draw(c, x+1, y, min(line.width(), r.X+r.W-x-1))
	}
	return x
}

// names says what to call each end of a link: what its card is called, or its
// key where two cards are called the same.
func (p *painter) names(room int) map[string]string {
	names := make(map[string]string, len(p.s.Objects)+len(p.s.Processes))
	owner := make(map[string]string, len(p.s.Objects))
	for _, o := range p.s.Objects {
		if o == nil {
			continue
		}
		key := o.Key()
		name := p.objectCard(o, small, room).name
		if first, taken := owner[name]; taken && first != key {
			names[first], names[key] = first, key
			continue
		}
		owner[name], names[key] = key, name
	}
	for i := range p.s.Processes {
		q := &p.s.Processes[i]
		names[q.ID] = q.ID
		if q.Name != "" {
			names[q.ID] = q.Name
		}
	}
	return names
}

// linkRow is a process's links in words: "3 ━▶ pipe   4 ◀━ pipe asleep".
func (p *painter) linkRow(id string, names map[string]string) row {
	var r row
	for i := range p.links {
		l := &p.links[i]
		if l.From != id && (l.To != id || p.s.Process(l.From) != nil) {
			continue
		}
		other, arrow := l.To, flowArrow(l, true)
		if l.To == id {
			other, arrow = l.From, flowArrow(l, false)
		}
		if len(r) > 0 {
			r = append(r, span{"   ", Text})
		}
		st := wireStyle(&seg{link: l, hue: p.hue(id)})
		if label := linkLabel(l); label != "" {
			r = append(r, span{label, st}, span{" ", Text})
		}
		r = append(r, span{arrow, st}, span{" ", Text}, span{names[other], Text})
		if words := linkWords(l); words != "" {
			r = append(r, span{" ", Text}, span{words, st & hueMask})
		} else if l.State == scene.Cut {
			r = append(r, span{" closed", Dim})
		}
	}
	return r
}

func flowArrow(l *scene.Link, out bool) string {
	i := 0
	if l.Plain && flow(l) != scene.Cut && flow(l) != scene.Broken {
		return "━━"
	}
	if !out {
		i = 1
	}
	if l.Both {
		i = 2
	}
	switch flow(l) {
	case scene.Cut, scene.Broken:
		return [...]string{"╌✗", "✗╌", "╌✗╌"}[i]
	case scene.Blocked:
		return [...]string{"━┃", "┃━", "┃━┃"}[i]
	case scene.Idle:
		return [...]string{"╌▷", "◁╌", "◁╌▷"}[i]
	}
	return [...]string{"━▶", "◀━", "◀━▶"}[i]
}
