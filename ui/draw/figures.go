package draw

import (
	"math"
	"strconv"

	"ipctour/sims/scene"
)

// The numbers worth watching, each with where it comes from, in columns.

// mark is the short form of an origin.
func mark(o scene.Origin) string {
	switch o {
	case scene.Kernel:
		return "·k"
	case scene.Child:
		return "·c"
	case scene.Derived:
		return "·d"
	case scene.Said:
		return "·s"
	}
	return ""
}

const (
	figureGap   = 3
	shortValue  = 18 // what is longer takes the place of several
	missingText = "not available here"
	fewColumns  = 2 // are easier to read than many, where there are lines for it
)

// figureGrid is how figures without history share lines: columns of one width.
type figureGrid struct{ w, label, value, columns int }

// figureGrid is the grid for the figures that are not out.
func (p *painter) figureGrid(w int, out []bool) figureGrid {
	g := figureGrid{w: w, value: 4}
	for i := range p.s.Figures {
		f := &p.s.Figures[i]
		if f.Missing != "" || out[i] {
			continue
		}
		g.label = max(g.label, min(Width(f.Label), max(w/2, 8)))
		if n := Width(f.Text); n <= shortValue {
			g.value = max(g.value, n)
		}
	}
	g.value = (g.value + 3) / 4 * 4 // so that columns do not shift with each digit
	g.columns = max((w+figureGap)/(g.cell()+figureGap), 1)
	return g
}

// cell is the width of a figure: its label, its value, where it is from.
func (g *figureGrid) cell() int { return g.label + 1 + g.value + 3 }

// span is how many columns a figure takes, at most all.
func (g *figureGrid) span(f *scene.Figure) int {
	need := g.label + 1 + Width(f.Text) + 3
	if Width(f.Text) <= g.value {
		need = g.cell()
	}
	return max(min((need+figureGap+g.cell()+figureGap-1)/(g.cell()+figureGap), g.columns), 1)
}

// figurePlan is which figures are shown, and how.
type figurePlan struct {
	g      figureGrid
	out    []bool // by index: there is no room for it
	lines  bool   // those with history have their line drawn
	left   int    // how many are out
	height int
}

// planFigures finds what fits into h lines: all of them in few columns, else in more,
// else without the drawn lines, else fewer. The order stays; what the present step is about goes last.
func (p *painter) planFigures(w, h int) figurePlan {
	l := figurePlan{lines: true, out: make([]bool, len(p.s.Figures))}
	l.g = p.figureGrid(w, l.out)
	most := l.g.columns
	for l.g.columns = min(fewColumns, most); l.g.columns <= most; l.g.columns++ {
		if l.height = p.flowFigures(&l, nil); l.height <= h {
			return l
		}
	}
	l.g.columns, l.lines = most, false
	for l.height = p.flowFigures(&l, nil); l.height > h && l.left < len(p.s.Figures)-1; l.height = p.flowFigures(&l, nil) {
		l.out[p.leastFigure(&l)] = true
		l.left++
		l.g = p.figureGrid(w, l.out)
	}
	return l
}

// leastFigure is the next to go.
func (p *painter) leastFigure(l *figurePlan) int {
	least := -1
	for i := range p.s.Figures {
		if !l.out[i] && (least < 0 || !p.s.Figures[i].Now || p.s.Figures[least].Now) {
			least = i
		}
	}
	return least
}

// moreFigures says that there are others, and the key that shows them.
func moreFigures(n int) string { return "+" + strconv.Itoa(n) + " more · e" }

// flowFigures gives every figure of a plan its place and returns the lines used; put
// may be nil. The last place, of index -1, is for the word that there are more: after
// the last figure where it fits, else in a line of its own.
func (p *painter) flowFigures(l *figurePlan, put func(i, line, x int)) int {
	line, column, edge := 0, 0, 0 // edge: where the last figure ends
	place := func(i, span int) {
		if column > 0 && column+span > l.g.columns {
			line, column = line+1, 0
		}
		x := column * (l.g.cell() + figureGap)
		if put != nil {
			put(i, line, x)
		}
		column += span
		edge = x + l.g.extent(&p.s.Figures[i])
	}
	for i := range p.s.Figures {
		f := &p.s.Figures[i]
		switch {
		case l.out[i]:
		case f.Missing != "":
			place(i, l.g.columns)
			line, column = line+missingLines(f, &l.g), 0
		case l.lines && len(f.History) > 1:
			place(i, l.g.columns)
			line, column = line+1, 0
		default:
			place(i, l.g.span(f))
		}
	}
	more := Width(moreFigures(l.left))
	switch {
	case l.left == 0:
	case column > 0 && edge+figureGap+more <= l.g.w:
		if put != nil {
			put(-1, line, edge+figureGap)
		}
	default:
		if column > 0 {
			line, column = line+1, 0
		}
		if put != nil {
			put(-1, line, 0)
		}
		line++
	}
	if column > 0 {
		line++
	}
	return line
}

// extent is the cells that a figure takes, from its label to its mark.
func (g *figureGrid) extent(f *scene.Figure) int {
	return g.label + 1 + max(Width(f.Text), g.value) + 4
}

// figures draws into r and returns the lines used.
func (p *painter) figures(c *Canvas, r Rect) int {
	if r.W <= 0 || r.H <= 0 || len(p.s.Figures) == 0 {
		return 0
	}
	l := p.planFigures(r.W, r.H)
	step := 1
	if r.W >= wideRoom && r.H >= 3*l.height+tableLines {
		step = 2 // with air between them
	}
	p.flowFigures(&l, func(i, line, x int) {
		line *= step
		x, y := r.X+x, r.Y+line
		room := r.X + r.W - x
		switch {
		case line >= r.H:
		case i < 0:
			c.Clip(x, y, room, moreFigures(l.left), Dim)
		case p.s.Figures[i].Missing != "":
			p.missing(c, Rect{r.X, y, r.W, r.H - line}, &p.s.Figures[i], l.g.label)
		default:
			f := &p.s.Figures[i]
			end := p.figure(c, x, y, room, f, l.g)
			if l.lines && len(f.History) > 1 {
				spark(c, end+2, y, r.X+r.W-end-2, f.History, p.figureHue(f, Accent))
			}
		}
	})
	return min(l.height*step-step+1, r.H)
}

// figure draws one figure in a cell of the grid; where the grid is wider than the
// room, the label gives way, and where that is not enough, words of the value. The
// value has the colour of the process that it tells of.
func (p *painter) figure(c *Canvas, x, y, room int, f *scene.Figure, g figureGrid) int {
	end, value := x+room, Width(f.Text)
	st := p.figureHue(f, Text).Bold()
	least := min(room/3, 8)
	if numeric(f.Text) {
		least = max(min(least, room-value-1), 0)
	}
	label := min(g.label, max(room-value-4, least))
	name := Dim
	if f.Now {
		name = Text
	}
	c.Clip(x, y, label, f.Label, name)
	x += label + 1
	if value <= g.value && x+g.value+3 <= end {
		x += g.value - value
	}
	if value > end-x-3 && !numeric(f.Text) { // words give way to the mark
		value = end - x - 3
	}
	x = c.Clip(x, y, min(value, end-x), f.Text, st)
	if x+3 <= end {
		x = c.Text(x+1, y, mark(f.Origin), Dim)
	}
	if f.Now && x < end {
		c.Put(x, y, "◂", Accent)
		x++
	}
	return x
}

// figureHue is the colour of the process that a figure tells of, or else.
func (p *painter) figureHue(f *scene.Figure, other Style) Style {
	if f.Who == "" {
		return other
	}
	return p.hue(f.Who)
}

// missing says why a figure cannot be had, on as many lines as that takes.
func (p *painter) missing(c *Canvas, r Rect, f *scene.Figure, label int) {
	label = min(label, r.W)
	x := max(c.Clip(r.X, r.Y, max(label, min(Width(f.Label), r.W/2)), f.Label, Dim), r.X+label) + 1
	room := r.X + r.W - x
	if room < 8 {
		return
	}
	for i, line := range wrap(missingText+": "+f.Missing, room, min(mostMissing, r.H)) {
		c.Clip(x, r.Y+i, room, line, Text)
	}
}

// missingLines is how many lines that is.
func missingLines(f *scene.Figure, g *figureGrid) int {
	label := min(g.label, g.w)
	room := g.w - max(min(max(label, min(Width(f.Label), g.w/2)), Width(f.Label)), label) - 1
	if room < 8 {
		return 1
	}
	return len(wrap(missingText+": "+f.Missing, room, mostMissing))
}

// mostMissing is as many lines as a reason may take.
const mostMissing = 4

// levels are the eighths of a sparkline.
var levels = [...]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// spark draws the last values, each in a cell, scaled to the largest; a value
// that is no number is a gap, because a gap is not a zero.
func spark(c *Canvas, x, y, cells int, values []float64, st Style) {
	if cells < 4 {
		return
	}
	if len(values) > cells {
		values = values[len(values)-cells:]
	}
	top := 0.0
	for _, v := range values {
		if !math.IsInf(v, 0) {
			top = max(top, v)
		}
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		level := 0
		if top > 0 && v > 0 {
			level = min(int(v/top*float64(len(levels)-1)+0.5), len(levels)-1)
		}
		c.Put(x+i, y, levels[level], st)
	}
}
