package draw

import (
	"slices"
	"strconv"

	"ipctour/sims/scene"
)

// Results that are more than one number. Where there is not room for all rows, those
// stay that the latest run changed, then those next to them; where there is not room
// for the columns, a row is told as names and values. A number is never cut.

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

const (
	columnGap = 3
	softCells = 10 // a column of words keeps so many cells
)

// columnWidths are as wide as what is in them, with so many cells between them; where
// that is more than w, the gaps give way first, then words. It reports false where
// that is not enough.
func columnWidths(t *scene.Table, w int) (widths []int, gap int, fits bool) {
	n := len(t.Columns)
	for _, r := range t.Rows {
		n = max(n, len(r))
	}
	n = min(n, max(w/2, 1))
	widths = make([]int, 2*n)
	widths, least := widths[:n], widths[n:]
	for i := range n {
		words := !slices.Contains(t.Right, i)
		add := func(text string, hard bool) {
			cells := Width(text)
			widths[i] = max(widths[i], cells)
			if words && !hard {
				cells = min(cells, softCells)
			}
			least[i] = max(least[i], cells)
		}
		if i < len(t.Columns) {
			add(t.Columns[i], false)
		}
		for _, r := range t.Rows {
			if i < len(r) {
				add(r[i], numeric(r[i]))
			}
		}
	}
	total, leasts := 0, 0
	for i, x := range widths {
		total, leasts = total+x, leasts+least[i]
	}
	gap = columnGap
	for gap > 1 && total+gap*(n-1) > w {
		gap--
	}
	if total += gap * (n - 1); leasts+gap*(n-1) > w {
		return widths, gap, false
	}
	for ; total > w; total-- {
		widest := -1
		for i := range widths {
			if widths[i] > least[i] && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		widths[widest]--
	}
	return widths, gap, true
}

// numeric reports whether a text is one word with a digit in front: a number, an
// address, a time.
func numeric(s string) bool {
	for i := range len(s) {
		switch {
		case s[i] == ' ':
			return false
		case s[i] >= '0' && s[i] <= '9':
			return i < 2
		}
	}
	return false
}

// table draws one table and returns the lines used. A row that shows a failure has ✗
// before it, and one that the latest run changed ▸; the margin for ✗ is there in
// every table, so that nothing moves when the first failure comes.
func table(c *Canvas, r Rect, t *scene.Table) int {
	margin := margins(t)
	if r.H <= 0 || r.W <= margin {
		return 0
	}
	widths, gap, fits := columnWidths(t, r.W-margin)
	if !fits {
		return pairs(c, r, t)
	}
	y, room := r.Y, r.H
	titled := t.Title != "" && (room > 2 || room > 1 && len(t.Columns) == 0 || len(t.Rows) == 0)
	if titled {
		room--
	}
	headed := len(t.Columns) > 0 && room > min(len(t.Rows), 1)
	if headed {
		room--
	}
	shown := pressingRows(t, room)
	note := shownOf(shown, t)
	if titled {
		title(c, Rect{r.X, y, r.W, 1}, t, note)
		y++
	}
	x, w := r.X+margin, r.W-margin
	if headed {
		end := cells(c, x, y, x+w, t, t.Columns, widths, gap, Dim)
		if room := r.X + r.W - end - 2; !titled && room >= Width(note) {
			c.Text(end+2, y, note, Dim)
		}
		y++
	}
	for _, i := range shown {
		st := rowMarks(c, r.X, y, margin, t, i)
		cells(c, x, y, x+w, t, t.Rows[i], widths, gap, st)
		y++
	}
	return y - r.Y
}

// margins are the cells before the rows.
func margins(t *scene.Table) int {
	if len(t.Now) > 0 {
		return 3
	}
	return 2
}

// rowMarks writes what stands before a row, and gives its style.
func rowMarks(c *Canvas, x, y, margin int, t *scene.Table, i int) Style {
	st := Text
	if slices.Contains(t.Now, i) {
		c.Put(x, y, "▸", Accent)
		st = Strong
	}
	if slices.Contains(t.Bad, i) {
		st = Fail | st&bold
		c.Put(x+margin-2, y, "✗", Fail)
	}
	return st
}

// title is the title, where the numbers are from, and how many of the rows are there.
func title(c *Canvas, r Rect, t *scene.Table, note string) {
	end := r.X + r.W
	x := c.Clip(r.X, r.Y, r.W-min(Width(note)+2, r.W/2), t.Title, Strong)
	x = c.Clip(x+1, r.Y, end-x-1, mark(t.Origin), Dim)
	if note != "" && end-x-2 >= Width(note) {
		c.Text(x+2, r.Y, note, Dim)
	}
}

// pressingRows are the indices of at most n rows, in order: those of now, then their
// neighbours.
func pressingRows(t *scene.Table, n int) []int {
	n = max(min(n, len(t.Rows)), 0)
	shown := make([]int, 0, n)
	add := func(i int) {
		if i >= 0 && i < len(t.Rows) && len(shown) < n && !slices.Contains(shown, i) {
			shown = append(shown, i)
		}
	}
	from := 0
	for k, i := range t.Now {
		if k == 0 {
			from = i
		}
		add(i)
	}
	add(from)
	for away := 1; away <= len(t.Rows) && len(shown) < n; away++ {
		add(from - away)
		add(from + away)
	}
	for i := 0; len(shown) < n; i++ { // where now is outside of the table
		add(i)
	}
	slices.Sort(shown)
	return shown
}

// shownOf says that there are more rows than these: "row 3 of 5", "3 of 5 rows".
func shownOf(shown []int, t *scene.Table) string {
	switch all := strconv.Itoa(len(t.Rows)); {
	case len(shown) == len(t.Rows) || len(shown) == 0:
		return ""
	case len(shown) == 1:
		return "row " + strconv.Itoa(shown[0]+1) + " of " + all
	default:
		return strconv.Itoa(len(shown)) + " of " + all + " rows"
	}
}

// cells writes a row into its columns and returns the column after it.
func cells(c *Canvas, x, y, end int, t *scene.Table, line []string, widths []int, gap int, st Style) int {
	last := x
	for i, w := range widths {
		if i >= len(line) || x >= end {
			break
		}
		at := x
		if slices.Contains(t.Right, i) {
			at += max(w-Width(line[i]), 0)
		}
		last = c.Clip(at, y, min(w, end-at), line[i], st)
		x += w + gap
	}
	return last
}

// pairs draws a table whose columns do not fit: each row as its names and values, one
// after another, on as many lines as that takes.
func pairs(c *Canvas, r Rect, t *scene.Table) int {
	room, margin := r.H, margins(t)
	titled := t.Title != "" && room > 1
	if titled {
		room--
	}
	var lines [][]row
	shown := pressingRows(t, room)
	for ; ; shown = pressingRows(t, len(shown)-1) { // until they fit
		lines = lines[:0]
		n := 0
		for _, i := range shown {
			l := pairLines(t, i, r.W-margin)
			lines, n = append(lines, l), n+len(l)
		}
		if n <= room || len(shown) <= 1 {
			break
		}
	}
	y := r.Y
	if titled {
		title(c, Rect{r.X, y, r.W, 1}, t, shownOf(shown, t))
		y++
	}
	for k, i := range shown {
		for n, line := range lines[k] {
			if y >= r.Y+r.H {
				return r.H
			}
			if n == 0 {
				rowMarks(c, r.X, y, margin, t, i)
			}
			line.draw(c, r.X+margin, y, r.W-margin)
			y++
		}
	}
	return y - r.Y
}

// pairLines is one row as names and values in lines of w cells.
func pairLines(t *scene.Table, i, w int) []row {
	st := Strong
	if slices.Contains(t.Bad, i) {
		st = Fail.Bold()
	}
	var lines []row
	var line row
	for k, value := range t.Rows[i] {
		name := ""
		if k < len(t.Columns) {
			name = head(t.Columns[k], max(w-Width(value)-1, 6)) + " "
		}
		switch used := line.width(); {
		case used == 0:
		case used+2+Width(name)+Width(value) > w:
			lines, line = append(lines, line), nil
		default:
			line = append(line, span{"   "[:min(columnGap, w-used-Width(name)-Width(value))], Text})
		}
		if len(line) == 0 && Width(name)+Width(value) > w { // a line each
			lines, name = append(lines, text(name, Dim)), ""
		}
		line = append(line, span{name, Dim}, span{value, st})
	}
	if len(line) > 0 {
		lines = append(lines, line)
	}
	return lines
}
