package markdown

// Tables, into the nodes of goldmark's own extension. That extension is not linked: it
// compiles expressions while the program starts, 200 KB of memory and a third of a
// millisecond in every process of every lesson.

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	table "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// tables makes a table of a paragraph whose second line is one of dashes.
type tables struct{}

// Transform is parser.ParagraphTransformer.
func (tables) Transform(p *ast.Paragraph, reader text.Reader, _ parser.Context) {
	source, lines := reader.Source(), p.Lines()
	if lines.Len() < 2 {
		return
	}
	second := lines.At(1)
	columns := alignments(second.Value(source))
	head := cells(source, lines.At(0))
	if columns == nil || len(head) > len(columns) {
		return
	}
	t := table.NewTable()
	t.Alignments = columns
	t.AppendChild(t, table.NewTableHeader(row(lines.At(0).Start, head, columns)))
	for i := 2; i < lines.Len(); i++ {
		t.AppendChild(t, row(lines.At(i).Start, cells(source, lines.At(i)), columns))
	}
	t.SetPos(p.Pos())
	p.Parent().ReplaceChild(p.Parent(), p, t)
}

// alignments are those of the columns by a line of dashes, or nil where it is none.
func alignments(line []byte) []table.Alignment {
	if !bytes.ContainsRune(line, '|') && !bytes.ContainsRune(line, ':') {
		return nil // a heading's underline
	}
	var list []table.Alignment
	line = bytes.TrimSpace(line)
	line = bytes.TrimSuffix(bytes.TrimPrefix(line, []byte("|")), []byte("|"))
	for _, column := range bytes.Split(line, []byte("|")) {
		dashes := bytes.TrimSpace(column)
		dashes, left := bytes.CutPrefix(dashes, []byte(":"))
		dashes, right := bytes.CutSuffix(dashes, []byte(":"))
		if len(dashes) == 0 || len(bytes.Trim(dashes, "-")) > 0 {
			return nil
		}
		switch {
		case left && right:
			list = append(list, table.AlignCenter)
		case left:
			list = append(list, table.AlignLeft)
		case right:
			list = append(list, table.AlignRight)
		default:
			list = append(list, table.AlignNone)
		}
	}
	return list
}

// cells are where the texts between the bars of a line stand. A bar after a backslash
// is text.
func cells(source []byte, line text.Segment) []text.Segment {
	line = line.TrimLeftSpace(source)
	line = line.TrimRightSpace(source)
	s := line.Value(source)
	from, end := 0, len(s)
	if bytes.HasPrefix(s, []byte("|")) {
		from++
	}
	if end > from && s[end-1] == '|' && (end < 2 || s[end-2] != '\\') {
		end--
	}
	var list []text.Segment
	for at := from; at <= end; at++ {
		if at == end || s[at] == '|' && (at == 0 || s[at-1] != '\\') {
			cell := text.NewSegment(line.Start+from, line.Start+at)
			cell = cell.TrimLeftSpace(source)
			list = append(list, cell.TrimRightSpace(source))
			from = at + 1
		}
	}
	return list
}

// row has a cell for every column: what is missing is empty, what is too much is left
// out. It begins at an offset of the source.
func row(at int, texts []text.Segment, columns []table.Alignment) *table.TableRow {
	r := table.NewTableRow(columns)
	r.SetPos(at)
	for i, alignment := range columns {
		cell := table.NewTableCell()
		cell.Alignment = alignment
		if i < len(texts) {
			cell.Lines().Append(texts[i])
		}
		r.AppendChild(r, cell)
	}
	return r
}
