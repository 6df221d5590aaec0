package page

// This file holds the replay: a recorded run, played as fast as it happened or
// gone through event by event. Nothing is started.

import (
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/stage"
	"ipctour/ui/draw"
)

// Replay is a recorded run on the screen.
type Replay struct {
	env     *Env
	it      *lessons.Lesson
	tape    *sims.Tape
	at      int
	playing bool
	tag     int // drops beats of a play that was paused
	pace    int // in paces
	below   *Lesson
}

type replayBeat struct{ tag int }

// NewReplay is a run from its first event on.
func NewReplay(env *Env, l *lessons.Lesson, events []sims.Event) *Replay {
	r := &Replay{env: env, it: l, tape: sims.NewTape(l.Sim), at: 1, playing: true}
	r.tape.Add(events...)
	r.at = min(1, r.tape.Len())
	r.pace = slices.Index(paces, 1)
	r.below = &Lesson{env: env, it: l, sim: l.Sim, tape: r.tape, frozen: true, phase: live}
	r.show()
	return r
}

// Init begins to play.
func (r *Replay) Init() tea.Cmd { return r.beat() }

// Close has nothing to end.
func (r *Replay) Close() {}

// Title names the run.
func (r *Replay) Title() string { return "ipctour · replay of " + r.it.ID }

// Keys are those of time.
func (r *Replay) Keys() []Section {
	return []Section{{"The run", replayKeys}, {"Everywhere", anyKeys}}
}

const replayStep = 50 * time.Millisecond

// paces are how fast a run can be played: 1 is as fast as it happened.
var paces = []float64{1.0 / 16, 1.0 / 8, 1.0 / 4, 1.0 / 2, 1, 2, 4}

func (r *Replay) beat() tea.Cmd {
	r.tag++
	tag := r.tag
	return r.env.After(replayStep, func(time.Time) tea.Msg { return replayBeat{tag} })
}

// Update plays, pauses and goes back and forth.
func (r *Replay) Update(msg tea.Msg) (Move, tea.Cmd) {
	move, cmd := r.take(msg)
	if r.below.at != r.at {
		r.show()
	}
	return move, cmd
}

func (r *Replay) take(msg tea.Msg) (Move, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		r.below.w, r.below.h = msg.Width, msg.Height
	case replayBeat:
		if msg.tag == r.tag && r.playing {
			return stay, r.advance()
		}
	case tea.KeyPressMsg:
		return r.follow(intent(msg.String(), replayKeys, anyKeys))
	}
	return stay, nil
}

// advance shows what happened in the next twentieth of a second.
func (r *Replay) advance() tea.Cmd {
	if r.at >= r.tape.Len() {
		r.playing = false
		return nil
	}
	until := r.tape.Event(r.at).At
	if r.at > 0 {
		until = r.tape.Event(r.at-1).At + time.Duration(float64(replayStep)*paces[r.pace])
	}
	r.at++
	for r.at < r.tape.Len() && r.tape.Event(r.at).At <= until {
		r.at++
	}
	return r.beat()
}

func (r *Replay) follow(do Intent) (Move, tea.Cmd) {
	switch do {
	case doLeave:
		return back(), nil
	case doFreeze:
		if r.playing = !r.playing; r.playing {
			if r.at >= r.tape.Len() {
				r.at = min(1, r.tape.Len())
			}
			return stay, r.beat()
		}
	case doSlower:
		r.pace = max(r.pace-1, 0)
	case doFaster:
		r.pace = min(r.pace+1, len(paces)-1)
	case doNext:
		r.playing, r.at = false, r.stepEnd()
	case doEarlierEvent, doLaterEvent, doEarlierJump, doLaterJump:
		r.playing, r.at = false, moved(r.tape, r.at, do)
	case doTop:
		r.playing, r.at = false, min(1, r.tape.Len())
	case doBottom:
		r.playing, r.at = false, r.tape.Len()
	case doEvidence:
		return open(NewEvidence(r.below)), nil
	}
	return stay, nil
}

// stepEnd is the place after the end of the next step, or the last place.
func (r *Replay) stepEnd() int {
	for n := r.at; n < r.tape.Len(); n++ {
		if r.tape.Event(n).Kind == stage.StepDone {
			return n + 1
		}
	}
	return r.tape.Len()
}

// show puts the lesson's page, which draws the picture, at the present event.
func (r *Replay) show() {
	r.below.at = r.at
	r.below.past = r.tape.At(r.at)
}

// Draw paints the picture, with where in the run it is.
func (r *Replay) Draw(cv *draw.Canvas, rect draw.Rect) {
	a := on(cv, rect)
	keys := append(slices.Clone(replayKeys), anyKeys...)
	rows := 1
	if a.H >= 22 {
		rows = min(keyRows(keys, a.W-4), 2)
	}
	head, body, foot := frame(a, rows)
	state, st := r.state(head.W)
	r.below.drawTitle(head, state, st)
	var p lessonPlan
	r.below.planBody(&p, body)
	r.below.drawWords(p.words)
	r.below.drawPicture(p, r.below.past)
	keyLine(foot, keys)
}

// state is where in the run we are, and how fast it is played, in a line of w cells.
func (r *Replay) state(w int) (string, draw.Style) {
	n := r.tape.Len()
	if n == 0 {
		return "the run is empty", draw.Accent.Bold()
	}
	sign, word, st := "❚❚ ", "paused  ", draw.Accent.Bold()
	if r.playing {
		sign, word, st = "▶ ", "replay  ", draw.Good
	}
	if p := paces[r.pace]; p < 1 {
		word += fmt.Sprintf("at 1/%.0f  ", 1/p)
	} else if p > 1 {
		word += fmt.Sprintf("at %.0f×  ", p)
	}
	if w < 60 {
		return sign + clockText(r.below.past.Now, true) + fmt.Sprintf(" %d/%d", r.at, n), st
	}
	text := sign + word + clockText(r.below.past.Now, true) + " of " + clockText(r.tape.Event(n-1).At, true)
	if w < 90 {
		return text, st
	}
	return text + fmt.Sprintf(" · event %d of %d", r.at, n), st
}
