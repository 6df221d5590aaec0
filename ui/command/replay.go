package command

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/stage"
	"ipctour/ui"
)

func (a *app) replayCommand() *cobra.Command {
	var f tourFlags
	c := &cobra.Command{
		Use:   "replay FILE",
		Short: "Show a run that was recorded",
		Long: "Show a run that was recorded with `ipctour run LESSON --record FILE`: on the screen, back and forth\n" +
			"through time, or with --plain in sentences. Nothing is started: the file is all there is.",
		Example: "  ipctour replay my.run\n  ipctour replay my.run --plain",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			l, events, err := a.recorded(args[0])
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if f.ascii {
				a.asciiOnly()
			}
			if a.plainly(f) {
				ui.NewTeller(a.out, l, tellWidth).Tell(events)
				return nil
			}
			course, err := a.load()
			if err != nil {
				return err
			}
			// The house is for its janitor: a replay that is killed leaves the terminal sane too.
			return withHouse(func(house *stage.House) error {
				return ui.Run(c.Context(), ui.Options{Course: course, House: house, Lesson: l, Replay: events,
					ASCII: f.ascii || !utf8Locale(os.Getenv), Theme: f.theme, In: a.stdin, Out: a.stdout})
			})
		},
	}
	f.add(c)
	return c
}

// recorded reads a run file and finds its lesson.
func (a *app) recorded(name string) (l *lessons.Lesson, events []sims.Event, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, errors.Unwrap(err) // the name is told above
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	run, err := sims.OpenRunFile(io.Reader(file))
	if err != nil {
		return nil, nil, err
	}
	course, err := a.load()
	if err != nil {
		return nil, nil, err
	}
	if l = course.Lesson(run.Header.Lesson); l == nil || l.Sim == nil {
		return nil, nil, fmt.Errorf("it is a run of %q, which this program cannot play: it may be of another version", run.Header.Lesson)
	}
	events, err = run.All()
	return l, events, err
}
