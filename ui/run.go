package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/probe"
	"ipctour/sims/stage"
	"ipctour/ui/page"
)

// Options set up the full-screen program.
type Options struct {
	Course   *lessons.Course
	Progress *lessons.Progress
	House    *stage.House
	Lesson   *lessons.Lesson  // open it at once; nil begins with the course
	Chapter  *lessons.Chapter // open its first words at once
	Replay   []sims.Event     // show this run of Lesson instead
	Notes    []string         // told once on the first page
	ASCII    bool
	Theme    string // dark, light or auto
	In, Out  *os.File
}

// collectAt is how much the heap grows between two collections, in percent (GOGC).
const collectAt = 400

// pictures is how often a second the screen is looked after: more would cost the idle
// course page, fewer the first picture.
const pictures = 25

// Run shows the tour until the learner quits or ctx ends. When it returns, the
// terminal is as it was and no process runs.
func Run(ctx context.Context, o Options) error {
	if err := o.House.GuardTerminal(int(o.In.Fd())); err != nil {
		return err
	}
	env := &page.Env{Course: o.Course, Progress: o.Progress, Notes: o.Notes, Now: time.Now,
		After: tea.Tick, Capabilities: probe.Capabilities,
		Start: func(s *sims.Sim, p sims.PlayOptions) (page.Player, error) {
			play, err := sims.StartPlay(o.House, s, p)
			if err != nil {
				return nil, err // not play: a nil *sims.Play is not a nil Player
			}
			return play, nil
		}}
	// Every picture leaves what it was made of behind. A few megabytes more let the
	// collector, which takes its time from the lesson's processes, come less often.
	defer debug.SetGCPercent(debug.SetGCPercent(collectAt))
	m := newModel(o, first(env, o)...)
	_, err := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithFPS(pictures)).Run()
	for _, p := range m.pages { // after a signal or a panic the pages are still open
		p.Close()
	}
	if errors.Is(err, tea.ErrInterrupted) || (errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil) {
		return nil // a signal is a way to quit
	}
	if err != nil {
		return fmt.Errorf("the screen: %w", err)
	}
	return nil
}

// first are the pages to begin with.
func first(env *page.Env, o Options) []page.Page {
	if o.Replay != nil {
		return []page.Page{page.NewReplay(env, o.Lesson, o.Replay)}
	}
	course := page.NewCourse(env)
	switch {
	case o.Lesson != nil:
		course.Show(o.Lesson)
		return []page.Page{course, page.OpenLesson(env, o.Lesson)}
	case o.Chapter != nil:
		course.ShowChapter(o.Chapter)
		return []page.Page{course, page.NewChapter(env, o.Chapter)}
	}
	return []page.Page{course}
}
