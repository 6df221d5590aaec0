package page

// This file holds the evidence: every figure of the picture with how it was
// read and the command that reads the same elsewhere, and every claim with its
// verdict.

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/sims/scene"
	"ipctour/ui/draw"
)

// Evidence is a page over its lesson.
type Evidence struct {
	reader
	lesson *Lesson
}

// NewEvidence is the evidence of a running lesson. It stays live.
func NewEvidence(l *Lesson) *Evidence {
	return &Evidence{lesson: l, reader: reader{w: l.w, h: l.h}}
}

// Init does nothing.
func (e *Evidence) Init() tea.Cmd { return nil }

// Close has nothing to end.
func (e *Evidence) Close() {}

// Title names the lesson.
func (e *Evidence) Title() string { return e.lesson.Title() }

// Keys are those for reading.
func (e *Evidence) Keys() []Section {
	return []Section{{"The evidence", []Key{{Shown: "e", Says: "back to the picture"}}}, {"Reading", scrollKeys}, {"Everywhere", anyKeys}}
}

// Update scrolls.
func (e *Evidence) Update(msg tea.Msg) (Move, tea.Cmd) {
	if e.take(msg, e.lines) {
		return stay, nil
	}
	if key, ok := msg.(tea.KeyPressMsg); ok && (key.String() == "e" || intent(key.String(), anyKeys) == doLeave) {
		return back(), nil
	}
	return stay, nil
}

// Draw paints the evidence.
func (e *Evidence) Draw(cv *draw.Canvas, r draw.Rect) {
	e.draw(on(cv, r), line{{"Evidence  ", draw.Accent.Bold()}, {e.lesson.it.Title, draw.Strong}}, e.lines, readerKeys())
}

func (e *Evidence) lines(w int) []line {
	s := e.lesson.scene()
	out := paragraph("Each figure, who says so, how it was read, and what to type in another terminal to read it yourself.", min(w, textCells), draw.Dim)
	for i := range s.Figures {
		out = gap(out, figureLines(&s.Figures[i], w))
	}
	out = append(out, nil, nil, styled("The claims of this lesson", draw.Accent.Bold()))
	return gap(out, claimLines(e.lesson.claims, e.lesson, w))
}

// OriginWords say who knows a figure.
func OriginWords(o scene.Origin) string {
	switch o {
	case scene.Kernel:
		return "the kernel"
	case scene.Child:
		return "the process itself"
	case scene.Derived:
		return "computed from others"
	case scene.Said:
		return "the course's source, not measured"
	}
	return ""
}

func figureLines(f *scene.Figure, w int) []line {
	const label = 24
	name := line{{f.Label, draw.Strong}}
	if pad := label - draw.Width(f.Label); pad > 0 {
		name = append(name, span{spaces(pad), draw.Text})
	} else {
		name = append(name, span{"  ", draw.Text})
	}
	if f.Missing != "" {
		return append(name, span{"not known here: " + f.Missing, draw.Fail}).wrap(min(w, textCells+20), label)
	}
	out := append(name, span{f.Text, draw.Accent.Bold()}, span{"   " + OriginWords(f.Origin), draw.Dim}).wrap(w, label)
	indent := min(label, w/4)
	if f.How != "" {
		out = append(out, append(line{{spaces(indent), draw.Text}}, span{f.How, draw.Text}).hang(min(w, textCells+20), indent)...)
	}
	if f.Command != "" {
		return append(out, append(line{{spaces(indent), draw.Text}}, span{"$ ", draw.Dim}, span{f.Command, draw.Accent}).hang(w, indent)...)
	}
	if why := NoCommand(f); why != "" {
		out = append(out, append(line{{spaces(indent), draw.Text}}, span{why, draw.Dim}).hang(min(w, textCells+20), indent)...)
	}
	return out
}

// NoCommand says why nothing is there to be typed elsewhere for a figure of the
// kernel; empty for one that has a command, or is not the kernel's.
func NoCommand(f *scene.Figure) string {
	how := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(f.How, w) })
	}
	switch {
	case f.Command != "" || f.Origin != scene.Kernel || f.Missing != "":
		return ""
	case how("ptrace", "x-ray"):
		return "No command reads it meanwhile: a process has one tracer at a time, and here that is the tour."
	case how("wait status", "wait4"):
		return "No command reads it: the kernel tells the parent alone how a process ended."
	case how("ioctl", "fcntl", "kcmp", "pread", "read(2)", "timerfd_gettime"):
		return "No command reads it: it takes this call, on a descriptor of the process itself or a duplicate."
	}
	return "No command reads it by itself: what is named here is put together by the tour."
}

// claimLines are claims with their verdicts; before they have been judged, what they say.
func claimLines(results []lessons.Result, l *Lesson, w int) []line {
	w = min(w, textCells+10)
	var out []line
	if results == nil {
		for _, c := range l.sim.Claims {
			out = append(out, line{{"·  ", draw.Dim}, {c.Says, draw.Text}}.wrap(w, 3)...)
		}
		return out
	}
	for _, r := range results {
		sign, word, st := verdictSign(r.Verdict)
		out = append(out, line{{sign + "  ", st.Bold()}, {r.Says, draw.Text}, {"  " + word, st}}.wrap(w, 3)...)
		switch {
		case r.Reason != "":
			out = append(out, hung(r.Reason, w, draw.Dim)...)
		case r.Expected != "" || r.Measured != "":
			out = append(out, hung("expected "+r.Expected+"; measured "+r.Measured, w, draw.Dim)...)
			out = append(out, hung("by "+r.Source, w, draw.Dim)...)
		}
	}
	return out
}

func hung(text string, w int, st draw.Style) []line {
	return line{{"   ", draw.Text}, {text, st}}.hang(w, 3)
}
