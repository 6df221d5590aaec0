package draw

import "ipctour/sims/scene"

// How a mapped looks.
func (p *painter) mappedCard(o *scene.Mapped, d detail, room int) card {
	return squareCard(o.Path)
}
