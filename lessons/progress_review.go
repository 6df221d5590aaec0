package lessons

// When a card is asked again: soon after a miss, later and later while it is known.

import (
	"sort"
	"time"
)

// missedAgain is how soon a card that was not known comes back.
const missedAgain = 10 * time.Minute

const day = 24 * time.Hour

// Review notes how the learner did on a card. Known, it comes back after 1, 3, 7,
// 15, … days, a year at most; not known, in ten minutes, and from the start.
// Known before it was due, it keeps its interval: asking early proves little.
func (p *Progress) Review(card string, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	card = tidy(card)
	old := p.held.Cards[card]
	p.change(old.At, func(at time.Time) { p.held.Cards[card] = old.next(at, known) })
}

func (r Reviewed) next(at time.Time, known bool) Reviewed {
	n := Reviewed{At: at, Times: min(r.Times+1, mostTimes), Lapse: r.Lapse}
	if !known {
		n.Lapse = min(n.Lapse+1, mostTimes)
		n.Due = tidyTime(at.Add(missedAgain))
		return n
	}
	n.Days = r.Days
	if !at.Before(r.Due) || r.Days == 0 {
		n.Days = min(2*r.Days+1, mostDays)
	}
	n.Due = tidyTime(at.Add(time.Duration(n.Days) * day))
	return n
}

// Card is the state of a card; false if it was never asked.
func (p *Progress) Card(card string) (Reviewed, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.held.Cards[card]
	return r, ok
}

// Due picks from these cards the ones to ask now: first those that are due,
// longest overdue first, then those never asked, in the order given.
func (p *Progress) Due(cards []string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	var due, fresh []string
	for _, c := range cards {
		switch r, ok := p.held.Cards[c]; {
		case !ok:
			fresh = append(fresh, c)
		case !now.Before(r.Due):
			due = append(due, c)
		}
	}
	sort.SliceStable(due, func(i, j int) bool {
		return p.held.Cards[due[i]].Due.Before(p.held.Cards[due[j]].Due)
	})
	return append(due, fresh...)
}
