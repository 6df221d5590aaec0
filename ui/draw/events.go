package draw

import "ipctour/sims/scene"

// How counters, timers and epoll loops look.

func (p *painter) counterCard(o *scene.Counter, d detail, room int) card {
	return squareCard(o.Label)
}

func (p *painter) timerCard(o *scene.Timer, d detail, room int) card {
	return squareCard(o.Label)
}

func (p *painter) loopCard(o *scene.Loop, d detail, room int) card {
	return squareCard(o.Label)
}
