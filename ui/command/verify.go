package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/stage"
)

func (a *app) verifyCommand() *cobra.Command {
	var asJSON bool
	var limit time.Duration
	c := &cobra.Command{
		Use:   "verify [CHAPTER|LESSON…]",
		Short: "Check every claim of the course on this machine",
		Long: "Play the lessons and chapters named, or all of them, without a screen, and judge every claim of the course by what\n" +
			"this machine measured. What this machine does not allow is skipped, by name, with the reason.\n" +
			"The exit status is 1 when a claim fails.",
		Example:           "  ipctour verify\n  ipctour verify pipes\n  ipctour verify pipes/full-buffer pipes/atomic --json",
		ValidArgsFunction: a.completeLessons(0, true),
		RunE: func(c *cobra.Command, args []string) error {
			chosen, err := a.toVerify(args)
			if err != nil {
				return err
			}
			return withHouse(func(h *stage.House) error {
				return a.verify(c.Context(), h, chosen, lessons.WalkOptions{StepLimit: limit}, asJSON)
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, an array with an object for each claim")
	stepLimitFlag(c, &limit)
	return c
}

// toVerify finds the lessons and chapters named; without a name, all that can be played.
func (a *app) toVerify(ids []string) ([]*lessons.Lesson, error) {
	course, err := a.load()
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return playable(course.Lessons), nil
	}
	var chosen []*lessons.Lesson
	for _, id := range ids {
		if c := course.Chapter(id); c != nil {
			chosen = append(chosen, playable(course.Of(c))...)
			if len(playable(course.Of(c))) == 0 {
				return nil, fmt.Errorf("the lessons of %s are all still to come. `ipctour list` shows which are open", id)
			}
			continue
		}
		l, err := a.find("lesson or chapter", id)
		if err != nil {
			return nil, err
		}
		if l.Sim == nil {
			return nil, fmt.Errorf("%s %w. `ipctour list` shows which lessons are open", l.ID, lessons.ErrToCome)
		}
		chosen = append(chosen, l)
	}
	return once(chosen), nil
}

// playable are the lessons with an experiment.
func playable(list []*lessons.Lesson) []*lessons.Lesson {
	var out []*lessons.Lesson
	for _, l := range list {
		if l.Sim != nil {
			out = append(out, l)
		}
	}
	return out
}

// once is the list without those that were in it before.
func once(list []*lessons.Lesson) []*lessons.Lesson {
	var out []*lessons.Lesson
	for _, l := range list {
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// verify plays and judges the lessons one after the other. People read each as
// it is done; programs get one array at the end.
func (a *app) verify(ctx context.Context, h *stage.House, chosen []*lessons.Lesson, o lessons.WalkOptions, asJSON bool) error {
	results := []lessons.Result{}
	var troubles []error
	for _, l := range chosen {
		got, err := l.Verify(ctx, h, o)
		if ctx.Err() != nil {
			return errInterrupted
		}
		if err != nil {
			troubles = append(troubles, fmt.Errorf("%s did not finish: %w", l.ID, err))
		}
		results = append(results, got...)
		if !asJSON {
			a.printVerdicts(l.ID, got)
		}
	}
	if asJSON {
		if err := writeJSON(a.json, results); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(a.out, tally(results))
	}
	if len(troubles) == 0 && lessons.Failed(results) {
		return errClaimFailed
	}
	return errors.Join(troubles...)
}

// printVerdicts tells the claims of one lesson, in sentences.
func (a *app) printVerdicts(title string, results []lessons.Result) {
	fmt.Fprintln(a.out, title)
	for _, r := range results {
		fmt.Fprintf(a.out, "  %-7s  %s\n", r.Verdict, r.Says)
		if r.Reason != "" {
			fmt.Fprintf(a.out, "           because %s\n", r.Reason)
		}
		if r.Expected != "" || r.Measured != "" {
			fmt.Fprintf(a.out, "           expected %s; measured %s%s\n", r.Expected, r.Measured, by(r.Source))
		}
	}
	fmt.Fprintln(a.out)
}

func by(source string) string {
	if source == "" {
		return ""
	}
	return " by " + source
}

// tally counts the verdicts in one sentence.
func tally(results []lessons.Result) string {
	count := map[sims.Status]int{}
	for _, r := range results {
		count[r.Verdict]++
	}
	parts := []string{fmt.Sprintf("%d claims: %d hold", len(results), count[sims.Holds]), fmt.Sprintf("%d fail", count[sims.Fails])}
	if n := count[sims.Skipped]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d skipped, as this machine does not allow them", n))
	}
	return strings.Join(parts, ", ") + "."
}
