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
	p := newPainter(s, o.Spin)
	if c.H < 3 && s.Sentence != "" || len(s.Processes)+len(s.Objects)+len(s.Figures)+len(s.Tables) == 0 {
		for i, line := range wrap(s.Sentence, c.W, c.H) {
			if i < c.H {
				c.Clip(0, i, c.W, line, Text)
			}
		}
		return c
	}
	y := p.picture(c, Rect{0, 0, c.W, c.H}, p.below(c.W))
	if y > 0 && c.H-y > 2 {
		y++ // a blank line, if that leaves room for something
	}
	p.rest(c, Rect{0, y, c.W, c.H - y})
	return c
}

// Below draws what stands below the picture: the figures, the tables and the x-ray.
func Below(s *scene.Scene, o Options) *Canvas {
	c := o.canvas()
	newPainter(s, o.Spin).rest(c, Rect{0, 0, c.W, c.H})
	return c
}

// rest draws the x-ray first while it is on, as the learner has asked for it, then
// the figures, then the tables, which keep what they need of the lower half; then the
// calls of processes that are watched no more, and what the marks of origin mean.
func (p *painter) rest(c *Canvas, r Rect) {
	gap := 1
	if r.H < 8 {
		gap = 0
	}
	put := func(part func(*Canvas, Rect) int, most int) (used int) {
		if used = part(c, Rect{r.X, r.Y, r.W, min(most, r.H)}); used > 0 {
			r.Y, r.H = r.Y+used+gap, r.H-used-gap
		}
		return used
	}
	if p.traced() {
		put(p.xray, max(r.H/2, min(r.H, 3)))
	}
	if len(p.s.Tables) > 0 {
		scratch := NewCanvas(r.W, max(r.H/2, min(r.H, 3)), c.theme, c.ascii)
		n := p.tables(scratch, Rect{0, 0, scratch.W, scratch.H})
		if put(p.figures, r.H-n-gap) == 0 && len(p.s.Figures) > 0 { // the title says that there are some
			more := moreFigures(len(p.s.Figures))
			defer c.free(r.X+r.W-Width(more), r.Y, more)
		}
		put(p.tables, r.H)
	} else {
		put(p.figures, r.H)
	}
	if !p.traced() {
		put(p.xray, r.H)
	}
	if r.Y, r.H = r.Y+1-gap, r.H-1+gap; r.H > 0 {
		put(p.origins, 1)
	}
}

// free writes text where nothing is, with a blank before it.
func (c *Canvas) free(x, y int, text string) {
	for i := -1; i < Width(text); i++ {
		if !c.Blank(x+i, y) {
			return
		}
	}
	c.Text(x, y, text, Dim)
}

// traced reports whether the x-ray of any process is on.
func (p *painter) traced() bool {
	return slices.ContainsFunc(p.s.Processes, func(q scene.Process) bool { return q.Traced })
}

const (
	callLines  = 7 // a blank line, a name and calls
	tableLines = 9 // a blank line, a title, the names of the columns and rows
)

// below is the lines that the figures, the first table and the x-ray ask for in w
// cells, each with a blank line before it.
func (p *painter) below(w int) (b below) {
	if len(p.s.Figures) > 0 && w > 0 {
		l := p.planFigures(w, tallest)
		b.want, b.least = b.want+l.height+1, b.least+2
	}
	if len(p.s.Tables) > 0 {
		t := &p.s.Tables[0]
		heads := 1 + min(len(t.Title), 1) + min(len(t.Columns), 1)
		b.want += min(heads+len(t.Rows), tableLines)
		b.least = heads + min(len(t.Rows), 1) // figures yield to a table
	}
	if p.traced() {
		b.want, b.least = b.want+callLines, b.least+3
	}
	return b
}

// origins says what the marks after figures and tables mean.
func (p *painter) origins(c *Canvas, r Rect) int {
	var line, short row
	for _, o := range [...]struct {
		origin      scene.Origin
		says, brief string
	}{
		{scene.Kernel, "read from the kernel", "kernel"}, {scene.Child, "counted by the process", "process"},
		{scene.Derived, "derived from others", "derived"}, {scene.Said, "said by the source, not measured", "source"},
	} {
		if p.has(o.origin) {
			line = append(line, span{mark(o.origin) + " " + o.says + "   ", Dim})
			short = append(short, span{mark(o.origin) + " " + o.brief + "  ", Dim})
		}
	}
	if line.width() > r.W {
		line = short
	}
	if len(line) == 0 || r.H < 1 || line.width() > r.W {
		return 0
	}
	line.draw(c, r.X, r.Y, r.W)
	return 1
}

// has reports whether a figure or a table is of that origin.
func (p *painter) has(o scene.Origin) bool {
	return slices.ContainsFunc(p.s.Figures, func(f scene.Figure) bool { return f.Origin == o && f.Missing == "" }) ||
		slices.ContainsFunc(p.s.Tables, func(t scene.Table) bool { return t.Origin == o })
}
