package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"ipctour/sims/stage"
)

func (a *app) cleanCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "clean",
		Short: "Remove what a killed run left behind",
		Long: "Remove what a tour that was killed has left on this machine, and print what was removed. What belongs\n" +
			"to a tour that still runs, or to another user, is left alone. Every start of the tour does the same.",
		Example: "  ipctour clean\n  ipctour clean --json",
		Args:    takesNone,
		RunE: func(*cobra.Command, []string) error {
			removed, err := stage.Sweep()
			names, err2 := stage.SweepNames()
			removed, err = append(removed, names...), errors.Join(err, err2)
			if asJSON {
				// Removed is never null: a program counts it.
				if wrote := writeJSON(a.json, append([]string{}, removed...)); err == nil {
					err = wrote
				}
				return err
			}
			for _, path := range removed {
				fmt.Fprintln(a.out, "removed", path)
			}
			if len(removed) == 0 && err == nil {
				fmt.Fprintln(a.out, "Nothing was left behind.")
			}
			if err != nil {
				return fmt.Errorf("%w. Remove it by hand, or run `ipctour clean` as its owner", err)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, an array of what was removed")
	return c
}
