// Package ui is the program that is seen: pages on top of each other, full
// screen (Run), or sentences and numbered choices (Plain).
package ui

import (
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"ipctour/ui/draw"
	"ipctour/ui/page"
)

// Model is the root: a stack of pages, of which the last is seen.
type Model struct {
	pages []page.Page
	w, h  int
	theme draw.Theme
	auto  bool // the theme follows the terminal's background
	ascii bool
	done  bool // the pages are being closed: nothing is taken any more
	frame string
	drawn bool // frame is what there is to see
}

// newModel is a model that begins with these pages.
func newModel(o Options, pages ...page.Page) *Model {
	m := &Model{pages: pages, theme: draw.Dark(), auto: true, ascii: o.ASCII, w: 80, h: 24}
	switch o.Theme {
	case "light":
		m.theme, m.auto = draw.Light(), false
	case "dark":
		m.auto = false
	}
	return m
}

// Init opens the first pages.
func (m *Model) Init() tea.Cmd {
	var cmds []tea.Cmd
	for _, p := range m.pages {
		cmds = append(cmds, p.Init())
	}
	if m.auto {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	return tea.Batch(cmds...)
}

func (m *Model) top() page.Page { return m.pages[len(m.pages)-1] }

// Update dispatches: keys, paste and mouse to the page that is seen, the rest to all.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if m.done {
		return m, nil
	}
	m.drawn = m.drawn && page.Still(msg)
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return m, m.key(msg)
	case tea.PasteMsg, tea.MouseMsg:
		return m, m.move(m.top().Update(msg))
	case tea.BackgroundColorMsg:
		if m.auto && !msg.IsDark() {
			m.theme = draw.Light()
		}
		return m, nil
	case tea.ColorProfileMsg:
		if msg.Profile <= colorprofile.ASCII { // NO_COLOR: dim is faint then, not grey
			m.theme, m.auto = draw.Mono(), false
		}
		return m, nil
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	}
	return m, m.tell(m.pages, msg)
}

// tell gives a message to pages that do not lead anywhere by it.
func (m *Model) tell(pages []page.Page, msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	for _, p := range pages {
		_, cmd := p.Update(msg)
		cmds = append(cmds, cmd)
	}
	return tea.Batch(cmds...)
}

// key takes the keys that work everywhere and passes the others on.
func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	top := m.top()
	typist, ok := top.(page.Typist)
	typing := ok && typist.Typing()
	switch key := msg.String(); {
	case key == "ctrl+c", key == "q" && !typing:
		return m.quit()
	case key == "ctrl+z":
		return tea.Suspend
	case key == "?" && !typing:
		if _, already := top.(*page.Help); !already {
			return m.move(page.Move{Open: page.NewHelp(top)}, nil)
		}
	}
	awake := m.tell(m.pages[:len(m.pages)-1], page.Awake{})
	return tea.Batch(awake, m.move(top.Update(msg)))
}

// move opens and closes pages.
func (m *Model) move(to page.Move, cmd tea.Cmd) tea.Cmd {
	m.drawn = false
	cmds := []tea.Cmd{cmd}
	if to.Quit || (to.Back && to.Open == nil && len(m.pages) == 1) {
		return tea.Batch(cmd, m.quit())
	}
	for first := true; len(m.pages) > 1 && ((to.Back && first) || to.Home); first = false {
		left := m.top()
		m.pages = m.pages[:len(m.pages)-1]
		cmds = append(cmds, func() tea.Msg { left.Close(); return nil })
	}
	if to.Open != nil {
		m.pages = append(m.pages, to.Open)
		_, sized := to.Open.Update(tea.WindowSizeMsg{Width: m.w, Height: m.h})
		cmds = append(cmds, sized, to.Open.Init())
	}
	return tea.Batch(cmds...)
}

// quit closes all pages, which waits until what they run is gone.
func (m *Model) quit() tea.Cmd {
	m.done = true
	pages := m.pages
	return func() tea.Msg {
		for _, p := range pages {
			p.Close()
		}
		return tea.QuitMsg{}
	}
}

// View draws the page that is seen.
func (m *Model) View() tea.View {
	if !m.drawn {
		c := draw.NewCanvas(m.w, m.h, m.theme, m.ascii)
		m.top().Draw(c, draw.Rect{W: m.w, H: m.h})
		m.frame, m.drawn = c.String(), true
	}
	v := tea.NewView(m.frame)
	v.AltScreen = true
	if _, ok := m.top().(*page.Course); ok { // elsewhere the mouse marks text, to copy a command
		v.MouseMode = tea.MouseModeCellMotion
	}
	v.WindowTitle = m.top().Title()
	return v
}
