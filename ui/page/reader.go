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
	everyKey(foot, keys)
}

// readerKeys are the keys of such a page: its own, then scrolling.
func readerKeys(own ...Key) []Key {
	keys := append([]Key{}, own...)
	return append(keys, Key{Shown: "↑↓", Says: "scroll"}, Key{Shown: "esc", Says: "back"}, anyKeys[0], anyKeys[2])
}

// everyKey writes all keys into one row. Where they do not fit, the last ones lose
// their words first: a key that is seen can be looked up.
func everyKey(a area, keys []Key) {
	var shown []Key
	for _, k := range keys {
		if !k.Quiet && k.Says != "" {
			shown = append(shown, k)
		}
	}
	worded, between := len(shown), 3
	for ; worded > 0 && keysWidth(shown, worded, between) > a.W; worded-- {
		if keysWidth(shown, worded, 2) <= a.W {
			break
		}
	}
	if keysWidth(shown, worded, between) > a.W {
		between = 2
	}
	x := 0
	for i, k := range shown {
		x = a.put(x, 0, k.Shown, draw.Accent.Bold())
		if i < worded {
			x = a.put(x+1, 0, k.Says, draw.Dim)
		}
		x += between
	}
}

// keysWidth is how wide keys are of which the first have their words.
func keysWidth(keys []Key, worded, between int) int {
	w := -between
	for i, k := range keys {
		w += draw.Width(k.Shown) + between
		if i < worded {
			w += 1 + draw.Width(k.Says)
		}
	}
	return w
}
