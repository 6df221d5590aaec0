package page

// This file holds the processes of an open lesson, as commands: start, turn,
// break, read what happens, stop. Every message says which cast it comes from,
// so that a page drops those of a cast that it has left.

import (
	"errors"
	"io"
	"sync"

	tea "charm.land/bubbletea/v2"

	"ipctour/sims"
	"ipctour/sims/stage"
)

// cast is one start of a lesson's processes.
type cast struct {
	start  func() (Player, error)
	mu     sync.Mutex
	player Player
	closed bool
}

type (
	// castStarted says that the processes run, or why they do not.
	castStarted struct {
		from *cast
		err  error
	}
	// castEvents is what happened since the last one; over says that no more will come.
	castEvents struct {
		from  *cast
		batch []sims.Event
		over  bool
	}
	// castDid is the outcome of one action on the cast.
	castDid struct {
		from *cast
		what string
		err  error
	}
	castStopped struct {
		from *cast
		why  string
	}
)

// begin starts the processes.
func (c *cast) begin() tea.Cmd {
	return func() tea.Msg {
		p, err := c.start()
		if err != nil {
			return castStarted{c, err}
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.closed { // the page was left while they started
			end(p)
			return nil
		}
		c.player = p
		return castStarted{c, nil}
	}
}

// listen waits for the next batch of events.
func (c *cast) listen() tea.Cmd {
	p := c.playing()
	if p == nil {
		return nil
	}
	return func() tea.Msg {
		batch, open := <-p.Feed()
		return castEvents{c, batch, !open}
	}
}

// do acts on the running cast; what is a verb for the error: "kill the writer".
func (c *cast) do(what string, act func(Player) error) tea.Cmd {
	return func() tea.Msg {
		p := c.playing()
		if p == nil {
			return castDid{c, what, errors.New("no processes run now")}
		}
		err := act(p)
		if errors.Is(err, io.EOF) || errors.Is(err, sims.ErrEnded) {
			err = nil
		}
		return castDid{c, what, err}
	}
}

// stop ends the cast in the background.
func (c *cast) stop(why string) tea.Cmd {
	return func() tea.Msg {
		c.close()
		return castStopped{c, why}
	}
}

// close ends the cast and waits until nothing is left of it.
func (c *cast) close() {
	c.mu.Lock()
	p := c.player
	c.player, c.closed = nil, true
	c.mu.Unlock()
	if p != nil {
		end(p)
	}
}

func (c *cast) playing() Player {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.player
}

// end stops a player and reads what it still has to say: it waits for that.
func end(p Player) stage.Receipt {
	read := make(chan struct{})
	go func() {
		for range p.Feed() {
		}
		close(read)
	}()
	r := p.Stop()
	<-read
	return r
}
