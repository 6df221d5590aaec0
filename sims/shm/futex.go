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
			return w.ReadSince(w.Last("locker-a", "paired"))
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
			return m != nil && w.ReadSince(m) && (holds(w, "locker-b") && sleepsOnLock(w, "locker-c") || holds(w, "locker-c") && sleepsOnLock(w, "locker-b"))
		}},
		{ID: "free", Turn: sims.Press("b unlocks", "c unlocks"), For: "the lock has gone through the other's hands too, and is free", Until: func(w *sims.World) bool {
			b, c := w.Last("locker-b", "unlocked"), w.Last("locker-c", "unlocked")
			return b != nil && c != nil && w.ReadSince(b) && w.ReadSince(c) && lockWord(w) == share.MutexFree
		}},
		{ID: "brief", Turn: []sims.Turn{{Knob: "watch a", Value: "off"}, {Knob: "watch b", Value: "off"}, {Knob: "watch c", Value: "off"}, {Knob: "two, brief"}},
			For: "both have locked 100,000 times", Until: fought("two, 0 µs inside", 2)},
		{ID: "long", Turn: sims.Press("two, 20 µs"), For: "both have locked 500 times", Until: fought("two, 20 µs inside", 2)},
		{ID: "three", Turn: sims.Press("three, 20 µs"), For: "all three have locked 500 times", Until: fought("three, 20 µs inside", 3)},
	},
	Claims: []sims.Claim{
		{ID: "alone", Says: "a lock that nobody else wants makes no system call", Needs: []string{"ptrace"}, After: "alone", Check: func(a *sims.World) sims.Verdict {
			n, text := a.Called("locker-a"), "0 calls"
			if n > 0 {
				text = scene.Thousands(n) + " calls, the last " + callText(lastCall(a, "locker-a"))
			}
			return sims.Judge(n == 0 && a.Actor("locker-a").Traced && a.Last("locker-a", "paired").N["pairs"] == pairsAlone, "0 calls in 1,000 pairs",
				text, "ptrace: the x-ray of locker-a")
		}},
		{ID: "asleep", Says: "who finds the lock taken sleeps in the kernel, on the word", After: "sleeps", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(a.Asleep("locker-b", "futex"), "state S in futex_wait", a.Actor("locker-b").Where(), "/proc/PID/stat, /proc/PID/wchan")
		}},
		{ID: "wait", Says: "it called FUTEX_WAIT once, and has not come back", Needs: []string{"ptrace"}, After: "sleeps", Check: func(a *sims.World) sims.Verdict {
			c := lastCall(a, "locker-b")
			return sims.Judge(strings.Contains(c.Args, "FUTEX_WAIT") && c.Blocked && a.Called("locker-b") == 0, "futex(FUTEX_WAIT), blocked",
				callText(c), "ptrace: the x-ray of locker-b")
		}},
		{ID: "word", Says: "the word says that somebody waits, and not how many", After: "both-sleep", Check: func(c *sims.World) sims.Verdict {
			a, b := c.After("held"), c.After("sleeps")
			got := fmt.Sprintf("%d, %d, %d", lockWord(a), lockWord(b), lockWord(c))
			return sims.Judge(got == "1, 2, 2", "1 with nobody, 2 with one, 2 with two", got, "pread(2) of the shared memory")
		}},
		{ID: "wake", Says: "unlock calls FUTEX_WAKE once, and one sleeper wakes", After: "wakes", Check: func(a *sims.World) sims.Verdict {
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
		{ID: "one-too-many", Says: "the last unlock calls FUTEX_WAKE for nobody", After: "free", Check: func(a *sims.World) sims.Verdict {
			b, c := a.Last("locker-b", "unlocked"), a.Last("locker-c", "unlocked")
			woke, woken := b.N["woke"]+c.N["woke"], b.N["woken"]+c.N["woken"]
			return sims.Judge(woke == 2 && woken == 1, "2 FUTEX_WAKE by the two that had slept, 1 woken", fmt.Sprintf("%d FUTEX_WAKE, %d woken", woke, woken), "the results of futex(2)")
		}},
		{ID: "contended", Says: "two who want the lock at once do call the kernel, and sleep", After: "long", Check: func(b *sims.World) sims.Verdict {
			a := b.After("brief")
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
	latest                             int   // index of the last moment that told of it
}

func fightOf(w *sims.World, how string) (f fightResult) {
	for _, role := range lockers {
		for i := len(w.Moments) - 1; i >= 0; i-- {
			m := &w.Moments[i]
			if m.Who == role && (m.Name == "fought" || m.Name == "paired") && m.S["how"] == how {
				f.parties++
				f.latest = max(f.latest, i)
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
		return fightOf(w, how).parties == parties && w.ReadSince(w.Last("", "fought")) && !fighting(w)
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
