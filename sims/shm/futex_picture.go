package shm

// How shm/futex looks, and what is said of it as it runs.

import (
	"fmt"
	"slices"
	"strings"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/share"
)

func drawFutex(w *sims.World) *scene.Scene {
	f := w.Futex("memory", "lock", lockers...)
	f.Asleep = lockSleepers(w)
	f.Label = "lock word"
	if f.Known {
		f.Means = map[uint32]string{share.MutexFree: "free", share.MutexLocked: "taken", share.MutexContended: "taken, somebody may sleep"}[f.Word]
	}
	if f.Word != share.MutexFree { // in a fight it goes from hand to hand too quickly to be told
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
	if f := duelOf(resultOf(w, "paired", "alone")); f.parties > 0 && w.Last("", "fought") == nil {
		list = append(list, scene.Figure{ID: "alone", Label: "pair, alone", Text: scene.Tenths(f.each) + " ns", Origin: scene.Child}.
			From("the time of 1,000 pairs of lock and unlock over their number", ""))
	}
	for _, role := range lockers {
		a := w.Actor(role)
		switch {
		case a.Traced:
			list = append(list, scene.Count("calls-"+role, role+"'s calls", w.Called(role), "", scene.Kernel).
				From("ptrace(2): those that have returned since it is watched", "").Of(role))
		case a.Untraced != "":
			list = append(list, scene.Missing("calls-"+role, role+"'s calls", a.Untraced))
		}
	}
	return list
}

// fightTable has a row for the pairs without anybody else, and one for each fight: of
// this cast and of those before it.
func fightTable(w *sims.World) scene.Table {
	t := scene.Table{Title: "lock and unlock", Columns: []string{"who", "work inside, outside", "pairs", "FUTEX_WAIT", "FUTEX_WAKE", "slept", "ns a pair"}, Origin: scene.Child, Right: []int{2, 3, 4, 5, 6}}
	said := slices.Concat(w.Earlier, w.Moments)
	list := results(said, "fought")
	for _, group := range slices.Concat(results(said, "paired"), list[max(0, len(list)-tableRows):]) {
		f := duelOf(group)
		slept := scene.Thousands(f.slept)
		if strings.HasSuffix(f.how, watchedFight) {
			slept = "–" // each stop for the tracer counts as one too
		}
		t.Rows = append(t.Rows, []string{numberWord(int(f.parties)), f.how, scene.Thousands(f.pairs), scene.Thousands(f.waits), scene.Thousands(f.wakes), slept, scene.Tenths(f.each)})
	}
	t.Now = []int{len(t.Rows) - 1} // the latest is the last
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
		return held[0] + " is gone (" + w.Actor(held[0]).Ended() + ") with the lock in hand. Nobody unlocks it: " + listed(asleep) + " " + verb(asleep, "sleeps", "sleep") + " on for good."
	case len(held) > 0:
		return held[0] + " is gone (" + w.Actor(held[0]).Ended() + ") with the lock in hand: the word stays " + fmt.Sprint(lockWord(w)) + ", and whoever wants the lock now sleeps for good."
	case len(dead) > 0:
		return listed(dead) + " " + verb(dead, "is", "are") + " gone (" + w.Actor(dead[0]).Ended() + "). The lock does not know, and need not: " + lockNow(w) + "."
	case len(stopped) > 0 && len(asleep) > 0 && holds(w, stopped[0]):
		return stopped[0] + " is stopped with the lock in hand: " + listed(asleep) + " " + verb(asleep, "sleeps", "sleep") + " until it goes on."
	case len(stopped) > 0:
		return listed(stopped) + " " + verb(stopped, "is", "are") + " stopped; " + lockNow(w) + "."
	}
	return lockSentence(w, asleep)
}

// lockSentence is what happens while all live.
func lockSentence(w *sims.World, asleep []string) string {
	if fighting(w) {
		for _, role := range lockers {
			if holds(w, role) {
				return role + " holds the lock and takes no part: the others wait until it unlocks."
			}
		}
		return "They lock and unlock as fast as they can."
	}
	for _, role := range lockers {
		if holds(w, role) && len(asleep) > 0 {
			return role + " holds the lock; " + listed(asleep) + " " + verb(asleep, "sleeps", "sleep") + " in the kernel, in FUTEX_WAIT, until it is given back."
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
			return fmt.Sprintf("locker-a has locked and unlocked %s times, at %s ns for both: %s", scene.Thousands(m.N["pairs"]), scene.Tenths(m.N["each"]), callsWord(m.N["waits"]+m.N["wakes"]))
		case "fought":
			f := duelOf(resultOf(w, "fought", m.S["how"]))
			if f.parties == 0 || f.parties != m.N["parties"] {
				return "The fight is over for " + m.Who + "."
			}
			return fmt.Sprintf("%s, %s: %s locks, %s FUTEX_WAIT and %s FUTEX_WAKE.", titled(numberWord(int(f.parties))), f.how, scene.Thousands(f.pairs), scene.Thousands(f.waits), scene.Thousands(f.wakes))
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

// listed is a list as a sentence has it: "a, b and c".
func listed(list []string) string {
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
