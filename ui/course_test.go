package ui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"ipctour/ui/page"
)

// rowOf is the row of the screen that holds a text, or "".
func (l *learner) rowOf(text string) string {
	for _, row := range strings.Split(l.screen(), "\n") {
		if strings.Contains(row, text) {
			return row
		}
	}
	return ""
}

// anew begins the course anew, with what was done till now.
func (l *learner) anew() {
	l.model.pages = []page.Page{page.NewCourse(l.env)}
	l.send(tea.WindowSizeMsg{Width: l.model.w, Height: l.model.h})
}

// Enter goes on where the learner left off, until a key chooses something else.
func TestEnterContinues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 120, 36)
		l.sees("begin with: 64 KiB and not a byte more", "4 min")
		l.env.Progress.Leave("pipes/inherit")
		l.anew()
		l.sees("▸ continue: Who holds which end  4 min  ⏎", "⏎ continue")
		l.press("enter")
		l.sees("predict   3/7", "Who holds which end")
		l.press("esc")
		l.anew()
		l.press("up", "enter")
		if l.sees("Why IPC exists"); strings.Contains(l.screen(), "Who holds which end") {
			t.Error("enter continues after another chapter was chosen")
		}
	})
}

// Who leaves a lesson finds it marked in the course, however it was opened.
func TestTheCourseMarksWhereOneCameFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 120, 36)
		inherit := l.env.Course.Lesson("pipes/inherit")
		l.model.pages = first(l.env, Options{Course: l.env.Course, Lesson: inherit})
		l.run(l.model.Init())
		l.press("esc")
		if row := l.rowOf("Who holds which end  "); !strings.Contains(row, "▸ ○ Who holds") {
			t.Errorf("its row is %q", row)
		}
		l.press("left", "up", "d", "esc") // it stays where the learner puts it
		if row := l.rowOf("Why IPC exists"); !strings.Contains(row, "▸") {
			t.Errorf("the chapter's row is %q", row)
		}
		l.model.pages = first(l.env, Options{Course: l.env.Course, Chapter: l.env.Course.Chapter("pipes")})
		l.sees("A one-way byte hose", "A pipe is a hose for bytes")
		l.press("esc")
		l.sees("▸  2 Pipes and FIFOs")
	})
}

// What was done is told below the chapters, and of the lesson that is marked.
func TestTheCourseTellsWhatWasMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 120, 36)
		l.sees("You predict what will happen.")
		l.env.Progress.Finish("pipes/full-buffer", "4096", "65536", false)
		l.now = l.now.Add(time.Hour)
		l.env.Progress.Finish("pipes/inherit", "", "", false)
		l.anew()
		l.sees("What you did last", "you said 4,096; measured 65,536", "██░░░░░░  2/7", "to come")
		if strings.Index(l.screen(), "Who holds which end\n") > strings.Index(l.screen(), "you said 4,096") {
			t.Error("the newest is not the first")
		}
		l.press("down", "right", "down")
		l.sees("▸ ✓ 64 KiB", "How many bytes go in before the writer falls asleep?")
	})
}

// The search reads what the lessons say, claim and ask, and shows where.
func TestFindReadsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			query string
			sees  []string
		}{
			{"EAGAIN", []string{"64 KiB and not a byte more", "2 Pipes and FIFOs", "claim: ", "EAGAIN"}},
			{"circular", []string{"▸   chapter 2: Pipes and FIFOs", "circular buffer"}},
			{"sleeps kernel", []string{"64 KiB and not a byte more", "a writer without room sleeps in the kernel"}},
			{"64 backpressure", []string{"64 KiB and not a byte more", "backpressure"}},
			{"pipes and fifos", []string{"▸   chapter 2: Pipes and FIFOs", "The hose"}}, // by its title
			{"zzz", []string{"No lesson has these words"}},
		} {
			l := newLearner(t, 120, 36)
			l.press("/")
			l.send(tea.PasteMsg{Content: c.query})
			l.sees(c.sees...)
		}
		l := newLearner(t, 120, 36)
		l.press("/")
		l.send(tea.PasteMsg{Content: "circular"})
		l.press("enter")
		l.sees("A pipe is a hose for bytes")
	})
}

// Help tells each key once, and what the marks beside the figures mean.
func TestHelpIsComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 120, 60)
		l.press("right", "?")
		if n := strings.Count(l.screen(), "←"); n != 1 {
			t.Errorf("← is told %d times", n)
		}
		l.press("esc")
		l.open()
		l.press("s", "?")
		l.sees("Beside a figure", "·k", "read from the kernel", "·s")
	})
}

// A small screen shows every key, if without its words.
func TestEveryKeyIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 40, 12)
		rows := strings.Split(strings.TrimRight(l.screen(), "\n "), "\n")
		if last := rows[len(rows)-1]; !strings.HasSuffix(strings.TrimRight(last, " "), "r  d  ?  q") {
			t.Errorf("the keys are %q", last)
		}
		l.press("enter")
		if row := l.rowOf("esc"); !strings.Contains(row, "q") {
			t.Errorf("the chapter's keys are %q", row)
		}
		l.press("esc", "right")
		l.send(tea.WindowSizeMsg{Width: 10, Height: 3})
		l.sees("▸ 64 KiB")
	})
}

// Code is broken, not cut, and keeps its depth.
func TestCodeWraps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLearner(t, 40, 30)
		l.open()
		l.press("s", "c")
		l.sees("unix.Write(out,", "while there is no", "room", "asleep here")
		for _, row := range strings.Split(l.screen(), "\n") {
			if strings.Contains(row, "…") && !strings.Contains(row, "Code") {
				t.Errorf("a line is cut: %q", row)
			}
		}
	})
}
