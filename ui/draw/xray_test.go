package draw

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ipctour/sims/scene"
)

func TestShortArgs(t *testing.T) {
	const write = `fd=3, buf="abcdefghijklmnopqrstuvwxyzabcdef"…, count=4096`
	for _, c := range []struct {
		args  string
		cells int
		want  string
	}{
		{write, 60, write},
		{write, 44, `fd=3, buf="abcdefghijklmnopqrs"…, count=4096`},
		{write, 30, `fd=3, buf="abcde"…, count=4096`},
		{write, 22, `3, "abcdefghij"…, 4096`},
		{write, 14, `3, "ab"…, 4096`},
		{write, 13, `3, "a"…, 4096`},
		{write, 11, `3, "ab"…, …`},
		{write, 5, "3, …"},
		{write, 2, "…"},
		{`3, "a, b=\"c\"", 7`, 12, `3, "a, "…, 7`},
		{"uaddr=0x7f0012345678, op=FUTEX_WAIT, val=2", 13, "FUTEX_WAIT, 2"},
		{"3, 1234567", 8, "3, …"},
		{`3, "\x00\x01\x02"…, 7`, 18, `3, "\x00\x01"…, 7`},
		{`3, "\x00\x01\x02"…, 7`, 16, `3, "\x00"…, 7`},
		{`3, "a\\\n"…, 7`, 13, `3, "a\\"…, 7`},
	} {
		if got := shortArgs(c.args, c.cells); got != c.want {
			t.Errorf("%s in %d cells: got %s, want %s", c.args, c.cells, got, c.want)
		}
	}
}

// Whatever the arguments, what is left fits or is a single mark, and every number in
// it was there as a whole.
func TestShortArgsCutsNoNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		args := rapid.SliceOfN(rapid.SampledFrom([]string{"fd=3", "4096", `buf="12345678 90"…`, `"ab"`, "count=1048576", "0x7f0012345678", "[{fd=4}]"}), 1, 5).Draw(t, "args")
		cells := rapid.IntRange(0, 80).Draw(t, "cells")
		got := shortArgs(strings.Join(args, ", "), cells)
		if Width(got) > max(cells, 1) {
			t.Fatalf("%q is wider than %d", got, cells)
		}
		for _, a := range splitArgs(got) {
			_, value, named := strings.Cut(a, "=")
			if !named {
				value = a
			}
			if value != "…" && !strings.HasPrefix(value, `"`) && !strings.Contains(strings.Join(args, ", ")+",", value+",") {
				t.Fatalf("%q of %q is no whole argument", a, got)
			}
		}
	})
}

// That a process makes no call may be the point: it is named where there is no room
// for a part of its own.
func TestXrayNamesTheSilent(t *testing.T) {
	s := fullBuffer()
	s.Figures = nil
	for _, name := range []string{"ann", "ben"} {
		s.Processes = append(s.Processes, scene.Process{ID: name, PID: 7, Life: scene.Running, Traced: true})
	}
	for _, size := range [][2]int{{40, 4}, {40, 9}, {60, 6}, {80, 5}, {160, 8}} {
		out := Below(s, Options{Width: size[0], Height: size[1], Theme: Dark()}).Plain()
		for _, want := range []string{"no calls seen yet", "ann", "ben", "write("} {
			if !strings.Contains(out, want) {
				t.Errorf("%v without %q:\n%s", size, want, out)
			}
		}
	}
}
