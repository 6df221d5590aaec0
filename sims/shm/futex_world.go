package shm

// What the readings of a run say of the lock of shm/futex: who has it, who sleeps on
// it, which calls were made for it, and what the fights came to.

import (
	"fmt"
	"strings"
	"time"

	"ipctour/sims"
	"ipctour/sims/scene"
)

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

// callsOnLock are those of a role's latest calls by the x-ray that were made since, are
// of this kind (FUTEX_WAIT, FUTEX_WAKE), and on the lock's word.
func callsOnLock(w *sims.World, role, kind string, since time.Duration) (list []scene.Call) {
	word := fmt.Sprintf("uaddr=%#x, op=%s,", w.Mapping(role, "memory").Level("address")+mutexAt, kind)
	for _, c := range w.Actor(role).Calls {
		if c.Name == "futex" && c.At >= since && strings.HasPrefix(c.Args, word) {
			list = append(list, c)
		}
	}
	return list
}

// wakes are the FUTEX_WAKE of a role for the lock, and how many they woke.
type wakes struct {
	calls, woken int64
	source       string
}

// wakesOf are those that the x-ray shows, or without one what the role says of its
// latest unlock.
func wakesOf(w *sims.World, role string) wakes {
	if !w.Actor(role).Traced {
		m := w.Last(role, "unlocked")
		return wakes{m.N["woke"], m.N["woken"], "each process's own word: no x-ray here"}
	}
	n := wakes{source: "ptrace: the x-ray"}
	for _, c := range callsOnLock(w, role, "FUTEX_WAKE", 0) {
		n.calls++
		if c.Result == "1" {
			n.woken++
		}
	}
	return n
}

// fightResult is what one fight came to, over all who took part.
type fightResult struct {
	how                                string
	parties, pairs, waits, wakes, each int64 // each: tenths of a nanosecond for one pair
	slept                              int64
}

func duelOf(said []sims.Moment) (f fightResult) {
	for i := range said {
		m := &said[i]
		f.how, f.parties = m.S["how"], m.N["parties"]
		f.pairs, f.waits, f.wakes, f.slept, f.each = f.pairs+m.N["pairs"], f.waits+m.N["waits"], f.wakes+m.N["wakes"], f.slept+m.N["slept"], f.each+m.N["each"]
	}
	f.each /= max(f.parties, 1)
	return f
}

// fought is true once a fight of so many has ended that was begun in this step.
func fought(parties int64) func(*sims.World) bool {
	return func(w *sims.World) bool {
		m := w.News("", "fought")
		return m != nil && m.N["parties"] == parties && resultOf(w, "fought", m.S["how"]) != nil && w.ReadSince(m) && !fighting(w)
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

// checkCalled judges by the calls of the watched fight that were made on the lock's word.
func checkCalled(a *sims.World) sims.Verdict {
	waits, wakes, all := 0, 0, int64(0)
	for _, role := range lockers[:2] {
		waits += len(callsOnLock(a, role, "FUTEX_WAIT", a.Before.Now))
		wakes += len(callsOnLock(a, role, "FUTEX_WAKE", a.Before.Now))
		all += a.Called(role, "futex")
	}
	return sims.Judge(waits > 0 && wakes > 0, "more than 0 of FUTEX_WAIT and of FUTEX_WAKE on the lock's word",
		fmt.Sprintf("%s calls of futex; of the latest %d FUTEX_WAIT and %d FUTEX_WAKE on the word", scene.Thousands(all), waits, wakes), "ptrace: the x-ray of both")
}

// checkContended judges by how often those who waited gave up their processor, by the
// kernel's count.
func checkContended(a *sims.World) sims.Verdict {
	f, switches := duelOf(resultOf(a, "fought", fightName("20 µs", "5 µs", false))), int64(0)
	for _, role := range lockers[:2] {
		switches += a.Actor(role).Numbers["voluntary"] - a.Before.Actor(role).Numbers["voluntary"]
	}
	return sims.Judge(f.slept > 0 && f.waits > 0 && f.wakes > 0 && switches >= f.slept, "more than 0 sleeps in the fight, and no more than the switches around it",
		fmt.Sprintf("%s sleeps in %s pairs, and %s voluntary switches from before to after; by the lock's own count %s FUTEX_WAIT",
			scene.Thousands(f.slept), scene.Thousands(f.pairs), scene.Thousands(switches), scene.Thousands(f.waits)),
		"ru_nvcsw of getrusage(2), asked by each before and after; voluntary_ctxt_switches in /proc/PID/status")
}
