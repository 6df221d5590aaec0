package command

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"ipctour/lessons"
)

// listed is one lesson in `list --json`: a contract.
type listed struct {
	ID      string `json:"id"`
	Chapter string `json:"chapter"`
	Title   string `json:"title"`
	Minutes int    `json:"minutes"`
	// Status is done, open (it can be played) or to come.
	Status string `json:"status"`
}

func (a *app) listCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the chapters and their lessons",
		Long: "List the chapters and their lessons, in the order of the course, with what you have done.\n" +
			"A lesson is done, open (it can be played) or to come.",
		Example: "  ipctour list\n  ipctour list --json | grep -c '\"done\"'",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			course, err := a.load()
			if err != nil {
				return err
			}
			progress, notes := lessons.Open(lessons.StateDir(os.Getenv), time.Now)
			if progress.Kept() { // else they say that nothing is kept, and a list keeps nothing
				for _, note := range notes {
					fmt.Fprintln(a.err, "ipctour:", note)
				}
			}
			if asJSON {
				return writeJSON(a.json, list(course, progress))
			}
			return a.printList(course, progress)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, an array with an object for each lesson")
	return c
}

func list(course *lessons.Course, progress *lessons.Progress) []listed {
	rows := []listed{}
	for _, l := range course.Lessons {
		rows = append(rows, listed{l.ID, l.Chapter.ID, l.Title, l.Minutes, standing(l, progress)})
	}
	return rows
}

func standing(l *lessons.Lesson, progress *lessons.Progress) string {
	if _, done := progress.Done(l.ID); done {
		return "done"
	}
	if l.Sim != nil {
		return "open"
	}
	return "to come"
}

func (a *app) printList(course *lessons.Course, progress *lessons.Progress) error {
	done := 0
	for i := range course.Chapters {
		chapter := &course.Chapters[i]
		var rows [][]string
		for _, l := range course.Of(chapter) {
			s := standing(l, progress)
			if s == "done" {
				done++
			}
			rows = append(rows, []string{"  " + l.ID, l.Title, fmt.Sprintf("%d min", l.Minutes), s})
		}
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		if err := writeTable(a.out, []string{fmt.Sprintf("%d %s", chapter.Number, chapter.Title)}, rows); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(a.out, "\n%d chapters, %d lessons, %d done\n", len(course.Chapters), len(course.Lessons), done)
	return err
}
