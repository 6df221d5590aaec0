package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"ipctour/lessons"
	"ipctour/ui/page"
)

// checkCommand is for those who write lessons.
func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "check",
		Short:   "Check that the words and the experiments of the course fit together",
		Example: "  ipctour check",
		Args:    takesNone,
		Hidden:  true,
		RunE: func(*cobra.Command, []string) error {
			if err := lessons.Check(page.Reserved()); err != nil {
				return fmt.Errorf("the course does not fit together:\n%w", err)
			}
			_, err := fmt.Fprintln(a.out, "The words and the experiments fit together.")
			return err
		},
	}
}
