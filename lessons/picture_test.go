package lessons

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipctour/content"
	"ipctour/sims/scene"
)

func TestPieces(t *testing.T) {
	got := Markdown("One.\n\n```picture\nprocess A: pid 1\nobject buffer: kernel buffer | ring 0\nA -> buffer: copy 1\nA -- buffer\n```\n\nTwo.").Pieces()
	want := []Piece{
		{Words: "One."},
		{Picture: &scene.Scene{
			Processes: []scene.Process{{ID: "A", Name: "A", Life: scene.Drawn, Note: "pid 1"}},
			Objects:   []scene.Object{scene.Thing{ID: "buffer", Label: "kernel buffer", Lines: []string{"ring 0"}}},
			Links: []scene.Link{{From: "A", To: "buffer", State: scene.Moving, Through: "copy 1"},
				{From: "A", To: "buffer", State: scene.Idle, Plain: true}},
		}},
		{Words: "Two."},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPicturesThatCannotBeDrawn(t *testing.T) {
	for text, want := range map[string]string{
		"procss A":               "write \"process NAME",
		"process A\nA -> B":      "B stands nowhere above",
		"process A\nA => A":      "->, <-> or --",
		"object x: y\nx -> -> x": "write \"process NAME",
	} {
		source := "a\n\n```picture\n" + text + "\n```\n"
		pieces, err := cutPictures(source)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
		if len(pieces) != 1 || string(pieces[0].Words) != strings.Trim(source, "\n") {
			t.Errorf("%q: the words are %v", text, pieces)
		}
	}
}

// Every chapter of the course has an opening page, and its pictures can be drawn.
func TestOpeningPages(t *testing.T) {
	chapters, err := ParseCourse(content.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range chapters {
		if len(c.Opening) < 2000 {
			t.Errorf("%s: its page has only %d bytes", c.ID, len(c.Opening))
		}
		pieces, err := cutPictures(string(c.Opening))
		if err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
		if !slices.ContainsFunc(pieces, func(p Piece) bool { return p.Picture != nil }) {
			t.Errorf("%s: its page has no picture", c.ID)
		}
	}
}
