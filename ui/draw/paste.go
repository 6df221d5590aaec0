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

// Spans gives the row y in stretches of one style, to its last glyph.
func (c *Canvas) Spans(y int, f func(text string, st Style)) {
	if y < 0 || y >= c.H {
		return
	}
	row := c.cells[y*c.W : (y+1)*c.W]
	for len(row) > 0 && row[len(row)-1].glyph == "" && !row[len(row)-1].tail {
		row = row[:len(row)-1]
	}
	for i := 0; i < len(row); {
		st, text := row[i].style, ""
		for ; i < len(row) && (row[i].style == st || row[i].tail); i++ {
			switch {
			case row[i].tail:
			case row[i].glyph == "":
				text += " "
			default:
				text += row[i].glyph
			}
		}
		f(text, st)
	}
}

// Part are the options for drawing a scene that is to be pasted into this
// canvas: its theme and characters at another size.
func (c *Canvas) Part(w, h int) Options {
	return Options{Width: w, Height: h, Theme: c.theme, ASCII: c.ascii}
}
