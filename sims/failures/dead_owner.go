package failures

// What this lesson shows: a lock in shared memory outlives the process that holds
// it. A plain one stays locked for ever. A robust one is marked by the kernel, and
// the next process gets it together with the news: EOWNERDEAD.

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/share"
	"ipctour/sims/stage"
)

//go:embed dead_owner.go
var deadOwnerSource string

var deadOwner = sims.Sim{
	ID:     "failures/dead-owner",
	Source: deadOwnerSource,
	Needs:  []string{"futex-robust"},
	Roles: []sims.Role{
		{Name: "holder", Run: holdLock, Gates: []string{"map", "lock", "inside"}},
		{Name: "waiter", Run: waitForLock, Settings: []string{"time-out"}, Gates: []string{"map", "lock", "inside"}},
	},
	Options: []sims.Option{{Name: "lock", Values: []string{"robust", "plain"}}},
	Wire: func(w *sims.Wiring) error {
		path := w.Path("page", "memory", "page")
		if err := makePage(path); err != nil { // here and not in the cast: whoever makes it might be killed half-way
			return err
		}
		w.Cells("page", sims.Cell{Name: "word", Offset: lockAt + share.RobustWord, Size: 4},
			sims.Cell{Name: "a", Offset: accountsAt, Size: 8}, sims.Cell{Name: "b", Offset: accountsAt + 8, Size: 8})
		w.Put("holder", "page", path)
		w.Put("waiter", "page", path)
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "lock", Help: "the waiter locks: it sleeps until it gets the lock, or its time-out has passed", Act: sims.Tell{Role: "waiter", Command: "lock"}},
		{Key: "2", Name: "repair and unlock", Help: "the waiter, inside: puts the accounts right, calls them consistent, unlocks", Act: sims.Tell{Role: "waiter", Command: "repair"}},
		{Key: "3", Name: "unlock as it is", Help: "the waiter, inside: unlocks and repairs nothing", Act: sims.Tell{Role: "waiter", Command: "unlock"}},
		{Key: "4", Name: "kill the holder", Help: "SIGKILL, wherever it is", Act: sims.Break{Fault: stage.Kill, Role: "holder"}},
		{Key: "5", Name: "finish", Help: "the holder does the second half, unlocks and ends", Act: sims.Tell{Role: "holder", Command: "finish"}},
		{Key: "6", Name: "new holder", Help: "another process comes in the holder's place and locks", Act: sims.Start{Role: "holder"}},
		{Key: "7", Name: "stop the waiter", Help: "SIGSTOP: it sees and does nothing until it goes on", Act: sims.Break{Fault: stage.StopIt, Role: "waiter"}},
		{Key: "8", Name: "let the waiter go on", Help: "SIGCONT", Act: sims.Break{Fault: stage.Continue, Role: "waiter"}},
		{Key: "o", Name: "time-out", Help: "how long the waiter waits for the lock before it gives up",
			Act: sims.Set{Role: "waiter", Setting: "time-out", Values: []int64{0, 500, 2000}, Names: []string{"none", "0.5 s", "2 s"}}},
		{Key: "p", Name: "kind of lock", Help: "robust or plain; the cast starts anew", Act: sims.Choose{Option: "lock"}},
	},
	Draw:     drawDeadOwner,
	Measured: whatTheWaiterGot,
	Walk: []sims.Step{
		{ID: "held", Turn: []sims.Turn{{Knob: "kind of lock", Value: "robust"}}, For: "the holder is inside, and half-way, with a robust lock", Until: func(w *sims.World) bool { return w.Options["lock"] == "robust" && halfWay(w) }},
		{ID: "asleep", From: "held", Turn: sims.Press("lock"), For: "the waiter is asleep on the lock that the holder has", Until: func(w *sims.World) bool {
			return waiterAsleepOn(scene.FutexWaiters)(w) && int(w.Object("page").Level("word")&scene.FutexTIDMask) == w.Actor("holder").PID && w.Actor("holder").Life.Alive()
		}},
		{ID: "marked", From: "held", Turn: sims.Press("stop the waiter", "kill the holder"), For: "the holder is dead, and the waiter stands still", Until: func(w *sims.World) bool {
			return w.Actor("holder").Life == scene.Killed && w.Actor("waiter").Letter == "T" && w.Object("page").Level("word")&scene.FutexOwnerDied != 0
		}},
		{ID: "inherits", From: "held", Turn: sims.Press("let the waiter go on"), For: "the waiter has the lock, and the news", Until: hasSaid("waiter", "inherited")},
		{ID: "repaired", From: "held", Turn: sims.Press("repair and unlock"), For: "the accounts are right and the lock is free", Until: hasSaid("waiter", "repaired")},
		{ID: "again", From: "held", Turn: sims.Press("new holder"), For: "another process has the lock", Until: func(w *sims.World) bool { return w.News("holder", "half-way") != nil && halfWay(w) }},
		{ID: "lost", From: "held", For: "the lock refuses the waiter, and a new holder too",
			Turn: append(sims.Press("kill the holder", "lock", "unlock as it is", "lock"), sims.Turn{Knob: "new holder", When: func(w *sims.World) bool {
				return w.News("waiter", "refused") != nil && w.ReadSinceEnd("holder") // else the dead one's place is not free yet
			}}),
			Until: hasSaid("holder", "refused")},
		{ID: "plain", Turn: []sims.Turn{{Knob: "kind of lock", Value: "plain"}}, For: "the holder is inside, with a plain lock", Until: func(w *sims.World) bool {
			return w.Options["lock"] == "plain" && halfWay(w)
		}},
		{ID: "left-behind", From: "plain", Turn: sims.Press("kill the holder"), For: "the holder is dead", Until: func(w *sims.World) bool {
			return w.Actor("holder").Life == scene.Killed && w.ReadSinceEnd("holder") // and the page was read since
		}},
		{ID: "time-out", From: "plain", Turn: []sims.Turn{{Knob: "time-out", Value: "0.5 s"}, {Knob: "lock"}}, For: "the waiter has given up", Until: hasSaid("waiter", "gave up")},
		{ID: "for-ever", From: "plain", Turn: []sims.Turn{{Knob: "time-out", Value: "none"}, {Knob: "lock"}}, For: "the waiter sleeps, and goes on sleeping", Until: func(w *sims.World) bool {
			return w.Since(w.News("waiter", "asks")) >= 10 && !w.Actor("holder").Life.Alive() && waiterAsleepOn(share.MutexContended)(w)
		}},
	},
	Claims: []sims.Claim{
		{ID: "asleep", Says: "who wants a lock that is held sleeps in the kernel, and the word says so", After: "asleep", Check: func(a *sims.World) sims.Verdict {
			word := a.Object("page").Level("word")
			return sims.Judge(a.Asleep("waiter", "futex") && word&scene.FutexWaiters != 0 && int(word&scene.FutexTIDMask) == a.Actor("holder").PID,
				fmt.Sprintf("asleep in futex; FUTEX_WAITERS and thread %d in the word", a.Actor("holder").PID),
				fmt.Sprintf("asleep in %s; %s", sleepsIn(a, "waiter"), wordText(a)), "/proc/PID/wchan, pread(2) of the page")
		}},
		{ID: "marked", Says: "when the owner dies, the kernel writes FUTEX_OWNER_DIED into the word", After: "marked", Check: func(a *sims.World) sims.Verdict {
			word := a.Object("page").Level("word")
			idle := a.Actor("holder").Life == scene.Killed && a.Actor("waiter").Letter == "T"
			return sims.Judge(idle && word&scene.FutexOwnerDied != 0 && word&scene.FutexTIDMask == 0, "OWNER_DIED, no thread; holder killed by SIGKILL, waiter in state T: neither can write",
				fmt.Sprintf("%s; holder %s, waiter in state %s", wordText(a), a.Actor("holder").Ended(), a.Actor("waiter").Letter), "pread(2) of the page, wait status, /proc/PID/stat")
		}},
		{ID: "eownerdead", Says: "the next to lock a robust mutex gets it with EOWNERDEAD", After: "inherits", Check: func(a *sims.World) sims.Verdict {
			errno := a.Last("waiter", "inherited").S["errno"]
			holds := int(a.Object("page").Level("word")&scene.FutexTIDMask) == a.Actor("waiter").PID
			return sims.Judge(errno == "EOWNERDEAD" && holds, "EOWNERDEAD, and the waiter's thread in the word", errno+"; "+wordText(a), "the answer to lock, pread(2) of the page")
		}},
		{ID: "half-done", Says: "what the lock guards is left half-changed", After: "inherits", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(inAccounts(a) != accountsTotal, "not "+fmt.Sprint(accountsTotal), accountsText(a), "pread(2) of the page")
		}},
		{ID: "consistent", Says: "after the repair the lock serves as before", After: "again", Check: func(b *sims.World) sims.Verdict {
			a := b.After("repaired")
			died := b.Last("holder", "half-way").N["died"]
			return sims.Judge(inAccounts(a) == accountsTotal && a.Object("page").Level("word") == 0 && died == 0, fmt.Sprintf("accounts of %d, the word 0, and the next owner gets no error", accountsTotal),
				fmt.Sprintf("%s; %s; EOWNERDEAD for the next: %v", accountsText(a), wordText(a), died != 0), "pread(2) of the page, the answer to lock")
		}},
		{ID: "not-recoverable", Says: "unlocked without a repair, a robust mutex refuses everybody from then on", After: "lost", Check: func(a *sims.World) sims.Verdict {
			waiter, holder := a.Last("waiter", "refused").S["errno"], a.Last("holder", "refused").S["errno"]
			return sims.Judge(waiter == "ENOTRECOVERABLE" && holder == waiter, "ENOTRECOVERABLE for the waiter, and for a process that has come since",
				fmt.Sprintf("waiter %s, new holder %s", waiter, holder), "the answer to lock")
		}},
		{ID: "plain-stays", Says: "a plain mutex stays locked when its owner dies", After: "left-behind", Check: func(b *sims.World) sims.Verdict {
			a := b.After("plain")
			before, after := a.Object("page").Level("word"), b.Object("page").Level("word")
			return sims.Judge(before == after && after == share.MutexLocked, "1 before and 1 after", fmt.Sprintf("%d before and %d after; holder %s", before, after, b.Actor("holder").Ended()),
				"pread(2) of the page, wait status")
		}},
		{ID: "nobody-wakes", Says: "nothing but its own time-out ends the wait for it", After: "time-out", Check: func(a *sims.World) sims.Verdict {
			m := a.Last("waiter", "gave up")
			return sims.Judge(m.S["errno"] == "ETIMEDOUT" && m.N["ms"] >= m.N["time-out"], fmt.Sprintf("ETIMEDOUT after %d ms or more", m.N["time-out"]),
				fmt.Sprintf("%s after %d ms", m.S["errno"], m.N["ms"]), "errno of futex(FUTEX_WAIT), the waiter's clock")
		}},
		{ID: "for-ever", Says: "without a time-out the waiter sleeps on", After: "for-ever", Check: func(a *sims.World) sims.Verdict {
			looks := a.Since(a.Last("waiter", "asks"))
			return sims.Judge(a.Asleep("waiter", "futex") && !a.Actor("holder").Life.Alive(), "asleep in futex, with nobody left to wake it",
				fmt.Sprintf("asleep in %s for %d looks; holder %s", sleepsIn(a, "waiter"), looks, a.Actor("holder").Ended()), "/proc/PID/wchan, wait status")
		}},
	},
}

// holdLock moves 10 from account a to account b under the lock, and stops half-way:
// there it waits for you.
func holdLock(a *sims.Actor) error {
	p, err := openPage(a)
	if err != nil {
		return err
	}
	a.Gate("lock")
	died, err := p.lock(-1) // sleeps here while another has it
	if err != nil {
		a.Say("refused", sims.Err(err))
		return nil
	}
	if died { // somebody was killed inside before: what he left must be put right first
		if err := p.repair(); err != nil {
			return err
		}
	}
	a.Gate("inside")
	p.a.Store(p.a.Load() - 10)
	a.Say("half-way", flagged("died", died))
	for a.Next().Name != "finish" {
	}
	p.b.Store(p.b.Load() + 10)
	a.Say("finished")
	return p.unlock()
}

// waitForLock locks when you say so, and tells what came of it.
func waitForLock(a *sims.Actor) error {
	p, err := openPage(a)
	if err != nil {
		return err
	}
	inside, died := false, false
	for {
		switch c := a.Next(); {
		case c.Name == "lock" && !inside:
			inside, died = tryLock(a, p)
		case c.Name == "lock":
			a.Say("is inside") // to lock it again would be to wait for itself
		case !inside:
			a.Say("is outside")
		case c.Name == "repair":
			if died {
				if err := p.repair(); err != nil {
					return err
				}
			}
			inside = false
			if err := p.unlock(); err != nil {
				return err
			}
			a.Say("repaired", flagged("died", died))
		case c.Name == "unlock":
			inside = false
			if err := p.unlock(); err != nil {
				return err
			}
			a.Say("unlocked", flagged("died", died))
		}
	}
}

func tryLock(a *sims.Actor, p *guarded) (inside, died bool) {
	ms := a.Setting("time-out")
	most := time.Duration(ms) * time.Millisecond
	if ms == 0 {
		most = -1
	}
	a.Say("asks", sims.Num("time-out", int(ms)))
	a.Gate("lock")
	began := time.Now()
	died, err := p.lock(most) // sleeps here while another has it
	took := sims.Num("ms", int(time.Since(began).Milliseconds()))
	switch {
	case errors.Is(err, unix.ETIMEDOUT):
		a.Say("gave up", sims.Err(err), took, sims.Num("time-out", int(ms)))
	case err != nil:
		a.Say("refused", sims.Err(err), took)
	case died:
		a.Say("inherited", sims.Err(unix.EOWNERDEAD), took)
	default:
		a.Say("locked", took)
	}
	a.Gate("inside")
	return err == nil, died
}

func flagged(name string, on bool) stage.Note {
	if on {
		return sims.Num(name, 1)
	}
	return sims.Num(name, 0)
}

// The page: a lock, and two accounts that together always have 100.
const (
	lockPageSize  = 4096
	lockAt        = 0
	accountsAt    = 128
	accountsTotal = 100
)

// guarded is the page as one process has it mapped.
type guarded struct {
	robust *share.Robust // or nil, and
	plain  *share.Mutex
	a, b   *atomic.Uint64
}

func openPage(actor *sims.Actor) (*guarded, error) {
	actor.Gate("map")
	fd, err := unix.Open(actor.Arg("page"), unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, os.NewSyscallError("open", err)
	}
	page, err := unix.Mmap(fd, 0, lockPageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	actor.Mapped("page", page)
	p := &guarded{a: share.Word64(page, accountsAt), b: share.Word64(page, accountsAt+8)}
	if actor.Arg("lock") == "plain" {
		p.plain, err = share.NewMutex(page[lockAt:])
		return p, err
	}
	list, err := share.NewRobustList() // from here on the kernel knows where to look when this thread ends
	if err != nil {
		return nil, err
	}
	p.robust, err = list.Mutex(page[lockAt:])
	return p, err
}

// makePage makes the file with the lock, free, and the accounts.
func makePage(path string) error {
	page := make([]byte, lockPageSize)
	if err := share.InitRobust(page[lockAt:]); err != nil {
		return err
	}
	share.Word64(page, accountsAt).Store(60)
	share.Word64(page, accountsAt+8).Store(accountsTotal - 60)
	return os.WriteFile(path, page, 0o600)
}

func (p *guarded) lock(most time.Duration) (ownerDied bool, err error) {
	if p.robust != nil {
		return p.robust.LockWithin(most)
	}
	_, err = p.plain.LockWithin(most)
	return false, err
}

func (p *guarded) unlock() error {
	if p.robust != nil {
		return p.robust.Unlock()
	}
	_, _, err := p.plain.Unlock()
	return err
}

// repair puts the accounts right, and says so: without Consistent, the unlock
// would make the lock useless to all.
func (p *guarded) repair() error {
	p.b.Store(accountsTotal - p.a.Load())
	return p.robust.Consistent()
}

// whatTheWaiterGot answers the prediction.
func whatTheWaiterGot(w *sims.World) (string, bool) {
	a := w.After("inherits")
	if a == nil {
		return "", false
	}
	return a.Last("waiter", "inherited").S["errno"], true
}
