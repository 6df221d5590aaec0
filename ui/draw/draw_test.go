package draw

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipctour/sims/scene"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with the file named after the subtest.
func golden(t *testing.T, got string) {
	t.Helper()
	name := filepath.Join("testdata", filepath.FromSlash(t.Name())+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the frame changed (-want +got); -update if that is meant:\n%s", diff)
	}
}

func TestScene(t *testing.T) {
	for _, s := range samples {
		for _, size := range [][2]int{{60, 20}, {80, 24}, {120, 36}} {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				golden(t, Scene(s.make(), Options{Width: size[0], Height: size[1], Theme: Dark()}).Plain()+"\n")
			})
		}
	}
}

// The rectangle that a lesson's page gives to the picture at common sizes.
func TestPanel(t *testing.T) {
	for _, s := range samples {
		for _, size := range [][2]int{{76, 30}, {80, 14}, {40, 8}} {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				golden(t, Scene(s.make(), Options{Width: size[0], Height: size[1], Theme: Dark()}).Plain()+"\n")
			})
		}
	}
}

// The few lines that a small screen leaves when the words of a step are many: still a
// picture, a line for each process and each object.
func TestLow(t *testing.T) {
	for _, s := range samples {
		switch s.name {
		case "peers", "flavours", "two-frames", "full-buffer":
			t.Run(s.name, func(t *testing.T) {
				golden(t, Scene(s.make(), Options{Width: 76, Height: 7, Theme: Dark()}).Plain()+"\n")
			})
		}
	}
}

// The rectangle beside the words on a large screen.
func TestLarge(t *testing.T) {
	for _, s := range samples {
		switch s.name {
		case "full-buffer", "eight-ends", "ring", "chart", "queues", "socket", "one-frame":
			t.Run(s.name, func(t *testing.T) {
				golden(t, Scene(s.make(), Options{Width: 106, Height: 36, Theme: Dark()}).Plain()+"\n")
			})
		}
	}
}

func TestASCII(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			golden(t, Scene(s.make(), Options{Width: 80, Height: 24, Theme: Dark(), ASCII: true}).Plain()+"\n")
		})
	}
}

// One frame with its codes, so that a change of colours is seen in review.
func TestColours(t *testing.T) {
	for name, theme := range map[string]Theme{"dark": Dark(), "light": Light(), "mono": Mono()} {
		t.Run(name, func(t *testing.T) {
			got := Scene(ends(), Options{Width: 60, Height: 20, Theme: theme}).String()
			golden(t, strings.ReplaceAll(got, "\x1b", "␛")+"\n")
		})
	}
}

func TestParts(t *testing.T) {
	parts := map[string]func(*scene.Scene, Options) *Canvas{"picture": Picture, "below": Below}
	for name, part := range parts {
		t.Run(name, func(t *testing.T) {
			s := fullBuffer()
			s.Tables = atomic().Tables
			golden(t, part(s, Options{Width: 72, Height: 12, Theme: Dark()}).Plain()+"\n")
		})
	}
}

func TestGlyphs(t *testing.T) {
	for _, c := range []struct{ text, unicode, ascii string }{
		{"plain", "plain", "plain"},
		{"\x1b[2J", "␛[2J", "?[2J"},
		{"a\tb\nc\x00", "a⇥b↵c␀", "a>b\\c?"},
		{"\u202eabc\u200b", "�abc�", "?abc?"},
		{"caf\u00e9 e\u0301", "café e\u0301", "cafe e"},
		{"\xff\xfe", "��", "??"},
		{"世界", "世界", "????"},
		{"👩‍👩‍👧 🇩🇪 ❤️", "� � �", "? ? ?"},
		{"3 µs — “x” …", "3 µs — “x” …", "3 us - \"x\" ~"},
		{"\u0085\u009b31m", "��31m", "??31m"},
	} {
		for _, mode := range []struct {
			ascii bool
			want  string
		}{{false, c.unicode}, {true, c.ascii}} {
			canvas := NewCanvas(20, 1, Mono(), mode.ascii)
			canvas.Text(0, 0, c.text, Text)
			if got := canvas.Plain(); got != mode.want {
				t.Errorf("%q, ascii %v: got %q, want %q", c.text, mode.ascii, got, mode.want)
			}
		}
	}
}

func TestWideGlyphsAreNeverCut(t *testing.T) {
	c := NewCanvas(5, 1, Mono(), false)
	c.Text(0, 0, "世界世", Text)
	if got := c.Plain(); got != "世界" {
		t.Errorf("clipped: got %q", got)
	}
	c.Text(1, 0, "x", Text)
	if got := c.Plain(); got != " x界" {
		t.Errorf("written over: got %q", got)
	}
	if got := c.Clip(0, 0, 4, "世界世", Text); got != 3 {
		t.Errorf("Clip ends at %d, want 3", got)
	}
}

// big is a scene with as much in it as a lesson may have.
func big() *scene.Scene {
	s := fullBuffer()
	calls := s.Processes[0].Calls
	for len(s.Processes[0].Calls) < 40 {
		s.Processes[0].Calls = append(s.Processes[0].Calls, calls...)
	}
	for i := range 4 {
		id := fmt.Sprint("worker ", i)
		s.Processes = append(s.Processes, scene.Process{ID: id, Name: id, PID: 50000 + i, Life: scene.Running, Letter: "R", Calls: calls})
		s.Links = append(s.Links, scene.Link{From: id, To: "pipe", FD: 3, State: scene.Moving})
	}
	s.Tables = atomic().Tables
	return s
}

func BenchmarkFrame(b *testing.B) {
	s := big()
	o := Options{Width: 200, Height: 60, Theme: Dark(), Spin: 1}
	b.ReportAllocs()
	for b.Loop() {
		_ = Scene(s, o).String()
	}
}

func TestPasteCutsWideGlyphsWhole(t *testing.T) {
	src := NewCanvas(4, 2, Mono(), false)
	src.Text(0, 0, "世界", Text)
	src.Text(0, 1, "abcd", Text)
	for _, c := range []struct {
		x, y int
		want string
	}{
		{0, 0, "世界.\nabcd."},
		{2, 0, "..世.\n..abc"}, // half of 界 falls outside
		{-1, -1, "bcd..\n....."},
		{1, 1, ".....\n.世界"},
	} {
		dst := NewCanvas(5, 2, Mono(), false)
		for y := range dst.H {
			dst.HLine(0, y, dst.W, ".", Text)
		}
		dst.Paste(src, c.x, c.y)
		if got := dst.Plain(); got != c.want {
			t.Errorf("at %d, %d: got %q, want %q", c.x, c.y, got, c.want)
		}
	}
}
