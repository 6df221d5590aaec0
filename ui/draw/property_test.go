package draw

import (
	"regexp"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"ipctour/sims/scene"
	"ipctour/sims/scenetest"
)

// Whatever the scene and the size, a frame stays in its rectangle and holds no
// codes but colours.

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestFrameStaysInItsRectangle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := scenetest.Scene(t)
		o := Options{Width: rapid.IntRange(0, 250).Draw(t, "width"), Height: rapid.IntRange(0, 80).Draw(t, "height"),
			Theme: Dark(), ASCII: rapid.Bool().Draw(t, "ascii"), Spin: rapid.IntRange(0, 9).Draw(t, "spin")}
		for _, part := range []func(*scene.Scene, Options) *Canvas{Scene, Picture, Below} {
			checkFrame(t, part(s, o), o)
		}
	})
}

func checkFrame(t *rapid.T, c *Canvas, o Options) {
	frame := c.String()
	lines := strings.Split(frame, "\n")
	if len(lines) != max(o.Height, 1) {
		t.Fatalf("%d lines, want %d", len(lines), o.Height)
	}
	for i, line := range lines {
		if w := ansi.StringWidth(line); w > o.Width {
			t.Fatalf("line %d is %d cells wide, the rectangle %d: %q", i, w, o.Width, line)
		}
	}
	bare := sgr.ReplaceAllString(frame, "")
	for _, r := range bare {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 {
			t.Fatalf("control character %q in %q", r, bare)
		}
		if o.ASCII && r > 0x7e {
			t.Fatalf("%q is not 7-bit", r)
		}
	}
	if strings.ContainsRune(c.Plain(), 0x1b) {
		t.Fatal("Plain has an escape code")
	}
}
