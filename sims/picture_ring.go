package sims

import (
	"strconv"

	"ipctour/sims/scene"
)

// Pictures of a ring in shared memory, from the words in it that the sampler reads:
// cells called head, tail, asked, room, and "slot 0" … for the numbers of the messages.

// Ring is a ring of so many slots as the picture shows it. Rung counts the doorbells
// that were rung for the consumer and for the producer.
func (w *World) Ring(object string, slots int, size int64, rung, roomRung int64) scene.Ring {
	o := w.Object(object)
	r := scene.Ring{ID: object, Label: object, Slots: slots, Size: size, Known: o.Level("head") >= 0 && o.Level("tail") >= 0,
		Data: scene.Doorbell{Rung: rung, Asked: o.Level("asked") > 0}, Room: scene.Doorbell{Rung: roomRung, Asked: o.Level("room") > 0}}
	if !r.Known {
		return r
	}
	r.Head, r.Tail = uint64(o.Level("head")), uint64(o.Level("tail"))
	r.Texts = make([]string, max(slots, 0))
	for i := range r.Texts {
		n := o.Level("slot " + strconv.Itoa(i))
		switch seq := uint64(max(n, 0)); {
		case n < 0: // the lesson did not name it
		case r.Holds(i):
			r.Texts[i] = strconv.FormatUint(seq, 10)
		case seq >= r.Head && seq > 0: // it is in the slot, but was not published
			r.Texts[i] = "(" + strconv.FormatUint(seq, 10) + ")"
		case r.Head > uint64(i):
			r.Texts[i] = "·" // taken; what was in it is still there
		}
	}
	return r
}

// WordFigure is a number in shared memory, as the tour reads it there.
func (w *World) WordFigure(object, cell, label string) scene.Figure {
	n := w.Object(object).Level(cell)
	if n < 0 {
		return scene.Missing(cell, label, "nobody has made the "+object+" yet")
	}
	return scene.Count(cell, label, n, "", scene.Kernel).From("pread(2) of the word in the shared memory, by the tour", "")
}
