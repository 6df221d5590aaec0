package draw

import "ipctour/sims/scene"

// How a page of memory looks.
func (p *painter) pageCard(o *scene.Page, d detail, room int) card {
	return squareCard(o.Label)
}
