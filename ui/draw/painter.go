package draw

import (
	"slices"
	"strconv"

	"ipctour/sims/scene"
)

// Options say how big, in which colours and with which characters.
type Options struct {
	Width, Height int
	Theme         Theme
	ASCII         bool // no byte above 0x7f
	// Spin is the phase of the animation: a moving link shows where its bytes
	// are. The caller counts it up, a few times a second; 0 keeps it still.
	Spin int
}

func (o Options) canvas() *Canvas { return NewCanvas(o.Width, o.Height, o.Theme, o.ASCII) }

// painter is one frame being drawn: the scene and what all of it needs to know.
type painter struct {
	graph *graph
	s     *scene.Scene
	links []scene.Link
	spin  int
	shape
}

// shape is how big the cards of one layout are made.
type shape struct {
	cells  int  // of a pipe's bar; 0 for as many as usual
	bars   int  // lines of a bar; at least 1
	air    bool // frames have blank lines inside
	beside bool // things of one line stand beside each other
	tight  bool // what is said of a process is cut short
	chart  chartForm
	taller int // lines that a chart gets because there is room
}

func newPainter(s *scene.Scene, spin int) *painter {
	return &painter{s: s, spin: spin, links: liveLinks(s)}
}

// liveLinks are the links of a scene. Nothing moves to or from what is gone: the
// descriptors of a dead process are closed.
func liveLinks(s *scene.Scene) []scene.Link {
	links, own := s.Links, false
	for i := range links {
		st := links[i].State
		if st != scene.Moving && st != scene.Blocked {
			continue
		}
		switch from, to := s.Process(links[i].From), s.Process(links[i].To); {
		case dead(from) || dead(to):
			st = scene.Cut
		case st == scene.Moving && (from == nil && isGone(s.Object(links[i].From)) || to == nil && isGone(s.Object(links[i].To))):
			st = scene.Idle
		default:
			continue
		}
		if !own {
			links, own = slices.Clone(links), true
		}
		links[i].State = st
	}
	return links
}

func dead(q *scene.Process) bool {
	return q != nil && (q.Life == scene.Exited || q.Life == scene.Killed)
}

// hue is the colour of a process by its id; Accent if it is no process.
func (p *painter) hue(id string) Style {
	for i := range p.s.Processes {
		if p.s.Processes[i].ID == id {
			return Process(i)
		}
	}
	return Accent
}

// writer is the style of the only process that writes to an object, else Accent.
func (p *painter) writer(key string) Style {
	found := Accent
	for i := range p.links {
		l := &p.links[i]
		if l.To != key || l.State == scene.Cut {
			continue
		}
		st := p.hue(l.From)
		if found != Accent && found != st {
			return Accent
		}
		found = st
	}
	return found
}

// amount is a number with separators; "?" for what is not known.
func amount(n int64) string {
	if n < 0 {
		return "?"
	}
	return scene.Thousands(n)
}

// count is "1 writer", "2 writers", "? writers".
func count(n int, thing string) string {
	switch {
	case n < 0:
		return "? " + thing + "s"
	case n == 1:
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// repeat is n times a glyph of one cell, without building it each frame for
// the sizes that occur.
func repeat(long string, glyph, n int) string {
	return long[:min(max(n, 0)*glyph, len(long))]
}
