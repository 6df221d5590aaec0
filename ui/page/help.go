package page

// This file holds the help page: all the keys of the page below, made from its
// own tables.

import (
	tea "charm.land/bubbletea/v2"

	"ipctour/ui/draw"
)

// Help lists keys.
type Help struct {
	reader
	title    string
	sections []Section
}

// NewHelp is the help for a page.
func NewHelp(of Page) *Help {
	h := &Help{title: of.Title(), sections: of.Keys()}
	switch of.(type) {
	case *Lesson, *Replay, *Evidence, *Seen:
		h.sections = append(h.sections[:len(h.sections):len(h.sections)], Section{"Beside a figure", figureMarks})
	}
	return h
}

// figureMarks say who knows a figure.
var figureMarks = []Key{
	{Shown: "·k", Says: "read from the kernel"},
	{Shown: "·c", Says: "counted by the process itself"},
	{Shown: "·d", Says: "derived: computed from other figures"},
	{Shown: "·s", Says: "said by the course's source, not measured here"},
}

// Init does nothing.
func (h *Help) Init() tea.Cmd { return nil }

// Close has nothing to end.
func (h *Help) Close() {}

// Title names the page.
func (h *Help) Title() string { return "ipctour · keys" }

// Keys are those for reading.
func (h *Help) Keys() []Section { return []Section{{"Reading", scrollKeys}, {"Everywhere", anyKeys}} }

// Update scrolls.
func (h *Help) Update(msg tea.Msg) (Move, tea.Cmd) {
	if h.take(msg, h.lines) {
		return stay, nil
	}
	if key, ok := msg.(tea.KeyPressMsg); ok {
		if do := intent(key.String(), anyKeys); do == doLeave || do == doHelp {
			return back(), nil
		}
	}
	return stay, nil
}

// Draw paints the keys.
func (h *Help) Draw(cv *draw.Canvas, r draw.Rect) {
	h.draw(on(cv, r), line{{"Keys  ", draw.Accent.Bold()}, {h.title, draw.Strong}}, h.lines, readerKeys())
}

func (h *Help) lines(w int) []line {
	const column = 12
	w = min(w, textCells+10)
	var out []line
	for _, s := range h.sections {
		if len(s.Keys) == 0 {
			continue
		}
		if len(out) > 0 {
			out = append(out, nil)
		}
		out = append(out, styled(s.Name, draw.Strong))
		for _, k := range s.Keys {
			words := k.Help
			if words == "" {
				words = k.Says
			} else if k.Says != "" && len(k.Press) == 1 && s.Name == "In this lesson" {
				words = k.Says + ": " + words
			}
			if words == "" {
				continue // told with the key before it
			}
			head := "  " + k.Shown
			pad := max(1, column-draw.Width(head))
			out = append(out, line{{head, draw.Accent.Bold()}, {spaces(pad), draw.Text}, {words, draw.Text}}.wrap(w, min(column, w/3))...)
		}
	}
	return out
}
