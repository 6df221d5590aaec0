package page

// This file holds the end of a lesson: what was seen, each claim with its
// verdict, and the way on to its questions and the next lesson.

import (
	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/ui/draw"
	"ipctour/ui/prose"
)

// Seen is the page after the last step. The lesson goes on running below it.
type Seen struct {
	reader
	lesson *Lesson
}

// NewSeen is what a lesson has shown.
func NewSeen(l *Lesson) *Seen { return &Seen{lesson: l, reader: reader{w: l.w, h: l.h}} }

var seenKeys = []Key{
	{Do: doEnter, Press: []string{"enter", "n"}, Shown: "⏎", Says: "go on", Help: "to the questions of this lesson, then to the next lesson"},
	{Do: doEvidence, Press: []string{"e"}, Shown: "e", Says: "evidence", Help: "every figure: how it was read, and the command that reads it elsewhere"},
}

// Init does nothing.
func (s *Seen) Init() tea.Cmd { return nil }

// Close has nothing to end.
func (s *Seen) Close() {}

// Title names the lesson.
func (s *Seen) Title() string { return s.lesson.Title() }

// Keys are those of the page.
func (s *Seen) Keys() []Section {
	return []Section{{"What you saw", s.keys()}, {"Reading", scrollKeys}, {"Everywhere", anyKeys}}
}

func (s *Seen) keys() []Key {
	keys := append([]Key{}, seenKeys...)
	switch next := s.next(); {
	case len(s.lesson.it.Text.Cards) > 0:
		keys[0].Says = scene.Many(int64(len(s.lesson.it.Text.Cards)), "question")
	case next != nil:
		keys[0].Says = "next lesson: " + next.Title
	default:
		keys[0].Says = "back to the course"
	}
	return keys
}

// next is the next lesson that is there.
func (s *Seen) next() *lessons.Lesson { return s.lesson.env.Course.After(s.lesson.it.ID) }

// Update scrolls, or goes on.
func (s *Seen) Update(msg tea.Msg) (Move, tea.Cmd) {
	if s.take(msg, s.lines) {
		return stay, nil
	}
	key, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return stay, nil
	}
	switch intent(key.String(), seenKeys, anyKeys) {
	case doEnter:
		env := s.lesson.env
		next := func() Move { return Move{Home: true} }
		if l := s.next(); l != nil {
			next = func() Move { return Move{Home: true, Open: OpenLesson(env, l)} }
		}
		if cards := s.lesson.it.Text.Cards; len(cards) > 0 {
			return replace(newCards(env, s.lesson.it.Title, cards, next)), nil
		}
		return next(), nil
	case doEvidence:
		return open(NewEvidence(s.lesson)), s.lesson.judge()
	case doLeave:
		return back(), nil
	}
	return stay, nil
}

// Draw paints the page.
func (s *Seen) Draw(cv *draw.Canvas, r draw.Rect) {
	s.draw(on(cv, r), line{{"What you saw  ", draw.Accent.Bold()}, {s.lesson.it.Title, draw.Strong}}, s.lines, readerKeys(s.keys()...))
}

// lines are the words with a mark at each claim, then the claims one by one.
func (s *Seen) lines(w int) []line {
	l := s.lesson
	world := l.tape.Last()
	out := l.grade(world, min(w, textCells))
	if len(out) == 0 && l.ended && l.it.Text.Predict != nil {
		out = paragraph("This run does not settle what you were asked: the claims below say why.", min(w, textCells), draw.Dim)
	}
	out = gap(out, wordsOf(l.it.Text.Seen, w, prose.Options{Mark: l.mark, Figure: figures(l.sim.Draw(world)).Figure}))
	if len(l.sim.Claims) > 0 {
		out = append(out, nil, nil, styled("Measured on this machine, just now", draw.Accent.Bold()))
		out = gap(out, claimLines(l.claims, l, w))
	}
	return out
}

// mark is the verdict on a claim that the words lead to.
func (l *Lesson) mark(dest string) string {
	for _, r := range l.claims {
		if "claim:"+r.Claim == dest && r.Verdict != sims.Open {
			sign, _, _ := verdictSign(r.Verdict)
			return " " + sign
		}
	}
	return ""
}
