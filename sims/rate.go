package sims

import "time"

// rate keeps how fast a counter moved: a point every quarter of a second.
type rate struct {
	points []float64 // per second, oldest first
	from   time.Duration
	value  int64
	begun  bool
}

const (
	ratePoints   = 40
	rateInterval = 250 * time.Millisecond
)

func (a *ActorState) rate(counter string) *rate {
	r := a.rates[counter]
	if r == nil {
		r = &rate{}
		a.rates[counter] = r
	}
	return r
}

func (r *rate) add(at time.Duration, v int64) {
	if !r.begun {
		r.begun, r.from, r.value = true, at, v
		return
	}
	gap := at - r.from
	if gap < rateInterval {
		return
	}
	// An interval in which nothing came is a zero, not a gap in the line.
	for ; gap >= 2*rateInterval; gap -= rateInterval {
		r.push(0)
		if len(r.points) == ratePoints && gap > ratePoints*rateInterval {
			gap = ratePoints * rateInterval
		}
	}
	r.push(float64(v-r.value) / gap.Seconds())
	r.from, r.value = at, v
}

func (r *rate) push(p float64) {
	r.points = append(r.points, p)
	if len(r.points) > ratePoints {
		r.points = r.points[1:]
	}
}

// Rate is how fast a counter of a role moves: per second now, and the line before.
func (w *World) Rate(role, counter string) (now float64, history []float64) {
	r := w.Actor(role).rates[counter]
	if r == nil || !r.begun {
		return 0, nil
	}
	history = append(history, r.points...)
	for quiet := w.Now - r.from; quiet >= 2*rateInterval && len(history) < 2*ratePoints; quiet -= rateInterval {
		history = append(history, 0)
	}
	if len(history) > ratePoints {
		history = history[len(history)-ratePoints:]
	}
	if len(history) == 0 {
		return 0, nil
	}
	return history[len(history)-1], history
}
