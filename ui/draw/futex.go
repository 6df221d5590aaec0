package draw

import "ipctour/sims/scene"

// How a futex looks.
func (p *painter) futexCard(o *scene.Futex, d detail, room int) card {
	return squareCard(o.Label)
}
