package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ipctour/lessons"
	"ipctour/sims/probe"
)

// finding is one capability in `doctor --json`.
type finding struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Has  bool   `json:"has"`
	// Reason says why this machine does not have it, Advice what to do about it.
	Reason string `json:"reason"`
	Advice string `json:"advice"`
	// Lessons are those that need it, or have a claim that does.
	Lessons []string `json:"lessons"`
}

func (a *app) doctorCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine allows, and which lessons that touches",
		Long: "Try what the lessons need on this machine, and say what it does not allow, which lessons that touches\n" +
			"and what to do about it. Nothing is changed, and nothing needs root.",
		Example: "  ipctour doctor\n  ipctour doctor --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			course, err := a.load()
			if err != nil {
				return err
			}
			found := examine(course)
			if asJSON {
				return writeJSON(a.out, found)
			}
			return a.printFindings(found)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, an array with an object for each capability")
	return c
}

// examine tries every capability and finds the lessons that need it.
func examine(course *lessons.Course) []finding {
	found := []finding{}
	for _, c := range probe.Capabilities() {
		f := finding{ID: c.ID, Name: c.Name, Has: c.Has, Reason: c.Reason, Advice: c.Advice, Lessons: []string{}}
		for _, l := range course.Lessons {
			if slices.Contains(l.Needs(), c.ID) {
				f.Lessons = append(f.Lessons, l.ID)
			}
		}
		found = append(found, f)
	}
	return found
}

func (a *app) printFindings(found []finding) error {
	var rows [][]string
	for _, f := range found {
		has := "yes"
		if !f.Has {
			has = "no"
		}
		rows = append(rows, []string{f.Name, has, strings.Join(f.Lessons, ", ")})
	}
	if err := writeTable(a.out, []string{"THIS MACHINE", "ALLOWS", "LESSONS"}, rows); err != nil {
		return err
	}
	for _, f := range found {
		if f.Has {
			continue
		}
		fmt.Fprintf(a.out, "\nNo %s: %s.\n", f.Name, strings.TrimRight(f.Reason, "."))
		if f.Advice != "" {
			fmt.Fprintln(a.out, f.Advice)
		}
	}
	return nil
}
