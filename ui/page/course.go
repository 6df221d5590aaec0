package page

// This file holds the first page: the chapters on the left, the lessons of the
// chosen one on the right, and how far the learner has come.

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
)

// Course is the first page.
type Course struct {
	env     *Env
	w, h    int
	chapter int
	lesson  int  // within the chapter
	inside  bool // the lessons have the keys, not the chapters
	// onward is set while ⏎ goes on where the learner left off: till a key chooses.
	onward  bool
	finding bool
	query   field
	index   []entry // what can be found; made at the first search
	found   []hit
	at      int // in found
	notes   []string
}

// NewCourse is the course, open at the lesson where the learner left off.
func NewCourse(env *Env) *Course {
	c := &Course{env: env, query: field{most: 60}, notes: env.Notes}
	if l := env.resume(); l != nil {
		c.Show(l)
		c.inside, c.onward = false, !env.fresh()
	}
	return c
}

// Show puts the marker on a lesson.
func (c *Course) Show(l *lessons.Lesson) {
	c.ShowChapter(l.Chapter)
	c.lesson, c.inside, c.onward = l.Number-1, true, false
}

// ShowChapter puts the marker on a chapter.
func (c *Course) ShowChapter(chapter *lessons.Chapter) {
	for i := range c.env.Course.Chapters {
		if &c.env.Course.Chapters[i] == chapter {
			c.chapter, c.lesson, c.inside, c.onward = i, 0, false, false
		}
	}
}

func (c *Course) current() *lessons.Chapter { return &c.env.Course.Chapters[c.chapter] }

func (c *Course) lessons() []*lessons.Lesson { return c.env.Course.Of(c.current()) }

// Init does nothing: the page is still until a key comes.
func (c *Course) Init() tea.Cmd { return nil }

// Close has nothing to end.
func (c *Course) Close() {}

// Title is the program's name.
func (c *Course) Title() string { return "ipctour" }

// Typing reports whether a search is being typed.
func (c *Course) Typing() bool { return c.finding }

// Keys are those of the course.
func (c *Course) Keys() []Section {
	keys := make([]Key, 0, len(courseKeys))
	for _, k := range courseKeys {
		if k.Do == doReview {
			if n := c.env.due(); n > 0 {
				k.Says = fmt.Sprintf("review (%d due)", n)
			}
		}
		switch {
		case k.Do == doRight && c.inside: // ← is told instead
			continue
		case k.Do == doLeft:
			k.Quiet = !c.inside
		case k.Do == doEnter && c.onward:
			k.Says = "continue"
		}
		keys = append(keys, k)
	}
	return []Section{{"The course", keys}, {"Everywhere", anyKeys}}
}

// Update follows the keys.
func (c *Course) Update(msg tea.Msg) (Move, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		c.w, c.h = msg.Width, msg.Height
	case Saved:
		c.notes = append(c.notes, msg.Notes...)
		if msg.Err != nil {
			c.notes = append(c.notes, "Progress could not be kept: "+msg.Err.Error()+". It is tried again after the next lesson.")
		}
	case Awake: // a page above has the keys: the marker stays with the learner
		if l := c.env.here; l != nil {
			c.Show(l)
			c.env.here = nil
		}
	case tea.PasteMsg:
		if c.finding && c.query.update(msg) {
			c.search()
		}
	case tea.KeyPressMsg:
		if c.finding {
			return c.find(msg)
		}
		return c.follow(intent(msg.String(), courseKeys, anyKeys))
	case tea.MouseClickMsg:
		return c.click(msg.X, msg.Y)
	case tea.MouseWheelMsg:
		if msg.Button == tea.MouseWheelUp {
			c.step(-1)
		} else if msg.Button == tea.MouseWheelDown {
			c.step(1)
		}
	}
	return stay, nil
}

func (c *Course) follow(do Intent) (Move, tea.Cmd) {
	if l := c.env.resume(); do == doEnter && c.onward && l != nil {
		return c.open(l)
	}
	if do != doNone {
		c.onward = false
	}
	switch do {
	case doUp:
		c.step(-1)
	case doDown:
		c.step(1)
	case doPageUp:
		c.step(-5)
	case doPageDown:
		c.step(5)
	case doTop:
		c.step(-1000)
	case doBottom:
		c.step(1000)
	case doRight:
		c.inside = true
	case doLeft:
		c.inside = false
	case doLeave:
		c.onward = !c.inside && !c.env.fresh() && c.env.resume() != nil
		c.inside = false
	case doEnter:
		if !c.inside {
			return open(NewChapter(c.env, c.current())), nil
		}
		return c.open(c.lessons()[c.lesson])
	case doNext:
		if l := c.env.resume(); l != nil {
			return c.open(l)
		}
	case doFind:
		c.finding = true
		c.query.set("")
		c.search()
	case doReview:
		return open(NewReview(c.env)), nil
	case doDoctor:
		return open(NewDoctor(c.env)), nil
	}
	return stay, nil
}

// step moves the marker in the list that has the keys.
func (c *Course) step(by int) {
	if c.inside {
		c.lesson = max(0, min(c.lesson+by, len(c.lessons())-1))
		return
	}
	was := c.chapter
	c.chapter = max(0, min(c.chapter+by, len(c.env.Course.Chapters)-1))
	if c.chapter != was {
		c.lesson = 0
	}
}

// open opens a lesson, or says on a page of its own that it is still to come.
func (c *Course) open(l *lessons.Lesson) (Move, tea.Cmd) {
	c.Show(l)
	c.notes = nil
	return open(OpenLesson(c.env, l)), nil
}

// find takes a key while a search is being typed.
func (c *Course) find(msg tea.KeyPressMsg) (Move, tea.Cmd) {
	switch msg.String() {
	case "esc":
		c.finding = false
	case "up", "shift+tab":
		c.at = max(0, c.at-1)
	case "down", "tab":
		c.at = max(0, min(c.at+1, len(c.found)-1))
	case "enter":
		if c.at < len(c.found) {
			c.finding = false
			return c.openHit(c.found[c.at])
		}
	default:
		if c.query.update(msg) {
			c.search()
		}
	}
	return stay, nil
}
