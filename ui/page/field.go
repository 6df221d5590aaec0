package page

// This file holds a line of text that the learner types: for finding a lesson
// and for an option's own value.

import (
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"ipctour/ui/draw"
)

// field is a line being typed. Typed or pasted text is cut to most runes, and
// what is not printable is left out.
type field struct {
	text []rune
	at   int // the cursor, before this rune
	most int
}

func (f *field) String() string { return string(f.text) }

func (f *field) set(text string) {
	f.text, f.at = nil, 0
	f.insert(text)
}

func (f *field) insert(text string) {
	for _, r := range text {
		if r == '\n' || r == '\r' || r == '\t' {
			r = ' '
		}
		if !unicode.IsPrint(r) || len(f.text) >= f.most {
			continue
		}
		f.text = append(f.text[:f.at], append([]rune{r}, f.text[f.at:]...)...)
		f.at++
	}
}

// update takes a key or pasted text and reports whether the text changed.
func (f *field) update(msg tea.Msg) bool {
	was := string(f.text)
	switch msg := msg.(type) {
	case tea.PasteMsg:
		f.insert(firstBytes(msg.Content, 4*f.most))
	case tea.KeyPressMsg:
		f.key(msg)
	}
	return was != string(f.text)
}

func (f *field) key(msg tea.KeyPressMsg) {
	switch msg.String() {
	case "left", "ctrl+b":
		f.at = max(0, f.at-1)
	case "right", "ctrl+f":
		f.at = min(len(f.text), f.at+1)
	case "home", "ctrl+a":
		f.at = 0
	case "end", "ctrl+e":
		f.at = len(f.text)
	case "backspace":
		if f.at > 0 {
			f.text = append(f.text[:f.at-1], f.text[f.at:]...)
			f.at--
		}
	case "delete", "ctrl+d":
		if f.at < len(f.text) {
			f.text = append(f.text[:f.at], f.text[f.at+1:]...)
		}
	case "ctrl+u":
		f.text, f.at = f.text[f.at:], 0
	case "ctrl+k":
		f.text = f.text[:f.at]
	case "ctrl+w":
		from := len(strings.TrimRight(string(f.text[:f.at]), " "))
		from = len([]rune(string(f.text[:f.at])[:strings.LastIndexByte(string(f.text[:f.at])[:from], ' ')+1]))
		f.text, f.at = append(f.text[:from], f.text[f.at:]...), from
	default:
		f.insert(msg.Key().Text)
	}
}

// draw writes the text with its cursor; what is left of a long text scrolls away.
func (f *field) draw(a area, x, y int) {
	from := max(0, f.at-max(0, a.W-x-2))
	x = a.put(x, y, string(f.text[from:f.at]), draw.Strong)
	x = a.put(x, y, "▏", draw.Accent)
	a.put(x, y, string(f.text[f.at:]), draw.Strong)
}

// firstBytes is the start of a long text, cut at a whole rune.
func firstBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
