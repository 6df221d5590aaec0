package prose

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files anew")

var callbacks = Options{
	Mark: func(dest string) string {
		if strings.HasPrefix(dest, "claim:") {
			return "✓"
		}
		return ""
	},
	Figure: func(id string) string {
		if id == "queued" {
			return "65,536 B"
		}
		return ""
	},
}

func tell(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.String() + "\n")
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	source, err := os.ReadFile("testdata/sample.md")
	if err != nil {
		t.Fatal(err)
	}
	ascii := callbacks
	ascii.ASCII = true
	for _, c := range []struct {
		width int
		name  string
		o     Options
	}{{30, "30", callbacks}, {60, "60", callbacks}, {80, "80", callbacks}, {120, "120", callbacks}, {80, "80-ascii", ascii}} {
		t.Run(c.name, func(t *testing.T) {
			got := tell(Lines(string(source), c.width, c.o))
			file := filepath.Join("testdata", "TestGolden", c.name+".golden")
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
			if c.o.ASCII && !isPlain(strings.ReplaceAll(got, "\n", "")) {
				t.Error("not ASCII")
			}
		})
	}
}

func TestClasses(t *testing.T) {
	names := map[Class]string{Text: "", Strong: "strong", Emphasis: "em", Code: "code", Heading: "heading", Dim: "dim", Accent: "accent"}
	for _, c := range []struct{ source, want string }{
		{"a *b* **c *d*** `e`", "[a ][b em][ ][c d strong][ ][e code]"},
		{"# a *b* `c`", "[a b c heading]"},
		{"[it `is`](claim:x) so", "[it  →claim:x][is code →claim:x][ ✓ accent →claim:x][ so]"},
		{"[it](https://x.org)", "[it accent →https://x.org]"},
		{"{queued} {other} \\{queued} `{queued}` {no id}", "[65,536 B accent][ ][… accent][ {queued} ][{queued} code][ {no id}]"},
		{"- a", "[•  accent][a]"},
		{"a\\\nb", "[a]/[b]"},
		{"a\nb", "[a b]"},
		{"![a *b*](x.png)", "[a ][b em]"},
		{"&#27;[31m\x1b[0m\u202e\u2028", "[\ufffd[31m\ufffd[0m\ufffd]"},
		{"&nosuch; & &amp;amp;", "[&nosuch; & &amp;]"},
	} {
		var got []string
		for _, l := range Lines(c.source, 80, callbacks) {
			s := ""
			for _, p := range l.Spans {
				s += "[" + strings.TrimRight(p.Text+" "+names[p.Class], "")
				if names[p.Class] == "" {
					s = strings.TrimSuffix(s, " ")
				}
				if p.Link != "" {
					s += " →" + p.Link
				}
				s += "]"
			}
			got = append(got, s)
		}
		if diff := cmp.Diff(c.want, strings.Join(got, "/")); diff != "" {
			t.Errorf("%q: %s", c.source, diff)
		}
	}
}

// A verdict stays with the last word of its claim, a unit with its number.
func TestNoBreak(t *testing.T) {
	got := tell(Lines("the buffer [is pages](claim:c) and {queued}", 17, callbacks))
	if diff := cmp.Diff("the buffer is\npages ✓ and\n65,536 B\n", got); diff != "" {
		t.Error(diff)
	}
}

func TestHeadingLevels(t *testing.T) {
	got := ""
	for _, l := range Lines("# one two\n\nx\n\n### three\ny", 4, Options{}) {
		got += fmt.Sprint(l.Heading)
	}
	if got != "1100033"+"0" {
		t.Errorf("levels %s", got)
	}
}

// Whatever the words and the width: no panic, no line too wide, no control
// character, nothing but ASCII when that was asked for.
func check(t interface{ Fatalf(string, ...any) }, source string, width int, ascii bool) {
	o := Options{ASCII: ascii, Mark: func(d string) string { return d }, Figure: func(id string) string { return id + "\x1b宽" }}
	for _, l := range Lines(source, width, o) {
		s := l.String()
		if w := ansi.StringWidth(s); w > max(width, 1) {
			t.Fatalf("%q at %d: %q is %d wide", source, width, s, w)
		}
		if i := strings.IndexFunc(s, unicode.IsControl); i >= 0 {
			t.Fatalf("%q: control character in %q", source, s)
		}
		if ascii && !isPlain(s) {
			t.Fatalf("%q: %q is not ASCII", source, s)
		}
		if strings.HasSuffix(s, " ") {
			t.Fatalf("%q: %q ends in a space", source, s)
		}
	}
}

func TestAnyWidth(t *testing.T) {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{"word", "a", " ", "\n", "\n\n", "# ", "### ", "- ", "  ", "> ", "1. ", "`", "```\n", "**", "*", "[", "](claim:x)",
			"{queued}", "|", "|-|-|\n", "| a | bb |\n", "\t", "\\", "&amp;", "&#0;", "&#27;", "\x1b[31m", "\x00", "\u202e", "宽", "é", "e\u0301", "👩‍👩‍👧", "🇩", "🇪", "\ufe0f", "☺", "\u200d", "---\n", "\xff", "<b>", "https://x.org", "averyveryverylongwordthatgoeson"}),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		source := strings.Join(rapid.SliceOfN(piece, 0, 40).Draw(t, "pieces"), "")
		check(t, source, rapid.IntRange(-1, 90).Draw(t, "width"), rapid.Bool().Draw(t, "ascii"))
	})
}

func TestSampleAtAnyWidth(t *testing.T) {
	source, err := os.ReadFile("testdata/sample.md")
	if err != nil {
		t.Fatal(err)
	}
	for width := range 130 {
		check(t, string(source), width, width%2 == 0)
	}
}

// No word is lost at any width: only spaces and line ends may differ.
func TestLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-zé宽]{1,30}`), 1, 30).Draw(t, "words")
		width := rapid.IntRange(2, 80).Draw(t, "width")
		got := strings.Join(strings.Fields(tell(Lines(strings.Join(words, " "), width, Options{}))), "")
		if want := strings.Join(words, ""); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func BenchmarkLines(b *testing.B) {
	source, err := os.ReadFile("testdata/sample.md")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		Lines(string(source), 80, callbacks)
	}
}

// Plain is one line, however long, and its words stay apart.
func TestPlain(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("word ", 100))
	for markdown, want := range map[string]string{
		"`4,096` bytes, *not* **more**": "4,096 bytes, not more",
		"over\nlines\n\nand paragraphs": "over lines and paragraphs",
		"see [the claim](claim:x) \\*":  "see the claim *",
		long:                            long,
		"":                              "",
	} {
		if got := Plain(markdown); got != want {
			t.Errorf("%q is %q, want %q", markdown, got, want)
		}
	}
}
