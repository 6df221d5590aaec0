package page

// This file holds the search of the course: titles first, then the words of the
// lessons and chapters, what they claim, and their questions.

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/ui/draw"
)

// entry is a lesson, or a chapter's first page, as the search reads it.
type entry struct {
	lesson  *lessons.Lesson // nil for the chapter's own words
	chapter *lessons.Chapter
	name    string // id, title and chapter, in small letters
	parts   []part
}

// part is one paragraph of what is said, and where it stands.
type part struct{ where, text, small string }

// hit is what was found. The part is empty where the name has all the words.
type hit struct {
	*entry
	part
}

// search finds what holds every word typed; without one, every lesson.
func (c *Course) search() {
	if c.index == nil {
		c.index = indexOf(c.env.Course)
	}
	words := strings.Fields(strings.ToLower(c.query.String()))
	c.found, c.at = nil, 0
	var inside []hit
	for i := range c.index {
		e := &c.index[i]
		switch {
		case holdsAll(e.name, words):
			if e.lesson != nil || len(words) > 0 {
				c.found = append(c.found, hit{entry: e})
			}
		default:
			if p, ok := e.find(words); ok {
				inside = append(inside, hit{e, p})
			}
		}
	}
	c.found = append(c.found, inside...)
}

// find is the first paragraph that holds all words that the name does not, or the
// first with one of them where they stand apart.
func (e *entry) find(words []string) (part, bool) {
	var missing []string
	for _, w := range words {
		if !strings.Contains(e.name, w) {
			missing = append(missing, w)
		}
	}
	for _, p := range e.parts {
		if holdsAll(p.small, missing) {
			return p, true
		}
	}
	var first *part
	for _, w := range missing {
		at := -1
		for i := range e.parts {
			if strings.Contains(e.parts[i].small, w) {
				at = i
				break
			}
		}
		if at < 0 {
			return part{}, false
		}
		if first == nil {
			first = &e.parts[at]
		}
	}
	return *first, true
}

func holdsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// openHit opens what was found.
func (c *Course) openHit(h hit) (Move, tea.Cmd) {
	if h.lesson != nil {
		return c.open(h.lesson)
	}
	c.ShowChapter(h.chapter)
	return open(NewChapter(c.env, h.chapter)), nil
}

// indexOf reads the whole course.
func indexOf(course *lessons.Course) []entry {
	var index []entry
	for i := range course.Chapters {
		ch := &course.Chapters[i]
		e := entry{chapter: ch, name: strings.ToLower(ch.ID + " " + ch.Title)}
		e.add("", lessons.Markdown(ch.Tagline))
		for _, piece := range ch.Opening.Pieces() {
			e.add("", piece.Words)
		}
		index = append(index, e)
		for _, l := range course.Of(ch) {
			index = append(index, lessonEntry(l))
		}
	}
	return index
}

func lessonEntry(l *lessons.Lesson) entry {
	e := entry{lesson: l, chapter: l.Chapter, name: strings.ToLower(l.ID + " " + l.Title + " " + l.Chapter.Title)}
	if l.Sim != nil {
		for _, c := range l.Sim.Claims {
			e.add("claim", lessons.Markdown(c.Says))
		}
	}
	t := l.Text
	if t == nil {
		return e
	}
	e.add("", t.Intro)
	if t.Predict != nil {
		e.add("", t.Predict.Ask)
	}
	for _, s := range t.Steps {
		e.add("", s.Body)
	}
	for _, h := range t.Hints {
		e.add("to try", lessons.Markdown(h))
	}
	e.add("", t.Seen)
	for _, card := range t.Cards {
		e.add("question", card.Ask)
		e.add("answer", card.Answer)
	}
	e.add("", t.More)
	return e
}

// add takes the paragraphs of a text in.
func (e *entry) add(where string, m lessons.Markdown) {
	text := strings.ReplaceAll(string(m), "\n|", "\n\n|") // each row of a table by itself
	for _, p := range strings.Split(text, "\n\n") {
		if text := unmarked(p); text != "" {
			e.parts = append(e.parts, part{where, text, strings.ToLower(text)})
		}
	}
}

// unmarked is Markdown on one line without the marks that would part a word, and
// without where its links lead. To search, that is close enough.
func unmarked(m string) string {
	var b strings.Builder
	for m = strings.Join(strings.Fields(m), " "); m != ""; {
		i := strings.IndexAny(m, "*`[]\\")
		if i < 0 {
			b.WriteString(m)
			break
		}
		b.WriteString(m[:i])
		link := strings.HasPrefix(m[i:], "](")
		m = m[i+1:]
		if end := strings.IndexByte(m, ')'); link && end >= 0 {
			m = m[end+1:]
		}
	}
	return strings.ReplaceAll(strings.Trim(b.String(), "-#>| "), " | ", "; ")
}

// around is a stretch of the part with the first of the words in it, at most w cells.
func (p part) around(words []string, w int) string {
	at := len(p.small)
	for _, word := range words {
		if i := strings.Index(p.small, word); i >= 0 {
			at = min(at, i)
		}
	}
	if draw.Width(p.text) <= w || at == len(p.small) || len(p.small) != len(p.text) {
		return p.text
	}
	from := at - max(w/3, 0)
	if from <= 0 {
		return p.text
	}
	if i := strings.IndexByte(p.text[from:at], ' '); i >= 0 {
		from += i + 1
	} else {
		from = at
	}
	return "… " + p.text[from:]
}

func (c *Course) drawFind(a area) {
	x := a.put(0, 0, "find ", draw.Accent.Bold())
	x = a.put(x, 0, "", draw.Text)
	c.query.draw(a, x, 0)
	if len(c.found) == 0 {
		a.lines(2, paragraph("No lesson has these words, in its title or in what it says.", a.W, draw.Dim))
		return
	}
	list := a.part(0, 2, a.W, a.H-2)
	words := strings.Fields(strings.ToLower(c.query.String()))
	y := 0
	for i := c.findFrom(list.H); i < len(c.found) && y < list.H; i++ {
		y = c.drawHit(list, y, c.found[i], words, i == c.at)
	}
}

// rows is how many rows what was found takes.
func (h *hit) rows() int {
	if h.text != "" {
		return 2
	}
	return 1
}

// findFrom is the first hit that is shown so that the chosen one is seen.
func (c *Course) findFrom(height int) int {
	from, used := c.at, 0
	for i := c.at; i >= 0 && i < len(c.found); i-- {
		used += c.found[i].rows()
		if used > max(height*2/3, 2) {
			break
		}
		from = i
	}
	return from
}

// drawHit is what was found: the lesson or chapter, and below it the words.
func (c *Course) drawHit(a area, y int, h hit, words []string, chosen bool) int {
	row := a.part(0, y, a.W, 1)
	if h.lesson != nil {
		c.drawLesson(row, h.lesson, lessonRow{title: h.lesson.Title}, chosen)
		if a.W > textCells+10 {
			row.put(textCells-10, 0, fmt.Sprintf("%d %s", h.chapter.Number, h.chapter.Title), draw.Dim)
		}
	} else {
		st := draw.Text
		if chosen {
			st = draw.Accent.Bold()
			row.put(0, 0, "▸", st)
		}
		row.part(min(4, row.W/10), 0, row.W, 1).put(0, 0, fmt.Sprintf("chapter %d: %s", h.chapter.Number, h.chapter.Title), st)
	}
	if h.text == "" {
		return y + 1
	}
	below := a.part(6, y+1, min(a.W-6, textCells-6), 1)
	x := 0
	switch {
	case h.where != "":
		x = below.put(0, 0, h.where+": ", draw.Dim)
	case h.lesson != nil && a.W <= textCells+10:
		x = below.put(0, 0, fmt.Sprintf("%d: ", h.chapter.Number), draw.Dim)
	}
	below.line(x, 0, marked(h.around(words, below.W-x), words))
	return y + 2
}

// marked is a text with the words that were looked for in bold.
func marked(text string, words []string) line {
	small := strings.ToLower(text)
	if len(small) != len(text) {
		return styled(text, draw.Dim)
	}
	var out line
	for text != "" {
		at, n := len(text), 0
		for _, w := range words {
			if i := strings.Index(small, w); i >= 0 && i < at {
				at, n = i, len(w)
			}
		}
		out = append(out, span{text[:at], draw.Dim}, span{text[at : at+n], draw.Strong})
		text, small = text[at+n:], small[at+n:]
	}
	return out
}
