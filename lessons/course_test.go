package lessons

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"ipctour/sims"
	"ipctour/sims/all"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

// words is a course of one chapter with two lessons, one of which has words.
func words() fstest.MapFS {
	return fstest.MapFS{
		"course.md": {Data: []byte("# A course\n\nWords.\n\n## Hoses\n\n`hoses` Things that carry.\n\n" +
			"| id | title | minutes |\n|---|---|---|\n| `hoses/short` | A short hose | 2 |\n| `hoses/long` | A long hose | 3 |\n")},
		"hoses/short.md": {Data: []byte("# A short hose\n2 minutes\n\nLook at it.\n\n## Predict\n\nHow long?\n\n- `1` one\n- `2` two\n\n" +
			"## Steps\n\n### fills\nIt fills.\n\n### empties\nIt empties.\n\n## What you saw\n\n[It is short](claim:short).\n")},
	}
}

// experiment is a sim that fits the words and starts nothing.
func experiment() *sims.Sim {
	run := func(*sims.Actor) error { return nil }
	done := func(*sims.World) bool { return true }
	return &sims.Sim{
		ID:    "hoses/short",
		Roles: []sims.Role{{Name: "writer", Run: run, Settings: []string{"speed"}}, {Name: "late", Run: run, Late: true}},
		Wire:  func(*sims.Wiring) error { return nil },
		Knobs: []sims.Knob{
			{Key: "1", Name: "faster", Help: "speed it up", Act: sims.Set{Role: "writer", Setting: "speed", Values: []int64{1}, Names: []string{"fast"}}},
			{Key: "2", Name: "another", Help: "start the late one", Act: sims.Start{Role: "late"}},
		},
		Options:  []sims.Option{{Name: "size", Values: []string{"1", "2"}}},
		Draw:     func(*sims.World) *scene.Scene { return &scene.Scene{} },
		Measured: func(w *sims.World) (string, bool) { return "65536", w.Step != "" },
		Walk: []sims.Step{{ID: "fills", Until: done, For: "it is full"},
			{ID: "empties", Turn: sims.Press("another"), Until: done, For: "it is empty"}},
		Claims: []sims.Claim{{ID: "short", Says: "it is short", After: "empties", Check: func(*sims.World) sims.Verdict { return sims.Verdict{} }}},
		Source: "package hoses",
	}
}

// TestTheCourseFitsTogether is the linter on the real course. Keys are checked by
// ui/command, which knows the reserved ones.
func TestTheCourseFitsTogether(t *testing.T) {
	if err := Lint(os.DirFS("../content"), all.Sims(), nil); err != nil {
		t.Error(err)
	}
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Chapters) != 14 || len(c.Lessons) < 70 {
		t.Errorf("%d chapters and %d lessons: the course has lost some", len(c.Chapters), len(c.Lessons))
	}
}

func TestOrder(t *testing.T) {
	c, err := join(words(), []*sims.Sim{experiment()})
	if err != nil {
		t.Fatal(err)
	}
	short, long := c.Lesson("hoses/short"), c.Lesson("hoses/long")
	if short == nil || long == nil || short.Sim == nil || short.Text == nil || long.Sim != nil || long.Text != nil {
		t.Fatalf("not joined: %+v, %+v", short, long)
	}
	if long.Number != 2 || long.Chapter != &c.Chapters[0] || long.Minutes != 3 || long.Title != "A long hose" {
		t.Errorf("not as the outline says: %+v", long)
	}
	if c.Next("hoses/short") != long || c.Previous("hoses/long") != short || c.Next("hoses/long") != nil || c.Previous("hoses/short") != nil {
		t.Error("next and previous do not follow the outline")
	}
	if got := c.Of(&c.Chapters[0]); len(got) != 2 || got[0] != short {
		t.Errorf("lessons of the chapter: %v", got)
	}
}

func TestNearest(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]string{
		"full-buffer":      "pipes/full-buffer",
		"pipes/full-bufer": "pipes/full-buffer",
		"hsoe":             "pipes/hose",
		"hoses":            "pipes/hose",
		"PIPES/HOSE":       "pipes/hose",
		"eleventh":         "queues/full",
		"zzzzzz":           "",
		"":                 "",
	} {
		got := append(c.Nearest(word), "")
		if got[0] != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
	if got := c.Nearest("pipes/"); len(got) != mostNear || !strings.HasPrefix(got[4], "pipes/") {
		t.Errorf("a chapter gives %q, want five of its lessons", got)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "", 3}, {"", "ab", 2}, {"hose", "house", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestGrade(t *testing.T) {
	l := &Lesson{ID: "hoses/short", Sim: experiment()}
	w := sims.NewWorld(l.Sim)
	if got := l.Grade(w, "65536"); got.Known {
		t.Errorf("graded before anything was measured: %+v", got)
	}
	w.Apply(sims.Event{Kind: stage.StepBegun, Name: "fills"})
	for predicted, right := range map[string]bool{"65536": true, "65,536": true, " 65 536 ": true, "4096": false, "": false} {
		want := Grade{Known: true, Right: right, Measured: "65536"}
		if diff := cmp.Diff(want, l.Grade(w, predicted)); diff != "" {
			t.Errorf("%q: %s", predicted, diff)
		}
	}
}

func TestLintFinds(t *testing.T) {
	type change = func(fstest.MapFS, *sims.Sim)
	for wrong, make := range map[string]change{
		"only Markdown belongs here": func(w fstest.MapFS, _ *sims.Sim) { w["hoses/picture.png"] = &fstest.MapFile{} },
		"no lesson of the outline has these words": func(w fstest.MapFS, _ *sims.Sim) {
			w["hoses/other.md"] = w["hoses/short.md"]
		},
		"has no words: write content/hoses/short.md": func(w fstest.MapFS, _ *sims.Sim) { delete(w, "hoses/short.md") },
		"no lesson of that name":                     func(_ fstest.MapFS, s *sims.Sim) { s.ID = "hoses/none" },
		"no text cites claim tall": func(_ fstest.MapFS, s *sims.Sim) {
			c := s.Claims[0]
			c.ID = "tall"
			s.Claims = append(s.Claims, c)
		},
		"the text cites claim short":           func(_ fstest.MapFS, s *sims.Sim) { s.Claims[0].ID = "other" },
		"claims nothing":                       func(_ fstest.MapFS, s *sims.Sim) { s.Claims = nil },
		"step empties has no words":            func(w fstest.MapFS, _ *sims.Sim) { reword(w, "### empties\nIt empties.\n", "") },
		"the words of step gone belong to no":  func(w fstest.MapFS, _ *sims.Sim) { reword(w, "## What", "### gone\nIt went.\n\n## What") },
		"put them in the same order":           func(_ fstest.MapFS, s *sims.Sim) { s.Walk[0], s.Walk[1] = s.Walk[1], s.Walk[0] },
		"turns \"nothing\", which is no knob":  func(_ fstest.MapFS, s *sims.Sim) { s.Walk[0].Turn = sims.Press("nothing") },
		"role late is late and no step":        func(_ fstest.MapFS, s *sims.Sim) { s.Walk[1].Turn = nil },
		"has no help":                          func(_ fstest.MapFS, s *sims.Sim) { s.Knobs[0].Help = "" },
		"is another knob's too":                func(_ fstest.MapFS, s *sims.Sim) { s.Knobs[1].Key = "1" },
		"means something in every lesson":      func(_ fstest.MapFS, s *sims.Sim) { s.Knobs[1].Key = "q" },
		"give it one letter or digit":          func(_ fstest.MapFS, s *sims.Sim) { s.Knobs[1].Key = "ctrl+a" },
		"sets \"weight\", which role writer":   func(_ fstest.MapFS, s *sims.Sim) { s.Roles[0].Settings = []string{"w"}; setting(s, "weight") },
		"the prediction can never be graded":   func(_ fstest.MapFS, s *sims.Sim) { s.Measured = nil },
		"acts on \"nobody\", which is no role": func(_ fstest.MapFS, s *sims.Sim) { s.Knobs[1].Act = sims.Tell{Role: "nobody"} },
		"chooses \"colour\"":                   func(_ fstest.MapFS, s *sims.Sim) { s.Knobs[1].Act = sims.Choose{Option: "colour"} },
		"needs Wire, Draw and Source":          func(_ fstest.MapFS, s *sims.Sim) { s.Draw = nil },
		"is in no cast":                        func(_ fstest.MapFS, s *sims.Sim) { s.Roles[0].When = func(map[string]string) bool { return false } },
		"goes back to \"on\"":                  func(_ fstest.MapFS, s *sims.Sim) { s.Walk[0].From = "on" },
		"must tell them apart":                 func(_ fstest.MapFS, s *sims.Sim) { s.Walk[1].For = s.Walk[0].For },
		"say what it waits for":                func(_ fstest.MapFS, s *sims.Sim) { s.Walk[0].For = "" },
	} {
		t.Run(wrong, func(t *testing.T) {
			w, s := words(), experiment()
			make(w, s)
			err := Lint(fs.FS(w), []*sims.Sim{s}, []string{"q"})
			if err == nil || !strings.Contains(err.Error(), wrong) {
				t.Errorf("the linter says %v, want %q", err, wrong)
			}
		})
	}
	if err := Lint(words(), []*sims.Sim{experiment()}, []string{"q"}); err != nil {
		t.Errorf("the course without a fault: %v", err)
	}
}

func reword(w fstest.MapFS, old, new string) {
	f := w["hoses/short.md"]
	w["hoses/short.md"] = &fstest.MapFile{Data: []byte(strings.Replace(string(f.Data), old, new, 1))}
}

func setting(s *sims.Sim, name string) {
	act := s.Knobs[0].Act.(sims.Set)
	act.Setting = name
	s.Knobs[0].Act = act
}
