package mapped

// What the lesson on the store claims, and by which readings.

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ipctour/sims"
	"ipctour/sims/scene"
)

var storeClaims = []sims.Claim{
	{ID: "no-lock", Says: "readers go on while the writer stands in the midst of a commit", After: "held", Check: func(a *sims.World) sims.Verdict {
		last := decodeStore(a).newest.txn // the one whose meta page is whole
		got := fmt.Sprintf("writer at gate %q; each reader has read at least %s times meanwhile, and sees transaction %d", a.Actor("writer").Gate,
			scene.Thousands(passedOver(a, a.Before)), a.Count("reader-1", "txn"))
		return sims.Judge(a.Actor("writer").Gate == "checksum" && passedOver(a, a.Before) >= 20 && readersAt(a, last),
			fmt.Sprintf("writer at gate \"checksum\"; each reader has read at least 20 times meanwhile, and sees transaction %d", last), got, "the writer's gate, the readers' counters")
	}},
	{ID: "no-call", Says: "to read is to follow numbers through memory: a reader makes no system call for it", Needs: []string{"ptrace"}, After: "watched", Check: func(a *sims.World) sims.Verdict {
		rests, others := readerCalls(a)
		n := reads(a) - reads(a.Before)
		return sims.Judge(rests >= 40 && len(others) == 0 && n >= 40, "a rest after each read, and no other call: no futex, no flock, no fcntl",
			fmt.Sprintf("%s, and while they were watched %s and %s", scene.Many(n, "read"), scene.Many(rests, "rest"), callsBy(others)), "the x-ray of both readers (ptrace)")
	}},
	{ID: "one-lock", Says: "the only lock on the file is the writer's, and the kernel takes it back when the writer dies", Needs: []string{"proc-locks"}, After: "killed", Check: func(b *sims.World) sims.Verdict {
		say := func(held, killed []string) string {
			return fmt.Sprintf("locks on the file: %s; after the kill: %s", whose(held), whose(killed))
		}
		held, _ := lockers(b.After("watched"))
		killed, known := lockers(b)
		return sims.Judge(known && slices.Equal(held, []string{"writer"}) && len(killed) == 0, say([]string{"writer"}, nil), say(held, killed), "/proc/locks, for the file's inode")
	}},
	{ID: "last-commit", Says: "a writer killed in the midst of a commit leaves the last one", After: "unhurt", Check: func(a *sims.World) sims.Verdict {
		held, before := a.After("held"), a.After("killed")
		v, last := decodeStore(a), decodeStore(held).newest.txn
		got := fmt.Sprintf("writer %s; %d torn meta page; newest valid: transaction %d; %s reads later: transaction %d, %d halves", a.Actor("writer").Ended(), v.torn(), v.newest.txn,
			scene.Thousands(reads(a)-reads(before)), a.Count("reader-1", "txn"), halves(a))
		return sims.Judge(a.Actor("writer").Life == scene.Killed && v.torn() == 1 && v.newest.txn == last && readersAt(a, last) && halves(a) == 0 && passedOver(a, before) >= 50,
			fmt.Sprintf("writer killed by SIGKILL; 1 torn meta page; newest valid: transaction %d; the readers see that, and no halves", last), got, "wait status, pread(2) of the meta pages, the readers' counters")
	}},
	{ID: "no-repair", Says: "the next writer goes on from there with nothing to repair", After: "again", Check: func(a *sims.World) sims.Verdict {
		dead := a.After("unhurt")
		left, v, next := newPages(decodeStore(dead)), decodeStore(a), decodeStore(dead).newest.txn+1
		var used []int
		for _, p := range v.pagesOf() {
			if v.nodes[p][nodeTxn] == next {
				used = append(used, int(p))
			}
		}
		slices.Sort(used)
		return sims.Judge(v.newest.txn == next && v.torn() == 0 && slices.Equal(left, used) && readersAt(a, next),
			fmt.Sprintf("transaction %d in the pages %v that the dead one had begun, 0 torn", next, left),
			fmt.Sprintf("transaction %d in the pages %v, %d torn", v.newest.txn, used, v.torn()), "pread(2) of the file")
	}},
	{ID: "one-store", Says: "one store later, the commit counts, though its writer was killed", After: "sealed", Check: func(a *sims.World) sims.Verdict {
		say := func(how string, txn uint64, seen int64) string {
			return fmt.Sprintf("writer %s; newest valid: transaction %d; the readers see %d", how, txn, seen)
		}
		txn, next := decodeStore(a).newest.txn, decodeStore(a.Before).newest.txn+1
		return sims.Judge(a.Actor("writer").Life == scene.Killed && txn == next && readersAt(a, next), say("killed by SIGKILL", next, int64(next)),
			say(a.Actor("writer").Ended(), txn, a.Count("reader-1", "txn")), "wait status, pread(2) of the meta pages, the readers' counters")
	}},
	{ID: "snapshot", Says: "a reader sees one version for as long as it reads", After: "looks", Check: func(a *sims.World) sims.Verdict {
		first, again := a.Last("holder", "holds"), a.Last("holder", "looked")
		txn := int64(decodeStore(a).newest.txn)
		return sims.Judge(again.N["txn"] == first.N["txn"] && again.S["values"] == first.S["values"] && txn > first.N["txn"],
			fmt.Sprintf("transaction %d: %s; a later one is the newest", first.N["txn"], first.S["values"]),
			fmt.Sprintf("transaction %d: %s; the newest is %d", again.N["txn"], again.S["values"], txn), "the holder's loads, pread(2) of the meta pages")
	}},
	{ID: "kept", Says: "pages that a reader needs are not written over, even when none is left", After: "pinned", Check: checkKept},
	{ID: "reused", Says: "a dead reader is found out, and its pages are used again", After: "reused", Check: checkReused},
	{ID: "never-half", Says: "no reader ever saw half a commit", After: "reused", Check: func(a *sims.World) sims.Verdict {
		say := func(n int64) string { return fmt.Sprintf("%d of %s reads", n, scene.Thousands(reads(a))) }
		return sims.Judge(halves(a) == 0 && reads(a) > 0, say(0), say(halves(a)), "each reader's sum of the accounts, and its look at every page's transaction")
	}},
}

// callsBy is calls by name, in words.
func callsBy(calls map[string]int64) string {
	if len(calls) == 0 {
		return "no other call"
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		list = append(list, fmt.Sprintf("%d × %s", calls[name], name))
	}
	return strings.Join(list, ", ")
}

// whose is who has a lock, in words.
func whose(roles []string) string {
	if len(roles) == 0 {
		return "none"
	}
	return strings.Join(roles, ", ")
}

// newPages are those that a commit which does not count has written.
func newPages(v storeView) (pages []int) {
	for p, u := range v.use() {
		if u == scene.PageNew {
			pages = append(pages, p)
		}
	}
	return pages
}

func checkKept(a *sims.World) sims.Verdict {
	begun := a.After("old-reader")
	old, now := decodeStore(begun), decodeStore(a)
	changed, held := 0, old.newest.txn
	for _, p := range old.pagesOf() {
		if old.nodes[p] != now.nodes[p] {
			changed++
		}
	}
	m, kept := a.Last("writer", "refused"), now.count(scene.PageOld)
	return sims.Judge(changed == 0 && now.newest.txn > held && m.N["oldest"] == int64(held) && m.N["usable"] < perCommit && kept > 0,
		fmt.Sprintf("0 of the 5 pages of transaction %d changed; a later one is the newest; the next was refused with less than %d pages to be had, and others kept", held, perCommit),
		fmt.Sprintf("%d of the 5 pages of transaction %d changed; newest: transaction %d; the next was refused with %d pages to be had and %d kept", changed, held, now.newest.txn, m.N["usable"], kept),
		"pread(2) of every page, the writer's answer")
}

func checkReused(a *sims.World) sims.Verdict {
	begun, dead := a.After("old-reader"), a.After("dies")
	old, gone, v := decodeStore(begun), decodeStore(dead), decodeStore(a)
	again := 0
	for _, p := range old.pagesOf() {
		if v.nodes[p][nodeTxn] > gone.newest.txn {
			again++
		}
	}
	pid, cleared := dead.Actor("holder").PID, int64(0)
	for i := range a.Moments {
		if m := &a.Moments[i]; m.Name == "committed" && m.At > dead.Now {
			cleared += m.N["stale"]
		}
	}
	line := func(v storeView) string {
		if v.lineOf(pid) {
			return "in it"
		}
		return "not in it"
	}
	say := func(before, after string, cleared int64, some string) string {
		return fmt.Sprintf("the dead holder's line: %s, then %s (%d emptied by the writer); pages of transaction %d used again: %s", before, after, cleared, old.newest.txn, some)
	}
	some := map[bool]string{true: "some", false: "none"}[again > 0]
	return sims.Judge(gone.lineOf(pid) && !v.lineOf(pid) && cleared == 1 && v.newest.txn > gone.newest.txn && again > 0,
		say("in it", "not in it", 1, "some"), say(line(gone), line(v), cleared, some), "wait status, pread(2) of the readers' page and of every page, kill(2) with signal 0")
}
