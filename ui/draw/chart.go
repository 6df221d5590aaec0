package draw

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"ipctour/sims/scene"
)

// How a chart looks: an axis with values on the left, a mark for each value over its
// column, dots between them, and below it which mark is whose.

// chartMarks tell the lines apart without any colour.
var chartMarks = [...]string{"●", "○", "◆", "▲", "×", "+"}

const (
	chartColumns = 24 // more columns than these are not drawn
	bothMark     = "◎"
	chartMost    = 14 // lines that a chart is made higher, at most
	wideChart    = 12 // of so many lines it is made wider too
	wideStep     = 13
)

// chartForm is how a chart is drawn.
type chartForm int

const (
	chartFull   chartForm = iota // by the detail of the layout
	chartLow                     // a few lines high
	chartLowest                  // one less
	chartRows                    // a line for each thing measured
)

// chartGrid is the field that points are set in. Where it is logarithmic, a line of it
// begins at its value and ends below that of the next; else it is the nearest value.
type chartGrid struct {
	w, h     int
	low, top float64 // of the axis, in tens where it is logarithmic
	line     float64 // tens that a line stands for
	log      bool
	glyphs   []string
	styles   []Style
}

func (p *painter) chartCard(o *scene.Chart, d detail, room int) card {
	label := cmp.Or(o.Label, "chart")
	k := card{name: label, title: text(label, Strong)}
	lines := o.Lines[:min(len(o.Lines), len(chartMarks))]
	columns := o.Columns[:min(len(o.Columns), chartColumns)]
	low, top, some := chartRange(o, lines, len(columns))
	switch {
	case !some:
		k.rows = []row{text("nothing measured yet", Dim)}
		return k
	case p.chart == chartLow || p.chart == chartLowest:
		k.title = nil
		height := 5
		if p.chart == chartLowest {
			height--
		}
		field := chartField(o, lines, columns, newChartGrid(o, low, top, height), room)
		k.rows = append(field[:height:height], field[height+1:]...) // without the line under it
		k.rows[height+1] = append(row{{label, Strong}, {"   ", Text}}, k.rows[height+1]...)
		return k
	case d == small || p.chart == chartRows:
		k.rows = sideBySide(chartSparks(o, lines, low, top), room)
		return k
	case d == flat:
		k.rows = []row{append(row{{label, Strong}, {" ", Text}}, chartLast(o, lines, true)...)}
		if k.rows[0].width() > room {
			k.rows[0] = append(row{{label, Strong}, {" ", Text}}, chartLast(o, lines, false)...)
		}
		k.title = nil
		return k
	}
	height := [...]int{full: 10, lean: 8, medium: 6}[d] + p.taller
	k.rows = chartField(o, lines, columns, newChartGrid(o, low, top, height), room)
	return k
}

// chartField is the axis and the field, the names of the columns, and which mark is
// whose.
func chartField(o *scene.Chart, lines []scene.Line, columns []string, g *chartGrid, room int) (rows []row) {
	step := 3
	for _, c := range columns {
		step = max(step, Width(c)+2)
	}
	axis := 0
	names := g.axisNames(o.Unit)
	for _, n := range names {
		axis = max(axis, Width(n))
	}
	if g.h >= wideChart {
		step = max(step, wideStep)
	}
	step = max(min(step, (min(room, 110)-axis-3)/len(columns)), 2)
	g.w = step * len(columns)
	g.glyphs, g.styles = make([]string, g.w*g.h), make([]Style, g.w*g.h)
	for i := range lines {
		g.dots(o, &lines[i], i, step)
	}
	for i := range lines {
		g.marks(o, &lines[i], i, step)
	}
	for y := range g.h {
		name := names[y]
		tick := "│"
		if name != "" {
			tick = "┤"
		}
		rows = append(rows, append(row{{blanks(axis - Width(name)), Dim}, {name, Dim}, {" " + tick, Dim}}, g.row(y)...))
	}
	return append(rows, text(blanks(axis+1)+"└"+strings.Repeat("─", g.w), Dim), chartFoot(columns, axis+2, step), chartLegend(o, lines, g, room))
}

// chartRange is the axis: from the least to the largest value, in tens where it is
// logarithmic and then from a whole ten, else from 0.
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
		return chartFloor(low), top, some
	}
	if top <= 0 {
		top = 1
	}
	return 0, top, some
}

// nearly is what a logarithm may be wrong by: 1000 is three tens.
const nearly = 1e-9

// chartFloor is the whole ten at or below a logarithm.
func chartFloor(low float64) float64 { return math.Floor(low + nearly) }

// newChartGrid is a field of so many lines. Where it is logarithmic, as many of them
// are a ten as there is room for, else each is several tens, so that every value that
// the axis names has a line of its own.
func newChartGrid(o *scene.Chart, low, top float64, height int) *chartGrid {
	g := &chartGrid{h: height, low: low, top: top, log: o.Log, line: 1}
	if !g.log {
		return g
	}
	tens := top - low
	lines := func(each float64) int { return int(tens/each+nearly) + 1 }
	for n := 1.0; n < 10 && lines(1/(n+1)) <= height; n++ {
		g.line = 1 / (n + 1)
	}
	for lines(g.line) > height {
		g.line++
	}
	return g
}

// axisNames has the name of the value at each line of the field, top first; few of
// them, at equal steps.
func (g *chartGrid) axisNames(unit string) []string {
	names := make([]string, g.h)
	if !g.log {
		names[0], names[g.h-1] = scene.Metric(g.top, unit), "0"
		return names
	}
	for i := range g.h {
		if v := float64(i) * g.line; math.Abs(v-math.Round(v)) < nearly {
			names[g.h-1-i] = scene.Metric(math.Pow(10, g.low+v), unit)
		}
	}
	return names
}

// y is the line of a value on the axis, clamped.
func (g *chartGrid) y(v float64) int {
	at := int(math.Floor((v-g.low)/g.line + nearly))
	if !g.log {
		at = int(math.Round(v / g.top * float64(g.h-1)))
	}
	return g.h - 1 - max(min(at, g.h-1), 0)
}

func (g *chartGrid) value(v float64) float64 {
	if g.log {
		return math.Log10(v)
	}
	return v
}

// dots lead from each value of a line to the next.
func (g *chartGrid) dots(o *scene.Chart, l *scene.Line, i, step int) {
	lastX, lastV := -1, 0.0
	for _, p := range l.Points {
		x := p.Column*step + step/2
		if !o.Shows(p) || x >= g.w {
			continue
		}
		v := g.value(p.Value)
		for at := lastX + 1; lastX >= 0 && at < x; at++ {
			y := g.y(lastV + (v-lastV)*float64(at-lastX)/float64(x-lastX))
			if c := y*g.w + at; g.glyphs[c] == "" {
				g.glyphs[c], g.styles[c] = "·", Process(i)
			}
		}
		lastX, lastV = x, v
	}
}

// marks sets the values of a line; where another's stands there, beside it.
func (g *chartGrid) marks(o *scene.Chart, l *scene.Line, i, step int) {
	for _, p := range l.Points {
		x := p.Column*step + step/2
		if !o.Shows(p) || x >= g.w {
			continue
		}
		y := g.y(g.value(p.Value)) * g.w
		free := func(at int) bool {
			return at >= p.Column*step && at < (p.Column+1)*step && (g.glyphs[y+at] == "" || g.glyphs[y+at] == "·")
		}
		at := x
		for away := 1; !free(at) && away < step; away++ {
			if at = x + away; !free(at) {
				at = x - away
			}
		}
		if free(at) {
			g.glyphs[y+at], g.styles[y+at] = chartMarks[i], Process(i).Bold()
		} else {
			g.glyphs[y+x], g.styles[y+x] = bothMark, Strong
		}
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

// chartLegend says which mark is whose, with the last value where there is room.
func chartLegend(o *scene.Chart, lines []scene.Line, g *chartGrid, room int) row {
	var r, brief row
	for i := range lines {
		if i > 0 {
			r, brief = append(r, span{"   ", Text}), append(brief, span{"   ", Text})
		}
		mark, name := span{chartMarks[i], Process(i).Bold()}, span{" " + lines[i].Name, Text}
		r, brief = append(r, mark, name), append(brief, mark, name)
		if last := lastShown(o, &lines[i]); last != nil {
			r = append(r, span{" " + scene.Metric(last.Value, o.Unit), Strong})
		}
	}
	if slices.Contains(g.glyphs, bothMark) {
		several := []span{{"   " + bothMark, Strong}, {" several", Dim}}
		r, brief = append(r, several...), append(brief, several...)
	}
	if r.width()+Width(cmp.Or(o.Label, "chart"))+3 > room {
		return brief
	}
	return r
}

// lastShown is the last value of a line, or nil.
func lastShown(o *scene.Chart, l *scene.Line) *scene.Point {
	for k := len(l.Points) - 1; k >= 0; k-- {
		if o.Shows(l.Points[k]) {
			return &l.Points[k]
		}
	}
	return nil
}

// chartLast is each line's last value, and which column that is.
func chartLast(o *scene.Chart, lines []scene.Line, at bool) row {
	var r row
	for i := range lines {
		p := lastShown(o, &lines[i])
		if p == nil {
			continue
		}
		r = append(r, span{" " + lines[i].Name + " ", Dim}, span{scene.Metric(p.Value, o.Unit), Text})
		if at {
			r = append(r, span{" at " + o.Columns[p.Column], Dim})
		}
	}
	return r
}

// chartSparks is a row for each line: its values as heights in cells, and the last one.
func chartSparks(o *scene.Chart, lines []scene.Line, low, top float64) []row {
	widest, ends := 0, make([]string, len(lines))
	g := &chartGrid{h: len(levels), low: low, top: top, log: o.Log, line: max((top-low)/float64(len(levels)-1), nearly)}
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
