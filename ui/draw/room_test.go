package draw

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ipctour/sims/scene"
	"ipctour/sims/scenetest"
)

// What gives way where there is little room, and what does not.

// level is the layout that a scene gets: the lower, the roomier.
func level(s *scene.Scene, w, h int) int {
	p := newPainter(s, 0)
	if l := p.choose(w, h, p.below(w)); l != nil {
		return l.level
	}
	return len(tries)
}

// More lines never make a picture poorer: so boxes do not come and go as words below
// them get shorter and longer.
func TestMoreLinesNeverMakeAPicturePoorer(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, s *scene.Scene, w int) {
		last := len(tries)
		for h := range 50 {
			now := level(s, w, h)
			if now > last {
				t.Fatalf("%d × %d is layout %d, and one line less is layout %d", w, h, now, last)
			}
			last = now
		}
	}
	for _, sample := range samples {
		for _, w := range []int{40, 76, 116} {
			t.Run(fmt.Sprintf("%s/%d", sample.name, w), func(t *testing.T) { check(t, sample.make(), w) })
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t, scenetest.Scene(t), rapid.IntRange(1, 160).Draw(t, "width")) })
}

// A pipe between two processes is boxes with a pid in whatever is half of a small
// screen, whether they sleep or not.
func TestBoxesStayAsProcessesFallAsleep(t *testing.T) {
	for h := 7; h < 16; h++ {
		for _, where := range []string{"", "anon_pipe_read", "poll_schedule_timeout"} {
			s := hose()
			s.Processes[1].Where = where
			out := Scene(s, Options{Width: 76, Height: h, Theme: Dark()}).Plain()
			if strings.Count(out, "pid ") != 2 {
				t.Errorf("in %d lines, asleep in %q:\n%s", h, where, out)
			}
		}
	}
}

func waysTable(now int) *scene.Scene {
	return &scene.Scene{Tables: []scene.Table{{Title: "additions", Columns: []string{"how", "sum", "lost", "ns an add", "alone"}, Right: []int{1, 2, 3, 4},
		Rows: [][]string{
			{"plain", "1,064,201", "935,799", "7.9", "2.1"}, {"atomic", "2,000,000", "0", "20.5", "5.2"}, {"mutex", "2,000,001", "3", "43.8", "11.5"},
			{"robust mutex", "2,000,002", "4", "189.6", "66.8"}, {"spin", "18,446,744,073,709,551,614", "6", "36.7", "12.3"},
		}, Bad: []int{0}, Now: []int{now}}}}
}

// The row that the latest run changed is there at every size, with its neighbours
// where there is room for more.
func TestTableShowsTheRowOfNow(t *testing.T) {
	for now, name := range []string{"plain", "atomic", "mutex", "robust mutex", "spin"} {
		for _, w := range []int{24, 40, 60, 76} {
			for h := 2; h < 9; h++ {
				out := Below(waysTable(now), Options{Width: w, Height: h, Theme: Dark()}).Plain()
				if !strings.Contains(out, name) {
					t.Errorf("%d × %d does not show %s:\n%s", w, h, name, out)
				}
			}
		}
	}
	if got := pressingRows(&waysTable(2).Tables[0], 3); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("the rows around 2 are %v", got)
	}
	if got := pressingRows(&waysTable(4).Tables[0], 2); !slices.Equal(got, []int{3, 4}) {
		t.Errorf("the rows at 4 are %v", got)
	}
}

var digits3 = regexp.MustCompile(`[0-9][0-9.,]*`)

// A number that is on the screen is there as a whole.
func TestNumbersAreNeverCut(t *testing.T) {
	s := waysTable(4)
	s.Figures = []scene.Figure{
		{Label: "in the counter", Text: "18,446,744,073,709,551,614", Origin: scene.Kernel},
		{Label: "added by each of them", Text: "1,000,000 and 1,000,000", Origin: scene.Child}, {Label: "in the pipe", Text: "65,536 B", Origin: scene.Kernel},
	}
	whole := map[string]bool{}
	for _, r := range s.Tables[0].Rows {
		for _, cell := range r {
			whole[cell] = true
		}
	}
	for _, f := range s.Figures {
		for _, n := range digits3.FindAllString(f.Text, -1) {
			whole[n] = true
		}
	}
	notes := regexp.MustCompile(`row \d+ of \d+|\d+ of \d+ rows|\+\d+ more`)
	for w := 31; w < 120; w++ {
		for h := 1; h < 20; h++ {
			out := Below(s, Options{Width: w, Height: h, Theme: Dark()}).Plain()
			for _, n := range digits3.FindAllString(notes.ReplaceAllString(out, ""), -1) {
				if !whole[n] {
					t.Fatalf("%s in %d × %d:\n%s", n, w, h, out)
				}
			}
		}
	}
}

// Figures that there is no room for are counted, those of now are not among them, and
// the order is the same whatever is now.
func TestFiguresThatDoNotFit(t *testing.T) {
	for now := range 9 {
		var s scene.Scene
		for i := range 9 {
			s.Figures = append(s.Figures, scene.Figure{ID: fmt.Sprint(i), Label: fmt.Sprintf("figure %c", 'a'+i), Text: "12 B", Origin: scene.Kernel})
		}
		s.Mark(fmt.Sprint(now))
		for h := 1; h < 12; h++ {
			out := Below(&s, Options{Width: 40, Height: h, Theme: Dark()}).Plain()
			shown := regexp.MustCompile(`figure [a-i]`).FindAllString(out, -1)
			if !slices.IsSorted(shown) || !slices.Contains(shown, fmt.Sprintf("figure %c", 'a'+now)) {
				t.Errorf("now is %d, %d lines:\n%s", now, h, out)
			}
			if more := fmt.Sprintf("+%d more", 9-len(shown)); len(shown) < 9 && !strings.Contains(out, more) {
				t.Errorf("%d of 9 figures in %d lines without %q:\n%s", len(shown), h, more, out)
			}
		}
	}
}

// Nothing moves to or from what is gone.
func TestNothingMovesToTheDead(t *testing.T) {
	for _, life := range []scene.Life{scene.Killed, scene.Exited} {
		s := fates()
		for i := range s.Links {
			s.Links[i].State = scene.Moving
		}
		for i := range s.Processes[1:] {
			s.Processes[1+i].Life = life
		}
		for i, o := range s.Objects {
			sets := o.(scene.Signals)
			sets.Gone = true
			s.Objects[i] = sets
		}
		for spin := range 6 {
			if out := Picture(s, Options{Width: 106, Height: 30, Theme: Dark(), Spin: 1 + spin}).Plain(); strings.Contains(out, "●") {
				t.Fatalf("something moves:\n%s", out)
			}
		}
	}
	if s := fates(); len(s.Links) > 0 {
		before := slices.Clone(s.Links)
		Picture(s, Options{Width: 106, Height: 30})
		if !slices.Equal(before, s.Links) {
			t.Error("drawing changed the scene")
		}
	}
}

// Where there are lines for few things, the object is among them, and who acts.
func TestListKeepsTheObject(t *testing.T) {
	s := oneLoop()
	s.Objects = s.Objects[:1]
	for range 4 {
		s.Processes = append([]scene.Process{{ID: fmt.Sprint("idle ", len(s.Processes)), Life: scene.Waiting, Letter: "S", Note: "waits for you"}}, s.Processes...)
	}
	for h := 3; h < 8; h++ {
		out := Picture(s, Options{Width: 36, Height: h, Theme: Dark()}).Plain()
		if !strings.Contains(out, "epoll") || !strings.Contains(out, "server") {
			t.Errorf("%d lines:\n%s", h, out)
		}
	}
}

// On a logarithmic axis a value lies at its line's name or above it, and below the next.
func TestChartTicksAgreeWithValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(-9, 3).Draw(t, "low")
		top := low + rapid.Float64Range(0, 8).Draw(t, "more")
		g := newChartGrid(&scene.Chart{Log: true}, chartFloor(low), top, rapid.IntRange(5, 24).Draw(t, "lines"))
		v := rapid.Float64Range(low, top).Draw(t, "value")
		from := g.low + float64(g.h-1-g.y(v))*g.line
		if v < from-2*nearly || v >= from+g.line+2*nearly {
			t.Fatalf("%g is on the line from %g to %g", v, from, from+g.line)
		}
	})
}

func TestChartMarksDifferInASCII(t *testing.T) {
	seen := map[string]string{}
	for _, mark := range chartMarks {
		if other := seen[toASCII(mark)]; other != "" {
			t.Errorf("%s and %s are both %s", mark, other, toASCII(mark))
		}
		seen[toASCII(mark)] = mark
	}
}

// Series that coincide are told apart.
func TestChartSeriesThatCoincide(t *testing.T) {
	c := scene.Chart{ID: "c", Columns: []string{"1 B", "4 KiB", "1 MiB"}, Unit: "s", Log: true}
	for i := range 4 {
		c.Lines = append(c.Lines, scene.Line{Name: fmt.Sprint("line ", i), Points: []scene.Point{{Column: 0, Value: 1e-6}, {Column: 1, Value: 1e-5}, {Column: 2, Value: 7.07e-3}}})
	}
	for _, h := range []int{9, 14, 30} {
		out := Picture(&scene.Scene{Objects: []scene.Object{c}}, Options{Width: 76, Height: h, Theme: Dark()}).Plain()
		for _, mark := range chartMarks[:4] {
			if strings.Count(out, mark) < 4 || strings.Contains(out, bothMark) { // three values and the legend
				t.Errorf("in %d lines, %s:\n%s", h, mark, out)
			}
		}
	}
}

// Writes enter a pipe's bar at its left end and reads leave at its right end, whatever
// the side on which a process stands, and no arrow meets the words below the bar.
func TestWritesEnterAtTheLeftEndOfAPipe(t *testing.T) {
	wrong := regexp.MustCompile(`▌ [◁◀✗┃]|[▷▶] ▌|[◁◀] ▐|[▷▶◁◀] +[0-9,]+ (of|B)|B +[◁◀]`)
	for _, drawn := range []func() *scene.Scene{eightEnds, atomic, pipeline, hose} {
		for _, size := range [][2]int{{76, 12}, {80, 16}, {106, 36}, {116, 30}, {150, 40}} {
			out := Picture(drawn(), Options{Width: size[0], Height: size[1], Theme: Dark()}).Plain()
			if at := wrong.FindString(out); at != "" {
				t.Errorf("%v: %q in\n%s", size, at, out)
			}
		}
	}
}
