package command

import (
	"fmt"
	"strings"
	"testing"
)

func TestFolder(t *testing.T) {
	var out strings.Builder
	width := 30
	f := &folder{to: &out, cells: func() int { return width }}
	fmt.Fprint(f, "short\n    in the middle of a longer line that goes on and on\nbegun")
	want := "short\n    in the middle of a longer\n      line that goes on and on\n"
	if out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
	fmt.Fprint(f, ", and ended\n/a/path/that/is/longer/than/the/terminal/is/wide and more\n")
	want += "begun, and ended\n"
	if !strings.HasPrefix(out.String(), want) || strings.Join(strings.Fields(out.String()[len(want):]), "") != "/a/path/that/is/longer/than/the/terminal/is/wideandmore" {
		t.Errorf("printed %q", out.String())
	}
	out.Reset()
	width = 0
	long := strings.Repeat("word ", 50) + "\n"
	if fmt.Fprint(f, long); out.String() != long {
		t.Errorf("what is no terminal gets %q", out.String())
	}
}

// Nothing is lost or added but spaces and line breaks, at any width.
func TestFolderLosesNothing(t *testing.T) {
	text := "  holds    a writer — without room — sleeps in the kernel\n           expected state S in pipe_write; measured state S\n\nπ ≈ 3.14159 and a-very-long-word-with-hyphens-in-it\n"
	for width := range 90 {
		got := foldLines(text, width)
		if strings.Join(strings.Fields(got), "") != strings.Join(strings.Fields(text), "") {
			t.Fatalf("at %d: %q", width, got)
		}
	}
}
