package page

// This file holds the lesson's processes from start to end, and its clock.

import (
	"errors"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/stage"
	"ipctour/ui/draw"
)

// Awake tells the pages below that a key was pressed on the one above.
type Awake struct{}

type (
	beatMsg struct {
		from *cast
		at   time.Time
	}
	judged struct {
		from    *cast
		results []lessons.Result
	}
)

// Still reports whether a message changes nothing that is seen: the kernel was
// asked, and all was as before. The clock moves at its own beat.
func Still(msg tea.Msg) bool {
	e, ok := msg.(castEvents)
	if !ok || e.over {
		return false
	}
	for i := range e.batch {
		if e.batch[i].Kind != stage.Beat {
			return false
		}
	}
	return true
}

// run starts the processes, anew if they ran before.
func (l *Lesson) run() tea.Cmd {
	l.phase, l.tape, l.next, l.ended = starting, sims.NewTape(l.sim), false, false
	l.frozen, l.past, l.at, l.claims, l.note, l.chosen, l.graded = false, nil, 0, nil, nil, "", ""
	l.tall, l.drop, l.more, l.moved, l.newest = false, 0, 0, false, nil
	l.begun, l.base, l.clock = time.Time{}, 0, 0
	it, env := l.it, l.env
	l.cast = &cast{start: func() (Player, error) {
		if why := it.Missing(); why != "" {
			return nil, errors.New(why)
		}
		return env.Start(it.Sim, sims.PlayOptions{Every: batches})
	}}
	return l.cast.begin()
}

// started begins the walk, or says why there are no processes.
func (l *Lesson) started(err error) tea.Cmd {
	if err != nil {
		l.phase = broken
		l.warn(err.Error())
		return nil
	}
	l.phase = live
	l.next = true
	return tea.Batch(l.cast.listen(), l.heart(), l.cast.do("begin the walk", Player.Next))
}

// heart asks for the next beat of the clock.
func (l *Lesson) heart() tea.Cmd {
	from := l.cast
	return l.env.After(beat, func(t time.Time) tea.Msg { return beatMsg{from, t} })
}

// tick moves the clock, and ends the processes after a while without a key.
func (l *Lesson) tick() tea.Cmd {
	if l.phase != live {
		return nil
	}
	now := l.env.Now()
	if !l.begun.IsZero() {
		l.clock = l.base + now.Sub(l.begun)
	}
	l.spin++
	if now.Sub(l.lastKey) >= idleLimit {
		return l.cast.stop("no key for a while")
	}
	return l.heart()
}

// happened takes events in and waits for more.
func (l *Lesson) happened(msg castEvents) tea.Cmd {
	was := l.tape.Len()
	l.tape.Add(msg.batch...)
	if gone := was + len(msg.batch) - l.tape.Len(); gone > 0 {
		l.at = max(0, l.at-gone) // the tape has dropped its oldest
	}
	if n := len(msg.batch); n > 0 && l.begun.IsZero() {
		l.begun, l.base = l.env.Now(), msg.batch[n-1].At
	}
	var cmds []tea.Cmd
	grown := false
	for i := range msg.batch {
		switch e := &msg.batch[i]; e.Kind {
		case stage.Born, stage.Table, stage.Became:
			grown = true
		case stage.Begin:
			if why := e.S["why"]; why != "" { // it stands till the learner does something else
				l.why = why
			}
			if e.N["anew"] != 0 { // with the walk
				l.why, l.ended, l.graded, l.claims = "", false, "", nil
			}
		case stage.StepBegun:
			l.next, l.words.top, l.hints = false, 0, 0
			l.note, l.moved = nil, false
			if l.why != "" {
				l.say(l.why)
			}
		case stage.Trouble:
			l.next = l.next && l.sim.StepAt(e.Name) < 0 // that step will not begin
			l.warn(e.S["text"])
		case stage.StepDone:
			grown = true
			cmds = append(cmds, l.stepDone(e.Name))
		}
	}
	if grown {
		l.fit()
		l.settle()
	}
	if !msg.over {
		return tea.Batch(append(cmds, l.cast.listen())...)
	}
	if l.phase == live {
		l.phase = resting
	}
	return tea.Batch(cmds...)
}

// did tells the outcome of an action where the learner should know.
func (l *Lesson) did(msg castDid) {
	var waiting sims.ErrWaiting
	switch {
	case msg.err == nil:
	case errors.As(msg.err, &waiting):
		l.say("Still waiting until " + waiting.Step.For + ".")
	default:
		l.next = false
		why := msg.err.Error()
		for _, p := range l.scene().Processes { // by the names that the learner reads
			if p.Name != "" {
				why = strings.NewReplacer(p.ID+" ", p.Name+" ", p.ID+":", p.Name+":").Replace(why)
			}
		}
		l.warn("Could not " + msg.what + ": " + why)
	}
}

// wake starts the processes again after a rest, or after a failure.
func (l *Lesson) wake(msg tea.KeyPressMsg) (Move, tea.Cmd) {
	switch intent(msg.String(), lessonKeys) {
	case doLeave:
		return back(), nil
	case doText:
		return open(NewText(l.env, l.it, nil)), nil
	}
	if l.phase == broken && msg.String() == "d" {
		return open(NewDoctor(l.env)), nil
	}
	return stay, l.run()
}

// judge has every claim judged by the world as it is now.
func (l *Lesson) judge() tea.Cmd {
	from, it, w := l.cast, l.it, l.tape.Last().Clone()
	return func() tea.Msg {
		results := it.Judge(w, nil)
		for i, c := range it.Sim.Claims {
			if results[i].Verdict == sims.Fails && c.Judge(w).Status == sims.Open {
				results[i].Verdict, results[i].Reason = sims.Open, ""
			}
		}
		return judged{from, results}
	}
}

// verdictSign is how a claim stands, as a sign and in words.
func verdictSign(s sims.Status) (sign, word string, st draw.Style) {
	switch s {
	case sims.Holds:
		return "✓", "holds", draw.Good
	case sims.Fails:
		return "✗", "fails", draw.Fail
	case sims.Skipped:
		return "–", "skipped", draw.Dim
	}
	return "·", "not tried yet", draw.Dim
}
