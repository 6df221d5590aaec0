package ui

// A learner for tests: the whole program without a terminal. Keys go in, commands
// are run until none is left but those that wait for events or for the clock, and
// the screen comes out as text. The processes are those of a recorded run.

import (
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/probe"
	"ipctour/sims/stage"
	"ipctour/ui/draw"
	"ipctour/ui/page"
)

const recorded = "pipes/full-buffer"

// learner drives a model.
type learner struct {
	t        *testing.T
	model    *Model
	env      *page.Env
	now      time.Time
	beats    []func(time.Time) tea.Msg // what was asked of the clock
	quit     bool
	mu       sync.Mutex
	results  []tea.Msg // of commands, not yet taken in
	players  []*player
	startErr error
}

// course is a course of its own, so that the screens of these tests stay as they
// are while lessons are written: the outline, and the words of two lessons. The
// picture is that of the real experiment.
func course(t *testing.T) *lessons.Course {
	t.Helper()
	words := os.DirFS("testdata/words")
	chapters, err := lessons.ParseCourse(words)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := lessons.ParseLessons(words, chapters)
	if err != nil {
		t.Fatal(err)
	}
	real, err := lessons.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := &lessons.Course{Chapters: chapters}
	for i := range chapters {
		for n, row := range chapters[i].Lessons {
			l := &lessons.Lesson{ID: row.ID, Title: row.Title, Minutes: row.Minutes, Chapter: &chapters[i], Number: n + 1, Text: texts[row.ID]}
			if l.Text != nil {
				sim := *real.Lesson(row.ID).Sim
				sim.Source = source
				l.Sim = &sim
			}
			c.Lessons = append(c.Lessons, l)
		}
	}
	return c
}

// source stands for the code of the roles.
const source = `package pipes

// fillPipe writes until the pipe is full, and then as often as there is room.
func fillPipe(a *sims.Actor) error {
	out := a.FD("out")
	for {
		a.Gate("write")
		n, err := unix.Write(out, buf) // sleeps here while there is no room
		if err != nil {
			return err
		}
		written.Add(int64(n))
	}
}
`

// newLearner sits before a screen of this size.
func newLearner(t *testing.T, w, h int) *learner {
	t.Helper()
	l := &learner{t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	progress, _ := lessons.Open("", func() time.Time { return l.now })
	l.env = &page.Env{Course: course(t), Progress: progress,
		Now: func() time.Time { return l.now },
		After: func(_ time.Duration, f func(time.Time) tea.Msg) tea.Cmd {
			return func() tea.Msg {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.beats = append(l.beats, f)
				return nil
			}
		},
		Capabilities: func() []probe.Capability {
			return []probe.Capability{
				{ID: "ptrace", Name: "trace a process of one's own", OK: true, Detail: "PTRACE_SEIZE worked"},
				{ID: "pagemap", Name: "read page frames", Detail: "the frames read as 0", Advice: "run as root to see them"},
			}
		},
		Start: l.start,
	}
	l.model = newModel(Options{Theme: "dark"}, page.NewCourse(l.env))
	l.run(l.model.Init())
	l.send(tea.WindowSizeMsg{Width: w, Height: h})
	t.Cleanup(func() {
		for _, p := range l.model.pages {
			p.Close()
		}
	})
	return l
}

func (l *learner) start(s *sims.Sim, _ sims.PlayOptions) (page.Player, error) {
	if l.startErr != nil {
		return nil, l.startErr
	}
	p := newPlayer(l.t, s.ID == recorded)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.players = append(l.players, p)
	return p, nil
}

// player is the latest cast.
func (l *learner) player() *player {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.players[len(l.players)-1]
}

// send gives the model a message and runs what follows from it.
func (l *learner) send(msg tea.Msg) {
	_, cmd := l.model.Update(msg)
	l.run(cmd)
}

// run runs a command and all that follow, until the rest only waits.
func (l *learner) run(cmd tea.Cmd) {
	launch := func(c tea.Cmd) {
		if c == nil {
			return
		}
		go func() {
			msg := c()
			l.mu.Lock()
			defer l.mu.Unlock()
			l.results = append(l.results, msg)
		}()
	}
	launch(cmd)
	for {
		synctest.Wait()
		l.mu.Lock()
		results := l.results
		l.results = nil
		l.mu.Unlock()
		if len(results) == 0 {
			return
		}
		for _, msg := range results {
			switch msg := msg.(type) {
			case nil:
			case tea.BatchMsg:
				for _, c := range msg {
					launch(c)
				}
			case tea.QuitMsg:
				l.quit = true
			default:
				_, cmd := l.model.Update(msg)
				launch(cmd)
			}
		}
	}
}

// press types keys by their names.
func (l *learner) press(keys ...string) {
	for _, k := range keys {
		l.send(keyPress(k))
	}
}

// beat lets the clock strike after d.
func (l *learner) beat(d time.Duration) {
	l.now = l.now.Add(d)
	l.mu.Lock()
	beats := l.beats
	l.beats = nil
	l.mu.Unlock()
	for _, f := range beats {
		l.send(f(l.now))
	}
}

// screen is what is seen, as text.
func (l *learner) screen() string {
	c := draw.NewCanvas(l.model.w, l.model.h, l.model.theme, l.model.ascii)
	l.model.top().Draw(c, draw.Rect{W: l.model.w, H: l.model.h})
	return c.Plain()
}

func (l *learner) sees(words ...string) {
	l.t.Helper()
	screen := l.screen()
	flat := strings.Join(strings.Fields(screen), " ")
	for _, w := range words {
		if !strings.Contains(flat, w) && !strings.Contains(screen, w) {
			l.t.Errorf("the screen does not say %q:\n%s", w, screen)
		}
	}
}

// open opens the recorded lesson.
func (l *learner) open() {
	l.send(tea.WindowSizeMsg{Width: l.model.w, Height: l.model.h})
	l.run(l.model.move(page.Move{Open: page.OpenLesson(l.env, l.env.Course.Lesson(recorded))}, nil))
}

var named = map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "space": tea.KeySpace, "up": tea.KeyUp, "down": tea.KeyDown,
	"left": tea.KeyLeft, "right": tea.KeyRight, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd, "backspace": tea.KeyBackspace}

func keyPress(name string) tea.KeyPressMsg {
	if code, ok := named[name]; ok {
		text := ""
		if name == "space" {
			text = " "
		}
		return tea.KeyPressMsg{Code: code, Text: text}
	}
	if rest, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(rest[0]), Mod: tea.ModCtrl}
	}
	r := []rune(name)
	return tea.KeyPressMsg{Code: r[0], Text: name}
}

// player plays a recorded run: each step of its walk is one stretch of the file.
type player struct {
	mu      sync.Mutex
	steps   [][]sims.Event // the first is the start of the cast
	feed    chan []sims.Event
	did     []string
	err     error // what every action answers
	stopped bool
}

func newPlayer(t *testing.T, play bool) *player {
	p := &player{feed: make(chan []sims.Event, 1000)}
	if play {
		p.steps = stretches(t)
	}
	p.emit()
	return p
}

// stretches cuts the recorded run at the ends of its steps.
func stretches(t *testing.T) [][]sims.Event {
	file, err := os.Open("testdata/full-buffer.run")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	run, err := sims.OpenRunFile(file)
	if err != nil {
		t.Fatal(err)
	}
	events, err := run.All()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]sims.Event
	from := 0
	for i, e := range events {
		if e.Kind == stage.StepDone || (e.Kind == stage.StepBegun && len(out) == 0) {
			end := i + 1
			if e.Kind == stage.StepBegun {
				end = i
			}
			out = append(out, events[from:end])
			from = end
		}
	}
	return out
}

// emit puts the next stretch on the feed.
func (p *player) emit() bool {
	if len(p.steps) == 0 {
		return false
	}
	p.feed <- p.steps[0]
	p.steps = p.steps[1:]
	return true
}

// say puts events of a test's own on the feed.
func (p *player) say(events ...sims.Event) { p.feed <- events }

func (p *player) Feed() <-chan []sims.Event { return p.feed }

func (p *player) note(what string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.did = append(p.did, what)
	return p.err
}

func (p *player) Next() error {
	if err := p.note("next"); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped && !p.emit() {
		return io.EOF
	}
	return nil
}

func (p *player) Turn(knob, value string) error { return p.note("turn " + knob + " " + value) }
func (p *player) Break(f stage.Fault, role, object string) error {
	return p.note(string(f) + " " + role + " " + object)
}
func (p *player) StartRole(role string) error { return p.note("start " + role) }
func (p *player) Trace(role string, on bool) error {
	if on {
		return p.note("trace " + role)
	}
	return p.note("untrace " + role)
}
func (p *player) Step(bool) error           { return p.note("step mode") }
func (p *player) Release(role string) error { return p.note("release " + role) }
func (p *player) Again() error              { return p.note("again") }
func (p *player) Stop() stage.Receipt {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped {
		p.stopped = true
		close(p.feed)
	}
	return stage.Receipt{}
}
