package page

// This file holds the lesson's page: what it knows and how messages reach its
// parts. Prediction, walk, history, faults and drawing are in files beside it.

import (
	"fmt"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"ipctour/lessons"
	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/ui/draw"
)

// phase is where a lesson is.
type phase int

const (
	predicting phase = iota
	starting         // its processes are being started
	live             // they run
	resting          // they were ended for want of a key
	broken           // they could not be started
)

const (
	idleLimit = 15 * time.Minute
	beat      = 250 * time.Millisecond // clock and animation; events come on their own
	batches   = 50 * time.Millisecond  // at most 20 pictures a second
)

// Lesson is one lesson: its prediction, then its processes, live.
type Lesson struct {
	env    *Env
	it     *lessons.Lesson
	sim    *sims.Sim
	w, h   int
	phase  phase
	choice int    // the answer under the marker
	said   string // the value predicted; "" for none
	label  string // as the learner read it
	graded string // the step that measured the answer; "" while none has

	cast    *cast
	tape    *sims.Tape
	begun   time.Time     // when the first event came
	base    time.Duration // the run's time then
	clock   time.Duration // the run's time now
	spin    int
	next    bool   // a next step was asked for and has not begun
	why     string // there is a new cast, where nobody asked for it
	claims  []lessons.Result
	ended   bool // the walk was finished in this run
	lastKey time.Time

	frozen bool
	at     int // events shown while frozen
	past   *sims.World

	chosen string // the role that the house keys act on; "" for the first
	moved  bool   // the learner has acted since the step was done: its words are of then
	menu   *endMenu
	ask    *knobAsk
	hints  int
	note   line // the outcome of the last key
	noted  time.Time
	words  scroll
	laid   laidOut // the words of the step, as they were drawn last
	// newest is the picture of the event of that number.
	newest   *scene.Scene
	newestAt uint64
	tall     bool // the picture needs the whole width
	drop     int  // rows above a picture that is much lower than its place
	more     int  // rows that it leaves to the words below it
	panel    panel
}

// panel is what a screen shows that has room for one thing at a time.
type panel int

const (
	thePicture panel = iota
	theFigures       // with the tables and the x-ray
	theWords
	panels
)

// OpenLesson is the page of a lesson: its prediction, or its words where it is
// still to come.
func OpenLesson(env *Env, l *lessons.Lesson) Page {
	if l.Sim == nil {
		return NewText(env, l, nil)
	}
	return &Lesson{env: env, it: l, sim: l.Sim, lastKey: env.Now(), tape: sims.NewTape(l.Sim)}
}

// Init notes that this is where the learner is.
func (l *Lesson) Init() tea.Cmd { return l.env.visit(l.it.ID) }

// Close ends the processes.
func (l *Lesson) Close() {
	if l.cast != nil {
		l.cast.close()
	}
}

// Title names the lesson.
func (l *Lesson) Title() string { return "ipctour · " + l.it.Title }

// Typing reports whether an option's value is being typed, or the menu of ends is open.
func (l *Lesson) Typing() bool { return l.ask != nil || l.menu != nil }

// Keys are the knobs of this lesson and the keys of all lessons.
func (l *Lesson) Keys() []Section {
	if l.phase == predicting {
		return []Section{{"Before it runs", predictKeys}, {"Everywhere", anyKeys}}
	}
	return []Section{{"In this lesson", l.knobKeys()}, {"In every lesson", lessonKeys}}
}

// Update dispatches.
func (l *Lesson) Update(msg tea.Msg) (Move, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		l.w, l.h, l.tall = msg.Width, msg.Height, false
		l.fit()
		l.settle()
	case Awake:
		l.lastKey = l.env.Now()
	case tea.KeyPressMsg:
		l.lastKey = l.env.Now()
		return l.key(msg)
	case tea.PasteMsg:
		if l.ask != nil {
			l.ask.field.update(msg)
		}
	case castStarted:
		if msg.from == l.cast {
			return stay, l.started(msg.err)
		}
	case castEvents:
		if msg.from == l.cast {
			return stay, l.happened(msg)
		}
	case castDid:
		if msg.from == l.cast {
			l.did(msg)
		}
	case castStopped:
		if msg.from == l.cast {
			l.phase = resting
		}
	case beatMsg:
		if msg.from == l.cast {
			return stay, l.tick()
		}
	case judged:
		if msg.from == l.cast {
			l.claims = msg.results
		}
	}
	return stay, nil
}

func (l *Lesson) key(msg tea.KeyPressMsg) (Move, tea.Cmd) {
	switch {
	case l.phase == predicting:
		return l.predict(msg)
	case l.ask != nil:
		return stay, l.answer(msg)
	case l.menu != nil:
		return stay, l.pick(msg)
	case l.phase == resting || l.phase == broken:
		return l.wake(msg)
	}
	key := msg.String()
	if do := intent(key, lessonKeys); do != doNone {
		return l.follow(do)
	}
	for i := range l.sim.Knobs {
		if l.sim.Knobs[i].Key == key {
			return stay, l.turn(&l.sim.Knobs[i])
		}
	}
	return stay, nil
}

// follow does what a house key asks for.
func (l *Lesson) follow(do Intent) (Move, tea.Cmd) {
	switch do {
	case doLeave:
		return back(), nil
	case doNext:
		return l.nextStep()
	case doEvidence:
		return open(NewEvidence(l)), l.judge()
	case doCode:
		return open(NewCode(l)), nil
	case doText:
		return open(NewText(l.env, l.it, l.world())), nil
	case doHint:
		l.hints = min(l.hints+1, len(l.it.Text.Hints))
		if len(l.it.Text.Hints) == 0 {
			l.say("There is nothing more to try in this lesson.")
		}
	case doFreeze, doEarlierEvent, doLaterEvent, doEarlierJump, doLaterJump:
		l.history(do)
	case doRight:
		l.panel = (l.panel + 1) % panels
	case doLeft:
		l.panel = (l.panel + panels - 1) % panels
	case doUp, doDown, doPageUp, doPageDown:
		l.words.move(do, len(l.wordLines(l.wordArea().W)), l.wordArea().H)
	default:
		return stay, l.act(do)
	}
	return stay, nil
}

// world is what is shown: the latest, or where the history stands.
func (l *Lesson) world() *sims.World {
	if l.frozen && l.past != nil {
		return l.past
	}
	w := *l.tape.Last() // shared, but read only; its clock may run on
	if l.phase == live {
		w.Now = max(w.Now, l.clock)
	}
	return &w
}

// latest is the picture of the latest events, made once for each of them: many parts
// of the page ask who is in it.
func (l *Lesson) latest() *scene.Scene {
	if w := l.tape.Last(); l.newest == nil || l.newestAt != w.Seq {
		l.newest, l.newestAt = l.it.Draw(w), w.Seq
	}
	return l.newest
}

func (l *Lesson) scene() *scene.Scene { return l.it.Draw(l.world()) }

func (l *Lesson) say(text string)  { l.note, l.noted = styled(text, draw.Text), l.env.Now() }
func (l *Lesson) warn(text string) { l.note, l.noted = styled(text, draw.Fail), l.env.Now() }

// clockText is a time of the run: 00:12, or with tenths.
func clockText(d time.Duration, tenths bool) string {
	s := int(d / time.Second)
	text := fmt.Sprintf("%02d:%02d", s/60, s%60)
	if tenths {
		text += "." + strconv.Itoa(int(d/(100*time.Millisecond))%10)
	}
	return text
}
