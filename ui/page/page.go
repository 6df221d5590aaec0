// Package page holds the pages of the full-screen program, one a file: course,
// lesson, evidence, code, text, review, doctor, help, replay. A page takes
// messages and draws itself into the rectangle it is given. It does no I/O:
// whatever takes time is a command.
package page

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/probe"
	"ipctour/sims/stage"
	"ipctour/ui/draw"
)

// Page is one screen. Keys, pasted text and the mouse go to the page on top;
// everything else goes to every open page, so that a lesson goes on while its
// evidence is read.
type Page interface {
	// Init is what to do when the page is opened.
	Init() tea.Cmd
	// Update takes a message in. The move says whether another page opens or
	// this one closes; the zero Move stays.
	Update(tea.Msg) (Move, tea.Cmd)
	// Draw paints the page as it is. It changes nothing and stays inside.
	Draw(*draw.Canvas, draw.Rect)
	// Keys are what works here, for the key line and the help page.
	Keys() []Section
	// Title is what the terminal's title bar says.
	Title() string
	// Close ends what the page holds open. It blocks until that is gone.
	Close()
}

// Typist is a page that may be taking text: then no key but ctrl+c is the
// program's own.
type Typist interface{ Typing() bool }

// Move is where an update leads.
type Move struct {
	Open Page // on top of this page, or in its place where Back is set too
	Back bool
	Home bool // close all pages but the first, before Open
	Quit bool
}

var stay Move

func open(p Page) Move    { return Move{Open: p} }
func back() Move          { return Move{Back: true} }
func replace(p Page) Move { return Move{Open: p, Back: true} }

// Player is a running experiment, as *sims.Play is one.
type Player interface {
	Feed() <-chan []sims.Event
	Next() error
	Turn(knob, value string) error
	Break(f stage.Fault, role, object string) error
	StartRole(role string) error
	Trace(role string, on bool) error
	Step(on bool) error
	Release(role string) error
	Again() error
	Stop() stage.Receipt
}

// Env is what all pages share. Its functions are there so that a test can put
// others in their place; they are called in commands only.
type Env struct {
	Course       *lessons.Course
	Progress     *lessons.Progress
	Start        func(*sims.Sim, sims.PlayOptions) (Player, error)
	Capabilities func() []probe.Capability
	Now          func() time.Time
	// After is tea.Tick.
	After func(time.Duration, func(time.Time) tea.Msg) tea.Cmd
	// Notes are told once, on the course page: a damaged progress file set aside.
	Notes []string
	// here is the lesson that was opened last, till the course has marked it.
	here *lessons.Lesson
}
