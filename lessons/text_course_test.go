package lessons

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"ipctour/content"
)

const outline = "# T\n\nIntro.\n\n## One: a\\|b\n\n`one` Tag line.\n\n| id | title | minutes |\n|---|---|---|\n| `one/x` | The x \\| y | 2 |\n"

func files(course string, more ...string) fstest.MapFS {
	fs := fstest.MapFS{"course.md": {Data: []byte(course)}}
	for i := 0; i < len(more); i += 2 {
		fs[more[i]] = &fstest.MapFile{Data: []byte(more[i+1])}
	}
	return fs
}

func TestParseCourse(t *testing.T) {
	got, err := ParseCourse(files(outline, "one/chapter.md", "# One: a|b\n\nWelcome.\n\n## More\n\nx\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Chapter{{ID: "one", Number: 1, Title: "One: a|b", Tagline: "Tag line.",
		Opening: "Welcome.\n\n## More\n\nx", Lessons: []Row{{ID: "one/x", Title: "The x | y", Minutes: 2}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseCourseFaults(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"other chapter": {"one/x", "two/x", "content/course.md:11: not a row of lessons of `one`"},
		"minutes":       {"| 2 |", "| two |", ":11: not a row"},
		"no id":         {"`one` ", "", ":7: a chapter without its id"},
		"no table":      {"|---|---|---|\n", "", ":9: not a table"},
		"twice":         {"| 2 |\n", "| 2 |\n| `one/x` | y | 2 |\n", ":12: the lesson `one/x` is there twice"},
		"none":          {outline, "# T\n", "there are no chapters"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseCourse(files(strings.Replace(outline, c.from, c.to, 1)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is\n%v\nwant in it\n%s", err, c.want)
			}
		})
	}
	if _, err := ParseCourse(files(outline, "one/chapter.md", "# Other\n\nx\n")); err == nil {
		t.Error("a first page with another title is accepted")
	}
	if _, err := ParseCourse(fstest.MapFS{}); err == nil {
		t.Error("no outline, no error")
	}
}

func TestParseLessonsFaults(t *testing.T) {
	chapters := []Chapter{{ID: "pipes", Lessons: []Row{{ID: "pipes/small", Title: "A title: ls", Minutes: 4}}}}
	_, err := ParseLessons(files("", "pipes/small.md", small, "pipes/stray.md", small), chapters)
	for _, want := range []string{"content/pipes/small.md:1: \"A title: ls\", 3 minutes, but", "content/pipes/stray.md: no lesson"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is\n%v\nwant in it\n%s", err, want)
		}
	}
}

// The words that are in the binary: every lesson of the outline is counted, and
// each lesson that is written keeps to the house's form.
func TestContent(t *testing.T) {
	chapters, err := ParseCourse(content.Files)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	lessons := 0
	for _, c := range chapters {
		ids = append(ids, c.ID)
		lessons += len(c.Lessons)
	}
	if diff := cmp.Diff("why pipes sockets queues shm zerocopy signals fds mapped compare production scale choose failures", strings.Join(ids, " ")); diff != "" || lessons != 77 {
		t.Errorf("%d lessons, want 77; chapters %s", lessons, diff)
	}
	texts, err := ParseLessons(content.Files, chapters)
	if err != nil {
		t.Fatal(err)
	}
	if len(texts) < 7 {
		t.Fatalf("%d lessons have words, want the chapter on pipes at least", len(texts))
	}
	sentence := regexp.MustCompile(`[.?!:](\s|$|\))`)
	for id, text := range texts {
		if n := len(text.Cards); n < 3 || n > 5 {
			t.Errorf("%s has %d cards, want 3 to 5", id, n)
		}
		if len(text.Hints) == 0 || len(text.Cites) == 0 {
			t.Errorf("%s has %d hints and cites %d claims", id, len(text.Hints), len(text.Cites))
		}
		for _, s := range text.Steps {
			if n := len(sentence.FindAllString(string(s.Body), -1)); n < 1 || n > 6 {
				t.Errorf("%s, step %s: %d sentences", id, s.ID, n)
			}
		}
	}
}

// Chapter 2 says what its experiments do, under the ids that they use.
func TestContentPipes(t *testing.T) {
	chapters, err := ParseCourse(content.Files)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := ParseLessons(content.Files, chapters)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string][2]string{
		"hose": {"flows empty-blocks order eof", "order empty-blocks eof"},
		"full-buffer": {"fills one-byte one-page nonblock merge grow limit",
			"capacity by-filling asleep one-byte-sleeps page-wakes merge eagain grow limit ebusy"},
		"inherit": {"forked closed writer-ends hangs released", "fd-tables eof-needs-all forgotten-end"},
		"shell":   {"before after runs sigpipe", "dup2 output statuses sigpipe"},
		"fifo":    {"alone nonblock meets second-writer denied nothing-stored outlives", "open-blocks enxio permissions size-zero outlives"},
		"framing": {"merged split newline prefix", "three-become-one one-becomes-three newline-restores prefix-restores"},
		"atomic":  {"small limit just-over large", "pipe-buf larger-tears large-tears"},
	} {
		text := texts["pipes/"+id]
		if text == nil {
			t.Errorf("no words for pipes/%s", id)
			continue
		}
		var steps []string
		for _, s := range text.Steps {
			steps = append(steps, s.ID)
		}
		got := [2]string{strings.Join(steps, " "), strings.Join(text.Cites, " ")}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
}
