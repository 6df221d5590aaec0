package draw

import "ipctour/sims/scene"

// How a socket looks.
func (p *painter) socketCard(o *scene.Socket, d detail, room int) card {
	return squareCard(o.Label)
}
