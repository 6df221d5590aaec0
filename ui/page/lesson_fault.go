package page

// This file holds what the learner does to the processes: knobs, faults, the
// x-ray and the step mode.

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
	"ipctour/ui/draw"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// turn turns a knob: at once, or after a value has been typed.
func (l *Lesson) turn(k *sims.Knob) tea.Cmd {
	if l.phase != live {
		return nil
	}
	again := l.unfreeze()
	now := valueOf(l.tape.Last(), *k)
	switch act := k.Act.(type) {
	case sims.Choose:
		if o := l.option(act.Option); o != nil && o.Check != nil {
			l.ask = newKnobAsk(k, o.Values, now, o.Check)
			return nil
		}
	case sims.Set:
		if act.Any != nil {
			l.ask = newKnobAsk(k, act.Names, now, func(value string) error { _, err := act.Takes(value); return err })
			return nil
		}
	}
	l.say(again + l.turned(k))
	l.moved = true
	name := k.Name
	return l.cast.do("do that ("+name+")", func(p Player) error { return p.Turn(name, "") })
}

// turned is a knob with the value that it takes next, if it has values.
func (l *Lesson) turned(k *sims.Knob) string {
	var values []string
	switch act := k.Act.(type) {
	case sims.Set:
		values = act.Names
	case sims.Choose:
		if o := l.option(act.Option); o != nil {
			values = o.Values
		}
	}
	if len(values) == 0 {
		return k.Name
	}
	return k.Name + ": " + values[(1+slices.Index(values, valueOf(l.tape.Last(), *k)))%len(values)]
}

// valueOf is the value that a knob has now; "" where it has none.
func valueOf(w *sims.World, k sims.Knob) string {
	switch act := k.Act.(type) {
	case sims.Set:
		if value := w.Actor(act.Role).Settings[act.Setting]; value != "" || len(act.Names) == 0 {
			return value
		}
		return act.Names[0]
	case sims.Choose:
		return w.Options[act.Option]
	}
	return ""
}

func (l *Lesson) option(name string) *sims.Option {
	for i := range l.sim.Options {
		if l.sim.Options[i].Name == name {
			return &l.sim.Options[i]
		}
	}
	return nil
}

// knobKeys are the knobs as keys, with the value that each has now.
func (l *Lesson) knobKeys() []Key {
	w := l.tape.Last()
	var keys []Key
	for _, k := range l.sim.Knobs {
		says := k.Name
		if value := valueOf(w, k); value != "" {
			says += ": " + value
		}
		keys = append(keys, Key{Press: []string{k.Key}, Shown: k.Key, Says: says, Help: k.Help})
	}
	return keys
}

// roles are the processes in the order of the picture.
func (l *Lesson) roles() []string {
	var roles []string
	for _, p := range l.latest().Processes {
		roles = append(roles, p.ID)
	}
	return roles
}

// actor is the process that the house keys act on; nil while there is none.
func (l *Lesson) actor() *sims.ActorState {
	roles := l.roles()
	if len(roles) == 0 || l.tape.Len() == 0 {
		return nil
	}
	return l.tape.Last().Actor(roles[l.chosenAt()])
}

// chosenAt is the place of the chosen role in the picture: others may come and go.
func (l *Lesson) chosenAt() int { return max(0, slices.Index(l.roles(), l.chosen)) }

// nameOf is what the picture calls a role.
func (l *Lesson) nameOf(role string) string {
	if p := l.latest().Process(role); p != nil && p.Name != "" {
		return p.Name
	}
	return role
}

// the is a role in a sentence: "the writer", but "A" and "reader-1", which are names.
func (l *Lesson) the(role string) string {
	name := l.nameOf(role)
	if strings.ContainsFunc(name, func(r rune) bool { return unicode.IsUpper(r) || unicode.IsDigit(r) || r == '-' }) {
		return name
	}
	return "the " + name
}

// capital is a text that begins a sentence.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// choose moves to another process.
func (l *Lesson) choose(by int) {
	roles := l.roles()
	if n := len(roles); n > 0 {
		l.chosen = roles[((l.chosenAt()+by)%n+n)%n]
	}
}

// act does what a house key asks of the chosen process.
func (l *Lesson) act(do Intent) tea.Cmd {
	a := l.actor()
	if a == nil || l.phase != live {
		return nil
	}
	role := a.Role
	switch do {
	case doNextProcess:
		l.choose(1)
	case doPrevProcess:
		l.choose(-1)
	case doAgain:
		l.unfreeze()
		l.say("Started anew, from the first step.")
		l.next = true
		return l.cast.do("start anew", func(p Player) error {
			if err := p.Again(); err != nil {
				return err
			}
			return p.Next()
		})
	case doStepMode:
		on := !l.tape.Last().Stepping
		return l.cast.do("switch the step mode", func(p Player) error { return p.Step(on) })
	case doKill:
		return l.fault(stage.Kill, role)
	case doStopProcess:
		return l.fault(stage.StopIt, role)
	case doContinueProcess:
		return l.fault(stage.Continue, role)
	case doXRay:
		on := !a.Traced
		if on && !a.Life.Alive() {
			l.say(capital(l.the(role)) + " has ended: there is nothing to see. Tab chooses another process.")
			return nil
		}
		return l.cast.do("x-ray "+l.the(role), func(p Player) error { return p.Trace(role, on) })
	case doEnter:
		if a.Gate == "" {
			l.say(capital(l.the(role)) + " does not wait at a gate. S switches the step mode on and off.")
			return nil
		}
		return l.cast.do("let "+l.the(role)+" go", func(p Player) error { return p.Release(role) })
	case doCloseEnd:
		l.openMenu(a)
	}
	return nil
}

func (l *Lesson) fault(f stage.Fault, role string) tea.Cmd {
	again := l.unfreeze()
	if a := l.tape.Last().Actor(role); !a.Life.Alive() {
		l.say(capital(l.the(role)) + " has ended already. R starts anew.")
		return nil
	}
	l.moved = true
	switch f {
	case stage.Kill:
		l.say(again + "SIGKILL to " + l.the(role) + ". R starts new processes.")
	case stage.StopIt:
		l.say(again + "SIGSTOP to " + l.the(role) + ". C lets it go on.")
	case stage.Continue:
		l.say(again + "SIGCONT to " + l.the(role) + ".")
	}
	return l.cast.do(string(f)+" "+l.the(role), func(p Player) error { return p.Break(f, role, "") })
}

// endMenu is the choice of a descriptor to close.
type endMenu struct {
	role string
	name string
	fds  []stage.FD
	at   int
}

func (l *Lesson) openMenu(a *sims.ActorState) {
	m := &endMenu{role: a.Role, name: l.the(a.Role)}
	for _, f := range a.FDs {
		if f.Object != "" {
			m.fds = append(m.fds, f)
		}
	}
	if len(m.fds) == 0 {
		l.say(capital(l.the(a.Role)) + " holds no end that could be closed.")
		return
	}
	l.menu = m
}

// pick takes a key while the menu is open.
func (l *Lesson) pick(msg tea.KeyPressMsg) tea.Cmd {
	m := l.menu
	key := msg.String()
	if n, err := strconv.Atoi(key); err == nil && n >= 1 && n <= len(m.fds) {
		m.at, key = n-1, "enter"
	}
	switch key {
	case "up", "k":
		m.at = max(0, m.at-1)
	case "down", "j":
		m.at = min(m.at+1, len(m.fds)-1)
	case "enter":
		l.menu, l.moved = nil, true
		fd := m.fds[m.at].N
		return l.cast.do(fmt.Sprintf("close descriptor %d of %s", fd, m.name), func(p Player) error {
			return p.Break(stage.CloseEnd, m.role, strconv.Itoa(fd))
		})
	case "esc", "X", "q":
		l.menu = nil
	}
	return nil
}

func (m *endMenu) lines(w int) []line {
	out := paragraph("Close which end of "+m.name+"?", w, draw.Strong)
	out = append(out, nil)
	for i, f := range m.fds {
		mark, st := "  ", draw.Text
		if i == m.at {
			mark, st = "▸ ", draw.Accent.Bold()
		}
		text := fmt.Sprintf("%d   descriptor %d: %s of the %s", i+1, f.N, modeWords[f.Mode], f.Object)
		out = append(out, line{{mark, st}, {text, st}}.wrap(w, 6)...)
	}
	return out
}

var modeWords = map[string]string{"r": "the read end", "w": "the write end", "rw": "both ways", "": "a hold"}

// knobAsk is a value being typed for a knob.
type knobAsk struct {
	knob   *sims.Knob
	values []string // suggestions
	check  func(string) error
	field  field
	wrong  string
}

func newKnobAsk(k *sims.Knob, values []string, now string, check func(string) error) *knobAsk {
	a := &knobAsk{knob: k, values: values, check: check, field: field{most: 200}}
	a.field.set(now)
	return a
}

// answer takes a key while a value is typed.
func (l *Lesson) answer(msg tea.KeyPressMsg) tea.Cmd {
	a := l.ask
	switch msg.String() {
	case "esc":
		l.ask = nil
	case "up", "down":
		a.suggest(msg.String() == "down")
	case "enter":
		value := strings.TrimSpace(a.field.String())
		if err := a.check(value); err != nil {
			a.wrong = err.Error()
			return nil
		}
		l.ask, l.moved = nil, true
		name := a.knob.Name
		return l.cast.do("do that ("+name+")", func(p Player) error { return p.Turn(name, value) })
	default:
		if a.field.update(msg) {
			a.wrong = ""
		}
	}
	return nil
}

// suggest puts the next of the knob's own values into the field.
func (a *knobAsk) suggest(later bool) {
	n := len(a.values)
	if n == 0 {
		return
	}
	i, step := slices.Index(a.values, a.field.String()), 1
	if !later {
		step = n - 1
		i = max(i, 0)
	}
	a.field.set(a.values[(i+step+n)%n])
	a.wrong = ""
}

func (a *knobAsk) lines(w int) []line {
	out := paragraph(a.knob.Name, w, draw.Strong)
	out = append(out, paragraph(a.knob.Help, w, draw.Dim)...)
	before, after := string(a.field.text[:a.field.at]), string(a.field.text[a.field.at:])
	out = append(out, nil)
	out = append(out, line{{"▸ ", draw.Accent.Bold()}, {before, draw.Strong}, {"▏", draw.Accent}, {after, draw.Strong}}.wrap(w, 2)...)
	if a.wrong != "" {
		out = append(out, paragraph(a.wrong, w, draw.Fail)...)
	}
	if len(a.values) > 0 {
		out = append(out, nil, styled("For example", draw.Dim))
		for _, v := range a.values {
			out = append(out, line{{"  ", draw.Dim}, {v, draw.Text}}.hang(w, 2)...)
		}
	}
	return out
}

// chosenLine says in so many cells which process the keys act on, and what they do.
func (l *Lesson) chosenLine(w int) line {
	a := l.actor()
	if a == nil || l.phase != live || l.frozen {
		return nil
	}
	st := draw.Process(l.chosenAt())
	out := line{{"▸ ", st.Bold()}, {l.nameOf(a.Role), st.Bold()}}
	if a.PID > 0 && a.Life.Alive() {
		out = append(out, span{" " + strconv.Itoa(a.PID), st})
	}
	for _, k := range fitting(l.processKeys(a), w-out.width()) {
		out = append(out, span{"   " + k.Shown, draw.Accent}, span{" " + k.Says, draw.Dim})
	}
	return out
}

// fitting leaves out what matters least of the keys until they fit into w cells.
func fitting(keys []Key, w int) []Key {
	for _, least := range []string{"X", "Z", "C", "tab"} {
		wide := 0
		for _, k := range keys {
			wide += 3 + draw.Width(k.Shown) + 1 + draw.Width(k.Says)
		}
		if wide <= w {
			break
		}
		keys = slices.DeleteFunc(slices.Clone(keys), func(k Key) bool { return k.Shown == least })
	}
	return keys
}

// processKeys are what can be done to the chosen process as it is.
func (l *Lesson) processKeys(a *sims.ActorState) []Key {
	keys := []Key{{Shown: "tab", Says: "choose"}}
	if a.Life.Alive() {
		if a.Gate != "" {
			keys = append([]Key{{Shown: "⏎", Says: "go to the next gate"}}, keys...)
		}
		xray := Key{Shown: "x", Says: "x-ray"}
		if a.Traced {
			xray.Says = "no x-ray"
		}
		stop := Key{Shown: "Z", Says: "stop"}
		if a.Life == scene.Stopped || a.Paused {
			stop = Key{Shown: "C", Says: "continue"}
		}
		keys = append(keys, xray, Key{Shown: "K", Says: "kill -9"}, stop, Key{Shown: "X", Says: "close an end"})
	}
	return append(keys, Key{Shown: "R", Says: "again"}, Key{Shown: "S", Says: "step mode"})
}
