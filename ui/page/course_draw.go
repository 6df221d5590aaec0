package page

// This file holds how the course looks.

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/ui/draw"
)

// coursePlan is where things are at a size; clicks ask it too.
type coursePlan struct {
	header, chapters, lessons, resume, keys draw.Rect
	bars                                    bool
}

const (
	chapterCells = 40 // a chapter without its bar
	barCells     = 8
	textCells    = 78 // no line of text is longer
)

func (c *Course) plan(r draw.Rect) coursePlan {
	margin := 2
	if r.W < 50 {
		margin = 0
	}
	in := draw.Rect{X: r.X + margin, Y: r.Y, W: max(r.W-2*margin, 0), H: r.H}
	if in.W > 150 { // a wide screen: keep the two columns together, in the middle
		in.X += (in.W - 150) / 2
		in.W = 150
	}
	var p coursePlan
	top, foot := 3, 3
	if r.H < 20 {
		top, foot = 2, 2
	}
	if r.H < 9 {
		top, foot = 0, 0
	}
	if r.H > 9 {
		p.header = draw.Rect{X: in.X, Y: r.Y + top/2, W: in.W, H: 1}
	}
	rows := keyRows(c.keyList(), in.W)
	if r.H < 20 {
		rows = 1
	}
	body := draw.Rect{X: in.X, Y: r.Y + top, W: in.W, H: max(r.H-top-foot-rows+1, min(r.H, 1))}
	if foot > 0 {
		p.keys = draw.Rect{X: in.X, Y: r.Y + r.H - rows - top/3, W: in.W, H: rows}
		notes := max(1, min(len(c.noteLines(in.W)), body.H/2))
		p.resume = draw.Rect{X: in.X, Y: p.keys.Y - notes, W: in.W, H: notes}
		body.H = max(p.resume.Y-body.Y-top/3, 1)
	}
	switch {
	case in.W < 70 && c.inside:
		p.lessons = body
	case in.W < 70:
		p.chapters = body
	default:
		w := chapterCells
		if in.W >= 100 {
			w, p.bars = chapterCells+barCells+2, true
		}
		p.chapters = draw.Rect{X: body.X, Y: body.Y, W: w, H: body.H}
		p.lessons = draw.Rect{X: body.X + w + 3, Y: body.Y, W: min(body.W-w-3, textCells), H: body.H}
	}
	return p
}

// Draw paints the course.
func (c *Course) Draw(cv *draw.Canvas, r draw.Rect) {
	p := c.plan(r)
	c.drawHeader(on(cv, p.header))
	if c.finding {
		at := p.chapters
		if at.W == 0 {
			at = p.lessons
		}
		at.W = max(r.W-(at.X-r.X)*2, 1)
		c.drawFind(on(cv, at))
	} else {
		c.drawChapters(on(cv, p.chapters), p.bars)
		c.drawLessons(on(cv, p.lessons))
	}
	c.drawFoot(on(cv, p.resume))
	keyLine(on(cv, p.keys), c.keyList())
}

func (c *Course) keyList() []Key {
	if c.finding {
		return []Key{{Shown: "↑↓", Says: "choose"}, {Shown: "⏎", Says: "open"}, {Shown: "esc", Says: "back"}}
	}
	var keys []Key
	for _, s := range c.Keys() {
		keys = append(keys, s.Keys...)
	}
	return keys
}

func (c *Course) drawHeader(a area) {
	x := a.put(0, 0, "ipctour", draw.Accent.Bold())
	x = a.put(x+3, 0, "how processes talk", draw.Dim)
	course := c.env.Course
	a.right(0, fmt.Sprintf("%d chapters · %d lessons · %d done", len(course.Chapters), len(course.Lessons), c.env.doneCount(course.Lessons)), draw.Dim, x+2)
}

func (c *Course) drawChapters(a area, bars bool) {
	chapters := c.env.Course.Chapters
	from := follow(c.chapter, len(chapters), a.H)
	for y := 0; y < a.H && from+y < len(chapters); y++ {
		i := from + y
		ch := &chapters[i]
		list := c.env.Course.Of(ch)
		title, mark := draw.Text, draw.Dim
		if i == c.chapter {
			title = draw.Strong
			if !c.inside {
				title, mark = draw.Accent.Bold(), draw.Accent.Bold()
			}
			a.put(0, y, "▸", mark)
		}
		done := c.env.doneCount(list)
		count := fmt.Sprintf("%d/%d", done, len(list))
		edge := a.W - draw.Width(count) - 1
		a.put(edge, y, count, draw.Dim)
		if bars {
			edge -= barCells + 2
			full, empty := bar(done, len(list), barCells)
			x := a.put(edge, y, full, draw.Accent)
			a.put(x, y, empty, draw.Dim)
		}
		number := strconv.Itoa(ch.Number)
		a.put(4-len(number), y, number, draw.Dim)
		a.part(6, y, edge-7, 1).put(0, 0, ch.Title, title)
	}
}

func (c *Course) drawLessons(a area) {
	if a.W < 8 || a.H < 1 {
		return
	}
	ch := c.current()
	y := 0
	if a.H > 8 {
		x := a.put(0, 0, strconv.Itoa(ch.Number), draw.Dim)
		a.put(x+2, 0, ch.Title, draw.Strong)
		y = a.part(3, 1, a.W-3, a.H-1).lines(0, paragraph(ch.Tagline, min(a.W-3, textCells-12), draw.Dim)) + 2
	}
	list := c.lessons()
	from := follow(c.lesson, len(list), a.H-y)
	for row := 0; y+row < a.H && from+row < len(list); row++ {
		c.drawLesson(a.part(0, y+row, a.W, 1), list[from+row], c.inside && from+row == c.lesson)
	}
	c.drawPreview(a.part(4, y+len(list)+1, a.W-4, a.H-y-len(list)-1))
}

// drawPreview is how the chosen chapter or lesson begins, where there is room:
// its first paragraph.
func (c *Course) drawPreview(a area) {
	if a.H < 4 || a.W < 30 {
		return
	}
	text := c.current().Opening
	if c.inside {
		text = ""
		if t := c.lessons()[c.lesson].Text; t != nil {
			text = t.Intro
		}
	}
	first, _, _ := strings.Cut(string(text), "\n\n")
	if first == "" {
		return
	}
	rows := wordsOf(lessons.Markdown(first), min(a.W, textCells-18), figures(nil))
	a.lines(1, dimmed(rows))
}

// drawLesson is one row: marker, ✓ or ○, title, minutes.
func (c *Course) drawLesson(a area, l *lessons.Lesson, chosen bool) {
	title, sign := draw.Text, "○"
	note := fmt.Sprintf("%d min", l.Minutes)
	switch {
	case l.Sim == nil:
		title, sign, note = draw.Dim, "·", "to come"
	case c.env.done(l.ID):
		sign = "✓"
	}
	signStyle := draw.Dim
	if sign == "✓" {
		signStyle = draw.Good
	}
	if chosen {
		title = draw.Accent.Bold()
		a.put(0, 0, "▸", title)
	}
	a.put(2, 0, sign, signStyle)
	edge := min(a.W, textCells-14) - draw.Width(note)
	a.put(edge, 0, note, draw.Dim)
	a.part(4, 0, edge-5, 1).put(0, 0, l.Title, title)
}

func (c *Course) drawFind(a area) {
	x := a.put(0, 0, "find ", draw.Accent.Bold())
	c.query.draw(a, x, 0)
	if len(c.found) == 0 {
		a.put(0, 2, "No lesson has these words in its title.", draw.Dim)
		return
	}
	list := a.part(0, 2, a.W, a.H-2)
	from := follow(c.at, len(c.found), list.H)
	for y := 0; y < list.H && from+y < len(c.found); y++ {
		l := c.found[from+y]
		c.drawLesson(list.part(0, y, list.W, 1), l, from+y == c.at)
		if list.W > textCells+10 {
			list.put(textCells-10, y, l.Chapter.Title, draw.Dim)
		}
	}
}

func (c *Course) drawFoot(a area) {
	if len(c.notes) > 0 {
		a.lines(0, c.noteLines(a.W))
		return
	}
	if l := c.env.resume(); l != nil && !c.finding {
		word := "continue: "
		if c.env.fresh() {
			word = "begin with: "
		}
		x := a.put(0, 0, word, draw.Dim)
		x = a.put(x, 0, l.Title, draw.Text)
		a.put(x+2, 0, "n", draw.Accent.Bold())
	}
}

// noteLines are what the learner should know, until a lesson is opened.
func (c *Course) noteLines(w int) []line {
	var out []line
	for _, n := range c.notes {
		out = append(out, line{{"! ", draw.Fail.Bold()}, {n, draw.Text}}.wrap(w, 2)...)
	}
	return out
}

// click chooses, or opens what is chosen already.
func (c *Course) click(x, y int) (Move, tea.Cmd) {
	p := c.plan(draw.Rect{W: c.w, H: c.h})
	if c.finding {
		return stay, nil
	}
	if at := p.chapters; inside(at, x, y) {
		if i := follow(c.chapter, len(c.env.Course.Chapters), at.H) + y - at.Y; i < len(c.env.Course.Chapters) {
			again := i == c.chapter && !c.inside
			c.inside = false
			c.step(i - c.chapter)
			if again {
				return c.follow(doEnter)
			}
		}
	}
	if at := p.lessons; inside(at, x, y) {
		list, head := c.lessons(), 0
		if at.H > 8 {
			head = len(paragraph(c.current().Tagline, min(at.W-3, textCells-12), draw.Dim)) + 3
		}
		if i := follow(c.lesson, len(list), at.H-head) + y - at.Y - head; i >= 0 && i < len(list) {
			again := c.inside && i == c.lesson
			c.inside, c.lesson = true, i
			if again {
				return c.follow(doEnter)
			}
		}
	}
	return stay, nil
}

func inside(r draw.Rect, x, y int) bool {
	return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H
}
