package command

import (
	"fmt"
	"os"
	"strings"
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
		Use:   "list [CHAPTER]",
		Short: "List the chapters and their lessons",
		Long: "List the chapters and their lessons, in the order of the course, with what you have done.\n" +
			"A lesson is done, open (it can be played) or to come.",
		Example: "  ipctour list\n  ipctour list pipes\n  ipctour list --json | grep -c '\"done\"'",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("list wants one chapter, or none for all: %q is one too many.", args[1])
			}
			return nil
		},
		ValidArgsFunction: a.completeChapters,
		RunE: func(_ *cobra.Command, args []string) error {
			course, err := a.load()
			if err != nil {
				return err
			}
			var only *lessons.Chapter
			for _, id := range args {
				if only = course.Chapter(id); only == nil {
					return usage("there is no chapter %q. The chapters: %s.", id, strings.Join(chapterIDs(course), ", "))
				}
			}
			progress, notes := lessons.Open(lessons.StateDir(os.Getenv), time.Now)
			if progress.Kept() { // else they say that nothing is kept, and a list keeps nothing
				for _, note := range notes {
					a.tell("ipctour: %s", note)
				}
			}
			if asJSON {
				return writeJSON(a.json, list(course, progress, only))
			}
			return a.printList(course, progress, only)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, an array with an object for each lesson")
	return c
}

func chapterIDs(course *lessons.Course) []string {
	var ids []string
	for i := range course.Chapters {
		ids = append(ids, course.Chapters[i].ID)
	}
	return ids
}

// completeChapters offers chapters to the shell.
func (a *app) completeChapters(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	course, err := a.load()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var offer []string
	for i := range course.Chapters {
		if c := &course.Chapters[i]; strings.HasPrefix(c.ID, typed) {
			offer = append(offer, c.ID+"\t"+c.Title)
		}
	}
	return offer, cobra.ShellCompDirectiveNoFileComp
}

// list is the lessons of one chapter, or of all where it is nil.
func list(course *lessons.Course, progress *lessons.Progress, only *lessons.Chapter) []listed {
	rows := []listed{}
	for _, l := range course.Lessons {
		if only == nil || l.Chapter == only {
			rows = append(rows, listed{l.ID, l.Chapter.ID, l.Title, l.Minutes, standing(l, progress)})
		}
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

func (a *app) printList(course *lessons.Course, progress *lessons.Progress, only *lessons.Chapter) error {
	rows := map[*lessons.Chapter][][]string{}
	var all [][]string
	done := 0
	for _, l := range course.Lessons {
		if only != nil && l.Chapter != only {
			continue
		}
		s := standing(l, progress)
		if s == "done" {
			done++
		}
		row := []string{"  " + l.ID, l.Title, fmt.Sprintf("%d min", l.Minutes), s}
		rows[l.Chapter], all = append(rows[l.Chapter], row), append(all, row)
	}
	widths := columnWidths(all...)
	for i := range course.Chapters {
		chapter := &course.Chapters[i]
		if rows[chapter] == nil {
			continue
		}
		gap := "\n"
		if i == 0 || only != nil {
			gap = ""
		}
		fmt.Fprintf(a.out, "%s%d %s (%s)\n", gap, chapter.Number, chapter.Title, chapter.ID)
		if err := writeTable(a.out, widths, rows[chapter]...); err != nil {
			return err
		}
	}
	total := fmt.Sprintf("%d chapters, ", len(course.Chapters))
	if only != nil {
		total = ""
	}
	_, err := fmt.Fprintf(a.out, "\n%s%d lessons, %d done\n", total, len(all), done)
	return err
}
