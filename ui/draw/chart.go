package draw

import (
	"math"
	"strings"

	"ipctour/sims/scene"
)

// How a chart looks: an axis with values on the left, a mark for each value over its
// column, dots between them, and below it which mark is whose.

// chartMarks tell the lines apart without any colour.
var chartMarks = [...]string{"●", "○", "◆", "▲", "×", "•"}

const (
	chartColumns = 24 // more columns than these are not drawn
	bothMark     = "◎"
)

// chartGrid is the field that points are set in.
type chartGrid struct {
	w, h     int
	low, top float64 // of the axis, in tens where it is logarithmic
	log      bool
	glyphs   []string
	styles   []Style
}

func (p *painter) chartCard(o *scene.Chart, d detail, room int) card {
	label := o.Label
	if label == "" {
		label = "chart"
	}
	k := card{name: label, title: text(label, Strong)}
	lines := o.Lines[:min(len(o.Lines), len(chartMarks))]
	columns := o.Columns[:min(len(o.Columns), chartColumns)]
	low, top, some := chartRange(o, lines, len(columns))
	if !some {
		k.rows = []row{text("nothing measured yet", Dim)}
		return k
	}
	if d == flat {
		k.title, k.rows = nil, chartFlat(o, lines, low, top, label, room)
		return k
	}
	if d == small {
		k.rows = sideBySide(chartSparks(o, lines, low, top), room)
		return k
	}
	height := [...]int{full: 10, lean: 8, medium: 6}[d]
	step := 3
	for _, c := range columns {
		step = max(step, Width(c)+2)
	}
	axis := 0
	g := &chartGrid{h: height, low: low, top: top, log: o.Log}
	names := g.axisNames(o.Unit)
	for _, n := range names {
		axis = max(axis, Width(n))
	}
	step = max(min(step, (min(room, 110)-axis-3)/len(columns)), 2)
	g.w = step * len(columns)
	g.glyphs, g.styles = make([]string, g.w*g.h), make([]Style, g.w*g.h)
	for i := range lines {
		g.line(o, &lines[i], i, step)
	}
	for y := range height {
		name := names[y]
		tick := "│"
		if name != "" {
			tick = "┤"
		}
		k.rows = append(k.rows, append(row{{blanks(axis - Width(name)), Dim}, {name, Dim}, {" " + tick, Dim}}, g.row(y)...))
	}
	k.rows = append(k.rows, text(blanks(axis+1)+"└"+strings.Repeat("─", g.w), Dim), chartFoot(columns, axis+2, step), chartLegend(lines, g))
	return k
}

// chartRange is the axis: from the least to the largest value, rounded to tens where it
// is logarithmic, else from 0.
func chartRange(o *scene.Chart, lines []scene.Line, columns int) (low, top float64, some bool) {
	low, top = math.Inf(1), math.Inf(-1)
	for _, l := range lines {
		for _, p := range l.Points {
			if !o.Shows(p) || p.Column >= columns {
				continue
			}
			v := p.Value
			if o.Log {
				v = math.Log10(v)
			}
			low, top, some = min(low, v), max(top, v), true
		}
	}
	if o.Log {
		low, top = math.Floor(low), math.Ceil(top)
		if top <= low {
			top = low + 1
		}
		return low, top, some
	}
	if top <= 0 {
		top = 1
	}
	return 0, top, some
}

// axisNames has the name of the value at each line of the field, top first; few of
// them, at equal steps.
func (g *chartGrid) axisNames(unit string) []string {
	names := make([]string, g.h)
	if !g.log {
		names[0], names[g.h-1] = scene.Metric(g.top, unit), "0"
		return names
	}
	each := math.Ceil((g.top - g.low) / float64(g.h-1)) // tens that share a line
	for v := g.low; v <= g.top+0.01; v += each {
		names[g.y(v)] = scene.Metric(math.Pow(10, v), unit)
	}
	return names
}

// y is the line of a value on the axis, clamped.
func (g *chartGrid) y(v float64) int {
	at := int(math.Round((v - g.low) / (g.top - g.low) * float64(g.h-1)))
	return g.h - 1 - max(min(at, g.h-1), 0)
}

func (g *chartGrid) value(v float64) float64 {
	if g.log {
		return math.Log10(v)
	}
	return v
}

// line sets a line's marks, and dots from each to the next.
func (g *chartGrid) line(o *scene.Chart, l *scene.Line, i, step int) {
	st := Process(i)
	lastX, lastV := -1, 0.0
	for _, p := range l.Points {
		x := p.Column*step + step/2
		if !o.Shows(p) || x >= g.w {
			continue
		}
		v := g.value(p.Value)
		if lastX >= 0 && x > lastX {
			for at := lastX + 1; at < x; at++ {
				y := g.y(lastV + (v-lastV)*float64(at-lastX)/float64(x-lastX))
				if c := y*g.w + at; g.glyphs[c] == "" {
					g.glyphs[c], g.styles[c] = "·", st
				}
			}
		}
		c := g.y(v)*g.w + x
		if was := g.glyphs[c]; was == "" || was == "·" {
			g.glyphs[c], g.styles[c] = chartMarks[i], st.Bold()
		} else if was != chartMarks[i] {
			g.glyphs[c], g.styles[c] = bothMark, Strong
		}
		lastX, lastV = x, v
	}
}

func (g *chartGrid) row(y int) row {
	var r row
	for x := range g.w {
		glyph, st := g.glyphs[y*g.w+x], g.styles[y*g.w+x]
		if glyph == "" {
			glyph, st = " ", Text
		}
		if n := len(r); n > 0 && r[n-1].style == st {
			r[n-1].text += glyph
			continue
		}
		r = append(r, span{glyph, st})
	}
	return r
}

// chartFoot names the columns; those without room are left out.
func chartFoot(columns []string, indent, step int) row {
	var b strings.Builder
	b.WriteString(blanks(indent))
	at := 0
	for i, c := range columns {
		start := i*step + step/2 - Width(c)/2
		if start < at || start+Width(c) > step*len(columns) {
			continue
		}
		b.WriteString(blanks(start - at))
		b.WriteString(c)
		at = start + Width(c) + 1
		b.WriteString(" ")
	}
	b.WriteString(blanks(step*len(columns) - at))
	return text(b.String(), Dim)
}

func chartLegend(lines []scene.Line, g *chartGrid) row {
	var r row
	for i := range lines {
		if i > 0 {
			r = append(r, span{"   ", Text})
		}
		r = append(r, span{chartMarks[i], Process(i).Bold()}, span{" " + lines[i].Name, Text})
	}
	for _, glyph := range g.glyphs {
		if glyph == bothMark {
			return append(r, span{"   " + bothMark, Strong}, span{" several", Dim})
		}
	}
	return r
}

// chartLast is each line's last value, and which column that is.
func chartLast(o *scene.Chart, lines []scene.Line, at bool) row {
	var r row
	for i := range lines {
		for k := len(lines[i].Points) - 1; k >= 0; k-- {
			p := lines[i].Points[k]
			if !o.Shows(p) {
				continue
			}
			r = append(r, span{" " + lines[i].Name + " ", Dim}, span{scene.Metric(p.Value, o.Unit), Text})
			if at {
				r = append(r, span{" at " + o.Columns[p.Column], Dim})
			}
			break
		}
	}
	return r
}

// chartFlat is the label with heights in cells beside it, as few rows as they take; where
// even these are too wide, the last values alone.
func chartFlat(o *scene.Chart, lines []scene.Line, low, top float64, label string, room int) []row {
	rows := sideBySide(chartSparks(o, lines, low, top), room-Width(label)-2)
	if len(rows) <= 2 && rows[0].width()+Width(label)+2 <= room {
		for i := range rows {
			head := span{label + "  ", Strong}
			if i > 0 {
				head.text = blanks(Width(head.text))
			}
			rows[i] = append(row{head}, rows[i]...)
		}
		return rows
	}
	r := append(row{{label, Strong}, {" ", Text}}, chartLast(o, lines, true)...)
	if r.width() > room {
		r = append(row{{label, Strong}, {" ", Text}}, chartLast(o, lines, false)...)
	}
	return []row{r}
}

// chartSparks is a row for each line: its values as heights in cells, and the last one.
func chartSparks(o *scene.Chart, lines []scene.Line, low, top float64) []row {
	widest, ends := 0, make([]string, len(lines))
	g := &chartGrid{h: len(levels), low: low, top: top, log: o.Log}
	for i := range lines {
		widest = max(widest, min(Width(lines[i].Name), 24))
	}
	rows := make([]row, len(lines))
	longest := 0
	for i := range lines {
		cells := make([]string, min(len(o.Columns), chartColumns))
		for c := range cells {
			cells[c] = " "
		}
		for _, p := range lines[i].Points {
			if o.Shows(p) && p.Column < len(cells) {
				cells[p.Column] = levels[g.h-1-g.y(g.value(p.Value))]
				ends[i] = scene.Metric(p.Value, o.Unit)
			}
		}
		longest = max(longest, Width(ends[i]))
		rows[i] = row{{tailless(lines[i].Name, widest), Dim}, {" ", Text}, {strings.Join(cells, ""), Process(i)}, {" ", Text}}
	}
	for i := range rows {
		rows[i] = append(rows[i], span{blanks(longest-Width(ends[i])) + ends[i], Text})
	}
	return rows
}

// sideBySide sets two rows of equal width in one where that leaves room.
func sideBySide(rows []row, room int) []row {
	if len(rows) < 3 || 2*rows[0].width()+columnGap > room {
		return rows
	}
	var pairs []row
	for i, r := range rows {
		if i%2 == 0 {
			pairs = append(pairs, r)
			continue
		}
		last := len(pairs) - 1
		pairs[last] = append(append(pairs[last], span{blanks(columnGap), Text}), r...)
	}
	if len(rows)%2 == 1 {
		last := len(pairs) - 1
		pairs[last] = append(pairs[last], span{blanks(columnGap + rows[0].width()), Text})
	}
	return pairs
}

// tailless is a name in exactly w cells.
func tailless(name string, w int) string {
	name = head(name, w)
	return name + blanks(w-Width(name))
}
