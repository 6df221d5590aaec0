package page

// This file holds the interview cards: a question, its answer, and how well it
// was known.

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/ui/draw"
)

// Review asks one card after the other.
type Review struct {
	reader
	env    *Env
	name   string
	cards  []lessons.Card
	at     int
	open   bool // the answer is shown
	known  int
	onward func() Move // after the last card
}

// NewReview asks what is due.
func NewReview(env *Env) *Review { return newCards(env, "Review", env.cards(), back) }

func newCards(env *Env, name string, cards []lessons.Card, onward func() Move) *Review {
	return &Review{env: env, name: name, cards: cards, onward: onward}
}

// Init does nothing.
func (r *Review) Init() tea.Cmd { return nil }

// Close has nothing to end.
func (r *Review) Close() {}

// Title says what is asked.
func (r *Review) Title() string { return "ipctour · questions" }

// Keys are those of the page.
func (r *Review) Keys() []Section {
	return []Section{{"Questions", reviewKeys}, {"Reading", scrollKeys}, {"Everywhere", anyKeys}}
}

// Update shows the answer, notes how well it was known, and asks the next.
func (r *Review) Update(msg tea.Msg) (Move, tea.Cmd) {
	key, ok := msg.(tea.KeyPressMsg)
	if !ok {
		r.take(msg, r.lines)
		return stay, nil
	}
	do := intent(key.String(), reviewKeys, anyKeys)
	switch {
	case do == doLeave:
		return back(), nil
	case r.at >= len(r.cards):
		if do == doShow {
			return r.onward(), nil
		}
	case do == doShow:
		r.open = true
	case r.open && (do == doChoice1 || do == doChoice2):
		return stay, r.grade(do == doChoice2)
	default:
		r.take(msg, r.lines)
	}
	return stay, nil
}

func (r *Review) grade(known bool) tea.Cmd {
	card := r.cards[r.at]
	if known {
		r.known++
	}
	r.at, r.open, r.scroll.top = r.at+1, false, 0
	if r.env.Progress == nil {
		return nil
	}
	r.env.Progress.Review(card.ID, known)
	return r.env.save()
}

func (r *Review) lines(w int) []line {
	w = min(w, textCells)
	if r.at >= len(r.cards) {
		if len(r.cards) == 0 {
			return paragraph("Nothing is due. Each lesson that you finish adds its questions; they come back after a day, then after longer and longer.", w, draw.Text)
		}
		return line{{fmt.Sprintf("%d of %d", r.known, len(r.cards)), draw.Accent.Bold()}, {" known. They come back later: the ones you knew after days, the others after ten minutes.", draw.Text}}.wrap(w, 0)
	}
	card := r.cards[r.at]
	var out []line
	for _, q := range wordsOf(card.Ask, w, figures(nil)) {
		for i := range q {
			q[i].style = q[i].style.Bold()
		}
		out = append(out, q)
	}
	if !r.open {
		return gap(gap(out, []line{nil}), paragraph("Say it aloud, then look.", w, draw.Dim))
	}
	return gap(out, wordsOf(card.Answer, w, figures(nil)))
}

// Draw paints the card.
func (r *Review) Draw(cv *draw.Canvas, at draw.Rect) {
	title := line{{"Questions  ", draw.Accent.Bold()}, {r.name, draw.Strong}}
	if r.at < len(r.cards) {
		title = append(title, span{fmt.Sprintf("   %d of %d", r.at+1, len(r.cards)), draw.Dim})
	}
	r.draw(on(cv, at), title, r.lines, r.keyList())
}

func (r *Review) keyList() []Key {
	keys := []Key{reviewKeys[0]}
	switch {
	case r.at >= len(r.cards):
		keys[0] = Key{Shown: "⏎", Says: "go on"}
	case r.open:
		keys = reviewKeys[1:]
	}
	return append(append([]Key{}, keys...), Key{Shown: "esc", Says: "back"}, anyKeys[0], anyKeys[2])
}
