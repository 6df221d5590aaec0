package page

// This file holds what all pages for reading have in common: a title, lines
// that scroll, and a key line.

import (
	tea "charm.land/bubbletea/v2"

	"ipctour/ui/draw"
)

// reader is a page of lines that scrolls.
type reader struct {
	w, h   int
	scroll scroll
}

// take follows size, scrolling and the mouse wheel; lines are those at a width.
func (r *reader) take(msg tea.Msg, lines func(w int) []line) bool {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		r.w, r.h = msg.Width, msg.Height
	case tea.KeyPressMsg:
		_, body, _ := frame(area{nil, draw.Rect{W: r.w, H: r.h}}, 1)
		return r.scroll.move(intent(msg.String(), scrollKeys), len(lines(body.W)), body.H)
	case tea.MouseWheelMsg:
		_, body, _ := frame(area{nil, draw.Rect{W: r.w, H: r.h}}, 1)
		do := doDown
		if msg.Button == tea.MouseWheelUp {
			do = doUp
		}
		return r.scroll.move(do, len(lines(body.W)), body.H)
	}
	return false
}

// draw paints the title, the lines that are shown and the keys.
func (r *reader) draw(a area, title line, lines func(w int) []line, keys []Key) {
	head, body, foot := frame(a, 1)
	x := head.line(0, 0, title)
	text := lines(body.W)
	head.right(0, r.scroll.place(len(text), body.H), draw.Dim, x+2)
	r.scroll.lines(body, text)
	keyLine(foot, keys)
}

// readerKeys are the keys of such a page: its own, then scrolling.
func readerKeys(own ...Key) []Key {
	keys := append([]Key{}, own...)
	return append(keys, Key{Shown: "↑↓", Says: "scroll"}, Key{Shown: "esc", Says: "back"}, anyKeys[0], anyKeys[2])
}
