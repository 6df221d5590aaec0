package stage

import (
	"slices"
	"sync"
	"time"
)

// Journal gathers what happens in a run, from all sources, into one order. It
// never drops an event and never blocks who adds one.
type Journal struct {
	clock clock
	mu    sync.Mutex
	queue []Event
	last  time.Duration // of the latest event handed out
	seq   uint64
	ready chan struct{}
}

// NewJournal starts a journal; its time 0 is now.
func NewJournal() *Journal {
	c, err := newClock()
	if err != nil {
		c = clock{start: time.Now()} // CLOCK_MONOTONIC exists on every Linux; without it times are relative all the same
	}
	return &Journal{clock: c, ready: make(chan struct{}, 1)}
}

// Now is the time since the run began.
func (j *Journal) Now() time.Duration { return time.Duration(j.clock.now() - j.clock.base) }

// since turns a reading of CLOCK_MONOTONIC into a time of the run.
func (j *Journal) since(monotonic int64) time.Duration {
	return max(0, time.Duration(monotonic-j.clock.base))
}

// Add appends an event; one without a time gets the present one.
func (j *Journal) Add(e Event) {
	if e.At == 0 {
		e.At = j.Now()
	}
	j.mu.Lock()
	j.queue = append(j.queue, e)
	j.mu.Unlock()
	select {
	case j.ready <- struct{}{}:
	default: // it is already known that there is something
	}
}

// Ready is signalled when there are events to drain.
func (j *Journal) Ready() <-chan struct{} { return j.ready }

// Drain takes what has come, ordered by time. A time that is older than what
// was already handed out is moved forward to it: time never goes back.
func (j *Journal) Drain() []Event {
	j.mu.Lock()
	events := j.queue
	j.queue = nil
	j.mu.Unlock()
	slices.SortStableFunc(events, func(a, b Event) int { return int(a.At - b.At) })
	for i := range events {
		j.last = max(j.last, events[i].At)
		events[i].At = j.last
	}
	return events
}

// Number is the next number of the run's events.
func (j *Journal) Number() uint64 {
	j.seq++
	return j.seq
}
