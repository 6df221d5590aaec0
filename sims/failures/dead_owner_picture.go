package failures

// The picture of dead_owner.go.

import (
	"cmp"
	"fmt"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/share"
)

func drawDeadOwner(w *sims.World) *scene.Scene {
	lock := lockOf(w)
	holder, waiter := withNews(w, "holder"), withNews(w, "waiter")
	s := &scene.Scene{
		Sentence:  deadOwnerSentence(w),
		Processes: []scene.Process{holder, waiter},
		Objects:   []scene.Object{lock, accountsOf(w)},
		Links:     []scene.Link{lockLink(w, "holder", lock), lockLink(w, "waiter", lock)},
		Figures:   []scene.Figure{wordFigure(w), accountsFigure(w), gotFigure(w), w.SleepFigure("waiter"), timeoutFigure(w)},
	}
	s.Links[1].From, s.Links[1].To = lock.ID, "waiter" // on the lock's other side
	return s
}

// lockOf is the lock's word, with what its bits say.
func lockOf(w *sims.World) scene.Futex {
	if plainLock(w) {
		f := w.Futex("page", "word", "holder", "waiter")
		f.Label = "plain lock"
		f.Means = map[uint32]string{share.MutexFree: "free", share.MutexLocked: "locked", share.MutexContended: "contended"}[f.Word]
		owner, lives := insideNow(w)
		f.Owner = owner
		if owner != "" && !lives {
			f.Note = "its owner is dead"
			if w.Actor(owner).Life.Alive() { // another process has come in its place
				f.Owner = ""
			}
		}
		return f
	}
	f := w.RobustFutex("page", "word", "holder", "waiter")
	f.Label = "robust lock"
	switch {
	case f.Died:
		f.Note = "marked by the kernel"
	case closedForGood(w):
		f.Note = "not recoverable"
	}
	return f
}

// accountsOf are the words that the lock guards.
func accountsOf(w *sims.World) scene.Page {
	p := w.Page("page", "holder", "waiter")
	p.ID, p.Label, p.Unframed, p.Note, p.Size = "accounts", "accounts", true, "", 0
	o := w.Object("page")
	if o.Level("a") >= 0 {
		_, lives := insideNow(w) // whoever is inside may be half-way
		inherited := w.Last("waiter", "inherited")
		bad := inAccounts(w) != accountsTotal && (!lives || inherited != nil && inherited == lastLockNews(w, "waiter"))
		p.Words = []scene.Word{{Name: "a", Text: fmt.Sprint(o.Level("a"))}, {Name: "b", Text: fmt.Sprint(o.Level("b"))},
			{Name: "together", Text: fmt.Sprint(inAccounts(w)), Bad: bad}}
	}
	return p
}

func lockLink(w *sims.World, role string, lock scene.Futex) scene.Link {
	l := scene.Link{From: role, To: lock.ID, State: scene.Cut}
	switch {
	case !w.Maps(role, "page"):
	case w.Asleep(role, "futex"):
		l.State = scene.Blocked
	case lock.Owner == role:
		l.State = scene.Moving
	default:
		l.State = scene.Idle
	}
	return l
}

// withNews is a process with what its last lock gave it.
func withNews(w *sims.World, role string) scene.Process {
	p := w.Process(role)
	if !p.Life.Alive() || p.Life == scene.Stopped {
		return p
	}
	if n := lockNews(w, role); n != "" && p.Life == scene.Waiting {
		p.Note = n
	}
	return p
}

func lockNews(w *sims.World, role string) string {
	m := lastLockNews(w, role)
	if m == nil {
		return ""
	}
	switch m.Name {
	case "half-way":
		return "half-way"
	case "inherited":
		return m.S["errno"]
	case "locked":
		return "inside"
	case "gave up", "refused":
		return m.S["errno"]
	case "repaired", "unlocked":
		return "unlocked"
	}
	return ""
}

func wordFigure(w *sims.World) scene.Figure {
	if w.Object("page").Level("word") < 0 {
		return scene.Missing("word", "lock word", "it has not been read yet")
	}
	return scene.Figure{ID: "word", Label: "lock word", Text: wordText(w), Origin: scene.Kernel}.
		From("pread(2) of the shared file, 4 bytes at offset 0", "od -An -t x4 -N 4 "+w.Object("page").S["path"])
}

func accountsFigure(w *sims.World) scene.Figure {
	if w.Object("page").Level("a") < 0 {
		return scene.Missing("accounts", "accounts", "it has not been read yet")
	}
	return scene.Figure{ID: "accounts", Label: "accounts", Text: accountsText(w), Origin: scene.Kernel}.
		From("pread(2) of the shared file, 16 bytes at offset 128", "od -An -t d8 -j 128 -N 16 "+w.Object("page").S["path"])
}

// gotFigure is what the waiter's last lock gave.
func gotFigure(w *sims.World) scene.Figure {
	f := scene.Figure{ID: "got", Label: "lock gave the waiter", Text: "not asked yet", Origin: scene.Child}
	for i := len(w.Moments) - 1; i >= 0 && f.Text == "not asked yet"; i-- {
		switch m := &w.Moments[i]; {
		case m.Who != "waiter":
		case m.Name == "asks":
			f.Text = "nothing yet"
		case m.Name == "gave up":
			f.Text = fmt.Sprintf("%s after %s ms", m.S["errno"], scene.Thousands(m.N["ms"]))
		case m.Name == "inherited", m.Name == "refused":
			f.Text = m.S["errno"]
		case m.Name == "locked":
			f.Text = "the lock"
		}
	}
	return f.From("the waiter's own word: what lock returned to it", "")
}

func timeoutFigure(w *sims.World) scene.Figure {
	return scene.Figure{ID: "time-out", Label: "time-out", Text: timeoutNow(w), Origin: scene.Derived}.
		From("your setting that the waiter reads before it locks; it is the fourth argument of its futex(2), as the x-ray shows", "")
}

// timeoutNow is the setting as it is now; of a waiter that waits, as it was when it asked.
func timeoutNow(w *sims.World) string {
	if m := w.Last("waiter", "asks"); m != nil && w.Asleep("waiter", "futex") {
		if m.N["time-out"] == 0 {
			return "none"
		}
		return fmt.Sprintf("%s ms", scene.Thousands(m.N["time-out"]))
	}
	return cmp.Or(w.Actor("waiter").Settings["time-out"], "none")
}

func deadOwnerSentence(w *sims.World) string {
	holder, waiter := w.Actor("holder"), w.Actor("waiter")
	switch {
	case waiter.Ended() != "" && holder.Ended() != "":
		return "Both are gone, holder " + holder.Ended() + ", waiter " + waiter.Ended() + ": the lock's word is left as it is, " + wordText(w) + "."
	case waiter.Ended() != "" && holder.Life.Alive():
		return waiterGone(w)
	case waiter.Life == scene.Stopped && lockedWord(w)&scene.FutexOwnerDied != 0 && !plainLock(w):
		return "The holder is dead, the waiter stands still, and yet the word has changed: the kernel wrote OWNER_DIED into it."
	case waiter.Life == scene.Stopped:
		return "The waiter is stopped: whatever happens to the lock, it learns of it later."
	case holder.Life == scene.Stopped:
		return "The holder is stopped, with whatever it has: a lock does not know the difference."
	case plainLock(w):
		return plainSentence(w)
	}
	return robustSentence(w)
}

// waiterGone is with a holder that lives on.
func waiterGone(w *sims.World) string {
	gone, m := "The waiter is gone ("+w.Actor("waiter").Ended()+")", w.Last("holder", "half-way")
	owner, lives := insideNow(w)
	switch {
	case m != nil && m.N["died"] != 0 && m.At > w.Actor("waiter").Since:
		return gone + ", and the new holder got the lock with EOWNERDEAD: it has repaired the accounts, and is half-way again."
	case w.Asleep("holder", "futex") && owner == "waiter" && !lives:
		return gone + " and the lock's word still says locked: the holder sleeps for ever."
	case w.Asleep("holder", "futex"):
		return gone + "; the holder sleeps until it gets the lock."
	}
	return gone + "; the holder has never heard of it."
}

// latestIs reports whether the last thing that the waiter said has this name.
func latestIs(w *sims.World, name string) bool {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		if m := &w.Moments[i]; m.Who == "waiter" || m.Who == "holder" {
			return m.Who == "waiter" && m.Name == name
		}
	}
	return false
}

// holderDead says how the holder ended, for a sentence.
func holderDead(w *sims.World) string {
	return "The holder is dead (" + w.Actor("holder").Ended() + ")"
}

// answerSentence is what the waiter has just answered, without having got the lock; ""
// if it has not.
func answerSentence(w *sims.World) string {
	m := lastLockNews(w, "waiter")
	switch {
	case latestIs(w, "is inside"):
		return "The waiter is inside already. To lock once more it would have to wait for itself, so it does not."
	case latestIs(w, "is outside"):
		return "The waiter does not have the lock: it has nothing to repair and nothing to unlock."
	case m != nil && m.Name == "gave up" && !w.Actor("holder").Idle:
		return "The waiter has given up: " + m.S["errno"] + " after " + scene.Thousands(m.N["ms"]) + " ms."
	}
	return ""
}

func robustSentence(w *sims.World) string {
	holder, m, answer := w.Actor("holder"), lastLockNews(w, "waiter"), answerSentence(w)
	switch {
	case w.Asleep("waiter", "futex"):
		return "The waiter sleeps in the kernel until the lock is free or its owner is dead."
	case answer != "":
		return answer
	case m != nil && m.Name == "inherited" && inAccounts(w) == accountsTotal:
		return "The waiter has the lock with EOWNERDEAD: the accounts have " + fmt.Sprint(accountsTotal) + ", for the owner died before it could change them."
	case m != nil && m.Name == "inherited":
		return "The waiter has the lock with EOWNERDEAD: the accounts have " + fmt.Sprint(inAccounts(w)) + ", and should have " + fmt.Sprint(accountsTotal) + "."
	case m != nil && m.Name == "locked":
		return "The waiter has the lock, and no news with it."
	case w.Last("holder", "refused") != nil && m != nil && m.Name == "refused":
		return "The lock answers ENOTRECOVERABLE, to the waiter and to the new holder: nobody gets it any more."
	case m != nil && m.Name == "refused":
		return "The lock answers ENOTRECOVERABLE: nobody has repaired what it guards, and nobody gets it any more."
	case holder.Life == scene.Killed && lockedWord(w)&scene.FutexOwnerDied != 0:
		return holderDead(w) + ", and the kernel has marked the lock for whoever comes next."
	}
	return quietSentence(w)
}

func plainSentence(w *sims.World) string {
	m, answer := lastLockNews(w, "waiter"), answerSentence(w)
	owner, lives := insideNow(w)
	left := owner != "" && !lives
	switch {
	case left && w.Asleep("waiter", "futex") && timeoutNow(w) == "none":
		return "The waiter sleeps, and nobody is left to wake it: it will sleep for ever."
	case left && w.Asleep("waiter", "futex"):
		return "The waiter sleeps, and nobody is left to wake it but its own time-out."
	case w.Asleep("waiter", "futex"):
		return "The waiter sleeps in the kernel until the lock is free."
	case left && m != nil && m.Name == "gave up":
		return answer + " The lock is still locked."
	case left && w.Asleep("holder", "futex"):
		return "The new holder sleeps too: the lock's owner is dead, and its word still says locked."
	case left && owner == "waiter":
		return "The waiter died inside, and the lock's word still says locked."
	case left:
		return holderDead(w) + ", and the lock's word still says locked: nothing has told it."
	case answer != "":
		return answer
	case m != nil && m.Name == "locked":
		return "The waiter has the lock."
	}
	return quietSentence(w)
}

// quietSentence is while nobody waits.
func quietSentence(w *sims.World) string {
	holder := w.Actor("holder")
	owner, lives := insideNow(w)
	switch {
	case owner == "holder" && lives:
		return "The holder is inside: it has taken 10 from account a and not put it into account b yet."
	case holder.Life.Alive() && w.Asleep("holder", "futex"):
		return "The holder sleeps until it gets the lock."
	case !plainLock(w) && closedForGood(w):
		return "The word is 0, and yet the lock is closed for good: unlocked without a repair, it will give ENOTRECOVERABLE."
	case holder.Ended() != "" && w.Object("page").Level("word") == 0:
		return "The lock is free, and the accounts have " + fmt.Sprint(inAccounts(w)) + "."
	case holder.Ended() != "":
		return "The holder is gone (" + holder.Ended() + ")."
	}
	return "The holder maps the page and locks."
}
