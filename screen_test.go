package main

// A small terminal, so that a test sees the screen as a learner does and not the
// differences that a program sends. It knows what ECMA-48 and xterm call these
// sequences, and as much of them as Bubble Tea uses.

import (
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// screen is the cells and the cursor. It is safe for use by several goroutines.
type screen struct {
	mu         sync.Mutex
	w, h       int
	cells      [][]string
	x, y       int
	top, end   int // the lines that scroll, end excluded
	last       string
	raw        []byte // everything that was written
	unread     []byte // an escape sequence that is not whole yet
	unknown    map[string]bool
	fullScreen bool
}

func newScreen(w, h int) *screen {
	s := &screen{w: w, h: h, end: h, unknown: map[string]bool{}, cells: make([][]string, h)}
	for y := range s.cells {
		s.cells[y] = blankLine(w)
	}
	return s
}

func blankLine(w int) []string {
	line := make([]string, w)
	for x := range line {
		line[x] = " "
	}
	return line
}

func (s *screen) clear(y, from, to int) {
	for x := max(from, 0); x < min(to, len(s.cells[y])); x++ {
		s.cells[y][x] = " "
	}
}

// String is the text on the screen, a line each.
func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, line := range s.cells {
		b.WriteString(strings.TrimRight(strings.Join(line, ""), " ") + "\n")
	}
	return b.String()
}

// written is everything that was sent to the terminal so far.
func (s *screen) written() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.raw)
}

// Write takes what the program sends.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw = append(s.raw, p...)
	s.unread = append(s.unread, p...)
	parser := ansi.NewParser()
	for len(s.unread) > 0 {
		if s.unread[0] == 0x1b && !whole(s.unread) || !utf8.FullRune(s.unread) {
			break // the rest comes with the next write
		}
		seq, width, n, _ := ansi.DecodeSequence(s.unread, ansi.NormalState, parser)
		if n == 0 {
			break
		}
		switch {
		case width > 0:
			s.put(string(seq), width)
		case len(seq) > 2 && seq[0] == 0x1b && seq[1] == '[':
			s.control(string(seq[2:]))
		case string(seq) == ansi.ReverseIndex:
			s.up()
		case len(seq) == 1:
			s.single(seq[0])
		}
		s.unread = s.unread[n:]
	}
	return len(p), nil
}

// whole reports whether an escape sequence has come to its end.
func whole(p []byte) bool {
	if len(p) < 2 {
		return false
	}
	switch p[1] {
	case '[':
		for _, c := range p[2:] {
			if c >= 0x40 && c <= 0x7e {
				return true
			}
		}
		return false
	case ']', 'P', '_', '^', 'X':
		return strings.ContainsAny(string(p[2:]), "\a") || strings.Contains(string(p[2:]), "\x1b\\")
	}
	return true
}

func (s *screen) put(glyph string, width int) {
	if s.x+width > s.w {
		s.x = 0
		s.down()
	}
	s.cells[s.y][s.x] = glyph
	for i := 1; i < width; i++ {
		s.cells[s.y][s.x+i] = ""
	}
	s.x += width
	s.last = glyph
}

func (s *screen) down() {
	if s.y == s.end-1 {
		s.scroll(s.top, 1)
	} else if s.y < s.h-1 {
		s.y++
	}
}

func (s *screen) up() {
	if s.y == s.top {
		s.scroll(s.top, -1)
	} else if s.y > 0 {
		s.y--
	}
}

// scroll moves the lines from a line to the end of the region up by n, or down.
func (s *screen) scroll(from, n int) {
	if from >= s.end {
		return
	}
	region := s.cells[from:s.end]
	for ; n > 0; n-- {
		copy(region, region[1:])
		region[len(region)-1] = blankLine(s.w)
	}
	for ; n < 0; n++ {
		copy(region[1:], region)
		region[0] = blankLine(s.w)
	}
}

func (s *screen) single(c byte) {
	switch c {
	case '\r':
		s.x = 0
	case '\n':
		s.down()
	case '\b':
		s.x = max(s.x-1, 0)
	case '\t':
		s.x = min(s.x/8*8+8, s.w-1)
	}
}

// control obeys one sequence that begins with ESC [; only its rest is given.
func (s *screen) control(seq string) {
	verb := seq[len(seq)-1]
	args := strings.TrimSuffix(seq, string(verb))
	if strings.ContainsAny(args, "?<=> $") {
		if args == "?1049" {
			s.fullScreen = verb == 'h'
		}
		return // modes and questions change no cell
	}
	arg := func(i, normally int) int {
		parts := strings.Split(args, ";")
		if i >= len(parts) || parts[i] == "" {
			return normally
		}
		n, err := strconv.Atoi(parts[i])
		if err != nil {
			return normally
		}
		return n
	}
	n := max(arg(0, 1), 1)
	switch verb {
	case 'A':
		s.y -= n
	case 'B', 'e':
		s.y += n
	case 'C', 'a':
		s.x += n
	case 'D':
		s.x -= n
	case 'E':
		s.x, s.y = 0, s.y+n
	case 'F':
		s.x, s.y = 0, s.y-n
	case 'G', '`':
		s.x = n - 1
	case 'd':
		s.y = n - 1
	case 'H', 'f':
		s.y, s.x = n-1, arg(1, 1)-1
	case 'I':
		s.x = (s.x/8 + n) * 8
	case 'Z':
		s.x = max((s.x+7)/8-n, 0) * 8
	case 'b':
		for range n {
			s.put(s.last, ansi.StringWidth(s.last))
		}
	case 'r':
		s.top, s.end, s.x, s.y = n-1, min(arg(1, s.h), s.h), 0, 0
	case 'S':
		s.scroll(s.top, n)
	case 'T':
		s.scroll(s.top, -n)
	case 'L':
		s.scroll(s.y, -n)
	case 'M':
		s.scroll(s.y, n)
	default:
		s.erase(verb, n, arg(0, 0))
	}
	s.x, s.y = min(max(s.x, 0), s.w-1), min(max(s.y, 0), s.h-1)
}

// erase obeys the sequences that change cells and leave the cursor.
func (s *screen) erase(verb byte, n, which int) {
	line := s.cells[s.y]
	switch verb {
	case 'X':
		s.clear(s.y, s.x, s.x+n)
	case 'P':
		copy(line[s.x:], line[min(s.x+n, s.w):])
		s.clear(s.y, s.w-n, s.w)
	case '@':
		copy(line[min(s.x+n, s.w):], line[s.x:])
		s.clear(s.y, s.x, s.x+n)
	case 'K':
		s.clear(s.y, map[int]int{0: s.x}[which], map[int]int{0: s.w, 1: s.x + 1, 2: s.w}[which])
	case 'J':
		s.clear(s.y, map[int]int{0: s.x}[which], map[int]int{0: s.w, 1: s.x + 1, 2: s.w, 3: s.w}[which])
		for y := range s.cells {
			if which >= 2 || which == 0 && y > s.y || which == 1 && y < s.y {
				s.clear(y, 0, s.w)
			}
		}
	case 'm', 'c', 'n', 'q', 't', 'u', 's', 'h', 'l':
	default:
		s.unknown[string(verb)] = true
	}
}
