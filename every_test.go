package main

// Every lesson, played by keys in a terminal to the end of its walk.

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"ipctour/lessons"
	"ipctour/sims/residue"
)

var everySize = flag.Bool("everysize", false, "play every lesson at 120 × 36 and at 80 × 24, not at one of them")

func TestEveryLessonByKeys(t *testing.T) {
	course, err := lessons.Load()
	if err != nil {
		t.Fatal(err)
	}
	sizes := [][2]int{{120, 36}, {80, 24}}
	t.Run("lessons", func(t *testing.T) {
		for i, l := range course.Lessons {
			if l.Sim == nil || l.Missing() != "" {
				continue // `ipctour doctor` says why
			}
			for n, size := range sizes {
				if n == i%len(sizes) || *everySize {
					t.Run(fmt.Sprintf("%s/%dx%d", l.ID, size[0], size[1]), func(t *testing.T) {
						t.Parallel()
						playToTheEnd(t, l, size[0], size[1])
					})
				}
			}
		}
	})
	residue.Wait(t, "no process of the program is left", func() (bool, string) {
		left := residue.Running(program)
		return len(left) == 0, strings.Join(left, ", ")
	})
}

// playToTheEnd presses n whenever a step is done, till the last one is, and then once
// more to see what was seen.
func playToTheEnd(t *testing.T, l *lessons.Lesson, w, h int) {
	s := openAt(t, w, h, l.ID)
	s.raw()
	s.see("run it and see")
	s.press("\r")
	for step := 1; step <= len(l.Sim.Walk); step++ {
		s.see(fmt.Sprintf("step %d of %d", step, len(l.Sim.Walk)))
		s.gone("Waiting until")
		if step == len(l.Sim.Walk) {
			s.see("what you saw")
			s.next("What you saw")
		} else {
			s.next(fmt.Sprintf("step %d of %d", step+1, len(l.Sim.Walk)))
		}
	}
	s.press("q")
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	s.restored()
	folderGone(t, s.place)
}
