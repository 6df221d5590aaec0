package draw

import (
	"math"

	"ipctour/sims/scene"
)

// The numbers worth watching, each with where it comes from, in columns.

// marks are the short forms of the origins.
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
	sparkCells  = 24
	missingText = "not available here"
)

// figureGrid is how figures without history share lines: columns of one width.
type figureGrid struct{ label, value, columns int }

func (p *painter) figureGrid(w int) figureGrid {
	var g figureGrid
	for i := range p.s.Figures {
		f := &p.s.Figures[i]
		if f.Missing != "" {
			continue
		}
		g.label = max(g.label, min(Width(f.Label), max(w/2, 8)))
		g.value = max(g.value, min(Width(f.Text), w))
	}
	g.value = (g.value + 3) / 4 * 4 // so that columns do not shift with each digit
	cell := g.label + 1 + g.value + 3
	g.columns = max((w+figureGap)/(cell+figureGap), 1)
	return g
}

// figures draws into r and returns the lines used.
func (p *painter) figures(c *Canvas, r Rect) int {
	if r.W <= 0 || r.H <= 0 {
		return 0
	}
	g := p.figureGrid(r.W)
	cell := g.label + 1 + g.value + 3 + figureGap
	y, column := r.Y, 0
	bottom := r.Y + r.H
	for i := range p.s.Figures {
		f := &p.s.Figures[i]
		wide := f.Missing != "" || len(f.History) > 1
		if column >= g.columns || wide && column > 0 {
			y, column = y+1, 0
		}
		if y >= bottom {
			break
		}
		if f.Missing != "" {
			y += p.missing(c, Rect{r.X, y, r.W, bottom - y}, f, g.label)
			continue
		}
		x := r.X + column*cell
		end := figure(c, x, y, r.X+r.W-x, f, g)
		column++
		if wide {
			cells := min(r.X+r.W-end-2, sparkCells)
			if cells >= 4 {
				spark(c, end+2, y, cells, f.History)
			}
			y, column = y+1, 0
		}
	}
	if column > 0 {
		y++
	}
	return min(y, bottom) - r.Y
}

// figure draws one figure in a cell of the grid; where the grid is wider than
// the room, label and value simply follow each other.
func figure(c *Canvas, x, y, room int, f *scene.Figure, g figureGrid) int {
	end := x + room
	label := min(g.label, room)
	c.Clip(x, y, label, f.Label, Dim)
	x += label + 1
	if g.label+1+g.value+3 > room {
		x = c.Clip(x, y, end-x, f.Text, Strong)
	} else {
		c.Text(x+g.value-Width(f.Text), y, f.Text, Strong)
		x += g.value
	}
	if x+3 <= end {
		x = c.Text(x+1, y, mark(f.Origin), Dim)
	}
	return x
}

// missing says why a figure cannot be had, on as many lines as that takes.
func (p *painter) missing(c *Canvas, r Rect, f *scene.Figure, label int) int {
	label = min(label, r.W)
	x := max(c.Clip(r.X, r.Y, max(label, min(Width(f.Label), r.W/2)), f.Label, Dim), r.X+label) + 1
	room := r.X + r.W - x
	if room < 8 {
		return 1
	}
	lines := wrap(missingText+": "+f.Missing, room, r.H)
	for i, line := range lines {
		c.Clip(x, r.Y+i, room, line, Text)
	}
	return len(lines)
}

// levels are the eighths of a sparkline.
var levels = [...]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// spark draws the last values, each in a cell, scaled to the largest; a value
// that is no number is a gap, because a gap is not a zero.
func spark(c *Canvas, x, y, cells int, values []float64) {
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
		c.Put(x+i, y, levels[level], Accent)
	}
}
