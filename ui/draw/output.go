package draw

import (
	"strings"

	"ipctour/sims/scene"
)

// How the output of a real program looks: a small terminal that has scrolled to
// its end.
func outputCard(o *scene.Output, d detail, room int) card {
	k := squareCard(o.Label)
	k.least = min(26, room)
	if d >= small {
		k.least = 0
	}
	keep := [...]int{full: 8, lean: 8, medium: 4, small: 1, flat: 3}[d]
	lines, most := o.Lines, 44
	if d == small {
		lines, most = joined(lines, min(70, room-4)), 70
	}
	hidden := max(len(lines)-keep, 0)
	lines = lines[hidden:]
	if o.More > 0 {
		k.rows = append(k.rows, text("… "+amount(o.More)+" B more", Dim))
	} else if hidden > 0 && d < small {
		k.rows = append(k.rows, text("… "+count(hidden, "line")+" above", Dim))
	}
	for _, l := range lines {
		k.rows = append(k.rows, row{{head(l, min(most, room-4)), Text}})
	}
	if len(lines) == 0 {
		k.rows = append(k.rows, text("nothing printed yet", Dim))
	}
	return k
}

// joined is the last of the lines in one, as many as there is room for.
func joined(lines []string, room int) []string {
	if len(lines) == 0 {
		return nil
	}
	i := len(lines) - 1
	all := strings.TrimSpace(lines[i])
	for i--; i >= 0 && Width(lines[i])+3+Width(all) <= room; i-- {
		all = strings.TrimSpace(lines[i]) + " ↵ " + all
	}
	return []string{all}
}

// head keeps the beginning of a line of text.
func head(s string, w int) string {
	if Width(s) <= w {
		return s
	}
	return first(s, w-1) + "…"
}

// first is as much of a text as fits into w cells.
func first(s string, w int) string {
	rest := s
	for n := 0; len(rest) > 0; {
		_, gw, next := nextGlyph(rest)
		if n+gw > w {
			break
		}
		n, rest = n+gw, next
	}
	return s[:len(s)-len(rest)]
}
