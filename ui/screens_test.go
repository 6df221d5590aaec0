package ui

// What the screens look like, kept as text: go test ./ui -update writes them anew.

import (
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

var sizes = []struct{ w, h int }{{120, 36}, {80, 24}, {40, 12}}

// screens are the keys that lead to each screen that is kept.
var screens = []struct {
	name   string
	lesson bool
	keys   []string
}{
	{"course", false, nil},
	{"lessons", false, []string{"down", "right"}},
	{"find", false, []string{"/", "p", "i", "p", "e"}},
	{"chapter", false, []string{"down", "enter"}},
	{"doctor", false, []string{"d"}},
	{"predict", true, []string{"2"}},
	{"lesson", true, []string{"2", "enter", "n"}},
	{"walk-done", true, []string{"1", "enter", "n", "n", "n", "n", "n", "n"}},
	{"frozen", true, []string{"s", "n", "space", "[", "["}},
	{"close-an-end", true, []string{"s", "X"}},
	{"evidence", true, []string{"2", "enter", "e"}},
	{"code", true, []string{"s", "c"}},
	{"text", true, []string{"s", "t"}},
	{"help", true, []string{"s", "?"}},
	{"seen", true, []string{"2", "enter", "n", "n", "n", "n", "n", "n", "n"}},
	{"card", true, []string{"2", "enter", "n", "n", "n", "n", "n", "n", "n", "enter", "space"}},
}

// bubble runs a test where it is known when nothing moves any more.
func bubble(f func(*testing.T)) func(*testing.T) {
	return func(t *testing.T) { synctest.Test(t, f) }
}

func (l *learner) reach(lesson bool, keys []string) {
	if lesson {
		l.open()
	}
	l.press(keys...)
}

func TestScreens(t *testing.T) {
	for _, s := range screens {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s-%dx%d", s.name, size.w, size.h), bubble(func(t *testing.T) {
				l := newLearner(t, size.w, size.h)
				l.reach(s.lesson, s.keys)
				var b strings.Builder
				for _, row := range strings.Split(l.screen(), "\n") {
					b.WriteString(strings.TrimRight(row, " ") + "\n")
				}
				golden(t, b.String())
			}))
		}
	}
}

func golden(t *testing.T, got string) {
	t.Helper()
	name := filepath.Join("testdata", filepath.FromSlash(strings.SplitN(t.Name(), "/", 2)[1])+".txt")
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the screen has changed (-was +is); go test ./ui -update if it should:\n%s", diff)
	}
}

// checkFits holds a frame to its size, and to what a terminal may be sent.
func (l *learner) checkFits() {
	l.t.Helper()
	content := l.model.View().Content
	rows := strings.Split(content, "\n")
	if len(rows) > max(l.model.h, 1) {
		l.t.Fatalf("%d rows on a screen of %d × %d", len(rows), l.model.w, l.model.h)
	}
	for _, row := range rows {
		if n := ansi.StringWidth(row); n > l.model.w {
			l.t.Fatalf("a row of %d on a screen of %d × %d: %q", n, l.model.w, l.model.h, row)
		}
	}
	for _, r := range ansi.Strip(content) {
		if r < ' ' && r != '\n' {
			l.t.Fatalf("the control character %U reaches the terminal", r)
		}
		if l.model.ascii && r > '~' {
			l.t.Fatalf("%q on an ASCII screen", r)
		}
	}
}

func TestEveryScreenFitsEverySize(t *testing.T) {
	for _, s := range screens {
		t.Run(s.name, bubble(func(t *testing.T) {
			l := newLearner(t, 120, 36)
			l.reach(s.lesson, s.keys)
			for _, ascii := range []bool{false, true} {
				l.model.ascii = ascii
				for _, size := range [][2]int{{200, 60}, {120, 36}, {80, 24}, {79, 15}, {50, 10}, {40, 12}, {20, 5}, {7, 40}, {200, 2}, {1, 1}, {0, 0}} {
					l.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
					l.checkFits()
				}
			}
		}))
	}
}

// A storm of keys, sizes and beats: nothing panics, hangs or overflows.
func TestStorm(t *testing.T) {
	keys := strings.Split("up down left right enter esc tab space pgup pgdown home end backspace n n n e c t x S K Z C X R h ? 1 2 3 4 w b g s r d / a [ ] { } j k", " ")
	for seed := range int64(12) {
		t.Run(fmt.Sprint(seed), bubble(func(t *testing.T) {
			rnd := rand.New(rand.NewSource(seed))
			l := newLearner(t, 120, 36)
			l.model.ascii = seed%5 == 0
			if seed%2 == 0 {
				l.open()
			}
			for range 200 {
				switch rnd.Intn(12) {
				case 0:
					l.send(tea.WindowSizeMsg{Width: rnd.Intn(220), Height: rnd.Intn(70)})
				case 1:
					l.beat(time.Duration(rnd.Intn(400)) * time.Second)
				case 2:
					l.send(tea.MouseClickMsg{X: rnd.Intn(200), Y: rnd.Intn(60)})
				case 3:
					l.send(tea.MouseWheelMsg{Button: []tea.MouseButton{tea.MouseWheelUp, tea.MouseWheelDown}[rnd.Intn(2)]})
				default:
					l.press(keys[rnd.Intn(len(keys))])
				}
				l.checkFits()
				if l.quit {
					break
				}
			}
		}))
	}
}
