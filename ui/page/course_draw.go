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
	header, chapters, lessons, below, resume, keys draw.Rect
	bars                                           bool
}

const (
	chapterCells = 38 // a chapter without its bar
	barCells     = 8
	textCells    = 78 // no line of text is longer
	belowRows    = 6  // what is told below the chapters wants as many
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
		notes := max(1, min(len(c.noteLines(in.W)), body.H-3))
		p.resume = draw.Rect{X: in.X, Y: p.keys.Y - notes, W: in.W, H: notes}
		body.H = max(p.resume.Y-body.Y-top/3, 1)
	}
	p.columns(in, body, c)
	return p
}

// columns shares the body out: chapters and lessons side by side, or one of them.
func (p *coursePlan) columns(in, body draw.Rect, c *Course) {
	switch {
	case in.W < 70 && c.inside:
		p.lessons = body
		return
	case in.W < 70:
		p.chapters = body
		return
	}
	w, gap := chapterCells, 2
	if in.W >= 100 {
		w, gap, p.bars = chapterCells+barCells+2, 4, true
	}
	p.chapters = draw.Rect{X: body.X, Y: body.Y, W: w, H: body.H}
	p.lessons = draw.Rect{X: body.X + w + gap, Y: body.Y, W: min(body.W-w-gap, textCells), H: body.H}
	if list := len(c.env.Course.Chapters); body.H >= list+1+belowRows {
		p.chapters.H = list
		p.below = draw.Rect{X: body.X + 2, Y: body.Y + list + 1, W: w - 2, H: body.H - list - 1}
	}
}

// Draw paints the course.
func (c *Course) Draw(cv *draw.Canvas, r draw.Rect) {
	p := c.plan(r)
	c.drawHeader(on(cv, p.header), p.chapters.W == 0)
	if c.finding {
		at := p.chapters
		if at.W == 0 {
			at = p.lessons
		}
		at.W = max(r.W-(at.X-r.X)*2, 1)
		at.H = max(at.H, p.lessons.H)
		c.drawFind(on(cv, at))
	} else {
		c.drawChapters(on(cv, p.chapters), p.bars)
		c.drawLessons(on(cv, p.lessons))
		on(cv, p.below).lines(0, cutLines(c.lately(min(p.below.W, textCells)), p.below.H))
	}
	c.drawFoot(on(cv, p.resume))
	if p.keys.H > 1 {
		keyLine(on(cv, p.keys), c.keyList())
	} else {
		everyKey(on(cv, p.keys), c.keyList())
	}
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

// drawHeader writes what this is; alone says that only the lessons of one chapter
// are seen below it, whose name belongs there.
func (c *Course) drawHeader(a area, alone bool) {
	x := a.put(0, 0, "ipctour", draw.Accent.Bold())
	if alone && !c.finding {
		a.put(x+3, 0, fmt.Sprintf("%d %s", c.current().Number, c.current().Title), draw.Strong)
		return
	}
	x = a.put(x+3, 0, "how processes talk", draw.Dim)
	course := c.env.Course
	done := c.env.doneCount(course.Lessons)
	text := fmt.Sprintf("%d chapters · %d lessons · %d done", len(course.Chapters), len(course.Lessons), done)
	if x+2+draw.Width(text) > a.W {
		text = fmt.Sprintf("%d done", done)
	}
	a.right(0, text, draw.Dim, x+2)
}

// toCome reports whether no lesson of a chapter can be played yet.
func toCome(list []*lessons.Lesson) bool {
	for _, l := range list {
		if l.Sim != nil {
			return false
		}
	}
	return true
}

func (c *Course) drawChapters(a area, bars bool) {
	chapters := c.env.Course.Chapters
	from := follow(c.chapter, len(chapters), a.H)
	for y := 0; y < a.H && from+y < len(chapters); y++ {
		ch := &chapters[from+y]
		list := c.env.Course.Of(ch)
		title := draw.Text
		if toCome(list) {
			title = draw.Dim
		}
		if from+y == c.chapter {
			mark := draw.Dim
			title = draw.Strong
			if !c.inside && !c.onward {
				title, mark = draw.Accent.Bold(), draw.Accent.Bold()
			}
			a.put(0, y, "▸", mark)
		}
		edge := c.drawCount(a.part(0, y, a.W, 1), list, bars)
		number := strconv.Itoa(ch.Number)
		a.put(4-len(number), y, number, draw.Dim)
		a.part(5, y, edge-6, 1).put(0, 0, ch.Title, title)
	}
}

// drawCount writes how far a chapter has come at the right, and gives the column
// where that begins.
func (c *Course) drawCount(a area, list []*lessons.Lesson, bars bool) int {
	if a.W < narrowRow {
		return a.W + 1
	}
	done := c.env.doneCount(list)
	count := fmt.Sprintf("%d/%d", done, len(list))
	if toCome(list) && !bars {
		count = "·"
	}
	edge := a.W - max(draw.Width(count), 3)
	a.put(a.W-draw.Width(count), 0, count, draw.Dim)
	if !bars {
		return edge
	}
	edge -= barCells + 2
	if toCome(list) {
		a.put(edge, 0, "to come", draw.Dim)
		return edge
	}
	full, empty := bar(done, len(list), barCells)
	x := a.put(edge, 0, full, draw.Accent)
	a.put(x, 0, empty, draw.Dim)
	return edge
}

// lessonRow is one row of a list of lessons: the at-th lesson, or the second half of
// its title.
type lessonRow struct {
	at    int
	title string
	rest  bool
}

// lessonRows gives each lesson its row, and a long title a second one where all
// fit then.
func lessonRows(list []*lessons.Lesson, w, h int) []lessonRow {
	var short, long []lessonRow
	for i, l := range list {
		short = append(short, lessonRow{at: i, title: l.Title})
		for n, part := range styled(l.Title, draw.Text).wrap(max(titleCells(w, l), 1), 0) {
			title := ""
			for _, s := range part {
				title += s.text
			}
			long = append(long, lessonRow{at: i, title: strings.TrimSpace(title), rest: n > 0})
		}
	}
	if len(long) <= h && w >= narrowRow {
		return long
	}
	return short
}

func (c *Course) drawLessons(a area) {
	if a.W < 8 || a.H < 1 {
		return
	}
	ch := c.current()
	y := c.lessonsHead(a.Rect)
	if y > 0 {
		x := a.put(0, 0, strconv.Itoa(ch.Number), draw.Dim)
		a.put(x+2, 0, ch.Title, draw.Strong)
		a.part(3, 1, a.W-3, a.H-1).lines(0, c.tagline(a.W))
	}
	list := c.lessons()
	rows := lessonRows(list, a.W, a.H-y)
	from := follow(rowOf(rows, c.lesson), len(rows), a.H-y)
	for i := from; i < len(rows) && y+i-from < a.H; i++ {
		l := list[rows[i].at]
		c.drawLesson(a.part(0, y+i-from, a.W, 1), l, rows[i], c.inside && rows[i].at == c.lesson)
	}
	used := y + len(rows) + 1
	c.drawPreview(a.part(4, used, a.W-4, a.H-used))
}

// rowOf is the first row of a lesson.
func rowOf(rows []lessonRow, lesson int) int {
	for i, r := range rows {
		if r.at == lesson {
			return i
		}
	}
	return 0
}

// lessonsHead is how many rows the chapter takes above its lessons.
func (c *Course) lessonsHead(r draw.Rect) int {
	tagline := c.tagline(r.W)
	if r.W < 8 || r.H < 2+len(tagline)+1+len(c.lessons()) {
		return 0
	}
	return len(tagline) + 2
}

func (c *Course) tagline(w int) []line {
	return paragraph(c.current().Tagline, max(min(w-3, textCells-12), 1), draw.Dim)
}

// narrowRow is the width below which a row of a lesson is its title alone.
const narrowRow = 24

// lessonNote is what stands at the right of a lesson's row.
func lessonNote(l *lessons.Lesson) string {
	if l.Sim == nil {
		return "to come"
	}
	return fmt.Sprintf("%d min", l.Minutes)
}

// titleCells is how much of a row a lesson's title may take.
func titleCells(w int, l *lessons.Lesson) int {
	if w < narrowRow {
		return w - 2
	}
	return min(w, textCells-14) - draw.Width(lessonNote(l)) - 5
}

// drawLesson is one row: marker, ✓ or ○, title, minutes.
func (c *Course) drawLesson(a area, l *lessons.Lesson, row lessonRow, chosen bool) {
	title, sign, signStyle := draw.Text, "○", draw.Dim
	switch {
	case l.Sim == nil:
		title, sign = draw.Dim, "·"
	case c.env.done(l.ID):
		sign, signStyle = "✓", draw.Good
	}
	if chosen {
		title = draw.Accent.Bold()
	}
	x := 4
	if a.W < narrowRow {
		x = 2
	}
	a.part(x, 0, titleCells(a.W, l), 1).put(0, 0, row.title, title)
	if row.rest {
		return
	}
	if chosen {
		a.put(0, 0, "▸", title)
	}
	if a.W < narrowRow {
		return
	}
	a.put(2, 0, sign, signStyle)
	note := lessonNote(l)
	a.put(min(a.W, textCells-14)-draw.Width(note), 0, note, draw.Dim)
}

func (c *Course) drawFoot(a area) {
	if len(c.notes) > 0 {
		a.lines(0, cutLines(c.noteLines(a.W), a.H))
		return
	}
	if c.finding {
		return
	}
	l := c.env.resume()
	if l == nil {
		a.put(0, 0, "Every lesson that is there is done.", draw.Dim)
		return
	}
	x, word, key, title := 0, "continue: ", "n", draw.Text
	if c.env.fresh() {
		word = "begin with: "
	}
	if c.onward {
		x, key, title = a.put(0, 0, "▸ ", draw.Accent.Bold()), "⏎", draw.Accent.Bold()
	}
	x = a.put(x, 0, word, draw.Dim)
	minutes := fmt.Sprintf("  %d min", l.Minutes)
	x = a.part(0, 0, max(a.W-draw.Width(minutes)-3, 0), 1).put(x, 0, l.Title, title)
	x = a.put(x, 0, minutes, draw.Dim)
	a.put(x+2, 0, key, draw.Accent.Bold())
}

// noteLines are what the learner should know, until a lesson is opened.
func (c *Course) noteLines(w int) []line {
	var out []line
	for _, n := range c.notes {
		out = append(out, line{{"! ", draw.Fail.Bold()}, {n, draw.Text}}.wrap(w, 2)...)
	}
	return out
}

// bar is a progress bar of w cells: what is done, and what is not yet.
func bar(part, whole, w int) (full, empty string) {
	n := 0
	if whole > 0 {
		n = part * w / whole
	}
	if part > 0 && n == 0 {
		n = 1
	}
	return strings.Repeat("█", n), strings.Repeat("░", w-n)
}

// click chooses, or opens what is chosen already.
func (c *Course) click(x, y int) (Move, tea.Cmd) {
	p := c.plan(draw.Rect{W: c.w, H: c.h})
	if c.finding {
		return stay, nil
	}
	if at := p.chapters; inside(at, x, y) {
		if i := follow(c.chapter, len(c.env.Course.Chapters), at.H) + y - at.Y; i < len(c.env.Course.Chapters) {
			again := i == c.chapter && !c.inside && !c.onward
			c.inside, c.onward = false, false
			c.step(i - c.chapter)
			if again {
				return c.follow(doEnter)
			}
		}
	}
	if at := p.lessons; inside(at, x, y) {
		head := c.lessonsHead(at)
		rows := lessonRows(c.lessons(), at.W, at.H-head)
		if i := follow(rowOf(rows, c.lesson), len(rows), at.H-head) + y - at.Y - head; y-at.Y >= head && i < len(rows) {
			again := c.inside && rows[i].at == c.lesson
			c.inside, c.onward, c.lesson = true, false, rows[i].at
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
