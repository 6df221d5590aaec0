package shm

// What this lesson shows: a lock in shared memory is a word that processes change
// by themselves. The kernel is called only to sleep until the word changes, and to
// wake somebody who does (futex(2)).

import (
	_ "embed"
	"fmt"
	"os"
	"slices"
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
	// A fight is as many pairs for each as fill so much time with work, but at least and
	// at most so many.
	fightTime              = 20 * time.Millisecond
	fewestPairs, mostPairs = 200, 100_000
)

// Who takes part in a fight.
var sides = []string{"one", "two", "three"}

// How long somebody works, inside the lock or outside.
var works = []string{"0 µs", "1 µs", "5 µs", "20 µs", "100 µs"}

var futexLock = sims.Sim{
	ID:     "shm/futex",
	Source: futexSource,
	Roles: []sims.Role{
		{Name: "locker-a", Run: useLock, Counters: []string{"locks"}, Gates: []string{"lock", "unlock"}},
		{Name: "locker-b", Run: useLock, Counters: []string{"locks"}, Gates: []string{"lock", "unlock"}},
		{Name: "locker-c", Run: useLock, Counters: []string{"locks"}, Gates: []string{"lock", "unlock"}},
	},
	Options: []sims.Option{
		{Name: "who", Values: []string{"two", "three", "one"}, Live: true},
		{Name: "inside", Values: works, Live: true},
		{Name: "outside", Values: works, Live: true},
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
		{Key: "2", Name: "b locks", Help: "locker-b takes the lock, or sleeps until it has it", Act: sims.Tell{Role: "locker-b", Command: "lock"}},
		{Key: "3", Name: "c locks", Help: "locker-c takes the lock, or sleeps until it has it", Act: sims.Tell{Role: "locker-c", Command: "lock"}},
		{Key: "4", Name: "a unlocks", Help: "locker-a gives the lock back", Act: sims.Tell{Role: "locker-a", Command: "unlock"}},
		{Key: "5", Name: "b unlocks", Help: "locker-b gives the lock back", Act: sims.Tell{Role: "locker-b", Command: "unlock"}},
		{Key: "6", Name: "c unlocks", Help: "locker-c gives the lock back", Act: sims.Tell{Role: "locker-c", Command: "unlock"}},
		{Key: "p", Name: "who", Help: "who takes part in the fight: locker-a alone, with locker-b, or all three", Act: sims.Choose{Option: "who"}},
		{Key: "i", Name: "inside", Help: "how long each works inside the lock: 0, 1, 5, 20 or 100 µs", Act: sims.Choose{Option: "inside"}},
		{Key: "o", Name: "outside", Help: "how long each works between unlock and the next lock", Act: sims.Choose{Option: "outside"}},
		{Key: "f", Name: "fight", Help: "those who take part lock and unlock as fast as they can, as often as fits into 20 ms of work", Act: sims.Do{Run: startFight}},
		{Key: "u", Name: "watch a", Help: "x-ray: locker-a's system calls", Act: sims.Trace{Role: "locker-a"}},
		{Key: "v", Name: "watch b", Help: "x-ray: locker-b's system calls", Act: sims.Trace{Role: "locker-b"}},
		{Key: "w", Name: "watch c", Help: "x-ray: locker-c's system calls", Act: sims.Trace{Role: "locker-c"}},
	},
	Draw:     drawFutex,
	Measured: callsAlone,
	Walk: []sims.Step{
		{ID: "ready", For: "all three have mapped the page, and its word was read", Until: func(w *sims.World) bool {
			return w.Said("", "ready") == len(lockers) && w.Actor("locker-a").Idle && w.Actor("locker-b").Idle && w.Actor("locker-c").Idle && lockWord(w) >= 0
		}},
		{ID: "alone", From: "ready", Turn: []sims.Turn{{Knob: "watch a", Value: "on"}, {Knob: "1,000 alone"}}, For: "locker-a has locked and unlocked 1,000 times", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("locker-a", "paired"))
		}},
		{ID: "held", From: "ready", Turn: []sims.Turn{{Knob: "watch a", Value: "on"}, {Knob: "a locks"}}, For: "locker-a holds the lock", Until: func(w *sims.World) bool {
			return holds(w, "locker-a") && lockWord(w) == share.MutexLocked
		}},
		{ID: "sleeps", From: "ready", Turn: []sims.Turn{{Knob: "watch b", Value: "on"}, {Knob: "watch c", Value: "on"}, {Knob: "b locks"}},
			For: "locker-b is asleep on the lock", Until: func(w *sims.World) bool {
				return sleepsOnLock(w, "locker-b") && lockWord(w) == share.MutexContended && callSeen(w, "locker-b")
			}},
		{ID: "both-sleep", From: "ready", Turn: sims.Press("c locks"), For: "locker-c is asleep on the lock too", Until: func(w *sims.World) bool {
			return sleepsOnLock(w, "locker-b") && sleepsOnLock(w, "locker-c") && callSeen(w, "locker-c")
		}},
		{ID: "wakes", From: "ready", Turn: sims.Press("a unlocks"), For: "one of the two has the lock, and the other sleeps on", Until: func(w *sims.World) bool {
			m := w.Last("locker-a", "unlocked")
			return m != nil && w.ReadSince(m) && (holds(w, "locker-b") && sleepsOnLock(w, "locker-c") || holds(w, "locker-c") && sleepsOnLock(w, "locker-b"))
		}},
		{ID: "free", From: "ready", Turn: sims.Press("b unlocks", "c unlocks"), For: "the lock has gone through the other's hands too, and is free", Until: func(w *sims.World) bool {
			b, c := w.Last("locker-b", "unlocked"), w.Last("locker-c", "unlocked")
			return b != nil && c != nil && w.ReadSince(b) && w.ReadSince(c) && lockWord(w) == share.MutexFree
		}},
		{ID: "watched", From: "watched", Turn: fightTurns("on", "two", "100 µs", "5 µs"), For: "the two have fought, and were watched", Until: fought(2)},
		{ID: "brief", From: "brief", Turn: fightTurns("off", "two", "0 µs", "0 µs"), For: "both have locked 100,000 times", Until: fought(2)},
		{ID: "long", From: "long", Turn: fightTurns("off", "two", "20 µs", "5 µs"), For: "both have locked 800 times", Until: fought(2)},
		{ID: "three", From: "three", Turn: fightTurns("off", "three", "20 µs", "5 µs"), For: "all three have locked 800 times", Until: fought(3)},
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
			w, asleep := wakesOf(a, "locker-a"), len(lockSleepers(a))
			return sims.Judge(w.calls == 1 && w.woken == 1 && asleep == 1, "1 FUTEX_WAKE, 1 woken, 1 still asleep",
				fmt.Sprintf("%d FUTEX_WAKE, %d woken, %d still asleep", w.calls, w.woken, asleep), w.source+", /proc/PID/wchan")
		}},
		{ID: "one-too-many", Says: "the last unlock calls FUTEX_WAKE for nobody", After: "free", Check: func(a *sims.World) sims.Verdict {
			b, c := wakesOf(a, "locker-b"), wakesOf(a, "locker-c")
			return sims.Judge(b.calls == 1 && c.calls == 1 && b.woken+c.woken == 1, "2 FUTEX_WAKE by the two that had slept, 1 woken",
				fmt.Sprintf("%d FUTEX_WAKE, %d woken", b.calls+c.calls, b.woken+c.woken), b.source)
		}},
		{ID: "called", Says: "two who want the lock at once do call the kernel, to sleep and to wake", Needs: []string{"ptrace", "cpus"}, After: "watched", Check: checkCalled},
		{ID: "contended", Says: "they sleep and are woken again and again", Needs: []string{"cpus"}, After: "long", Check: checkContended},
	},
}

// fightTurns set up a fight, with the x-ray of all on or off, and begin it.
func fightTurns(watch, who, inside, outside string) []sims.Turn {
	return []sims.Turn{{Knob: "watch a", Value: watch}, {Knob: "watch b", Value: watch}, {Knob: "watch c", Value: watch},
		{Knob: "who", Value: who}, {Knob: "inside", Value: inside}, {Knob: "outside", Value: outside}, {Knob: "fight"}}
}

// startFight has those who take part fight as the options say.
func startFight(r *stage.Run, _ string) error {
	parts := lockers[:1+slices.Index(sides, r.Option("who"))]
	watched := slices.ContainsFunc(parts, r.Traced)
	return tellTogether(r, "fight", fightName(r.Option("inside"), r.Option("outside"), watched), parts...)
}

// fightName is what a fight is called, but for how many take part: "20 µs in, 5 out".
func fightName(inside, outside string, watched bool) string {
	name := inside + " in, " + strings.TrimSuffix(outside, " µs") + " out"
	if watched {
		return name + watchedFight
	}
	return name
}

// watchedFight ends the name of a fight under the x-ray, which makes every call many
// times dearer: it is kept apart, and short.
const watchedFight = ", x-ray"

// useLock is what all three do: they lock and unlock when told.
func useLock(a *sims.Actor) error {
	memory, err := unix.Mmap(a.FD("memory"), 0, groupSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	lock, err := share.NewMutex(memory[mutexAt:]) // share/mutex.go: two methods
	if err != nil {
		return err
	}
	signIn(memory, a.Int("number"))
	a.Mapped("memory", memory)
	a.Say("ready")
	l := &locker{Actor: a, memory: memory, lock: lock}
	for {
		if err := l.do(a.Next()); err != nil {
			return err
		}
	}
}

// locker is one of the three, with the page mapped.
type locker struct {
	*sims.Actor
	memory []byte
	lock   *share.Mutex
	has    bool // the lock
}

func (l *locker) do(c sims.Command) error {
	switch {
	case c.Name == "lock" && !l.has:
		return l.take()
	case c.Name == "lock":
		l.Say("has it already") // to lock it again would be to wait for oneself
	case c.Name == "unlock" && !l.has:
		l.Say("has it not")
	case c.Name == "unlock":
		return l.giveBack()
	case l.has: // else all would wait for this one, and it for itself
		if err := l.giveBack(); err != nil {
			return err
		}
		return l.do(c)
	case c.Name == "pairs":
		return l.alone(int(c.N))
	case c.Name == "fight":
		return l.fight(c)
	}
	return nil
}

func (l *locker) take() error {
	l.Say("locking")
	l.Gate("lock")
	waits, err := l.lock.Lock() // sleeps here while another has it
	if err != nil {
		return err
	}
	l.has = true
	l.Counter("locks").Add(1)
	l.Say("locked", sims.Num("waits", waits))
	return nil
}

func (l *locker) giveBack() error {
	l.Gate("unlock")
	woke, woken, err := l.lock.Unlock()
	if err != nil {
		return err
	}
	l.has = false
	l.Say("unlocked", sims.Num("woke", toNumber(woke)), sims.Num("woken", woken))
	return nil
}

// alone locks and unlocks so often while the others sleep.
func (l *locker) alone(times int) error {
	d, err := pairs(l.lock, times, 0, 0)
	if err != nil {
		return err
	}
	l.Counter("locks").Add(int64(times))
	l.Say("paired", append(d.notes(), sims.Word("how", "alone"), sims.Num("parties", 1))...)
	return nil
}

// fight begins when all have come, each on a processor of its own if there are
// so many.
func (l *locker) fight(c sims.Command) error {
	times, inside, outside, err := terms(c.Text)
	if err != nil {
		return err
	}
	_, free, err := pin(l.Int("number"))
	if err != nil {
		return err
	}
	defer free()
	l.Say("fighting")
	m := newMeeting(l.memory, c)
	if _, err := m.meet(func() (uint64, error) { return 0, nil }); err != nil {
		m.breakOff()
		l.Say("broke off")
		return nil // somebody was killed
	}
	m.abreast() // else the first might be done before the last has come out of the meeting
	before, err := sleeps()
	if err != nil {
		return err
	}
	d, err := pairs(l.lock, times, inside, outside)
	if err != nil {
		return err
	}
	after, err := sleeps()
	if err != nil {
		return err
	}
	d.slept = int(after - before)
	l.Counter("locks").Add(int64(times))
	l.Say("fought", append(append(d.notes(), m.notes()...), sims.Word("how", c.Text))...)
	return nil
}

// terms are what the name of a fight says: how long each works inside the lock and
// outside, and how many pairs that makes.
func terms(name string) (times int, inside, outside time.Duration, err error) {
	var in, out int
	if _, err := fmt.Sscanf(name, "%d µs in, %d out", &in, &out); err != nil {
		return 0, 0, 0, fmt.Errorf("fight %q: %w", name, err)
	}
	inside, outside = time.Duration(in)*time.Microsecond, time.Duration(out)*time.Microsecond
	switch each := inside + outside; {
	case strings.HasSuffix(name, watchedFight):
		times = fewestPairs
	case each == 0:
		times = mostPairs
	default:
		times = min(max(int(fightTime/each), fewestPairs), mostPairs)
	}
	return times, inside, outside, nil
}

// duel is what some pairs of lock and unlock came to for one process.
type duel struct {
	pairs, waits, wakes int
	slept               int // voluntary context switches, by the kernel's count
	took                time.Duration
}

func (d duel) notes() []stage.Note {
	return []stage.Note{sims.Num("pairs", d.pairs), sims.Num("waits", d.waits), sims.Num("wakes", d.wakes), sims.Num("slept", d.slept),
		sims.Num("each", int(d.took.Nanoseconds()*10)/max(d.pairs, 1))}
}

// pairs locks and unlocks times times, with so much work inside and outside.
func pairs(lock *share.Mutex, times int, inside, outside time.Duration) (d duel, err error) {
	begun := time.Now()
	for range times {
		waits, err := lock.Lock()
		if err != nil {
			return d, err
		}
		d.waits += waits
		busy(inside)
		woke, _, err := lock.Unlock()
		if err != nil {
			return d, err
		}
		d.wakes += toNumber(woke)
		busy(outside)
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

func toNumber(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
