package prose

// Tables: in columns where they fit, else a record a row.

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
	east "github.com/yuin/goldmark/extension/ast"
)

const (
	columnGap = 2
	// longestWord is how wide a column must be at most to keep its words whole.
	longestWord = 20
)

// table lays out rows in columns; when even the longest words do not fit beside
// one another, each row becomes a record of "heading: value" lines.
func (l *layout) table(n *east.Table, width int) []Line {
	var rows [][][]Span
	for i, r := range children(n) {
		class := Text
		if i == 0 {
			class = Strong
		}
		var row [][]Span
		for _, c := range children(r) {
			row = append(row, l.inline(c, class, ""))
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	widths, ok := columns(rows, width)
	if !ok {
		return l.records(rows, width)
	}
	var lines []Line
	for i, row := range rows {
		lines = append(lines, l.row(row, widths, n.Alignments)...)
		if i == 0 {
			total := columnGap * (len(widths) - 1)
			for _, w := range widths {
				total += w
			}
			lines = append(lines, Line{Spans: []Span{{Text: strings.Repeat(l.marks.rule, total), Class: Dim}}})
		}
	}
	return lines
}

// columns shares the width out: each column gets its longest word, then the
// narrowest that lacks any gets a cell, until none lacks any or none is left. So
// short cells are whole and the long ones share what remains.
func columns(rows [][][]Span, width int) ([]int, bool) {
	n := len(rows[0])
	left := width - columnGap*(n-1)
	widths, lack := make([]int, n), make([]int, n)
	for _, row := range rows {
		for i, cell := range row[:min(n, len(row))] {
			lack[i] = max(lack[i], ansi.StringWidth(joined(cell)))
			for _, w := range split(cell) {
				widths[i] = max(widths[i], min(ansi.StringWidth(joined(w.spans)), longestWord))
			}
		}
	}
	for i := range widths {
		widths[i] = max(widths[i], 1)
		lack[i] -= widths[i]
		left -= widths[i]
	}
	if left < 0 {
		return nil, false
	}
	for ; left > 0; left-- {
		next := -1
		for i := range lack {
			if lack[i] > 0 && (next < 0 || widths[i] < widths[next]) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		widths[next]++
		lack[next]--
	}
	return widths, true
}

// row sets the cells of a row side by side.
func (l *layout) row(row [][]Span, widths []int, align []east.Alignment) []Line {
	cells := make([][]Line, len(widths))
	height := 1
	for i := range widths {
		if i < len(row) {
			cells[i] = wrap(row[i], widths[i])
		}
		height = max(height, len(cells[i]))
	}
	lines := make([]Line, height)
	for y := range lines {
		for i, w := range widths {
			var cell Line
			if y < len(cells[i]) {
				cell = cells[i][y]
			}
			before, after := 0, w-cell.Width()
			if i < len(align) && align[i] == east.AlignRight {
				before, after = after, 0
			} else if i < len(align) && align[i] == east.AlignCenter {
				before, after = after/2, after-after/2
			}
			lines[y].Spans = append(lines[y].Spans, Span{Text: spaces(before)})
			lines[y].Spans = append(lines[y].Spans, cell.Spans...)
			lines[y].Spans = append(lines[y].Spans, Span{Text: spaces(after + columnGap)})
		}
	}
	return lines
}

// records tells the table row by row: the first cell, and below it the others,
// each after its heading.
func (l *layout) records(rows [][][]Span, width int) []Line {
	var lines []Line
	if len(rows) == 1 { // headings over nothing
		for _, cell := range rows[0] {
			lines = append(lines, wrap(cell, width)...)
		}
	}
	for _, row := range rows[1:] {
		if len(lines) > 0 {
			lines = append(lines, Line{})
		}
		for i, cell := range row {
			if i == 0 {
				lines = append(lines, wrap(strong(cell), width)...)
				continue
			}
			var entry []Span
			if i < len(rows[0]) && joined(rows[0][i]) != "" {
				for _, s := range rows[0][i] {
					entry = append(entry, Span{s.Text, Dim, s.Link})
				}
				entry = append(entry, Span{Text: ": ", Class: Dim})
			}
			entry = append(entry, cell...)
			if in, ok := inside(width, 2); ok {
				lines = append(lines, indent(wrap(entry, in), Span{Text: "  "}, Span{Text: "  "})...)
			} else {
				lines = append(lines, wrap(entry, width)...)
			}
		}
	}
	return lines
}

// strong is a cell as the head of its record.
func strong(cell []Span) []Span {
	head := make([]Span, len(cell))
	for i, s := range cell {
		if s.Class == Text {
			s.Class = Strong
		}
		head[i] = s
	}
	return head
}
