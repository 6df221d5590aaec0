package draw

import "ipctour/sims/scene"

// How a queue looks.
func (p *painter) queueCard(o *scene.Queue, d detail, room int) card {
	return squareCard(o.Label)
}
