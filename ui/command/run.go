package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/stage"
	"ipctour/ui"
)

// tellWidth is how long a line of prose may be.
const tellWidth = 100

// runFlags are what `run` may be told.
type runFlags struct {
	json   bool
	record string
	set    []string
	limit  time.Duration
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run LESSON",
		Short: "Play a lesson without a screen, in sentences",
		Long: "Play the walk of a lesson on real processes without a screen: what happens is told in sentences, then\n" +
			"every claim is judged, and a receipt says what was made on this machine and that it is gone.\n" +
			"The exit status is 1 when a claim fails.",
		Example: "  ipctour run pipes/full-buffer\n" +
			"  ipctour run pipes/full-buffer --json | head -20\n" +
			"  ipctour run pipes/full-buffer --record my.run && ipctour replay my.run\n" +
			"  ipctour run pipes/full-buffer --set 'write size=2049'",
		Args:              takesOne("one lesson", "run pipes/full-buffer"),
		ValidArgsFunction: a.completeLessons(1, false),
		RunE:              func(c *cobra.Command, args []string) error { return a.run(c.Context(), args[0], f) },
	}
	c.Flags().BoolVar(&f.json, "json", false, "print the events as JSON, one a line")
	c.Flags().StringVar(&f.record, "record", "", "write the run to this new `FILE`, for ipctour replay")
	c.Flags().StringArrayVar(&f.set, "set", nil, "start with `option=value`; may be given more than once")
	stepLimitFlag(c, &f.limit)
	return c
}

func (a *app) run(ctx context.Context, id string, f runFlags) error {
	l, err := a.lesson(id)
	if err != nil {
		return err
	}
	if l.Sim == nil {
		return fmt.Errorf("%s %w. `ipctour list` shows which lessons are open", l.ID, lessons.ErrToCome)
	}
	if why := l.Missing(); why != "" {
		return fmt.Errorf("%s cannot run on this machine: %s. `ipctour doctor` says more", l.ID, why)
	}
	o := lessons.WalkOptions{StepLimit: f.limit}
	if o.Options, err = settings(l, f.set); err != nil {
		return err
	}
	if f.record == "" {
		return a.play(ctx, l, o, f.json)
	}
	file, err := os.OpenFile(f.record, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists already: name another file, or remove it", f.record)
	}
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	o.Record = file
	return errors.Join(a.play(ctx, l, o, f.json), file.Close())
}

// settings reads the values of --set and checks them before anything is started.
func settings(l *lessons.Lesson, pairs []string) (map[string]string, error) {
	chosen := map[string]string{}
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, usage("--set takes option=value, not %q.", pair)
		}
		if err := l.Sim.Accepts(name, value); err != nil {
			return nil, usage("--set: %v.", err)
		}
		chosen[name] = value
	}
	return chosen, nil
}

// play goes through the walk, telling it as it happens.
func (a *app) play(ctx context.Context, l *lessons.Lesson, o lessons.WalkOptions, asJSON bool) error {
	var wrote error
	if asJSON {
		o.Seen = func(batch []sims.Event) { wrote = errors.Join(wrote, writeEvents(a.json, batch)) }
		o.Closing = o.Seen
	} else {
		o.Seen = ui.NewTeller(a.out, l, a.proseWidth(tellWidth)).Tell
	}
	var out *lessons.Outcome
	err := withHouse(func(h *stage.House) (err error) {
		out, err = l.Walk(ctx, h, o)
		return err
	})
	if out != nil && !asJSON {
		fmt.Fprintln(a.out)
		a.printVerdicts("What it proves", out.Results)
		fmt.Fprintln(a.out, out.Receipt)
	}
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case err != nil || wrote != nil:
		return errors.Join(err, wrote)
	case lessons.Failed(out.Results):
		return errClaimFailed
	case len(out.Receipt.Left) > 0:
		return fmt.Errorf("not cleared away: %s. `ipctour clean` tries again", strings.Join(out.Receipt.Left, ", "))
	}
	return nil
}

// writeEvents prints events as they stand in a run file, one a line.
func writeEvents(w io.Writer, batch []sims.Event) error {
	enc := json.NewEncoder(w)
	for i := range batch {
		if err := enc.Encode(&batch[i]); err != nil {
			return fmt.Errorf("event %d: %w", batch[i].Seq, err)
		}
	}
	return nil
}
