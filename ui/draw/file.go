package draw

import (
	"strconv"

	"ipctour/sims/scene"
)

// How a name in the file system looks: the line that ls -l would print.
func (p *painter) fileCard(o *scene.File, d detail) card {
	k := squareCard(tail(o.Path, 30))
	k.name = tail(o.Path, 18)
	if o.Gone {
		k.border = Dashed
		k.title = row{{"✗ ", Fail}, {tail(o.Path, 28), Dim.Struck()}}
		k.rows = []row{text("removed", Dim)}
	} else {
		k.rows = []row{{{o.Mode, Text}, {fill, Text}, {amount(o.Size), Strong}, {" B", Dim}}}
	}
	if d == flat && p.beside { // one line
		line := append(row{}, k.title...)
		said := k.rows[0]
		if o.Note != "" && !o.Gone {
			said = text(head(o.Note, 30), Text)
		}
		return card{name: k.name, rows: []row{append(append(line, span{"  ", Text}), said...)}}
	}
	if d >= small {
		return k
	}
	if d <= lean && o.Inode != 0 {
		k.rows = append(k.rows, row{{"inode ", Dim}, {strconv.FormatUint(o.Inode, 10), Dim}})
	}
	if o.Note != "" {
		for _, line := range wrap(o.Note, 30, 2) {
			k.rows = append(k.rows, text(line, Dim))
		}
	}
	return k
}
