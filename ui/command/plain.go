package command

import (
	"context"
	"fmt"
	"os"
	"time"

	"ipctour/lessons"
	"ipctour/sims/stage"
	"ipctour/ui"
)

// plainTour is the tour without a screen: sentences and numbered choices.
func (a *app) plainTour(ctx context.Context, course *lessons.Course, lesson *lessons.Lesson, chapter *lessons.Chapter) error {
	progress, notes := lessons.Open(lessons.StateDir(os.Getenv), time.Now)
	for _, n := range notes {
		fmt.Fprintln(a.out, n)
	}
	err := withHouse(func(h *stage.House) error {
		return ui.Plain(ctx, ui.PlainOptions{Course: course, House: h, Progress: progress, Lesson: lesson, Chapter: chapter, In: a.stdin, Out: a.out, Width: a.proseWidth(ui.PlainWidth)})
	})
	if ctx.Err() != nil {
		return errInterrupted
	}
	return err
}
