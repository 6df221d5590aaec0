package page

// This file holds the code that runs: the lesson's own Go source, at the
// function of the chosen process, with the line of the gate that it waits at.

import (
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/ui/draw"
)

// Code is a page over its lesson.
type Code struct {
	reader
	lesson *Lesson
	source *source
	whole  bool // the whole file, not the function alone
}

var codeKeys = []Key{
	{Do: doNextProcess, Press: []string{"tab"}, Shown: "tab", Says: "process", Help: "the function of the next process"},
	{Do: doRight, Press: []string{"a"}, Shown: "a", Says: "all of the file", Help: "the whole file, or the function alone"},
}

// NewCode is the source of a running lesson.
func NewCode(l *Lesson) *Code {
	return &Code{lesson: l, source: readSource(l.sim.Source), reader: reader{w: l.w, h: l.h}}
}

// RoleCode is the function that a role runs, or the whole file where it is not found
// there, as lines; name is the function's, or empty.
func RoleCode(s *sims.Sim, role string) (name string, text []string) {
	src := readSource(s.Source)
	first, last, name := src.function(s.Role(role))
	return name, src.text[first : last+1]
}

// Init does nothing.
func (c *Code) Init() tea.Cmd { return nil }

// Close has nothing to end.
func (c *Code) Close() {}

// Title names the lesson.
func (c *Code) Title() string { return c.lesson.Title() }

// Keys are those of the page.
func (c *Code) Keys() []Section {
	return []Section{{"The code", codeKeys}, {"Reading", scrollKeys}, {"Everywhere", anyKeys}}
}

// Update scrolls, or shows another process's function.
func (c *Code) Update(msg tea.Msg) (Move, tea.Cmd) {
	key, ok := msg.(tea.KeyPressMsg)
	if !ok {
		c.take(msg, c.lines)
		return stay, nil
	}
	switch intent(key.String(), codeKeys, anyKeys) {
	case doNextProcess:
		c.lesson.choose(1)
		c.scroll.top = 0
	case doRight:
		first, _, _ := c.span()
		c.whole = !c.whole
		c.scroll.top = 0
		if c.whole { // at the function that was seen
			_, body, _ := frame(area{nil, draw.Rect{W: c.w, H: c.h}}, 1)
			c.scroll.top = len(c.rows(0, first-1, -1, "", body.W))
		}
	case doLeave:
		return back(), nil
	default:
		if key.String() == "c" {
			return back(), nil
		}
		c.take(msg, c.lines)
	}
	return stay, nil
}

func (c *Code) span() (first, last int, name string) {
	if a := c.lesson.actor(); a != nil {
		return c.source.function(c.lesson.sim.Role(a.Role))
	}
	return c.source.function(nil)
}

// lines are the lines of code with their numbers.
func (c *Code) lines(w int) []line {
	first, last, _ := c.span()
	here, why := c.here(first, last)
	if c.whole {
		first, last = 0, len(c.source.lines)-1
	}
	return c.rows(first, last, here, why, w)
}

// codeMargin is the width of a line's number.
const codeMargin = 7

func (c *Code) rows(first, last, here int, why string, w int) []line {
	st := draw.Process(c.lesson.chosenAt()).Bold()
	var out []line
	for i := first; i <= last && i < len(c.source.lines); i++ {
		number := strconv.Itoa(i + 1)
		head := line{{spaces(5-len(number)) + number + "  ", draw.Dim}}
		row := c.source.lines[i]
		if i == here {
			head = line{{"▸ " + spaces(3-len(number)) + number + "  ", st}}
			row = append(slices.Clone(row), span{"   ◀ " + why, st})
		}
		out = append(out, wrapCode(head, row, w)...)
	}
	return out
}

// wrapCode is a line of code on as many rows as it needs, all of them as far in as
// the first, and the others a little more.
func wrapCode(head, code line, w int) []line {
	if codeMargin+code.width() <= w || len(code) == 0 {
		return []line{append(head, code...)}
	}
	deep := len(code[0].text) - len(strings.TrimLeft(code[0].text, " "))
	in := min(deep, max(w/4, 0))
	var out []line
	for i, row := range code.wrap(max(w-codeMargin-in, 8), 4) {
		lead := head
		if i > 0 {
			lead = line{{spaces(codeMargin), draw.Dim}}
		}
		out = append(out, append(append(slices.Clone(lead), span{spaces(in), draw.Text}), row...))
	}
	return out
}

// here is the line that the chosen process is at, where it can be known: at a
// gate, or asleep in a call that the function makes once; else -1.
func (c *Code) here(first, last int) (at int, why string) {
	a := c.lesson.actor()
	switch {
	case a == nil || a.Idle:
		return -1, ""
	case a.Gate != "":
		return c.source.gate(first, last, a.Gate), "waits here"
	case a.Life == scene.Asleep:
		return c.source.call(first, last, a.Syscall), "asleep here"
	}
	return -1, ""
}

// Draw paints the code.
func (c *Code) Draw(cv *draw.Canvas, r draw.Rect) {
	title := line{{"Code  ", draw.Accent.Bold()}}
	if a := c.lesson.actor(); a != nil {
		_, _, name := c.span()
		title = append(title, span{a.Role, draw.Process(c.lesson.chosenAt()).Bold()})
		if name != "" {
			title = append(title, span{"  runs " + name, draw.Dim})
		}
		title = append(title, where(a)...)
	}
	c.draw(on(cv, r), title, c.lines, readerKeys(codeKeys...))
}

// where says what a process is doing now.
func where(a *sims.ActorState) line {
	switch {
	case a.Gate != "":
		return line{{"   waits at its gate " + a.Gate, draw.Text}}
	case a.Wchan != "":
		return line{{"   asleep in " + a.Wchan, draw.Text}}
	case a.Ended() != "":
		return line{{"   " + a.Ended(), draw.Text}}
	}
	return nil
}
