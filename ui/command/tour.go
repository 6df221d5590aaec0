package command

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"ipctour/lessons"
	"ipctour/sims/stage"
	"ipctour/ui"
)

// tourFlags are what the tour itself may be told.
type tourFlags struct {
	plain, ascii bool
	theme        string
}

var themes = []string{"dark", "light", "auto"}

func (a *app) tourCommand() *cobra.Command {
	var f tourFlags
	c := &cobra.Command{
		Use:   "ipctour [CHAPTER|LESSON]",
		Short: "A tour of inter-process communication with real processes",
		Long: "A tour of inter-process communication in a terminal. Every lesson starts real processes that talk over\n" +
			"the real mechanism, and draws what the kernel says about them. Without a name it begins where you left off.",
		Example: "  ipctour\n  ipctour pipes\n  ipctour pipes/full-buffer\n  ipctour --plain pipes/full-buffer",
		Version: version(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("one lesson at a time: %q is one too many.", args[1])
			}
			return nil
		},
		ValidArgsFunction: a.completeLessons(1, true),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return a.tour(c, args, f)
		},
	}
	f.add(c)
	return c
}

// add gives a command the flags that say how things look.
func (f *tourFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.plain, "plain", false, "no full-screen drawing: sentences and numbered choices")
	c.Flags().BoolVar(&f.ascii, "ascii", false, "draw with ASCII characters only")
	c.Flags().StringVar(&f.theme, "theme", "auto", "dark, light or auto")
}

func (f *tourFlags) check() error {
	if !slices.Contains(themes, f.theme) {
		return usage("--theme is dark, light or auto, not %q.", f.theme)
	}
	return nil
}

// plainly reports whether there is no screen to draw on, or none is wanted.
func (a *app) plainly(f tourFlags) bool {
	return f.plain || os.Getenv("TERM") == "dumb" || !term.IsTerminal(a.stdin.Fd()) || !term.IsTerminal(a.stdout.Fd())
}

// tour opens the course, or one lesson of it.
func (a *app) tour(c *cobra.Command, args []string, f tourFlags) error {
	course, err := a.load()
	if err != nil {
		return err
	}
	var lesson *lessons.Lesson
	var chapter *lessons.Chapter
	for _, id := range args {
		if chapter = course.Chapter(id); chapter != nil {
			continue
		}
		if lesson, err = a.find("chapter, lesson or command", id, c.SuggestionsFor(id)...); err != nil {
			return err
		}
	}
	if f.ascii {
		a.asciiOnly()
	}
	if a.plainly(f) {
		return a.plainTour(c.Context(), course, lesson, chapter)
	}
	progress, notes := lessons.Open(lessons.StateDir(os.Getenv), time.Now)
	var receipt stage.Receipt
	err = withHouse(func(house *stage.House) error {
		defer func() { receipt = house.Receipt() }()
		return ui.Run(c.Context(), ui.Options{Course: course, Progress: progress, House: house, Lesson: lesson, Chapter: chapter, Notes: notes,
			ASCII: f.ascii || !utf8Locale(os.Getenv), Theme: f.theme, In: a.stdin, Out: a.stdout})
	})
	fmt.Fprintln(a.out, receipt)
	return errors.Join(err, a.keep(progress, notes))
}

// keep saves what the screen may not have come to save, and tells what the
// learner should know of it.
func (a *app) keep(progress *lessons.Progress, notes []string) error {
	more, err := progress.Save()
	for _, n := range append(notes, more...) {
		a.tell("%s", n)
	}
	if err != nil {
		return fmt.Errorf("progress could not be kept: %w", err)
	}
	return nil
}

// utf8Locale reports whether the locale's characters are UTF-8 (locale(7)): the
// first of LC_ALL, LC_CTYPE and LANG that is set decides. With none set the
// terminal is believed to be a modern one.
func utf8Locale(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return true
}
