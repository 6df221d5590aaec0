package command

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"ipctour/lessons"
	"ipctour/sims/stage"
)

// errInterrupted ends a command that a signal cut short; what ran is cleared away.
var errInterrupted = errors.New("interrupted; what ran has been stopped and cleared away")

// withHouse opens the house for a command that starts processes, and closes it
// whatever happens. Opening it also sweeps up what a killed tour has left.
func withHouse(work func(*stage.House) error) error {
	house, err := stage.NewHouse()
	if err != nil {
		return fmt.Errorf("the stage could not be set up: %w", err)
	}
	err = work(house)
	if closing := house.Close(); closing != nil {
		err = errors.Join(err, fmt.Errorf("clearing away: %w. `ipctour clean` tries again", closing))
	}
	return err
}

// stepLimitFlag adds --step-timeout.
func stepLimitFlag(c *cobra.Command, limit *time.Duration) {
	c.Flags().DurationVar(limit, "step-timeout", lessons.StepLimit, "how long a step may wait for what it waits for")
}
