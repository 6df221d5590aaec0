package draw

// Paste copies the cells of another canvas to (x, y), its blank ones as well.
// What falls outside is dropped, a wide glyph as a whole.
func (c *Canvas) Paste(src *Canvas, x, y int) {
	for sy := range src.H {
		for sx := range src.W {
			at := src.cells[sy*src.W+sx]
			dx, dy := x+sx, y+sy
			if at.tail || dx < 0 || dy < 0 || dx >= c.W || dy >= c.H {
				continue
			}
			c.split(dx, dy)
			wide := sx+1 < src.W && src.cells[sy*src.W+sx+1].tail
			if !wide {
				c.split(dx+1, dy)
				c.cells[dy*c.W+dx] = at
			} else if dx+1 < c.W {
				c.split(dx+2, dy)
				c.cells[dy*c.W+dx], c.cells[dy*c.W+dx+1] = at, cell{style: at.style, tail: true}
			}
		}
	}
}

// Part are the options for drawing a scene that is to be pasted into this
// canvas: its theme and characters at another size.
func (c *Canvas) Part(w, h int) Options {
	return Options{Width: w, Height: h, Theme: c.theme, ASCII: c.ascii}
}
