package ui

// What a key answers is seen at every size.

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ipctour/sims"
	"ipctour/sims/stage"
)

func TestTheAnswerToAKeyIsSeenAtEverySize(t *testing.T) {
	for _, size := range [][2]int{{160, 50}, {120, 36}, {80, 24}, {40, 12}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLearner(t, size[0], size[1])
				l.open()
				l.press("s", "n", "K")
				l.sees("SIGKILL to the writer.")
				l.press("tab", "x", "h", "enter")
				l.sees("does not wait at a gate.")
				l.press("space", "1")
				l.sees("Live again. drain 1 byte")
			})
		})
	}
}

// On a screen without a row for it the answer gives the keys back after a while.
func TestTheAnswerGivesTheKeysBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 40, 12)
		l.open()
		l.press("s", "n", "K")
		l.beat(5 * time.Second)
		l.sees("n next step")
	})
}

func TestASmallScreenShowsOneThingAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 40, 12)
		l.open()
		l.press("s", "n")
		l.sees("→ figures")
		l.press("right")
		l.sees("→ words", "writes")
		l.press("right")
		l.sees("→ picture", "You took one byte out")
		l.press("left", "left", "left")
		l.sees("→ picture")
	})
}

func TestAnOpenMenuShowsItsOwnKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 80, 24)
		l.open()
		l.press("s", "n", "X")
		l.sees("⏎ close it", "esc leave it open")
		if strings.Contains(l.screen(), "next step") {
			t.Errorf("a key that the menu takes for its own is offered:\n%s", l.screen())
		}
	})
}

func TestReplayGoesFromStepToStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := replayed(t, 120, 36)
		l.press("n")
		l.sees("step 1 of 7 is done", "paused")
		l.press("n")
		l.sees("step 2 of 7 is done", "You took one byte out")
		l.press("-", "-", "space")
		l.sees("replay at 1/4")
		l.press("end")
		if strings.Contains(l.screen(), "SIGKILL") {
			t.Errorf("what the tour has cleared away is shown as killed:\n%s", l.screen())
		}
	})
}

func TestARunThatSettlesNothingSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 120, 36)
		l.env.Course.Lesson(recorded).Sim.Measured = func(*sims.World) (string, bool) { return "", false }
		l.open()
		l.press("2", "enter")
		for range 7 {
			l.press("n")
		}
		l.sees("What you saw", "This run does not settle what you were asked")
	})
}

// Why there is a new cast stands there till the learner does something else, through all
// the steps that are gone through again.
func TestWhyTheWalkWentBackIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 80, 24)
		l.open()
		l.press("s", "n")
		const why = "You have played in between: new processes go through earlier steps again."
		at := time.Minute
		for _, e := range []sims.Event{
			{Kind: stage.Begin, S: map[string]string{"why": why}},
			{Kind: stage.StepBegun, Name: "fills"}, {Kind: stage.StepDone, Name: "fills"},
			{Kind: stage.StepBegun, Name: "one-byte"}, {Kind: stage.StepDone, Name: "one-byte"},
		} {
			at += time.Millisecond
			e.At = at
			l.player().say(e)
			synctest.Wait()
			l.press("tab")
		}
		l.sees(why)
		l.press("n")
		if strings.Contains(l.screen(), why) {
			t.Errorf("it still stands there:\n%s", l.screen())
		}
	})
}
