package draw

import "ipctour/sims/scene"

// How a signals looks.
func (p *painter) signalsCard(o *scene.Signals, d detail, room int) card {
	return squareCard(o.Label)
}
