package draw

import "ipctour/sims/scene"

// How a ring looks.
func (p *painter) ringCard(o *scene.Ring, d detail, room int) card {
	return squareCard(o.Label)
}
