package draw

import "ipctour/sims/scene"

// objectCard is the one place that knows the kinds of objects: add a line for a
// new kind. Room is the width that the whole picture has.
func (p *painter) objectCard(o scene.Object, d detail, room int) card {
	switch o := o.(type) {
	case scene.Pipe:
		return p.pipeCard(&o, d)
	case scene.File:
		return p.fileCard(&o, d)
	case scene.Output:
		return outputCard(&o, d, room)
	case scene.Stream:
		return p.streamCard(&o, d, room)
	case scene.Socket:
		return p.socketCard(&o, d, room)
	case scene.Queue:
		return p.queueCard(&o, d, room)
	case scene.Page:
		return p.pageCard(&o, d, room)
	case scene.Futex:
		return p.futexCard(&o, d, room)
	case scene.Ring:
		return p.ringCard(&o, d, room)
	case scene.Chart:
		return p.chartCard(&o, d, room)
	case scene.Signals:
		return p.signalsCard(&o, d, room)
	case scene.Counter:
		return p.counterCard(&o, d, room)
	case scene.Timer:
		return p.timerCard(&o, d, room)
	case scene.Loop:
		return p.loopCard(&o, d, room)
	case scene.Mapped:
		return p.mappedCard(&o, d, room)
	case scene.Thing:
		return p.thingCard(&o, d, room)
	}
	return unknownCard(o)
}

// isGone reports whether an object is one of which nothing is left.
func isGone(o scene.Object) bool {
	switch o := o.(type) {
	case scene.Pipe:
		return o.Gone
	case scene.File:
		return o.Gone
	case scene.Socket:
		return o.Gone
	case scene.Queue:
		return o.Gone
	case scene.Page:
		return o.Gone
	case scene.Futex:
		return o.Gone
	case scene.Ring:
		return o.Gone
	case scene.Signals:
		return o.Gone
	case scene.Counter:
		return o.Gone
	case scene.Timer:
		return o.Gone
	case scene.Loop:
		return o.Gone
	case scene.Mapped:
		return o.Gone
	}
	return false
}

// unknownCard is an object of a kind that has no file here.
func unknownCard(o scene.Object) card {
	k := squareCard(o.Key())
	k.rows = []row{text(o.Kind(), Dim)}
	return k
}

// squareCard is the frame that most kinds share.
func squareCard(title string) card {
	return card{name: title, framed: true, border: Square, edge: Dim, title: text(title, Strong)}
}
