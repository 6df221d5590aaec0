package ui

// The program from key to screen, with a recorded run for processes.

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/stage"
	"ipctour/ui/page"
)

func TestWalkFromPredictionToTheNextLesson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 120, 36)
		l.open()
		l.sees("How many bytes go in", "▸ 1", "run it and see")
		l.press("2", "enter")
		l.sees("● live", "step 1 of 7", "You said 65,536: right.", "pid 9136")
		for range 6 {
			l.press("n")
		}
		l.sees("step 7 of 7", "The walk is done.", "what you saw")
		if _, done := l.env.Progress.Done(recorded); !done {
			t.Error("the lesson is not marked as done")
		}
		l.press("n")
		l.sees("What you saw", "✓ a new pipe holds 16 pages", "expected 65,536 B; measured 65,536 B")
		l.press("enter")
		l.sees("Questions", "1 of 5")
		l.press("space")
		l.sees("F_SETPIPE_SZ")
		l.press("2", "space", "1", "space", "2", "space", "2", "space", "2")
		l.sees("4 of 5 known")
		l.press("enter")
		l.sees("Who holds which end")
		if p := l.player(); !p.stopped {
			t.Error("the lesson that was left still runs")
		}
	})
}

func TestAWrongPredictionIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 120, 36)
		l.open()
		l.press("1", "enter")
		l.sees("You said 4,096. Measured here:")
	})
}

func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 120, 36)
		l.open()
		l.press("s", "n")
		l.press("space")
		l.sees("frozen at", "0 events behind")
		l.press("[")
		l.sees(" behind")
		for range 100 {
			l.press("[")
		}
		l.sees("frozen at 00:00.0", "the processes are started")
		l.player().say(sims.Event{Seq: 999, At: time.Second, Kind: stage.Beat})
		l.press("]")
		l.sees("frozen at", "writer is started, pid 9136")
		l.press("}", "}", "space")
		l.sees("● live")
	})
}

func TestHouseKeysReachTheChosenProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 120, 36)
		l.open()
		l.press("s", "n")
		l.press("K", "tab", "Z", "C", "x", "R", "S", "1", "w")
		want := []string{"next", "next", "kill writer ", "stop reader ", "continue reader ", "trace reader", "again", "next", "step mode", "turn drain 1 byte ", "turn write size "}
		if got := l.player().did; !slices.Equal(got, want) {
			t.Errorf("did %q, want %q", got, want)
		}
		l.press("X")
		l.sees("Close which end of the reader?", "▸ 1   descriptor 3: the read end")
		l.press("1")
		if got := l.player().did; got[len(got)-1] != "close reader 3" {
			t.Errorf("did %q", got)
		}
		l.player().err = errors.New("no such process")
		l.press("K")
		l.sees("Could not kill the reader: no such")
	})
}

func TestIdleLessonStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 100, 30)
		l.open()
		l.press("s")
		l.beat(14 * time.Minute)
		l.sees("● live")
		l.press("tab")
		l.beat(14 * time.Minute)
		l.sees("● live")
		l.beat(2 * time.Minute)
		l.sees("not running", "Any key starts them again.")
		if !l.player().stopped {
			t.Error("the processes were not ended")
		}
		l.press("a")
		l.sees("● live")
		if len(l.players) != 2 {
			t.Errorf("%d casts were started, want 2", len(l.players))
		}
	})
}

func TestALessonUnderItsEvidenceIsNotIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 100, 30)
		l.open()
		l.press("s", "e")
		for range 4 {
			l.beat(10 * time.Minute)
			l.press("down")
		}
		l.press("esc")
		l.sees("● live")
	})
}

func TestACastThatCannotStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 100, 30)
		l.startErr = errors.New("start of the writer: clone: operation not permitted")
		l.open()
		l.press("s")
		l.sees("could not be started", "operation not permitted", "what this machine allows")
		l.press("d")
		l.sees("Doctor", "✗ read page frames", "run as root to see them")
		l.press("esc")
		l.startErr = nil
		l.press("a")
		l.sees("● live")
	})
}

func TestMessagesOfALessonThatWasLeftAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 100, 30)
		l.open()
		l.press("s")
		p := l.player()
		l.press("esc")
		if !p.stopped {
			t.Fatal("leaving a lesson does not end its processes")
		}
		l.sees("how processes talk")
		l.beat(time.Second) // the beat of the lesson that was left
		l.sees("how processes talk")
	})
}

func TestFindAndOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 120, 36)
		l.press("/")
		l.send(tea.PasteMsg{Content: "64\x1b[31m kib\n" + strings.Repeat("x", 1<<20)})
		l.press("ctrl+u")
		for _, r := range "64 kib" {
			l.press(string(r))
		}
		l.sees("find 64 kib", "64 KiB and not a byte more")
		l.press("q") // a letter here, not the end
		l.sees("No lesson has these words")
		l.press("backspace", "enter")
		l.sees("How many bytes go in")
		l.press("esc")
		l.sees("▸ 2 Pipes and FIFOs")
	})
}

func TestPagesOfTheCourse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 120, 36)
		for _, key := range []string{"enter", "r", "d", "?"} {
			l.press(key)
			if len(l.model.pages) != 2 {
				t.Fatalf("%q opens nothing", key)
			}
			l.press("esc")
			if len(l.model.pages) != 1 {
				t.Fatalf("esc does not leave what %q opened", key)
			}
		}
		l.press("q")
		if !l.quit {
			t.Error("q does not quit")
		}
	})
}

// replayed is a learner before the recorded run.
func replayed(t *testing.T, w, h int) *learner {
	l := newLearner(t, w, h)
	var events []sims.Event
	for _, s := range stretches(t) {
		events = append(events, s...)
	}
	l.run(l.model.move(page.Move{Open: page.NewReplay(l.env, l.env.Course.Lesson(recorded), events)}, nil))
	return l
}

func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := replayed(t, 120, 36)
		l.sees("▶ replay")
		for range 100 {
			l.beat(50 * time.Millisecond)
		}
		l.sees("paused", "event 137 of 137")
		l.press("home")
		l.sees("event 1 of 137")
		l.press("]", "e")
		l.sees("Evidence")
		l.press("esc", "esc")
	})
}

func TestNotesAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 120, 36)
		l.env.Notes = []string{"progress.json was damaged. It is set aside."}
		l.model.pages[0] = page.NewCourse(l.env)
		l.send(tea.WindowSizeMsg{Width: 120, Height: 36})
		l.send(page.Saved{Err: errors.New("no space left on device")})
		l.sees("! progress.json was damaged. It is set aside.", "! Progress could not be kept: no space left on device.")
		l.press("right", "down", "enter", "esc")
		if strings.Contains(l.screen(), "set aside") {
			t.Error("the note is told again")
		}
	})
}

// No knob of any lesson may use a key that means the same in all of them.
func TestNoKnobUsesAReservedKey(t *testing.T) {
	c, err := lessons.Load()
	if err != nil {
		t.Fatal(err)
	}
	reserved := page.Reserved()
	for _, l := range c.Lessons {
		if l.Sim == nil {
			continue
		}
		seen := map[string]string{}
		for _, k := range l.Sim.Knobs {
			if slices.Contains(reserved, k.Key) {
				t.Errorf("%s: the knob %q uses %q, which is a key of every lesson", l.ID, k.Name, k.Key)
			}
			if other := seen[k.Key]; other != "" {
				t.Errorf("%s: the knobs %q and %q both use %q", l.ID, other, k.Name, k.Key)
			}
			seen[k.Key] = k.Name
		}
	}
}
