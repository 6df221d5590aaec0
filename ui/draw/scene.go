package draw

import "ipctour/sims/scene"

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
	for _, part := range [...]func(*Canvas, Rect) int{p.figures, p.tables, p.xray} {
		at := y
		if y > 0 && c.H-y > 2 {
			at++ // a blank line, if that leaves room for something
		}
		if n := part(c, Rect{0, at, c.W, c.H - at}); n > 0 {
			y = at + n
		}
	}
	return c
}

// leave is the lines that the picture leaves to the figures and the first table:
// what they ask for, or less where the picture is boxes and arrows only then. Where
// it is a list in any case they get what they ask for.
func (p *painter) leave(o Options) int {
	figures, table := p.aside(o)
	need := p.height(o.Width, o.Height-figures-table, flat)
	least := min(figures, 2) + min(table, 4)
	if need == 0 || o.Height-need < least {
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
		table = min(2+len(p.s.Tables[0].Rows), max(o.Height, 0)/4) + 1
	}
	return figures, table
}
