package draw

import "ipctour/sims/scene"

// Boxes reports whether the picture of a scene fits into w × h cells as boxes
// and arrows; where it does not, it is told as a list.
func Boxes(s *scene.Scene, w, h int) bool { return fits(s, w, h, flat) }

func fits(s *scene.Scene, w, h int, least detail) bool {
	n := len(s.Processes) + len(s.Objects)
	if n == 0 || n > most || len(s.Links) > 4*most {
		return false
	}
	g := newGraph(&painter{s: s})
	for _, t := range tries {
		if t.detail > least {
			continue
		}
		if l := g.plan(t, Rect{W: w, H: h}); l.w <= w && l.h <= h {
			return true
		}
	}
	return false
}

// Roomy reports whether it fits as boxes that tell what matters, and not only as
// small ones.
func Roomy(s *scene.Scene, w, h int) bool {
	return fits(s, w, h, medium)
}

// SceneRoomy reports whether Scene draws the picture like that.
func SceneRoomy(s *scene.Scene, w, h int) bool {
	p := &painter{s: s}
	return Roomy(s, w, h-p.aside(Options{Width: w, Height: h}))
}

// SceneBoxes reports whether Scene draws the picture as boxes and arrows.
func SceneBoxes(s *scene.Scene, w, h int) bool {
	p := &painter{s: s}
	return Boxes(s, w, h-p.aside(Options{Width: w, Height: h}))
}
