package draw

import "ipctour/sims/scene"

// How the output of a real program looks: a small terminal that has scrolled to
// its end.
func outputCard(o *scene.Output, d detail, room int) card {
	k := squareCard(o.Label)
	k.least = min(26, room)
	if d >= small {
		k.least = 0
	}
	keep := [...]int{full: 8, lean: 8, medium: 4, small: 1, flat: 3}[d]
	lines := o.Lines
	hidden := max(len(lines)-keep, 0)
	lines = lines[hidden:]
	if o.More > 0 {
		k.rows = append(k.rows, text("… "+amount(o.More)+" B more", Dim))
	} else if hidden > 0 && d < small {
		k.rows = append(k.rows, text("… "+count(hidden, "line")+" above", Dim))
	}
	for _, l := range lines {
		k.rows = append(k.rows, row{{head(l, min(44, room-4)), Text}})
	}
	if len(lines) == 0 {
		k.rows = append(k.rows, text("nothing printed yet", Dim))
	}
	return k
}

// head keeps the beginning of a line of text.
func head(s string, w int) string {
	if Width(s) <= w {
		return s
	}
	rest := s
	for n := 0; len(rest) > 0; {
		_, gw, next := nextGlyph(rest)
		if n+gw > w-1 {
			break
		}
		n, rest = n+gw, next
	}
	return s[:len(s)-len(rest)] + "…"
}
