package sims

// Tape is the history of a run: it gives the world as it was after any of its
// events, exactly. Old events beyond what is kept become the base it starts from.
type Tape struct {
	base   *World
	events []Event
	// keys are worlds after every keyEvery-th event, so that going back is quick.
	keys []*World
	last *World
}

const (
	keyEvery   = 500
	keptEvents = 40_000
)

// NewTape is an empty tape of a sim.
func NewTape(s *Sim) *Tape {
	w := NewWorld(s)
	return &Tape{base: w, last: w.Clone()}
}

// Add appends events.
func (t *Tape) Add(events ...Event) {
	for _, e := range events {
		t.last.Apply(e)
		t.events = append(t.events, e)
		if len(t.events)%keyEvery == 0 {
			t.keys = append(t.keys, t.last.Clone())
		}
	}
	if len(t.events) > keptEvents {
		t.forget(len(t.events) / 4 / keyEvery)
	}
}

// forget drops the oldest n key intervals.
func (t *Tape) forget(n int) {
	if n == 0 {
		return
	}
	t.base = t.keys[n-1]
	t.keys = append([]*World(nil), t.keys[n:]...)
	t.events = append([]Event(nil), t.events[n*keyEvery:]...)
}

// Len is how many events are kept.
func (t *Tape) Len() int { return len(t.events) }

// Event is the i-th event kept, from 0.
func (t *Tape) Event(i int) Event { return t.events[i] }

// Last is the world now. It changes with Add: read it, do not keep it.
func (t *Tape) Last() *World { return t.last }

// At is the world after the first n events kept.
func (t *Tape) At(n int) *World {
	n = max(0, min(n, len(t.events)))
	w, from := t.base, 0
	if k := n / keyEvery; k > 0 {
		w, from = t.keys[k-1], k*keyEvery
	}
	w = w.Clone()
	for _, e := range t.events[from:n] {
		w.Apply(e)
	}
	return w
}
