package command

import (
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/term"

	"ipctour/ui/draw"
)

// folder breaks lines that are longer than the terminal is wide between words, for
// the terminal would break them anywhere. What goes on is a little further in. A
// file or a pipe gets each line as it is. A line is written when it is whole.
type folder struct {
	to    io.Writer
	cells func() int // how wide the terminal is now; 0 where there is none
	begun string     // of a line
}

func (f *folder) Write(p []byte) (int, error) {
	text := f.begun + string(p)
	whole := text[:strings.LastIndexByte(text, '\n')+1]
	f.begun = text[len(whole):]
	if whole == "" {
		return len(p), nil
	}
	if w := f.cells(); w > 0 {
		whole = foldLines(whole, w)
	}
	if _, err := io.WriteString(f.to, whole); err != nil {
		return 0, err
	}
	return len(p), nil
}

// end writes a line that was begun. What becomes of it, the output knows.
func (f *folder) end() {
	_, _ = io.WriteString(f.to, f.begun)
	f.begun = ""
}

// narrowest is the width below which breaking between words does not help.
const narrowest = 20

func foldLines(text string, width int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if width < narrowest || indent > width/2 || draw.Width(line) <= width {
			b.WriteString(line + "\n")
			continue
		}
		b.WriteString(foldLine(line, width, min(indent+2, width/2)))
	}
	return b.String()
}

// foldLine breaks a line at its spaces; rows after the first begin at hang.
func foldLine(line string, width, hang int) string {
	var b strings.Builder
	row, rest := "", line
	for rest != "" {
		blank := len(rest) - len(strings.TrimLeft(rest, " "))
		end := len(rest)
		if i := strings.IndexByte(rest[blank:], ' '); i >= 0 {
			end = blank + i
		}
		word := rest[:end] // with the blanks before it
		rest = rest[end:]
		if strings.TrimSpace(row) != "" && draw.Width(row+word) > width {
			b.WriteString(row + "\n")
			row, word = strings.Repeat(" ", hang), word[blank:]
		}
		row += word
	}
	return b.String() + strings.TrimRight(row, " ") + "\n"
}

// proseWidth is how long a line of prose may be on standard output: most cells, or
// what the terminal has.
func (a *app) proseWidth(most int) int {
	if w := cellsOf(a.stdout)(); w >= narrowest {
		return min(w, most)
	}
	return most
}

// cellsOf gives a function that asks how wide a terminal is.
func cellsOf(f *os.File) func() int {
	if !term.IsTerminal(f.Fd()) {
		return func() int { return 0 }
	}
	return func() int {
		w, _, err := term.GetSize(f.Fd())
		if err != nil {
			return 0
		}
		return w
	}
}
