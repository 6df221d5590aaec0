package draw

import (
	"cmp"

	"ipctour/sims/scene"
)

// How a page of memory looks: a square frame with its number, and in it the words
// that matter, each in the colour of the process that stored it.
func (p *painter) pageCard(o *scene.Page, d detail, room int) card {
	label := cmp.Or(o.Label, "page")
	k := squareCard(head(label, 26))
	k.name = head(label, 18)
	if o.Gone {
		k.border = Dashed
		k.title = row{{"✗ ", Dim}, {head(label, 24), Dim.Struck()}}
		k.rows = []row{text("no process maps it", Dim)}
		return k
	}
	number := frameRow(o)
	onLine := o.Unframed && p.wordLine(o.Words).width() <= lineOfWords
	switch {
	case d == flat || d == small && onLine:
		k.framed = false
		line := append(row{{"▐ ", Dim}}, k.title...)
		if !o.Unframed {
			line = append(append(line, span{"  ", Text}), number...)
		}
		for i := range min(len(o.Words), 4) {
			line = append(append(line, span{"  ", Text}), p.wordRow(&o.Words[i], " ", 12)...)
		}
		k.title, k.named = nil, true
		k.rows = []row{append(line, span{" ▌", Dim})}
		return k
	case d == small:
		if !o.Unframed {
			k.rows = append(k.rows, number)
		}
		for i := range min(len(o.Words), 2) {
			k.rows = append(k.rows, p.wordRow(&o.Words[i], fill, 16))
		}
		return k
	}
	k.least = 22
	if d <= lean {
		k.least = 26
	}
	if !o.Unframed {
		k.rows = append(k.rows, number)
	}
	if d <= lean && (o.Size > 0 || o.Note != "") {
		r := row{{head(o.Note, 26), Dim}}
		if o.Size > 0 {
			r = append(r, span{fill, Text}, span{amount(o.Size), Dim}, span{" B", Dim})
		}
		k.rows = append(k.rows, r)
	}
	for i := range o.Words {
		if i == pageWords-1 && len(o.Words) > pageWords {
			k.rows = append(k.rows, text("… "+count(len(o.Words)-i, "more word"), Dim))
			break
		}
		k.rows = append(k.rows, p.wordRow(&o.Words[i], fill, 24))
	}
	return k
}

// lineOfWords is how long a line of all the words may be in place of a small card.
const lineOfWords = 30

// wordLine is all words in a line: "a 50  b 40".
func (p *painter) wordLine(words []scene.Word) row {
	var r row
	for i := range words {
		if i > 0 {
			r = append(r, span{"  ", Text})
		}
		r = append(r, p.wordRow(&words[i], " ", 16)...)
	}
	return r
}

// pageWords is how many words of a page are shown.
const pageWords = 8

func frameRow(o *scene.Page) row {
	switch {
	case o.Absent:
		return row{{"frame ", Dim}, {"none yet", Dim}}
	case o.Frame == "":
		return row{{"frame ", Dim}, {"number not shown", Dim}}
	}
	return row{{"frame ", Dim}, {head(o.Frame, 18), Accent.Bold()}}
}

func (p *painter) wordRow(w *scene.Word, gap string, cells int) row {
	st := Strong
	if w.Who != "" {
		st = p.hue(w.Who).Bold()
	}
	r := row{{head(w.Name, cells), Dim}, {gap, Text}}
	if w.Bad {
		return append(r, span{"✗ ", Fail}, span{head(w.Text, cells), Fail})
	}
	return append(r, span{head(w.Text, cells), st})
}
