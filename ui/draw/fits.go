package draw

import "ipctour/sims/scene"

// Boxes reports whether the picture of a scene fits into w × h cells as boxes
// and arrows; where it does not, it is told as a list.
func Boxes(s *scene.Scene, w, h int) bool { return newPainter(s, 0).fits(w, h, flat) }

// Roomy reports whether it fits as boxes that tell what matters, and not only as
// small ones.
func Roomy(s *scene.Scene, w, h int) bool { return newPainter(s, 0).fits(w, h, medium) }

// SceneBoxes reports whether Scene draws the picture as boxes and arrows and tells
// all the figures that it would like to.
func SceneBoxes(s *scene.Scene, w, h int) bool { return sceneFits(s, w, h, flat) }

// SceneRoomy is SceneBoxes with boxes that tell what matters.
func SceneRoomy(s *scene.Scene, w, h int) bool { return sceneFits(s, w, h, medium) }

func sceneFits(s *scene.Scene, w, h int, least detail) bool {
	p := newPainter(s, 0)
	return p.fits(w, h-min(p.below(w).want, h/2), least)
}

func (p *painter) fits(w, h int, least detail) bool {
	need := p.height(w, h, least)
	return need > 0 && need <= h
}
