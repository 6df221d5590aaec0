package draw

import (
	"slices"

	"ipctour/sims/scene"
)

// Scene draws everything a scene has room for: the picture, then figures,
// tables and the x-ray in what is left, most important first. Where there is
// room for nothing else it is the sentence.
func Scene(s *scene.Scene, o Options) *Canvas {
	c := o.canvas()
	p := &painter{s: s, spin: o.Spin}
	if c.H < 3 && s.Sentence != "" || len(s.Processes)+len(s.Objects)+len(s.Figures)+len(s.Tables) == 0 {
		for i, line := range wrap(s.Sentence, c.W, c.H) {
			if i < c.H {
				c.Clip(0, i, c.W, line, Text)
			}
		}
		return c
	}
	y := p.picture(c, Rect{0, 0, c.W, max(c.H-p.leave(o), 1)})
	if y > 0 && c.H-y > 2 {
		y++ // a blank line, if that leaves room for something
	}
	p.below(c, Rect{0, y, c.W, c.H - y})
	return c
}

// Below draws what stands below the picture: the figures, the tables and the x-ray.
func Below(s *scene.Scene, o Options) *Canvas {
	c := o.canvas()
	(&painter{s: s, spin: o.Spin}).below(c, Rect{0, 0, c.W, c.H})
	return c
}

// below draws the x-ray first while it is on, as the learner has asked for it, then
// the figures, then the tables, which keep what they need of the lower half; and
// last the calls of processes that are watched no more.
func (p *painter) below(c *Canvas, r Rect) {
	put := func(part func(*Canvas, Rect) int, most int) {
		if n := part(c, Rect{r.X, r.Y, r.W, min(most, r.H)}); n > 0 {
			r.Y, r.H = r.Y+n+1, r.H-n-1
		}
	}
	if p.traced() {
		put(p.xray, max(r.H/2, min(r.H, 3)))
	}
	if len(p.s.Tables) > 0 {
		scratch := NewCanvas(r.W, max(r.H/2, min(r.H, 3)), c.theme, c.ascii)
		if n := p.tables(scratch, Rect{0, 0, scratch.W, scratch.H}); n > 0 {
			put(p.figures, r.H-n-1)
		}
		put(p.tables, r.H)
	} else {
		put(p.figures, r.H)
	}
	if !p.traced() {
		put(p.xray, r.H)
	}
}

// traced reports whether the x-ray of any process is on.
func (p *painter) traced() bool {
	return slices.ContainsFunc(p.s.Processes, func(q scene.Process) bool { return q.Traced })
}

// leave is the lines that the picture leaves to the figures, the first table and the x-ray:
// what they ask for, or less where the picture is boxes and arrows, or at least
// arrows, only then. Where it is a list in any case they get what they ask for.
func (p *painter) leave(o Options) int {
	figures, table := p.aside(o)
	least := min(figures, 2)
	if table > 0 {
		least = min(table, 4) // a blank line, the title, the names of the columns and a row
	}
	if p.traced() {
		calls := min(6, o.Height/2)
		figures, least = figures+calls, least+calls
	}
	need := p.height(o.Width, o.Height-figures-table, flat)
	if need == 0 || o.Height-need < least {
		need = p.flatHeight(o.Width)
	}
	switch {
	case need > 0 && o.Height-need >= least:
	case p.traced():
		return min(figures+table, o.Height/2)
	default:
		return figures + table
	}
	return min(figures+table, o.Height-need)
}

// aside is the lines that the figures and the first table would like: the figures
// never more than a third.
func (p *painter) aside(o Options) (figures, table int) {
	if len(p.s.Figures) > 0 {
		scratch := NewCanvas(o.Width, max(o.Height/3, 1), o.Theme, o.ASCII)
		figures = p.figures(scratch, Rect{0, 0, scratch.W, scratch.H}) + 1
	}
	if len(p.s.Tables) > 0 {
		share := o.Height / 4
		if o.Height >= 10 {
			share = max(share, 3) // its title, the names of its columns and a row
		}
		table = min(2+len(p.s.Tables[0].Rows), max(share, 0)) + 1
	}
	return figures, table
}
