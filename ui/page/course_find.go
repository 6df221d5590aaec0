package page

// This file holds the search of the course: titles first, then the words of the
// lessons and chapters, what they claim, and their questions.

import (
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
			if e.lesson != nil {
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
