package page

// This file holds how a running lesson looks: the words on the left and the
// picture on the right; or the picture above; or one of the two.

import (
	"fmt"
	"strings"
	"time"

	"ipctour/sims"
	"ipctour/sims/scene"
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
		return fmt.Sprintf("frozen at %s · %s behind", clockText(w.Now, true), scene.Many(int64(behind(l.tape, l.at)), "event")), draw.Accent.Bold()
	case l.phase == live:
		return "● " + word + clockText(w.Now, false) + step, draw.Good
	case l.phase == starting:
		return "starting", draw.Dim
	}
	return "○ not running", draw.Dim
}

// lessonPlan is where the parts of a running lesson are.
type lessonPlan struct {
	head, caption, words, picture, note, process, knobs, house area
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
		knobRows, houseRows = min(knobRows, 2), 1
	default:
		knobRows = min(knobRows, 1)
	}
	rows := knobRows + air + processRows + houseRows
	head, body, foot := frame(a, rows)
	p.head = head
	if foot.Y > body.Y+body.H { // the row between the two
		p.note = area{foot.c, draw.Rect{X: foot.X, Y: foot.Y - 1, W: foot.W, H: 1}}
	}
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
		need := l.tallRows(body) + l.more
		w := max(34, min(body.W/2-2, textCells))
		planPicture(p, body.part(0, 0, body.W, body.H-need-1), 2, 0)
		p.words = body.part(0, body.H-need, w, need)
		p.rest = body.part(w+3, body.H-need, body.W-w-3, need)
	case body.W >= 96 && body.H >= 14: // side by side
		w := max(34, min(body.W*3/10, 56))
		p.words = body.part(0, 0, w, body.H)
		planPicture(p, body.part(w+3, 0, body.W-w-3, body.H), 2, 1)
	case body.W >= 56 && body.H >= 14: // one above the other
		w := min(body.W, textCells)
		need := max(4, min(len(l.wordLines(w)), body.H/3))
		p.words = body.part(0, body.H-need, w, need)
		planPicture(p, body.part(0, 0, body.W, body.H-need-1), 2, 0)
	case l.panel == theWords || l.menu != nil || l.ask != nil || l.phase != live: // one at a time
		p.words = body
	case l.panel == theFigures:
		p.rest = body
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
	room := body.H - l.tallRows(body) - 3
	l.tall = !draw.SceneBoxes(s, p.picture.W, p.picture.H) && draw.Boxes(s, body.W, room) ||
		!draw.SceneRoomy(s, p.picture.W, p.picture.H) && draw.Roomy(s, body.W, room)
}

// settle gives rows that a picture across does not need to the words below it, and puts
// the picture into the middle of the others. It stays there while processes come and go.
func (l *Lesson) settle() {
	if l.drop, l.more = 0, 0; !l.tall {
		return
	}
	p := l.plan(area{nil, draw.Rect{W: l.w, H: l.h}})
	drawn := draw.Picture(l.scene(), draw.Options{Width: p.picture.W, Height: p.picture.H})
	free := max(0, p.picture.H-drawn.Used())
	l.more = max(0, min(len(l.wordLines(p.words.W))-p.words.H, free))
	l.drop = (free - l.more) / 2
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
	for n := min(l.at, l.tape.Len()); l.frozen && n > 0; n-- {
		if e := l.tape.Event(n - 1); OfNote(e) {
			return clockText(e.At, true) + "  " + Tell(l.sim, e)
		}
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
	if l.ask != nil {
		return []Key{{Shown: "⏎", Says: "take it"}, {Shown: "↑↓", Says: "examples"}, {Shown: "esc", Says: "leave it as it was"}}
	}
	if l.menu != nil {
		return []Key{{Shown: "⏎", Says: "close it"}, {Shown: "↑↓", Says: "choose"}, {Shown: "esc", Says: "leave it open"}}
	}
	if l.frozen {
		return []Key{{Shown: "space", Says: "live again"}, {Shown: "[ ]", Says: "event by event"}, {Shown: "{ }", Says: "second by second"}, {Shown: "e", Says: "evidence"}, {Shown: "?", Says: "all keys"}}
	}
	first := lessonKeys[0]
	if w := l.tape.Last(); l.sim.StepAt(w.Step) == len(l.sim.Walk)-1 && !w.StepOpen {
		first.Says = "what you saw"
	}
	keys := []Key{first}
	if l.w < 60 || l.h < 16 { // one panel at a time
		keys = append(keys, Key{Shown: "→", Says: [...]string{"figures", "words", "picture"}[l.panel]})
	}
	if l.h < 22 { // there is no line for the keys of all lessons
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
	l.drawNote(p)
	if l.Typing() {
		return
	}
	p.process.line(0, 0, l.chosenLine(p.process.W))
	if !l.frozen && l.phase == live {
		keyLine(p.house, houseKeys(p))
	}
}

// houseKeys are those of all lessons, in a line; where there is no line for the chosen
// process, with what can be done to it.
func houseKeys(p lessonPlan) []Key {
	if p.process.H > 0 && p.house.W >= 100 {
		return lessonKeys[1:]
	}
	keys := []Key{{Shown: "?", Says: "all keys"}, {Shown: "space", Says: "freeze"}, {Shown: "e", Says: "evidence"}, {Shown: "c", Says: "code"}, {Shown: "t", Says: "text"}}
	if p.process.H == 0 {
		keys = append(keys, Key{Shown: "x", Says: "x-ray"}, Key{Shown: "K", Says: "kill"})
	}
	return keys
}

// noteTime is how long the outcome of a key stands over the keys, on a screen that has
// no row for it.
const noteTime = 4 * time.Second

// drawNote writes the outcome of the last key above the keys.
func (l *Lesson) drawNote(p lessonPlan) {
	switch {
	case len(l.note) == 0 || l.phase == broken:
	case p.note.H > 0:
		p.note.line(0, 0, l.note)
	case l.env.Now().Sub(l.noted) < noteTime:
		p.knobs.put(0, 0, strings.Repeat(" ", p.knobs.W), draw.Text)
		p.knobs.line(0, 0, l.note)
	}
}

// drawWords writes the words, and below them the steps of the walk where there is room
// for them all.
func (l *Lesson) drawWords(a area) {
	lines := l.wordLines(a.W)
	if steps := l.stepLines(a.W); !l.Typing() && a.H >= len(lines)+len(steps)+3 {
		a.part(0, a.H-len(steps)-1, a.W, len(steps)).lines(0, steps)
	}
	if len(lines) > a.H && a.H > 1 {
		text := a.part(0, 0, a.W, a.H-1)
		l.words.lines(text, lines)
		a.put(0, a.H-1, "↑↓ "+l.words.place(len(lines), text.H)+"   t whole text", draw.Dim)
		return
	}
	a.lines(0, lines)
}

// stepLines list the steps of the walk: done, under way, to come.
func (l *Lesson) stepLines(width int) (out []line) {
	w := l.world()
	now := l.sim.StepAt(w.Step)
	for i := range l.sim.Walk {
		mark, st := "· ", draw.Dim
		switch {
		case i == now && w.StepOpen:
			mark, st = "▸ ", draw.Text
		case i == now:
			mark, st = "✓ ", draw.Text
		case i < now:
			mark = "✓ "
		}
		out = append(out, line{{mark, draw.Accent}, {l.sim.Walk[i].For, st}}.wrap(width, 2)...)
	}
	return out
}

func (l *Lesson) drawPicture(p lessonPlan, w *sims.World) {
	if len(w.Actors) == 0 || w.Casts == 0 {
		return
	}
	s := l.it.Draw(w)
	if p.rest.W > 0 && p.rest.H > 0 {
		p.rest.c.Paste(draw.Below(s, p.rest.c.Part(p.rest.W, p.rest.H)), p.rest.X, p.rest.Y)
	}
	if p.picture.H < 1 || p.picture.W < 1 {
		return
	}
	st := draw.Strong
	if l.frozen {
		st = draw.Accent.Bold()
	}
	p.caption.lines(0, cutLines(styled(l.caption(), st).wrap(p.caption.W, 0), p.caption.H))
	drop := min(l.drop, max(0, p.picture.H-1))
	o := p.picture.c.Part(p.picture.W, p.picture.H-drop)
	o.Spin = l.spin
	if l.frozen {
		o.Spin = 0
	}
	if p.rest.W == 0 {
		p.picture.c.Paste(draw.Scene(s, o), p.picture.X, p.picture.Y)
		return
	}
	p.picture.c.Paste(draw.Picture(s, o), p.picture.X, p.picture.Y+drop)
}
