package prose

// Words into lines: greedy, by cells and whole graphemes.

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// word is what is not broken while it fits on a line.
type word struct {
	spans []Span
	gap   Span // the space before it; its text is empty where there is none
	fresh bool // begins a line
}

// wrap breaks text at spaces into lines of at most width cells. A word that is
// longer than a line is broken between graphemes.
func wrap(spans []Span, width int) []Line {
	var lines []Line
	var line Line
	used := 0
	flush := func() {
		lines = append(lines, line)
		line, used = Line{}, 0
	}
	for i, w := range split(spans) {
		need := ansi.StringWidth(joined(w.spans))
		if i > 0 && (w.fresh || used > 0 && used+len(w.gap.Text)+need > width) {
			flush()
		}
		if used > 0 && w.gap.Text != "" {
			line.Spans = append(line.Spans, w.gap)
			used++
		}
		for need > width-used {
			head, tail := cut(w.spans, width-used)
			line.Spans = append(line.Spans, head...)
			if len(tail) == 0 {
				w.spans, need = nil, 0
				used = width
				break
			}
			flush()
			w.spans, need = tail, ansi.StringWidth(joined(tail))
		}
		line.Spans = append(line.Spans, w.spans...)
		used += need
	}
	if len(line.Spans) > 0 {
		flush()
	}
	return lines
}

// split cuts spans into words at spaces and line breaks.
func split(spans []Span) []word {
	var words []word
	var w word
	for _, s := range spans {
		if s.Text == lineBreak {
			if len(w.spans) > 0 {
				words = append(words, w)
			}
			w = word{fresh: true}
			continue
		}
		for i, part := range strings.Split(s.Text, " ") {
			if i > 0 {
				if len(w.spans) > 0 {
					words = append(words, w)
					w = word{}
				}
				w.gap = Span{Text: " ", Class: s.Class, Link: s.Link}
			}
			if part != "" {
				w.spans = append(w.spans, Span{part, s.Class, s.Link})
			}
		}
	}
	if len(w.spans) > 0 {
		words = append(words, w)
	}
	return words
}

func joined(spans []Span) string {
	if len(spans) == 1 {
		return spans[0].Text
	}
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.Text)
	}
	return b.String()
}

// cut takes from the front what fits in width cells, and at least one grapheme.
// One that is wider than the width by itself becomes a "?".
func cut(spans []Span, width int) (head, tail []Span) {
	used := 0
	for i, s := range spans {
		rest := s.Text
		for rest != "" {
			cluster, w := ansi.FirstGraphemeCluster(rest, ansi.GraphemeWidth)
			if used+w > width {
				taken := s.Text[:len(s.Text)-len(rest)]
				if taken != "" {
					head = append(head, Span{taken, s.Class, s.Link})
				}
				if len(head) == 0 {
					head = []Span{{"?", s.Class, s.Link}}
					rest = rest[len(cluster):]
				}
				if rest != "" {
					tail = append(tail, Span{rest, s.Class, s.Link})
				}
				return head, append(tail, spans[i+1:]...)
			}
			used += w
			rest = rest[len(cluster):]
		}
		head = append(head, s)
	}
	return head, nil
}

// clip keeps what fits in width cells and ends it with the sign for "and so on",
// if that fits too.
func clip(spans []Span, width int, sign string) []Span {
	room := width - ansi.StringWidth(sign)
	if room < 1 {
		room, sign = width, ""
	}
	head, _ := cut(spans, room)
	// Graphemes can join across spans and grow; take more away until it fits.
	for n := room - 1; n > 0 && ansi.StringWidth(joined(head)) > room; n-- {
		head, _ = cut(spans, n)
	}
	if ansi.StringWidth(joined(head)) > room {
		head = []Span{{Text: "?", Class: Dim}}
	}
	if sign != "" {
		head = append(head[:len(head):len(head)], Span{Text: sign, Class: Dim})
	}
	return head
}
