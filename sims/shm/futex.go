package shm

// What this lesson shows: a lock in shared memory is a word that processes change
// by themselves. The kernel is called only to sleep until the word changes, and to
// wake somebody who does (futex(2)).

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/share"
	"ipctour/sims/stage"
	"ipctour/sims/sys"
)

//go:embed futex.go
var futexSource string

var lockers = []string{"locker-a", "locker-b", "locker-c"}

const (
	pairsAlone = 1000
	pairsFight = 500     // with work inside
	pairsBrief = 100_000 // without
)

var futexLock = sims.Sim{
	ID:     "shm/futex",
	Source: futexSource,
	Roles: []sims.Role{
		{Name: "locker-a", Run: useLock, Counters: []string{"locks"}, Gates: []string{"lock", "unlock"}},
		{Name: "locker-b", Run: useLock, Counters: []string{"locks"}, Gates: []string{"lock", "unlock"}},
		{Name: "locker-c", Run: useLock, Counters: []string{"locks"}, Gates: []string{"lock", "unlock"}},
	},
	Wire: func(w *sims.Wiring) error {
		memory := w.Memory("memory", groupSize, sims.Cell{Name: "lock", Offset: mutexAt, Size: 4})
		for i, role := range lockers {
			w.Give(role, "memory", memory)
			w.Put(role, "number", fmt.Sprint(i))
		}
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "a", Name: "1,000 alone", Help: "locker-a locks and unlocks 1,000 times", Act: sims.Tell{Role: "locker-a", Command: "pairs", N: pairsAlone}},
		{Key: "1", Name: "a locks", Help: "locker-a takes the lock and keeps it", Act: sims.Tell{Role: "locker-a", Command: "lock"}},
		{Key: "2", Name: "b locks", Help: "locker-b takes the lock, or sleeps until he has it", Act: sims.Tell{Role: "locker-b", Command: "lock"}},
		{Key: "3", Name: "c locks", Help: "locker-c takes the lock, or sleeps until it has it", Act: sims.Tell{Role: "locker-c", Command: "lock"}},
		{Key: "4", Name: "a unlocks", Help: "locker-a gives the lock back", Act: sims.Tell{Role: "locker-a", Command: "unlock"}},
		{Key: "5", Name: "b unlocks", Help: "locker-b gives the lock back", Act: sims.Tell{Role: "locker-b", Command: "unlock"}},
		{Key: "6", Name: "c unlocks", Help: "locker-c gives the lock back", Act: sims.Tell{Role: "locker-c", Command: "unlock"}},
		{Key: "f", Name: "two, brief", Help: "locker-a and locker-b lock and unlock 100,000 times each, with nothing to do inside", Act: callTogether("fight", "0", "locker-a", "locker-b")},
		{Key: "g", Name: "two, 20 µs", Help: "500 times each, with 20 µs of work inside and 5 µs outside", Act: callTogether("fight", "20", "locker-a", "locker-b")},
		{Key: "i", Name: "three, 20 µs", Help: "the same, and locker-c as well", Act: callTogether("fight", "20", lockers...)},
		{Key: "u", Name: "watch a", Help: "x-ray: locker-a's system calls", Act: sims.Trace{Role: "locker-a"}},
		{Key: "v", Name: "watch b", Help: "x-ray: locker-b's system calls", Act: sims.Trace{Role: "locker-b"}},
		{Key: "w", Name: "watch c", Help: "x-ray: locker-c's system calls", Act: sims.Trace{Role: "locker-c"}},
	},
	Draw:     drawFutex,
	Measured: callsAlone,
	Walk: []sims.Step{
		{ID: "ready", For: "all three have mapped the page", Until: func(w *sims.World) bool {
			return w.Said("", "ready") == len(lockers) && w.Actor("locker-a").Idle && w.Actor("locker-b").Idle && w.Actor("locker-c").Idle
		}},
		{ID: "alone", Turn: []sims.Turn{{Knob: "watch a", Value: "on"}, {Knob: "1,000 alone"}}, For: "locker-a has locked and unlocked 1,000 times", Until: func(w *sims.World) bool {
			return w.Since(w.Last("locker-a", "paired")) >= 2
		}},
		{ID: "held", Turn: sims.Press("a locks"), For: "locker-a holds the lock", Until: func(w *sims.World) bool {
			return holds(w, "locker-a") && lockWord(w) == share.MutexLocked
		}},
		{ID: "sleeps", Turn: []sims.Turn{{Knob: "watch b", Value: "on"}, {Knob: "watch c", Value: "on"}, {Knob: "b locks"}},
			For: "locker-b is asleep on the lock", Until: func(w *sims.World) bool {
				return sleepsOnLock(w, "locker-b") && lockWord(w) == share.MutexContended && callSeen(w, "locker-b")
			}},
		{ID: "both-sleep", Turn: sims.Press("c locks"), For: "locker-c is asleep on the lock too", Until: func(w *sims.World) bool {
			return sleepsOnLock(w, "locker-b") && sleepsOnLock(w, "locker-c") && callSeen(w, "locker-c")
		}},
		{ID: "wakes", Turn: sims.Press("a unlocks"), For: "one of the two has the lock, and the other sleeps on", Until: func(w *sims.World) bool {
			m := w.Last("locker-a", "unlocked")
			return m != nil && w.Since(m) >= 2 && (holds(w, "locker-b") && sleepsOnLock(w, "locker-c") || holds(w, "locker-c") && sleepsOnLock(w, "locker-b"))
		}},
		{ID: "free", Turn: sims.Press("b unlocks", "c unlocks"), For: "the lock has gone through the other's hands too, and is free", Until: func(w *sims.World) bool {
			b, c := w.Last("locker-b", "unlocked"), w.Last("locker-c", "unlocked")
			return b != nil && c != nil && w.Since(b) >= 2 && w.Since(c) >= 2 && lockWord(w) == share.MutexFree
		}},
		{ID: "brief", Turn: []sims.Turn{{Knob: "watch a", Value: "off"}, {Knob: "watch b", Value: "off"}, {Knob: "watch c", Value: "off"}, {Knob: "two, brief"}},
			For: "both have locked 100,000 times", Until: fought("two, 0 µs inside", 2)},
		{ID: "long", Turn: sims.Press("two, 20 µs"), For: "both have locked 500 times", Until: fought("two, 20 µs inside", 2)},
		{ID: "three", Turn: sims.Press("three, 20 µs"), For: "all three have locked 500 times", Until: fought("three, 20 µs inside", 3)},
	},
	Claims: []sims.Claim{
		{ID: "alone", Says: "a lock that nobody else wants makes no system call", Needs: []string{"ptrace"}, Check: func(w *sims.World) sims.Verdict {
			a := w.After("alone")
			if a == nil {
				return sims.NotYet()
			}
			n, text := a.Called("locker-a"), "0 calls"
			if n > 0 {
				text = scene.Thousands(n) + " calls, the last " + callText(lastCall(a, "locker-a"))
			}
			return sims.Judge(n == 0 && a.Actor("locker-a").Traced && a.Last("locker-a", "paired").N["pairs"] == pairsAlone, "0 calls in 1,000 pairs",
				text, "ptrace: the x-ray of locker-a")
		}},
		{ID: "asleep", Says: "who finds the lock taken sleeps in the kernel, on the word", Check: func(w *sims.World) sims.Verdict {
			a := w.After("sleeps")
			if a == nil {
				return sims.NotYet()
			}
			p := a.Actor("locker-b")
			where := p.Wchan
			if where == "" {
				where = "system call " + p.Syscall
			}
			return sims.Judge(a.Asleep("locker-b", "futex"), "state S in futex_wait", "state "+p.Letter+" in "+where, "/proc/PID/stat, /proc/PID/wchan")
		}},
		{ID: "wait", Says: "it called FUTEX_WAIT once, and has not come back", Needs: []string{"ptrace"}, Check: func(w *sims.World) sims.Verdict {
			a := w.After("sleeps")
			if a == nil {
				return sims.NotYet()
			}
			c := lastCall(a, "locker-b")
			return sims.Judge(strings.Contains(c.Args, "FUTEX_WAIT") && c.Blocked && a.Called("locker-b") == 0, "futex(FUTEX_WAIT), blocked",
				callText(c), "ptrace: the x-ray of locker-b")
		}},
		{ID: "word", Says: "the word says that somebody waits, and not how many", Check: func(w *sims.World) sims.Verdict {
			a, b, c := w.After("held"), w.After("sleeps"), w.After("both-sleep")
			if c == nil {
				return sims.NotYet()
			}
			got := fmt.Sprintf("%d, %d, %d", lockWord(a), lockWord(b), lockWord(c))
			return sims.Judge(got == "1, 2, 2", "1 with nobody, 2 with one, 2 with two", got, "pread(2) of the shared memory")
		}},
		{ID: "wake", Says: "unlock calls FUTEX_WAKE once, and one sleeper wakes", Check: func(w *sims.World) sims.Verdict {
			a := w.After("wakes")
			if a == nil {
				return sims.NotYet()
			}
			m, asleep := a.Last("locker-a", "unlocked"), len(lockSleepers(a))
			calls := "not watched"
			ok := m.N["woken"] == 1 && asleep == 1
			if a.Actor("locker-a").Traced {
				n := a.Called("locker-a", "futex")
				ok, calls = ok && n == 1 && strings.Contains(lastCall(a, "locker-a").Args, "FUTEX_WAKE"), fmt.Sprintf("%d call, %s", n, callText(lastCall(a, "locker-a")))
			}
			return sims.Judge(ok, "1 FUTEX_WAKE, 1 woken, 1 still asleep", fmt.Sprintf("%s; %d woken, %d still asleep", calls, m.N["woken"], asleep),
				"ptrace, /proc/PID/wchan, the result of futex(2)")
		}},
		{ID: "one-too-many", Says: "the last unlock calls FUTEX_WAKE for nobody", Check: func(w *sims.World) sims.Verdict {
			a := w.After("free")
			if a == nil {
				return sims.NotYet()
			}
			b, c := a.Last("locker-b", "unlocked"), a.Last("locker-c", "unlocked")
			woke, woken := b.N["woke"]+c.N["woke"], b.N["woken"]+c.N["woken"]
			return sims.Judge(woke == 2 && woken == 1, "2 FUTEX_WAKE by the two that had slept, 1 woken", fmt.Sprintf("%d FUTEX_WAKE, %d woken", woke, woken), "the results of futex(2)")
		}},
		{ID: "contended", Says: "two who want the lock at once do call the kernel, and sleep", Check: func(w *sims.World) sims.Verdict {
			a, b := w.After("brief"), w.After("long")
			if b == nil {
				return sims.NotYet()
			}
			f := fightOf(b, "two, 20 µs inside")
			slept := b.Actor("locker-a").Numbers["voluntary"] + b.Actor("locker-b").Numbers["voluntary"] - a.Actor("locker-a").Numbers["voluntary"] - a.Actor("locker-b").Numbers["voluntary"]
			return sims.Judge(f.waits > 0 && f.wakes > 0 && slept > 0, "more than 0 of FUTEX_WAIT and FUTEX_WAKE",
				fmt.Sprintf("%s of FUTEX_WAIT and %s of FUTEX_WAKE in %s locks; gave up the processor %s times", scene.Thousands(f.waits), scene.Thousands(f.wakes), scene.Thousands(f.locks), scene.Thousands(slept)),
				"the locks' own count; voluntary_ctxt_switches in /proc/PID/status")
		}},
	},
}

// useLock is what all three do: they lock and unlock when told.
func useLock(a *sims.Actor) error {
	memory, err := unix.Mmap(a.FD("memory"), 0, groupSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mmap: %w", err)
	}
	lock, err := share.NewMutex(memory[mutexAt:]) // share/mutex.go: two methods
	if err != nil {
		return err
	}
	signIn(memory, a.Int("number"))
	a.Say("ready")
	locks, has := a.Counter("locks"), false
	unlock := func() error {
		a.Gate("unlock")
		woke, woken, err := lock.Unlock()
		if err != nil {
			return err
		}
		has = false
		a.Say("unlocked", sims.Num("woke", toNumber(woke)), sims.Num("woken", woken))
		return nil
	}
	for {
		c := a.Next()
		if has && (c.Name == "fight" || c.Name == "pairs") { // else all would wait for this one, and it for itself
			if err := unlock(); err != nil {
				return err
			}
		}
		switch {
		case c.Name == "lock" && !has:
			a.Say("locking")
			a.Gate("lock")
			waits, err := lock.Lock() // sleeps here while another has it
			if err != nil {
				return err
			}
			has = true
			locks.Add(1)
			a.Say("locked", sims.Num("waits", waits))
		case c.Name == "unlock" && has:
			if err := unlock(); err != nil {
				return err
			}
		case c.Name == "pairs":
			d, err := pairs(lock, int(c.N), 0)
			if err != nil {
				return err
			}
			locks.Add(c.N)
			a.Say("paired", d.notes("alone")...)
		case c.Name == "fight":
			n, err := fight(a, memory, lock, c)
			if err != nil {
				return err
			}
			locks.Add(int64(n))
		case c.Name == "unlock":
			a.Say("has it not")
		default:
			a.Say("has it already") // to lock it again would be to wait for oneself
		}
	}
}

// duel is what some pairs of lock and unlock came to for one process.
type duel struct {
	pairs, waits, wakes int
	took                time.Duration
}

func (d duel) notes(how string) []stage.Note {
	return []stage.Note{sims.Word("how", how), sims.Num("pairs", d.pairs), sims.Num("waits", d.waits), sims.Num("wakes", d.wakes),
		sims.Num("each", int(d.took.Nanoseconds()*10)/max(d.pairs, 1))}
}

// pairs locks and unlocks times times, with so much work inside and a quarter of it
// outside.
func pairs(lock *share.Mutex, times int, work time.Duration) (d duel, err error) {
	begun := time.Now()
	for range times {
		waits, err := lock.Lock()
		if err != nil {
			return d, err
		}
		d.waits += waits
		busy(work)
		woke, _, err := lock.Unlock()
		if err != nil {
			return d, err
		}
		d.wakes += toNumber(woke)
		busy(work / 4)
	}
	d.pairs, d.took = times, time.Since(begun)
	return d, nil
}

// busy is work: it keeps the processor for that time.
func busy(work time.Duration) {
	if work == 0 {
		return
	}
	for begun := time.Now(); time.Since(begun) < work; {
		sys.Pause()
	}
}

// fight begins when all have come, each on a processor of its own if there are
// so many. It gives the number of pairs.
func fight(a *sims.Actor, memory []byte, lock *share.Mutex, c sims.Command) (int, error) {
	micros, err := strconv.Atoi(c.Text)
	if err != nil {
		return 0, fmt.Errorf("fight: %w", err)
	}
	times := pairsFight
	if micros == 0 {
		times = pairsBrief
	}
	_, free, err := pin(a.Int("number"))
	if err != nil {
		return 0, err
	}
	defer free()
	a.Say("fighting")
	m := newMeeting(memory, c)
	if _, err := m.meet(func() (uint64, error) { return 0, nil }); err != nil {
		a.Say("broke off")
		return 0, nil // somebody was killed
	}
	d, err := pairs(lock, times, time.Duration(micros)*time.Microsecond)
	if err != nil {
		return 0, err
	}
	who := map[int]string{1: "one", 2: "two", 3: "three"}[m.parties]
	a.Say("fought", d.notes(who+", "+c.Text+" µs inside")...)
	return times, nil
}

func toNumber(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func lockWord(w *sims.World) int64 { return w.Object("memory").Level("lock") }

// doing is the latest thing that a role said.
func doing(w *sims.World, role string) string {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		if m := &w.Moments[i]; m.Who == role && m.Name != "has it not" && m.Name != "has it already" {
			return m.Name
		}
	}
	return ""
}

func holds(w *sims.World, role string) bool { return doing(w, role) == "locked" }

// sleepsOnLock reports whether the kernel says that a role sleeps in futex(2), and not
// at a gate: whoever waits for a command sleeps elsewhere.
func sleepsOnLock(w *sims.World, role string) bool {
	return w.Actor(role).Gate == "" && w.Asleep(role, "futex")
}

func lockSleepers(w *sims.World) (list []string) {
	for _, role := range lockers {
		if sleepsOnLock(w, role) {
			list = append(list, role)
		}
	}
	return list
}

func fighting(w *sims.World) bool {
	for _, role := range lockers {
		if doing(w, role) == "fighting" && w.Actor(role).Life.Alive() {
			return true
		}
	}
	return false
}

// callSeen reports whether the x-ray shows the call that a role is blocked in, or
// there is no x-ray here.
func callSeen(w *sims.World, role string) bool {
	return !w.Actor(role).Traced || lastCall(w, role).Blocked
}

func lastCall(w *sims.World, role string) scene.Call {
	if c := w.Actor(role).Calls; len(c) > 0 {
		return c[len(c)-1]
	}
	return scene.Call{}
}

func callText(c scene.Call) string {
	switch {
	case c.Name == "":
		return "no call"
	case c.Blocked:
		return c.Name + "(" + c.Args + "), not returned"
	}
	return c.Name + "(" + c.Args + ") = " + c.Result
}

// fightResult is what one fight came to, over all who took part.
type fightResult struct {
	parties, locks, waits, wakes, each int64 // each: tenths of a nanosecond for one pair
}

func fightOf(w *sims.World, how string) (f fightResult) {
	for _, role := range lockers {
		for i := len(w.Moments) - 1; i >= 0; i-- {
			m := &w.Moments[i]
			if m.Who == role && (m.Name == "fought" || m.Name == "paired") && m.S["how"] == how {
				f.parties++
				f.locks, f.waits, f.wakes, f.each = f.locks+m.N["pairs"], f.waits+m.N["waits"], f.wakes+m.N["wakes"], f.each+m.N["each"]
				break
			}
		}
	}
	f.each /= max(f.parties, 1)
	return f
}

func fought(how string, parties int64) func(*sims.World) bool {
	return func(w *sims.World) bool {
		return fightOf(w, how).parties == parties && w.Since(w.Last("", "fought")) >= 2 && !fighting(w)
	}
}

// callsAlone is the answer to the prediction: by the x-ray, or where there is none
// by the lock's own count.
func callsAlone(w *sims.World) (string, bool) {
	a := w.After("alone")
	if a == nil {
		return "", false
	}
	n := a.Called("locker-a")
	if m := a.Last("locker-a", "paired"); !a.Actor("locker-a").Traced {
		n = m.N["waits"] + m.N["wakes"]
	}
	return fmt.Sprint(n), true
}

func drawFutex(w *sims.World) *scene.Scene {
	f := w.Futex("memory", "lock", lockers...)
	f.Asleep = lockSleepers(w)
	f.Label = "lock word"
	if f.Known {
		f.Means = map[uint32]string{share.MutexFree: "free", share.MutexLocked: "taken", share.MutexContended: "taken, somebody may sleep"}[f.Word]
	}
	if !fighting(w) && f.Word != share.MutexFree {
		for _, role := range lockers {
			if holds(w, role) {
				f.Owner = role
			}
		}
	}
	s := &scene.Scene{Sentence: futexSentence(w), Objects: []scene.Object{f}, Figures: futexFigures(w)}
	for _, role := range lockers {
		s.Processes = append(s.Processes, lockerNow(w, role))
		l := scene.Link{From: role, To: f.ID, State: scene.Idle}
		switch {
		case !w.Actor(role).Life.Alive():
			l.State = scene.Cut
		case sleepsOnLock(w, role):
			l.State, l.Through = scene.Blocked, "FUTEX_WAIT"
		case holds(w, role):
			l.State, l.Label = scene.Moving, "holds it"
		}
		s.Links = append(s.Links, l)
	}
	if t := fightTable(w); len(t.Rows) > 1 { // before that there is nothing to compare: the x-ray needs the room
		s.Tables = []scene.Table{t}
	}
	return s
}

func lockerNow(w *sims.World, role string) scene.Process {
	p := w.Process(role)
	if p.Life == scene.Waiting && holds(w, role) && p.Gate == "" {
		p.Note = "holds the lock"
	}
	return p
}

func futexFigures(w *sims.World) []scene.Figure {
	word := scene.Missing("word", "the word", "it has not been read yet")
	if n := lockWord(w); n >= 0 {
		word = scene.Count("word", "the word", n, "", scene.Kernel).From("pread(2) of the shared memory, by the tour", "")
	}
	list := []scene.Figure{word}
	if f := fightOf(w, "alone"); f.parties > 0 && w.Last("", "fought") == nil {
		list = append(list, scene.Figure{ID: "alone", Label: "pair, alone", Text: tenths(f.each) + " ns", Origin: scene.Child}.
			From("the time of 1,000 pairs of lock and unlock over their number", ""))
	}
	for _, role := range lockers {
		a := w.Actor(role)
		switch {
		case a.Traced:
			list = append(list, scene.Count("calls-"+role, role+"'s calls", w.Called(role), "", scene.Kernel).
				From("ptrace: those that have returned since it is watched", fmt.Sprintf("strace -p %d", a.PID)))
		case a.Untraced != "":
			list = append(list, scene.Missing("calls-"+role, role+"'s calls", a.Untraced))
		}
	}
	return list
}

// fightName is how a run of pairs is called: "two, nothing inside", "two, 20 µs inside".
func fightName(how string) string { return strings.Replace(how, ", 0 µs", ", nothing", 1) }

// fightTable has a row for each run of pairs.
func fightTable(w *sims.World) scene.Table {
	t := scene.Table{Title: "lock and unlock", Columns: []string{"who, and work inside", "pairs", "FUTEX_WAIT", "FUTEX_WAKE", "ns a pair"}, Origin: scene.Child, Right: []int{1, 2, 3, 4}}
	for i, how := range []string{"alone", "two, 0 µs inside", "two, 20 µs inside", "three, 20 µs inside"} {
		f := fightOf(w, how)
		if f.parties == 0 || fighting(w) && f.parties < []int64{1, 2, 2, 3}[i] {
			continue
		}
		t.Rows = append(t.Rows, []string{fightName(how), scene.Thousands(f.locks), scene.Thousands(f.waits), scene.Thousands(f.wakes), tenths(f.each)})
	}
	return t
}

func futexSentence(w *sims.World) string {
	var dead, stopped, held []string
	for _, role := range lockers {
		a := w.Actor(role)
		switch {
		case a.Ended() != "":
			dead = append(dead, role)
			if holds(w, role) && lockWord(w) > share.MutexFree {
				held = append(held, role)
			}
		case a.Life == scene.Stopped:
			stopped = append(stopped, role)
		}
	}
	asleep := lockSleepers(w)
	switch {
	case len(dead) == len(lockers):
		return "All three are gone, and the lock with them."
	case len(held) > 0 && len(asleep) > 0:
		return held[0] + " is gone (" + w.Actor(held[0]).Ended() + ") with the lock in hand. Nobody unlocks it: " + names(asleep) + " " + verb(asleep, "sleeps", "sleep") + " on for good."
	case len(held) > 0:
		return held[0] + " is gone (" + w.Actor(held[0]).Ended() + ") with the lock in hand: the word stays " + fmt.Sprint(lockWord(w)) + ", and whoever wants the lock now sleeps for good."
	case len(dead) > 0:
		return names(dead) + " " + verb(dead, "is", "are") + " gone (" + w.Actor(dead[0]).Ended() + "). The lock does not know, and need not: " + lockNow(w) + "."
	case len(stopped) > 0 && len(asleep) > 0 && holds(w, stopped[0]):
		return stopped[0] + " is stopped with the lock in hand: " + names(asleep) + " " + verb(asleep, "sleeps", "sleep") + " until it goes on."
	case len(stopped) > 0:
		return names(stopped) + " " + verb(stopped, "is", "are") + " stopped; " + lockNow(w) + "."
	}
	return lockSentence(w, asleep)
}

// lockSentence is what happens while all live.
func lockSentence(w *sims.World, asleep []string) string {
	if fighting(w) {
		return "They lock and unlock as fast as they can."
	}
	for _, role := range lockers {
		if holds(w, role) && len(asleep) > 0 {
			return role + " holds the lock; " + names(asleep) + " " + verb(asleep, "sleeps", "sleep") + " in the kernel, in FUTEX_WAIT, until it is given back."
		}
		if holds(w, role) && lockWord(w) == share.MutexContended {
			return role + " holds the lock. The word is 2, though nobody sleeps any more: its unlock will ask the kernel in vain."
		}
		if holds(w, role) {
			return role + " holds the lock. That is a 1 in shared memory; the kernel knows nothing of it."
		}
	}
	for i := len(w.Moments) - 1; i >= 0; i-- {
		switch m := &w.Moments[i]; m.Name {
		case "unlocked":
			return unlockedSentence(w, m)
		case "paired":
			return fmt.Sprintf("locker-a has locked and unlocked %s times, at %s ns for both: %s", scene.Thousands(m.N["pairs"]), tenths(m.N["each"]), callsWord(m.N["waits"]+m.N["wakes"]))
		case "fought":
			f := fightOf(w, m.S["how"])
			return fmt.Sprintf("%s: %s locks, %s FUTEX_WAIT and %s FUTEX_WAKE.", titled(fightName(m.S["how"])), scene.Thousands(f.locks), scene.Thousands(f.waits), scene.Thousands(f.wakes))
		case "broke off":
			return "The fight is off: somebody who was to come has ended."
		}
	}
	return "Three processes share a page. One word in it is a lock, and it is free."
}

func unlockedSentence(w *sims.World, m *sims.Moment) string {
	for _, role := range lockers { // what two say in one moment may come in either order
		if o := w.Last(role, "unlocked"); m.N["woken"] > 0 && o != nil && o.N["woken"] == 0 && o.Beat == m.Beat {
			m = o
		}
	}
	switch {
	case m.N["woken"] > 0:
		return m.Who + " has given the lock back and called FUTEX_WAKE: one sleeper is awake again."
	case m.N["woke"] > 0:
		return m.Who + " has given the lock back and called FUTEX_WAKE, and nobody slept any more: one call too many. The lock is free."
	}
	return m.Who + " has given the lock back without a system call: nobody waited. The lock is free."
}

func callsWord(n int64) string {
	if n == 0 {
		return "no system call."
	}
	return scene.Thousands(n) + " system calls."
}

// lockNow says how the lock stands.
func lockNow(w *sims.World) string {
	for _, role := range lockers {
		if holds(w, role) && w.Actor(role).Life.Alive() {
			return role + " holds it"
		}
	}
	switch {
	case fighting(w):
		return "the others go on"
	case lockWord(w) == share.MutexFree:
		return "it is free"
	}
	return "the word is " + fmt.Sprint(lockWord(w))
}

func names(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

func verb(list []string, one, many string) string {
	if len(list) == 1 {
		return one
	}
	return many
}
