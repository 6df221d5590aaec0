package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

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
		Args:    takesOne("one run file", "replay my.run"),
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
				ui.NewTeller(a.out, l, a.proseWidth(tellWidth)).Tell(events)
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
	file, err := openRegular(name)
	if err != nil {
		return nil, nil, err
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

// openRegular opens a file to read. What is none is refused before it is opened: a
// FIFO would wait for a writer, and a device may do something. Errors are without
// the name.
func openRegular(name string) (*os.File, error) {
	info, err := os.Stat(name)
	if err == nil {
		err = notRegular(info.Mode())
	}
	if err != nil {
		return nil, bareError(err)
	}
	// It may have been put in the file's place since: still nothing to wait for.
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, bareError(err)
	}
	if info, err = file.Stat(); err == nil {
		err = notRegular(info.Mode())
	}
	if err != nil {
		return nil, errors.Join(bareError(err), file.Close())
	}
	return file, nil
}

// notRegular says what a file is that is no file to read, and what to do.
func notRegular(mode fs.FileMode) error {
	kind := ""
	switch mode.Type() {
	case 0:
		return nil
	case fs.ModeDir:
		return errors.New("it is a directory: name the run file in it")
	case fs.ModeNamedPipe:
		kind = "a FIFO"
	case fs.ModeSocket:
		kind = "a socket"
	default:
		kind = "a device"
	}
	return fmt.Errorf("it is %s: a run is replayed from a regular file, as `ipctour run LESSON --record FILE` writes it", kind)
}

// bareError is an error of the file system without the call and the name.
func bareError(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no such file")
	}
	return err
}
