package page

// This file holds scrolling: which part of a text that is longer than its area
// is shown.

import (
	"strconv"

	"ipctour/ui/draw"
)

// scroll is the first line shown.
type scroll struct{ top int }

// move follows an intent through total lines of which height are shown. It
// reports whether the intent was one of scrolling.
func (s *scroll) move(do Intent, total, height int) bool {
	page := max(1, height-2)
	switch do {
	case doUp:
		s.top--
	case doDown:
		s.top++
	case doPageUp:
		s.top -= page
	case doPageDown:
		s.top += page
	case doTop:
		s.top = 0
	case doBottom:
		s.top = total
	default:
		return false
	}
	s.top = s.clamp(total, height)
	return true
}

func (s scroll) clamp(total, height int) int { return max(0, min(s.top, total-height)) }

// lines draws the part of the text that is shown, and at the right edge how
// much lies above and below where it does not fit.
func (s scroll) lines(a area, ls []line) {
	top := s.clamp(len(ls), a.H)
	a.lines(0, ls[top:])
}

// place says where in the text we are: "12–40 of 88"; "" where all is shown.
func (s scroll) place(total, height int) string {
	if total <= height || height <= 0 {
		return ""
	}
	top := s.clamp(total, height)
	return strconv.Itoa(top+1) + "–" + strconv.Itoa(min(total, top+height)) + " of " + strconv.Itoa(total)
}

// follow gives the first row of a list of total so that row at is shown.
func follow(at, total, height int) int {
	if total <= height {
		return 0
	}
	return max(0, min(at-height/2, total-height))
}

// keyLine writes "n next step   1 drain 1 byte" into rows of an area: keys in
// the accent, words dim. What does not fit is left out, with a sign that there is more.
func keyLine(a area, keys []Key) {
	x, y, end := 0, 0, 0
	for _, k := range keys {
		if k.Quiet || k.Says == "" {
			continue
		}
		w := draw.Width(k.Shown) + 1 + draw.Width(k.Says)
		if x > 0 && x+w > a.W {
			x, y = 0, y+1
		}
		if y >= a.H {
			a.put(end, a.H-1, "…", draw.Dim)
			return
		}
		x = a.put(x, y, k.Shown, draw.Accent.Bold())
		end = a.put(x+1, y, k.Says, draw.Dim)
		x = end + 3
		end++
	}
}

// keyRows is how many rows the keys want at a width.
func keyRows(keys []Key, w int) int {
	x, rows := 0, 0
	for _, k := range keys {
		if k.Quiet || k.Says == "" {
			continue
		}
		wide := draw.Width(k.Shown) + 1 + draw.Width(k.Says)
		if x > 0 && x+wide > w {
			x, rows = 0, rows+1
		}
		x += wide + 3
	}
	if x > 0 {
		rows++
	}
	return rows
}
