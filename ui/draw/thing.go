package draw

import "ipctour/sims/scene"

// How a thing of a diagram looks: its title and its lines.
func (p *painter) thingCard(o *scene.Thing, d detail, room int) card {
	k := squareCard(o.Label)
	if d == flat && p.beside {
		return card{name: o.Label, rows: []row{k.title}}
	}
	if d < flat {
		for _, l := range o.Lines {
			k.rows = append(k.rows, row{{head(l, max(room-4, 1)), Dim}})
		}
	}
	return k
}
