package ui

import (
	"strings"
	"time"
	"unicode"

	"ipctour/sims/scene"
	"ipctour/ui/plain"
)

// How often the teller speaks of its own accord. A picture that goes back and
// forth, or whose figures count, would else be told twenty times a second; a
// screen reader has to be able to follow.

const (
	// shortRest is how long a sentence that was told before waits until it may be
	// told again, longRest the most that this grows to while nobody does anything.
	shortRest = 2500 * time.Millisecond
	longRest  = 40 * time.Second
	// breath is how long a listener takes for a sentence, roughly.
	breath = 400 * time.Millisecond
)

// pace is what was said lately.
type pace struct {
	told  map[string]bool // sentences without their figures, since somebody last did something
	again time.Duration   // of the run: no sentence is told once more before
	rest  time.Duration
	free  time.Duration // the listener has heard all by then
}

// anew lets everything be told again: somebody has done something.
func (p *pace) anew() { p.told, p.again, p.rest, p.free = map[string]bool{}, 0, shortRest, 0 }

// note remembers what was told.
func (p *pace) note(sentences []string, now time.Duration) {
	for _, s := range sentences {
		p.told[shape(s)] = true
	}
	p.again = now + p.rest
	p.free = now + time.Duration(len(sentences))*breath
}

// fresh reports whether there is a sentence that was not told yet.
func (p *pace) fresh(sentences []string) bool {
	for _, s := range sentences {
		if !p.told[shape(s)] {
			return true
		}
	}
	return false
}

// shape is a sentence without its figures: each word that has a digit is as good
// as any other.
func shape(sentence string) string {
	words := strings.Fields(sentence)
	for i, w := range words {
		if strings.ContainsFunc(w, unicode.IsDigit) {
			words[i] = "#"
		}
	}
	return strings.Join(words, " ")
}

// chat tells what a look at the kernel has shown, where it is worth hearing: at
// once what is new, now and then what was said before. What is held back is not
// lost: the next telling compares with what was told last. So all of it is told or
// nothing: after one sentence of several, the others would be taken for told.
func (t *Teller) chat(next *scene.Scene) {
	now := t.world.Now
	sentences := plain.Changes(t.shown, next)
	switch {
	case len(sentences) == 0:
		t.shown = next
		return
	case t.sparing && now < t.pace.free:
		return
	case t.pace.fresh(sentences):
	case now < t.pace.again:
		return
	default:
		t.pace.rest = min(2*t.pace.rest, longRest)
	}
	t.turns()
	t.lines(sentences...)
	t.pace.note(sentences, now)
	t.shown = next
}
