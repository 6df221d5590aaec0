package draw

import (
	"slices"

	"ipctour/sims/scene"
)

// Results that are more than one number.

// tables draws into r and returns the lines used.
func (p *painter) tables(c *Canvas, r Rect) int {
	y := r.Y
	for i := range p.s.Tables {
		room := r.Y + r.H - y
		if room < 3 && i > 0 {
			break
		}
		y += table(c, Rect{r.X, y, r.W, room}, &p.s.Tables[i])
		if i < len(p.s.Tables)-1 {
			y++
		}
	}
	return min(y-r.Y, r.H)
}

const columnGap = 3

// columnWidths are as wide as what is in them, with so many cells between them; where
// that is more than w, the gaps give way first, then the widest.
func columnWidths(t *scene.Table, w int) (widths []int, gap int) {
	n := len(t.Columns)
	for _, r := range t.Rows {
		n = max(n, len(r))
	}
	n = min(n, max(w/2, 1))
	widths = make([]int, n)
	for i := range min(n, len(t.Columns)) {
		widths[i] = min(Width(t.Columns[i]), w)
	}
	for _, r := range t.Rows {
		for i := range min(n, len(r)) {
			widths[i] = max(widths[i], min(Width(r[i]), w))
		}
	}
	total := 0
	for _, x := range widths {
		total += x
	}
	gap = columnGap
	for gap > 1 && total+gap*(n-1) > w {
		gap--
	}
	total += gap * (n - 1)
	for ; total > w; total-- {
		widest := 0
		for i := range widths {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if n == 0 || widths[widest] <= 1 {
			break
		}
		widths[widest]--
	}
	return widths, gap
}

// table draws one table and returns the lines used. A row that shows a failure
// has ✗ before it; the margin for that is there in every table, so that nothing
// moves when the first failure comes. Where one row is all there is room for it is
// the last, which is the latest; names of columns above no row would tell nothing.
func table(c *Canvas, r Rect, t *scene.Table) int {
	if r.H <= 0 || r.W <= 2 {
		return 0
	}
	y, bottom := r.Y, r.Y+r.H
	room := r.H - min(len(t.Columns), 1)
	titled := t.Title != "" && (room > 1 || len(t.Rows) == 0)
	if titled {
		room--
	}
	only := room == 1 && len(t.Rows) > 1
	if titled {
		x := c.Clip(r.X, y, r.W, t.Title, Strong)
		x = c.Clip(x+1, y, r.X+r.W-x-1, mark(t.Origin), Dim)
		if only {
			c.Clip(x+2, y, r.X+r.W-x-2, "last of "+count(len(t.Rows), "row"), Dim)
		}
		y++
	}
	x, w := r.X+2, r.W-2
	widths, gap := columnWidths(t, w)
	if len(t.Columns) > 0 && y < bottom {
		cells(c, x, y, x+w, t, t.Columns, widths, gap, Dim)
		y++
	}
	first := 0
	if only {
		first = len(t.Rows) - 1
	} else if t.Latest && len(t.Rows) > bottom-y && bottom-y > 1 {
		first = len(t.Rows) - (bottom - y - 1)
		c.Clip(x, y, w, "… "+count(first, "earlier row"), Dim)
		y++
	}
	for i := first; i < len(t.Rows); i++ {
		line := t.Rows[i]
		if y == bottom-1 && i < len(t.Rows)-1 {
			c.Clip(x, y, w, "… "+count(len(t.Rows)-i, "more row"), Dim)
			return r.H
		}
		if y >= bottom {
			break
		}
		st := Text
		if slices.Contains(t.Bad, i) {
			st = Fail
			c.Put(r.X, y, "✗", Fail)
		}
		cells(c, x, y, x+w, t, line, widths, gap, st)
		y++
	}
	return y - r.Y
}

func cells(c *Canvas, x, y, end int, t *scene.Table, line []string, widths []int, gap int, st Style) {
	for i, w := range widths {
		if i >= len(line) || x >= end {
			return
		}
		at := x
		if slices.Contains(t.Right, i) {
			at += max(w-Width(line[i]), 0)
		}
		c.Clip(at, y, min(w, end-at), line[i], st)
		x += w + gap
	}
}
