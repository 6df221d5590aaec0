package page

// This file holds how a running lesson looks: the words on the left and the
// picture on the right; or the picture above; or one of the two.

import (
	"fmt"
	"strings"

	"ipctour/sims"
	"ipctour/ui/draw"
)

// frame cuts a page into its head, body and foot of so many rows, with margins
// and air where there is room for them.
func frame(a area, footRows int) (head, body, foot area) {
	margin := 0
	if a.W >= 50 {
		margin = 2
	}
	a = a.part(margin, 0, a.W-2*margin, a.H)
	switch {
	case a.H >= 28:
		return a.part(0, 1, a.W, 1), a.part(0, 3, a.W, a.H-5-footRows), a.part(0, a.H-footRows-1, a.W, footRows)
	case a.H >= 16:
		return a.part(0, 0, a.W, 1), a.part(0, 2, a.W, a.H-3-footRows), a.part(0, a.H-footRows, a.W, footRows)
	case a.H >= 6:
		return a.part(0, 0, a.W, 1), a.part(0, 1, a.W, a.H-1-footRows), a.part(0, a.H-footRows, a.W, footRows)
	}
	return a.part(0, 0, a.W, 0), a, a.part(0, a.H, a.W, 0)
}

// drawTitle writes "2 Pipes › title" and, at the right, how things stand.
func (l *Lesson) drawTitle(a area, state string, st draw.Style) {
	x := 0
	if a.W >= 60 {
		x = a.put(0, 0, fmt.Sprintf("%d %s › ", l.it.Chapter.Number, l.it.Chapter.Title), draw.Dim)
	}
	room := max(a.W-draw.Width(state)-2, 0)
	x = a.part(0, 0, room, 1).put(x, 0, l.it.Title, draw.Strong)
	a.right(0, state, st, x+1)
}

// state says whether the picture is live.
func (l *Lesson) state(w *sims.World) (string, draw.Style) {
	step, word := "", "live "
	if l.phase == live {
		step = " · " + l.stepCount(w)
	}
	if l.w < 60 {
		word = ""
		step = strings.Replace(strings.TrimPrefix(step, " · step"), " of ", "/", 1)
	}
	if w.Stepping {
		step = " · step mode" + step
	}
	switch {
	case l.frozen:
		return fmt.Sprintf("frozen at %s · %s behind", clockText(w.Now, true), plural(behind(l.tape, l.at), "event")), draw.Accent.Bold()
	case l.phase == live:
		return "● " + word + clockText(w.Now, false) + step, draw.Good
	case l.phase == starting:
		return "starting", draw.Dim
	}
	return "○ not running", draw.Dim
}

// lessonPlan is where the parts of a running lesson are.
type lessonPlan struct {
	head, caption, words, picture, process, knobs, house area
	// rest has the figures, tables and calls where they are not below the picture.
	rest area
}

func (l *Lesson) plan(a area) lessonPlan {
	var p lessonPlan
	knobs := l.footKnobs()
	width := a.W
	if a.W >= 50 {
		width -= 4
	}
	knobRows, houseRows, processRows, air := min(keyRows(knobs, width), 3), 0, 0, 0
	switch {
	case a.H >= 28:
		houseRows, processRows = 1, 1
		if a.H >= 34 {
			air = 1 // between this lesson's keys and those of all lessons
		}
	case a.H >= 22:
		knobRows = min(knobRows, 2)
	default:
		knobRows = min(knobRows, 1)
	}
	rows := knobRows + air + processRows + houseRows
	head, body, foot := frame(a, rows)
	p.head = head
	p.knobs = foot.part(0, 0, foot.W, knobRows)
	p.process = foot.part(0, knobRows+air, foot.W, processRows)
	p.house = foot.part(0, knobRows+air+processRows, foot.W, houseRows)
	l.planBody(&p, body)
	return p
}

// planBody shares the body out between the words and the picture.
func (l *Lesson) planBody(p *lessonPlan, body area) {
	switch {
	case body.W >= 96 && body.H >= 14 && l.tall: // the picture across, the rest below it
		need := l.tallRows(body)
		w := max(34, min(body.W/2-2, textCells))
		planPicture(p, body.part(0, 0, body.W, body.H-need-1), 1, 0)
		p.words = body.part(0, body.H-need, w, need)
		p.rest = body.part(w+3, body.H-need, body.W-w-3, need)
	case body.W >= 96 && body.H >= 14: // side by side
		w := max(34, min(body.W*3/10, 56))
		p.words = body.part(0, 0, w, body.H)
		planPicture(p, body.part(w+3, 0, body.W-w-3, body.H), 2, 1)
	case body.W >= 56 && body.H >= 14: // one above the other
		w := min(body.W, textCells)
		need := max(4, min(len(l.wordLines(w)), body.H*2/5))
		p.words = body.part(0, body.H-need, w, need)
		planPicture(p, body.part(0, 0, body.W, body.H-need-1), 2, 0)
	case l.panel == 1 || l.menu != nil || l.ask != nil || l.phase != live: // one at a time
		p.words = body
	case body.H >= 9:
		planPicture(p, body, 2, 0)
	case body.H >= 6:
		planPicture(p, body, 1, 0)
	default:
		p.picture = body
	}
}

// tallRows is how many rows below a picture that goes across the words and
// figures get.
func (l *Lesson) tallRows(body area) int { return max(8, body.H*3/10) }

// fit looks whether the picture needs the whole width to be boxes and arrows.
// Once it does it keeps it, so that nothing jumps when a process ends.
func (l *Lesson) fit() {
	p := l.plan(area{nil, draw.Rect{W: l.w, H: l.h}})
	if l.tall || p.words.W == 0 || p.words.X >= p.picture.X {
		return
	}
	s := l.scene()
	body := area{nil, draw.Rect{W: p.picture.X + p.picture.W - p.words.X, H: p.words.H}}
	room := body.H - l.tallRows(body) - 2
	l.tall = !draw.SceneBoxes(s, p.picture.W, p.picture.H) && draw.Boxes(s, body.W, room) ||
		!draw.SceneRoomy(s, p.picture.W, p.picture.H) && draw.Roomy(s, body.W, room)
}

// planPicture gives the caption so many rows, whether it needs them or not: a
// picture must not jump when a sentence grows.
func planPicture(p *lessonPlan, a area, caption, air int) {
	p.caption = a.part(0, 0, a.W, caption)
	p.picture = a.part(0, caption+air, a.W, a.H-caption-air)
}

// caption is the sentence above the picture: what is happening, or while it
// stands still, what has just happened.
func (l *Lesson) caption() string {
	if l.frozen && l.at > 0 && l.at <= l.tape.Len() {
		e := l.tape.Event(l.at - 1)
		return clockText(e.At, true) + "  " + Tell(e)
	}
	return l.scene().Sentence
}

func (l *Lesson) wordArea() area {
	return l.plan(area{nil, draw.Rect{W: l.w, H: l.h}}).words
}

// footKnobs are the next step and the knobs, for the key line.
func (l *Lesson) footKnobs() []Key {
	if l.phase == resting || l.phase == broken {
		return []Key{{Shown: "any key", Says: "start again"}, {Shown: "t", Says: "text"}, {Shown: "esc", Says: "back"}, anyKeys[2]}
	}
	if l.frozen {
		return []Key{{Shown: "space", Says: "live again"}, {Shown: "[ ]", Says: "event by event"}, {Shown: "{ }", Says: "second by second"}, {Shown: "e", Says: "evidence"}, {Shown: "?", Says: "all keys"}}
	}
	first := lessonKeys[0]
	if w := l.tape.Last(); l.stepAt(w.Step) == len(l.sim.Walk)-1 && !w.StepOpen {
		first.Says = "what you saw"
	}
	keys := []Key{first}
	if l.w < 60 || l.h < 16 { // one panel at a time
		keys = append(keys, Key{Shown: "→", Says: [...]string{"words", "picture"}[l.panel]})
	}
	if l.h < 28 { // there is no line for the keys of all lessons
		keys = append(keys, Key{Shown: "?", Says: "all keys"})
	}
	return append(keys, l.knobKeys()...)
}

// Draw paints the lesson.
func (l *Lesson) Draw(cv *draw.Canvas, r draw.Rect) {
	a := on(cv, r)
	if l.phase == predicting {
		l.drawPredict(a)
		return
	}
	p := l.plan(a)
	w := l.world()
	state, st := l.state(w)
	l.drawTitle(p.head, state, st)
	l.drawWords(p.words)
	l.drawPicture(p, w)
	keyLine(p.knobs, l.footKnobs())
	p.process.line(0, 0, l.chosenLine())
	if !l.frozen && l.phase == live {
		house := lessonKeys[1:]
		if p.house.W < 100 { // the last word is where the others are
			house = append([]Key{lessonKeys[9]}, lessonKeys[1:9]...)
		}
		keyLine(p.house, house)
	}
}

func (l *Lesson) drawWords(a area) {
	lines := l.wordLines(a.W)
	if len(lines) > a.H && a.H > 1 {
		text := a.part(0, 0, a.W, a.H-1)
		l.words.lines(text, lines)
		a.put(0, a.H-1, "↑↓ "+l.words.place(len(lines), text.H)+"   t whole text", draw.Dim)
		return
	}
	a.lines(0, lines)
}

func (l *Lesson) drawPicture(p lessonPlan, w *sims.World) {
	if p.picture.H < 1 || p.picture.W < 1 || len(w.Actors) == 0 || w.Casts == 0 {
		return
	}
	s := l.sim.Draw(w)
	st := draw.Strong
	if l.frozen {
		st = draw.Accent.Bold()
	}
	p.caption.lines(0, styled(l.caption(), st).wrap(p.caption.W, 0))
	o := p.picture.c.Part(p.picture.W, p.picture.H)
	o.Spin = l.spin
	if l.frozen {
		o.Spin = 0
	}
	if p.rest.W == 0 {
		p.picture.c.Paste(draw.Scene(s, o), p.picture.X, p.picture.Y)
		return
	}
	p.picture.c.Paste(draw.Picture(s, o), p.picture.X, p.picture.Y)
	p.picture.c.Paste(draw.Below(s, p.rest.c.Part(p.rest.W, p.rest.H)), p.rest.X, p.rest.Y)
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
