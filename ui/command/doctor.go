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
	OK   bool   `json:"ok"`
	// Detail says what was tried and what came back, Advice what to do where it failed.
	Detail string `json:"detail"`
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
		Args:    takesNone,
		RunE: func(*cobra.Command, []string) error {
			course, err := a.load()
			if err != nil {
				return err
			}
			found := examine(course)
			if asJSON {
				return writeJSON(a.json, found)
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
		f := finding{c.ID, c.Name, c.OK, c.Detail, c.Advice, []string{}}
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
	rows := [][]string{{"HERE", "WHAT", "LESSONS THAT USE IT"}}
	for _, f := range found {
		ok := "yes"
		if !f.OK {
			ok = "no"
		}
		users := strings.Join(f.Lessons, ", ")
		if lessons.OfHouse(f.ID) {
			users = "every lesson"
		}
		rows = append(rows, []string{ok, f.Name, users})
	}
	if err := writeTable(a.out, columnWidths(rows...), rows...); err != nil {
		return err
	}
	missing := 0
	for _, f := range found {
		if f.OK {
			continue
		}
		missing++
		fmt.Fprintf(a.out, "\nNot here: %s (%s).\n", f.Name, f.ID)
		for _, said := range []string{"  It was tried: " + f.Detail, "  What to do: " + f.Advice} {
			fmt.Fprintln(a.out, strings.TrimRight(said, ".")+".")
		}
	}
	if missing == 0 {
		_, err := fmt.Fprintln(a.out, "\nThis machine allows everything that the course uses.")
		return err
	}
	return nil
}
