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
		return fmt.Errorf("the stage could not be set up: %w. `ipctour doctor` says what this machine does not allow", err)
	}
	err = work(house)
	if closing := house.Close(); closing != nil {
		err = errors.Join(err, fmt.Errorf("clearing away: %w. `ipctour clean` tries again", closing))
	}
	return err
}

// stepLimitFlag adds --step-timeout.
func stepLimitFlag(c *cobra.Command, limit *time.Duration) {
	*limit = lessons.StepLimit
	c.Flags().Var((*positive)(limit), "step-timeout", "how long a step may wait for what it waits for, as in 90s or 2m")
}

// positive is a flag that takes a time above 0.
type positive time.Duration

func (p *positive) String() string { return time.Duration(*p).String() }
func (*positive) Type() string     { return "duration" }

func (p *positive) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return fmt.Errorf("it is a time above 0, as in 90s or 2m")
	}
	*p = positive(d)
	return nil
}
