package page

// This file holds what the learner has done so far, as the pages ask for it.
// Asking is quick; keeping it on disk is a command.

import (
	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/sims"
)

// Saved says what came of keeping the progress, where the learner should know.
type Saved struct {
	Notes []string
	Err   error
}

func (e *Env) done(id string) bool {
	if e.Progress == nil {
		return false
	}
	_, ok := e.Progress.Done(id)
	return ok
}

func (e *Env) doneCount(list []*lessons.Lesson) int {
	if e.Progress == nil {
		return 0
	}
	n, done := 0, e.Progress.Lessons()
	for _, l := range list {
		if _, ok := done[l.ID]; ok {
			n++
		}
	}
	return n
}

// fresh reports whether the learner has not been anywhere yet.
func (e *Env) fresh() bool { return e.Progress == nil || e.Progress.Place() == "" }

// resume is the lesson to go on with, or nil.
func (e *Env) resume() *lessons.Lesson {
	if e.Progress == nil {
		for _, l := range e.Course.Lessons {
			if l.Sim != nil {
				return l
			}
		}
		return nil
	}
	return e.Course.Resume(e.Progress)
}

// cards are the questions that are due.
func (e *Env) cards() []lessons.Card {
	if e.Progress == nil {
		return nil
	}
	return e.Course.Due(e.Progress)
}

func (e *Env) due() int { return len(e.cards()) }

// save keeps the progress on disk.
func (e *Env) save() tea.Cmd {
	if e.Progress == nil {
		return nil
	}
	return func() tea.Msg {
		notes, err := e.Progress.Save()
		if err == nil && len(notes) == 0 {
			return nil
		}
		return Saved{notes, err}
	}
}

// visit notes where the learner is.
func (e *Env) visit(id string) tea.Cmd {
	e.here = e.Course.Lesson(id)
	if e.Progress == nil {
		return nil
	}
	e.Progress.Leave(id)
	return e.save()
}

// finish notes that a lesson's walk was gone through.
func (e *Env) finish(l *lessons.Lesson, said string, w *sims.World) tea.Cmd {
	if e.Progress == nil {
		return nil
	}
	g := l.Grade(w, said)
	e.Progress.Finish(l.ID, said, g.Measured, said != "" && g.Right)
	return e.save()
}
