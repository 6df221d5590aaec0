package page

// This file holds the doctor: what this machine allows, which lessons that
// touches, and what to do about it.

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/sims/probe"
	"ipctour/ui/draw"
)

// Doctor tries everything once and shows what came back.
type Doctor struct {
	reader
	env   *Env
	found []probe.Capability
	done  bool
	spin  int
}

type (
	examined struct {
		by    *Doctor
		found []probe.Capability
	}
	turning struct{ by *Doctor }
)

// NewDoctor is the page; it begins to look when it is opened.
func NewDoctor(env *Env) *Doctor { return &Doctor{env: env} }

// Init begins to look.
func (d *Doctor) Init() tea.Cmd {
	look := d.env.Capabilities
	return tea.Batch(func() tea.Msg { return examined{d, look()} }, d.turn())
}

func (d *Doctor) turn() tea.Cmd {
	return d.env.After(beat, func(time.Time) tea.Msg { return turning{d} })
}

// Close has nothing to end.
func (d *Doctor) Close() {}

// Title names the page.
func (d *Doctor) Title() string { return "ipctour · doctor" }

// Keys are those for reading.
func (d *Doctor) Keys() []Section {
	return []Section{{"Reading", scrollKeys}, {"Everywhere", anyKeys}}
}

// Update scrolls, and takes in what was found.
func (d *Doctor) Update(msg tea.Msg) (Move, tea.Cmd) {
	switch msg := msg.(type) {
	case examined:
		if msg.by == d {
			d.found, d.done = msg.found, true
		}
	case turning:
		if msg.by == d && !d.done {
			d.spin++
			return stay, d.turn()
		}
	case tea.KeyPressMsg:
		if !d.take(msg, d.lines) && (intent(msg.String(), anyKeys) == doLeave || msg.String() == "d") {
			return back(), nil
		}
	default:
		d.take(msg, d.lines)
	}
	return stay, nil
}

// Draw paints what was found.
func (d *Doctor) Draw(cv *draw.Canvas, r draw.Rect) {
	d.draw(on(cv, r), line{{"Doctor  ", draw.Accent.Bold()}, {"what this machine allows", draw.Strong}}, d.lines, readerKeys())
}

func (d *Doctor) lines(w int) []line {
	if !d.done {
		return []line{{{[...]string{".", "..", "...", ""}[d.spin%4], draw.Accent}, {" trying what the lessons need", draw.Dim}}}
	}
	w = min(w, textCells+10)
	var missing, fine []line
	n := 0
	for _, c := range d.found {
		if !c.OK {
			n++
			missing = gap(missing, d.capability(c, "✗", draw.Fail, w))
		} else {
			fine = append(fine, d.capability(c, "✓", draw.Good, w)...)
		}
	}
	out := paragraph(fmt.Sprintf("All of the %d things that lessons need can be done here.", len(d.found)), w, draw.Text)
	if n > 0 {
		out = paragraph(fmt.Sprintf("%d of %d things that lessons need cannot be done here. The lessons say so, and go on without.", n, len(d.found)), w, draw.Text)
	}
	return gap(gap(out, missing), fine)
}

func (d *Doctor) capability(c probe.Capability, sign string, st draw.Style, w int) []line {
	out := line{{sign + "  ", st.Bold()}, {c.Name, draw.Strong}}.wrap(w, 3)
	var users []string
	for _, l := range d.env.Course.Lessons {
		if slices.Contains(l.Needs(), c.ID) {
			users = append(users, l.Title)
		}
	}
	if !c.OK {
		out = append(out, hung(c.Detail, w, draw.Text)...)
		out = append(out, hung(c.Advice, w, draw.Accent)...)
		switch {
		case lessons.OfHouse(c.ID):
			out = append(out, hung("Every lesson uses it.", w, draw.Dim)...)
		case len(users) > 0:
			out = append(out, hung("Lessons that use it: "+strings.Join(users, ", "), w, draw.Dim)...)
		}
		return out
	}
	if c.Detail != "" {
		out = append(out, hung(c.Detail, w, draw.Dim)...)
	}
	return out
}
