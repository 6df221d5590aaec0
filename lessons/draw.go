package lessons

import (
	"ipctour/sims"
	"ipctour/sims/scene"
)

// Draw is the picture of a world of this lesson. The figures that the words of its step
// show are marked: that is what the step is about. What is told, and not drawn, has no
// use for the marks and asks the experiment itself.
func (l *Lesson) Draw(w *sims.World) *scene.Scene {
	s := l.Sim.Draw(w)
	if l.Text != nil && !w.StepOpen {
		if words, ok := l.Text.Step(w.Step); ok {
			s.Mark(words.Figures...)
		}
	}
	return s
}
