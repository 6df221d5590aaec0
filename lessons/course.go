package lessons

// Course: the order of the lessons, with the words and the experiment of each.

import (
	"errors"
	"fmt"
	"io/fs"

	"ipctour/content"
	"ipctour/sims"
	"ipctour/sims/all"
)

// Lesson is one lesson: its place in the course, its words, its experiment.
type Lesson struct {
	ID      string // chapter/lesson
	Title   string
	Minutes int
	Chapter *Chapter
	Number  int   // within its chapter, from 1
	Text    *Text // nil while it has no words
	// Sim is the experiment; nil while the lesson is still to come. A lesson with
	// an experiment has words.
	Sim *sims.Sim
}

// Course is all of it, in order.
type Course struct {
	Chapters []Chapter
	Lessons  []*Lesson
}

// Load reads the words that the program holds and joins them with the experiments.
func Load() (*Course, error) { return join(content.Files, all.Sims()) }

// join makes a course of words and experiments. An experiment that the outline
// does not have, or that has no words, is an error: nobody could open it.
func join(words fs.FS, experiments []*sims.Sim) (*Course, error) {
	chapters, err := ParseCourse(words)
	if err != nil {
		return nil, err
	}
	texts, err := ParseLessons(words, chapters)
	if err != nil {
		return nil, err
	}
	c := &Course{Chapters: chapters}
	for i := range chapters {
		for n, row := range chapters[i].Lessons {
			c.Lessons = append(c.Lessons, &Lesson{ID: row.ID, Title: row.Title, Minutes: row.Minutes,
				Chapter: &chapters[i], Number: n + 1, Text: texts[row.ID]})
		}
	}
	var wrong []error
	for _, s := range experiments {
		switch l := c.Lesson(s.ID); {
		case l == nil:
			wrong = append(wrong, fmt.Errorf("experiment %s: no lesson of that name: add a row to content/%s", s.ID, courseFile))
		case l.Sim != nil:
			wrong = append(wrong, fmt.Errorf("experiment %s is there twice", s.ID))
		case l.Text == nil:
			wrong = append(wrong, fmt.Errorf("experiment %s has no words: write content/%s.md", s.ID, s.ID))
		default:
			l.Sim = s
		}
	}
	return c, errors.Join(wrong...)
}

// Lesson finds a lesson by its id, or nil.
func (c *Course) Lesson(id string) *Lesson {
	if i := c.index(id); i >= 0 {
		return c.Lessons[i]
	}
	return nil
}

// Chapter finds a chapter by its id, or nil.
func (c *Course) Chapter(id string) *Chapter {
	for i := range c.Chapters {
		if c.Chapters[i].ID == id {
			return &c.Chapters[i]
		}
	}
	return nil
}

// Resume is the lesson to go on with: where the learner left off, or else the next
// that is there and not done; nil where there is none.
func (c *Course) Resume(p *Progress) *Lesson {
	from := max(c.index(p.Place()), 0)
	done := p.Lessons()
	for i := range c.Lessons {
		l := c.Lessons[(from+i)%len(c.Lessons)]
		if _, is := done[l.ID]; l.Sim != nil && !is {
			return l
		}
	}
	return nil
}

// After is the next lesson that is there; nil after the last.
func (c *Course) After(id string) *Lesson {
	for l := c.Next(id); l != nil; l = c.Next(l.ID) {
		if l.Sim != nil {
			return l
		}
	}
	return nil
}

// Of are the lessons of a chapter, in order.
func (c *Course) Of(chapter *Chapter) []*Lesson {
	var list []*Lesson
	for _, l := range c.Lessons {
		if l.Chapter == chapter {
			list = append(list, l)
		}
	}
	return list
}

// Next is the lesson after one, or nil after the last.
func (c *Course) Next(id string) *Lesson { return c.beside(id, 1) }

// Previous is the lesson before one, or nil before the first.
func (c *Course) Previous(id string) *Lesson { return c.beside(id, -1) }

func (c *Course) beside(id string, step int) *Lesson {
	i := c.index(id)
	if i < 0 || i+step < 0 || i+step >= len(c.Lessons) {
		return nil
	}
	return c.Lessons[i+step]
}

func (c *Course) index(id string) int {
	for i, l := range c.Lessons {
		if l.ID == id {
			return i
		}
	}
	return -1
}

// Due are the questions of the lessons that were done, as far as they are due, in
// the order in which they became so.
func (c *Course) Due(p *Progress) []Card {
	byID := map[string]Card{}
	var ids []string
	done := p.Lessons()
	for _, l := range c.Lessons {
		if _, ok := done[l.ID]; !ok || l.Text == nil {
			continue
		}
		for _, card := range l.Text.Cards {
			byID[card.ID] = card
			ids = append(ids, card.ID)
		}
	}
	var due []Card
	for _, id := range p.Due(ids) {
		due = append(due, byID[id])
	}
	return due
}
