package lessons

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const small = "# A title: `ls`\n3 minutes\n\nLook *here*.\n\n```\n# no heading\n```\n\n" +
	"## Predict\n\nHow many?\n- `65536` 65,536\n- `grows` it\n  grows\n\n" +
	"## Steps\n\n### fills\nHolds {queued}, not `{code}`. See [it](claim:asleep).\n\n### one-byte\nOut.\n\n" +
	"## Hints\n- one\n- *two*\n\n## What you saw\n[It slept](claim:asleep) and [woke](claim:wakes).\n\n" +
	"## Cards\n### Why `x`?\nBecause.\n\n## Also in the source\n\nMore.\n\n### Deeper\nStill more.\n"

func TestParseText(t *testing.T) {
	got, err := ParseText("pipes/small", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	want := &Text{
		ID: "pipes/small", Title: "A title: ls", Minutes: 3,
		Intro: "Look *here*.\n\n```\n# no heading\n```",
		Predict: &Prediction{Ask: "How many?", Choices: []Choice{
			{Value: "65536", Label: "65,536"}, {Value: "grows", Label: "it\n  grows"}}},
		Steps: []StepText{
			{ID: "fills", Body: "Holds {queued}, not `{code}`. See [it](claim:asleep).", Figures: []string{"queued"}},
			{ID: "one-byte", Body: "Out."}},
		Hints: []Markdown{"one", "*two*"},
		Seen:  "[It slept](claim:asleep) and [woke](claim:wakes).",
		Cards: []Card{{ID: "pipes/small#why-x", Ask: "Why `x`?", Answer: "Because."}},
		More:  "More.\n\n### Deeper\nStill more.",
		Cites: []string{"asleep", "wakes"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s, ok := got.Step("one-byte"); !ok || s.Body != "Out." {
		t.Errorf("Step(one-byte) = %v, %v", s, ok)
	}
}

// Each fault of a writer is named with its line and what to do about it.
func TestParseTextFaults(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"no title":       {"# A title: `ls`\n", "", "content/pipes/small.md:1: words before the title: begin the file"},
		"no minutes":     {"3 minutes\n\n", "", ":2: the line under the title is not a number of minutes: write"},
		"long minutes":   {"3 minutes", "99 minutes", ":2: the line under the title"},
		"two titles":     {"## Hints", "# Hints", ": a second title: "},
		"unknown":        {"## Hints", "## Tips", ":25: the heading \"Tips\" is not known: use one of Predict, Steps"},
		"twice":          {"## Also in the source", "## Hints", "is there twice: join the two"},
		"no question":    {"How many?\n", "", ": the prediction asks nothing: "},
		"one choice":     {"- `grows` it\n  grows\n", "", ": there is nothing to choose from: "},
		"no value":       {"- `grows` it", "- it", ":14: a choice without a value: begin it"},
		"no label":       {"- `65536` 65,536", "- `65536`", ":13: a choice without a value: "},
		"same value":     {"`grows`", "`65536`", ":14: the value `65536` is there twice: "},
		"step id":        {"### one-byte", "### One byte", ":22: \"One byte\" is no step id: "},
		"step twice":     {"### one-byte", "### fills", ":22: the step \"fills\" is there twice: "},
		"step is empty":  {"Out.", "", ":22: the step \"one-byte\" says nothing: "},
		"loose words":    {"## Steps\n", "## Steps\n\nWords.\n", ":19: words between \"Steps\" and its first"},
		"no steps":       {"### fills\nHolds {queued}, not `{code}`. See [it](claim:asleep).\n\n### one-byte\nOut.\n", "", "nothing under \"Steps\""},
		"hint prose":     {"- one\n- *two*", "one", ": words outside the list of \"Hints\": "},
		"no seen":        {"## What you saw\n[It slept](claim:asleep) and [woke](claim:wakes).\n", "", ": there is no section \"What you saw\": add"},
		"seen is empty":  {"[It slept](claim:asleep) and [woke](claim:wakes).\n", "", "\"What you saw\" is empty: "},
		"no answer":      {"Because.", "", ": the card has no answer: "},
		"claim id":       {"claim:wakes", "claim:It_wakes", ":30: \"It_wakes\" is no claim id: "},
		"underlined":     {"## Hints", "Hints\n-----", ": a heading that is underlined: "},
		"deep":           {"### one-byte", "#### one-byte", ":22: a heading of level 4 here: "},
		"divided":        {"- *two*", "- two\n\n### three\nx", "a third-level heading under \"Hints\": "},
		"nothing at all": {small, "", ":1: there is no title: "},
	} {
		t.Run(name, func(t *testing.T) {
			source := strings.Replace(small, c.from, c.to, 1)
			if source == small {
				t.Fatalf("%q is not in the sample", c.from)
			}
			_, err := ParseText("pipes/small", []byte(source))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is\n%v\nwant in it\n%s", err, c.want)
			}
		})
	}
}

func FuzzParseText(f *testing.F) {
	f.Add(small)
	f.Add("## a\n### b\n- \n-\t`a`\n\n|a|\n|-|\n")
	f.Fuzz(func(t *testing.T, source string) {
		text, err := ParseText("a/b", []byte(source))
		if (text == nil) == (err == nil) {
			t.Errorf("text %v, error %v", text, err)
		}
	})
}
