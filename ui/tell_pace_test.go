package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

// ticker is a lesson whose picture is made of nothing but the time of the run.
func ticker(picture func(now time.Duration) *scene.Scene) *lessons.Lesson {
	return &lessons.Lesson{ID: "test/ticker", Title: "A ticker", Chapter: &lessons.Chapter{Title: "Tests"}, Text: &lessons.Text{},
		Sim: &sims.Sim{ID: "test/ticker", Draw: func(w *sims.World) *scene.Scene { return picture(w.Now) }}}
}

const look = 50 * time.Millisecond

// looks is a run in which the kernel is looked at for so long, from one time on.
func looks(from, to time.Duration) []sims.Event {
	var events []sims.Event
	for at := from; at < to; at += look {
		events = append(events, sims.Event{Kind: stage.Beat, At: at})
	}
	return events
}

func told(sparing bool, picture func(time.Duration) *scene.Scene, batches ...[]sims.Event) []string {
	var out strings.Builder
	t := NewTeller(&out, ticker(picture), 80)
	t.sparing = sparing
	for _, b := range batches {
		t.Tell(b)
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n")[1:]
}

// A picture that goes back and forth is told a few times, not twenty times a second.
func TestTellerDoesNotFlood(t *testing.T) {
	flicker := func(now time.Duration) *scene.Scene {
		if now/look%2 == 0 {
			return &scene.Scene{Sentence: "The reader is ahead."}
		}
		return &scene.Scene{Sentence: "The writer is ahead by " + now.String() + "."}
	}
	for _, sparing := range []bool{false, true} {
		if got := told(sparing, flicker, looks(0, time.Minute)); len(got) < 3 || len(got) > 9 {
			t.Errorf("sparing %v: %d sentences in a minute: %q", sparing, len(got), got)
		}
	}
}

// Each figure that counts is told, and then now and then, not at every look.
func TestTellerFiguresThatCount(t *testing.T) {
	counting := func(now time.Duration) *scene.Scene {
		return &scene.Scene{Figures: []scene.Figure{scene.Count("n", "numbers", int64(now), "", scene.Child)}}
	}
	if got := told(false, counting, looks(0, time.Minute)); len(got) < 3 || len(got) > 8 {
		t.Errorf("%d sentences in a minute: %q", len(got), got)
	}
}

// Where things come to stand is told, though it was told before.
func TestTellerTellsWhereThingsStand(t *testing.T) {
	settles := func(now time.Duration) *scene.Scene {
		switch {
		case now < time.Second, now > 3*time.Second:
			return &scene.Scene{Sentence: "It is empty."}
		}
		return &scene.Scene{Sentence: "It is full."}
	}
	got := told(true, settles, looks(0, 20*time.Second))
	if want := []string{"  It is full.", "  It is empty."}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// What the learner does is answered at once, with what was told before.
func TestTellerAnswersTheLearner(t *testing.T) {
	flicker := func(now time.Duration) *scene.Scene {
		if now/look%2 == 0 {
			return &scene.Scene{Sentence: "It is empty."}
		}
		return &scene.Scene{Sentence: "It is full."}
	}
	before := len(told(true, flicker, looks(0, 20*time.Second)))
	after := told(true, flicker, looks(0, 20*time.Second), []sims.Event{{Kind: stage.Turned, Name: "pump", At: 20 * time.Second}}, looks(20*time.Second, 22*time.Second))
	if len(after) < before+2 || !strings.Contains(strings.Join(after[before:], "\n"), "You turn: pump.") {
		t.Errorf("%d sentences before, then %q", before, after)
	}
}

// Where things come to stand after going back and forth, each of several sentences has
// the last word right.
func TestTellerEndsWithWhatIsSo(t *testing.T) {
	const rests = 30 * time.Second
	for _, ends := range []bool{false, true} {
		flicker := func(now time.Duration) *scene.Scene {
			full := now/look%2 == 0
			if now > rests {
				full = ends
			}
			s := &scene.Scene{Sentence: "It is empty.", Processes: []scene.Process{{ID: "p", Name: "reader", PID: 7, Life: scene.Asleep, Note: "waits"}}}
			if full {
				s.Sentence, s.Processes[0].Note = "It is full.", "may read"
			}
			return s
		}
		want := []string{"It is empty.", "waits"}
		if ends {
			want = []string{"It is full.", "may read"}
		}
		for _, sparing := range []bool{false, true} {
			got := strings.Join(told(sparing, flicker, looks(0, 3*time.Minute)), "\n")
			for i, other := range [][]string{{"It is empty.", "It is full."}, {"waits", "may read"}} {
				last := other[0]
				if strings.LastIndex(got, other[1]) > strings.LastIndex(got, last) {
					last = other[1]
				}
				if last != want[i] {
					t.Errorf("sparing %v: the last word is %q, and it is %q:\n%s", sparing, last, want[i], got)
				}
			}
		}
	}
}

// Why a new cast begins is told under the step that it begins; the first needs no reason.
func TestTellerTellsWhyACastBegins(t *testing.T) {
	still := func(time.Duration) *scene.Scene { return &scene.Scene{} }
	begin := sims.Event{Kind: stage.Begin, S: map[string]string{"why": "You have played in between."}}
	got := told(false, still, []sims.Event{begin, {Kind: stage.StepBegun}})
	if slices.Contains(got, "  You have played in between.") {
		t.Errorf("the first cast has a reason: %q", got)
	}
	got = told(false, still, []sims.Event{begin, begin, {Kind: stage.StepBegun}})
	if !slices.Equal(got, []string{"  You have played in between."}) {
		t.Errorf("told %q", got)
	}
}

func TestShape(t *testing.T) {
	for a, b := range map[string]string{
		"The pipe holds 65,536 of 65,536 bytes.": "The pipe holds 8 of 65,536 bytes.",
		"in the pipe: 0 B.":                      "in the pipe: 4,096 B.",
		"It took 3.1 ms at 0x7f00aa.":            "It took 812 ms at 0x7fbbcc.",
	} {
		if shape(a) != shape(b) {
			t.Errorf("%q and %q: %q, %q", a, b, shape(a), shape(b))
		}
	}
	if shape("The reader is asleep.") == shape("The writer is asleep.") {
		t.Error("two sentences have one shape")
	}
}
