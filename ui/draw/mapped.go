package draw

import (
	"cmp"
	"strconv"

	"ipctour/sims/scene"
)

// How a mapped file looks: its pages in order, each with its number, what it holds
// and how it stands; where there are too many for that, a cell for each.

const (
	mostCells  = 24 // pages that are told one by one
	mostPages  = 256
	pageText   = 32 // cells of a page's text
	mapColumns = 32
	pageGap    = 2
)

func (p *painter) mappedCard(o *scene.Mapped, d detail, room int) card {
	label := cmp.Or(o.Path, "file")
	k := squareCard(tail(label, 30))
	k.name = tail(label, 18)
	if o.Gone {
		k.border = Dashed
		k.title = row{{"✗ ", Fail}, {tail(label, 28), Dim.Struck()}}
		k.rows = []row{text("there is no file of that name", Dim)}
		return k
	}
	told := len(o.Pages) <= mostCells && anySaid(o.Pages)
	switch {
	case d == flat:
		k.framed = false
		k.rows = []row{append(append(append(row{}, k.title...), span{" ", Text}), p.onLine(o, mapColumns)...)}
		k.title = nil
		return k
	case d == small && told && len(o.Pages) > 1 && room >= 60:
		k.rows = p.smallCells(o)
		return k
	case d == small:
		k.rows = []row{p.onLine(o, 16)}
		return k
	case told:
		k.rows = p.pageCells(o, d, room)
	default:
		for at := 0; at < min(len(o.Pages), mostPages); at += mapColumns {
			k.rows = append(k.rows, p.strip(o, at, min(at+mapColumns, len(o.Pages))))
		}
		if n := len(o.Pages) - mostPages; n > 0 {
			k.rows = append(k.rows, text("… "+count(n, "more page"), Dim))
		}
	}
	if d <= lean || len(o.Pages) > 1 {
		k.rows = append(k.rows, p.legend(o, told)...)
	}
	if d <= lean {
		if o.Note != "" {
			for _, line := range wrap(o.Note, 40, 2) {
				k.rows = append(k.rows, text(line, Dim))
			}
		}
	}
	return k
}

// onLine is the file in a line: what its only page holds, else a cell a page.
func (p *painter) onLine(o *scene.Mapped, cells int) row {
	if len(o.Pages) == 1 && o.Pages[0].Text != "" {
		q := &o.Pages[0]
		return row{{useGlyph(q), p.markStyle(o, q)}, {" ", Text}, {head(q.Text, cells), p.pageStyle(o, q)}}
	}
	return p.strip(o, 0, min(len(o.Pages), cells))
}

func anySaid(pages []scene.FilePage) bool {
	for i := range pages {
		if pages[i].Text != "" || pages[i].State != "" {
			return true
		}
	}
	return false
}

// pageCells are the pages in columns: two lines each, or one where it is narrow.
func (p *painter) pageCells(o *scene.Mapped, d detail, room int) []row {
	two := d <= lean || len(o.Pages) == 1
	w := 6
	digits := len(strconv.Itoa(max(len(o.Pages)-1, 0)))
	for i := range o.Pages {
		w = max(w, digits+1+min(Width(o.Pages[i].Text), pageText))
		if two {
			w = max(w, digits+1+min(Width(pageState(&o.Pages[i])), pageText))
		}
	}
	if !two {
		w += 2 // the mark
	}
	columns := min(max((room-4+pageGap)/(w+pageGap), 1), 4, len(o.Pages))
	var rows []row
	for at := 0; at < len(o.Pages); at += columns {
		var over, under row
		for i := at; i < min(at+columns, len(o.Pages)); i++ {
			q := &o.Pages[i]
			gap := 0
			if i < min(at+columns, len(o.Pages))-1 {
				gap = pageGap
			}
			number := strconv.Itoa(i)
			lead := row{{blanks(digits - len(number)), Text}, {number + " ", Dim}}
			held := row{{head(q.Text, pageText), p.pageStyle(o, q)}}
			mark := span{useGlyph(q), p.markStyle(o, q)}
			if !two {
				over = append(over, pad(append(append(row{mark, {" ", Text}}, lead...), held...), w+gap)...)
				continue
			}
			over = append(over, pad(append(lead, held...), w+gap)...)
			state := row{{blanks(digits - 1), Text}, mark, {" ", Text}, {head(pageState(q), pageText), stateStyle(q)}}
			under = append(under, pad(state, w+gap)...)
		}
		rows = append(rows, over)
		if two {
			rows = append(rows, under)
		}
	}
	return rows
}

// smallCells are the pages in four columns, a mark and a word each, without numbers.
func (p *painter) smallCells(o *scene.Mapped) []row {
	const columns, most = 4, 10
	var wide [columns]int
	for i := range o.Pages {
		wide[i%columns] = max(wide[i%columns], 2+min(Width(o.Pages[i].Text), most))
	}
	var rows []row
	for i := range o.Pages {
		q, at := &o.Pages[i], i%columns
		if at == 0 {
			rows = append(rows, nil)
		}
		cell := row{{useGlyph(q), p.markStyle(o, q)}, {" ", Text}, {head(q.Text, most), p.pageStyle(o, q)}}
		if at < columns-1 {
			cell = pad(cell, wide[at]+1)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], cell...)
	}
	return rows
}

// pad fills a row up to w cells, within its last span: two blanks alone would be a fill.
func pad(r row, w int) row {
	if n := w - r.width(); n > 0 && len(r) > 0 {
		r[len(r)-1].text += blanks(n)
	}
	return r
}

// pageState is what is said of a page: the lesson's word, else the kernel's.
func pageState(q *scene.FilePage) string {
	if q.State != "" {
		return q.State
	}
	return cacheWord(q.Cache)
}

func cacheWord(c scene.Cached) string {
	switch c {
	case scene.CacheOut:
		return "not in memory"
	case scene.CacheIn:
		return "in memory"
	case scene.CacheClean:
		return "in memory, clean"
	case scene.CacheDirty:
		return "in memory, dirty"
	}
	return ""
}

// useGlyph is a page as one cell: how the program uses it, else where it is.
func useGlyph(q *scene.FilePage) string {
	switch {
	case q.Bad:
		return "✗"
	case q.Use == scene.PageLive:
		return "█"
	case q.Use == scene.PageNew:
		return "▄"
	case q.Use == scene.PageOld:
		return "▒"
	case q.Use == scene.PageFree:
		return "░"
	}
	switch q.Cache {
	case scene.CacheDirty:
		return "█"
	case scene.CacheClean, scene.CacheIn:
		return "▒"
	case scene.CacheOut:
		return "░"
	}
	return "·"
}

func (p *painter) markStyle(o *scene.Mapped, q *scene.FilePage) Style {
	switch {
	case q.Bad:
		return Fail
	case q.Use == scene.PageNew, q.Use == "" && q.Cache == scene.CacheDirty:
		return p.writer(o.ID)
	case q.Use == scene.PageLive, q.Use == "" && q.Cache != scene.CacheOut:
		return Text
	}
	return Dim
}

func (p *painter) pageStyle(o *scene.Mapped, q *scene.FilePage) Style {
	switch {
	case q.Bad:
		return Fail
	case q.Use == scene.PageNew, q.Use == "" && q.Cache == scene.CacheDirty:
		return p.writer(o.ID).Bold()
	case q.Use == scene.PageOld, q.Use == scene.PageFree:
		return Dim
	}
	return Strong
}

func stateStyle(q *scene.FilePage) Style {
	switch {
	case q.Bad:
		return Fail
	case q.Use == scene.PageLive || q.Use == scene.PageNew || q.Use == "":
		return Text
	}
	return Dim
}

// strip is the pages from … to as one cell each.
func (p *painter) strip(o *scene.Mapped, from, to int) row {
	r := make(row, 0, to-from+2)
	r = append(r, span{"▐", Dim})
	for i := from; i < to; i++ {
		r = append(r, span{useGlyph(&o.Pages[i]), p.markStyle(o, &o.Pages[i])})
	}
	return append(r, span{"▌", Dim})
}

// legend says what the marks mean, those that occur, and how large the file is.
func (p *painter) legend(o *scene.Mapped, told bool) []row {
	uses := map[scene.Use]bool{}
	caches := map[scene.Cached]bool{}
	for i := range o.Pages {
		uses[o.Pages[i].Use] = true
		if o.Pages[i].Use == "" {
			caches[o.Pages[i].Cache] = true
		}
	}
	var r row
	add := func(q scene.FilePage, word string) {
		if len(r) > 0 {
			r = append(r, span{"   ", Text})
		}
		r = append(r, span{useGlyph(&q), p.markStyle(o, &q)}, span{" " + word, Dim})
	}
	for _, u := range []scene.Use{scene.PageLive, scene.PageNew, scene.PageOld, scene.PageFree} {
		if uses[u] {
			add(scene.FilePage{Use: u}, string(u))
		}
	}
	if !told { // else each page says it itself
		for _, c := range []scene.Cached{scene.CacheDirty, scene.CacheClean, scene.CacheIn, scene.CacheOut} {
			if caches[c] {
				add(scene.FilePage{Cache: c}, cacheWord(c))
			}
		}
	}
	size := row{{fill, Text}, {amount(o.Size), Dim}, {" B", Dim}}
	return []row{append(r, size...)}
}
