package failures

// What the readings of a run say of the lock of dead_owner.go: who has it, who died
// with it, and how the accounts stand.

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/share"
)

func plainLock(w *sims.World) bool { return w.Options["lock"] == "plain" }

// insideNow is who has the lock, by their own account, for the word of a plain one
// does not say; and whether that process still lives.
func insideNow(w *sims.World) (owner string, lives bool) {
	for i := range w.Moments {
		switch m := &w.Moments[i]; m.Name {
		case "half-way", "locked", "inherited":
			owner, lives = m.Who, w.Actor(m.Who).Life.Alive() && m.At >= w.Actor(m.Who).Born
		case "finished", "unlocked", "repaired":
			owner, lives = "", false
		}
	}
	if owner == "" && plainLock(w) && lockedWord(w) > 0 && allAtRest(w) {
		return whoDied(w), false // between having the lock and saying so
	}
	return owner, lives
}

// lockedWord is the lock's word; 0 also before it was read.
func lockedWord(w *sims.World) int64 { return max(w.Object("page").Level("word"), 0) }

// allAtRest reports whether neither of the two is at work: who lives waits for you, or
// sleeps in futex(2), and so would have said that it has the lock.
func allAtRest(w *sims.World) bool {
	for _, role := range []string{"holder", "waiter"} {
		if a := w.Actor(role); a.Life.Alive() && !a.Idle && !w.Asleep(role, "futex") {
			return false
		}
	}
	return true
}

// whoDied is the role of which a process was killed, now or earlier; "" for none.
func whoDied(w *sims.World) string {
	for _, role := range []string{"holder", "waiter"} {
		if a := w.Actor(role); a.Life == scene.Killed || a.Births > 1 {
			return role
		}
	}
	return ""
}

// closedForGood reports whether a robust lock refuses everybody: it was unlocked
// by an owner who had been told of a death and called nothing consistent.
func closedForGood(w *sims.World) bool {
	m := w.Last("waiter", "unlocked")
	return w.Last("", "refused") != nil || m != nil && m.N["died"] != 0
}

// lockNewsNames are the moments that tell how a role stands with the lock.
var lockNewsNames = []string{"half-way", "finished", "asks", "gave up", "inherited", "locked", "refused", "repaired", "unlocked"}

// lastLockNews is the latest of a role's moments that tells how it stands with the lock.
func lastLockNews(w *sims.World, role string) *sims.Moment {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		if m := &w.Moments[i]; m.Who == role && slices.Contains(lockNewsNames, m.Name) {
			return m
		}
	}
	return nil
}

func sleepsIn(w *sims.World, role string) string {
	a := w.Actor(role)
	return cmp.Or(a.Wchan, a.Syscall, "nothing")
}

// wordText is the lock's word in words.
func wordText(w *sims.World) string {
	word := w.Object("page").Level("word")
	switch {
	case word < 0:
		return "not read yet"
	case plainLock(w):
		return fmt.Sprint(word)
	case word == 0:
		return "0"
	}
	var parts []string
	if word&scene.FutexWaiters != 0 {
		parts = append(parts, "WAITERS")
	}
	if word&scene.FutexOwnerDied != 0 {
		parts = append(parts, "OWNER_DIED")
	}
	if tid := word & scene.FutexTIDMask; tid != 0 {
		parts = append(parts, fmt.Sprintf("thread %d", tid))
	}
	return strings.Join(parts, " | ")
}

func halfWay(w *sims.World) bool {
	word := w.Object("page").Level("word")
	return w.ReadSince(w.Last("holder", "half-way")) && w.Actor("holder").Idle && w.Actor("waiter").Idle &&
		(word == share.MutexLocked || int(word&scene.FutexTIDMask) == w.Actor("holder").PID)
}

func waiterAsleepOn(bits int64) func(*sims.World) bool {
	return func(w *sims.World) bool {
		return w.Asleep("waiter", "futex") && w.Object("page").Level("word")&bits == bits
	}
}

// hasSaid is true once a role has said something in this step, and the readings are from after it.
func hasSaid(role, name string) func(*sims.World) bool {
	return func(w *sims.World) bool { return w.ReadSince(w.News(role, name)) }
}

func inAccounts(w *sims.World) int64 {
	return w.Object("page").Level("a") + w.Object("page").Level("b")
}

func accountsText(w *sims.World) string {
	p := w.Object("page")
	return fmt.Sprintf("%d + %d = %d", p.Level("a"), p.Level("b"), inAccounts(w))
}
