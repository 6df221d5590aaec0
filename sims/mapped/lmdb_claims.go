package mapped

// What the lesson on the store claims, and by which readings.

import (
	"fmt"
	"slices"

	"ipctour/sims"
	"ipctour/sims/scene"
)

var storeClaims = []sims.Claim{
	{ID: "no-lock", Says: "readers go on while the writer stands in the midst of a commit", Check: func(w *sims.World) sims.Verdict {
		a := w.After("held")
		if a == nil {
			return sims.NotYet()
		}
		got := fmt.Sprintf("writer at gate %q; each reader has read at least %s times meanwhile, and sees transaction %d", a.Actor("writer").Gate,
			scene.Thousands(passedOver(a, nil)), a.Count("reader-1", "txn"))
		return sims.Judge(a.Actor("writer").Gate == "checksum" && passedOver(a, nil) >= 20 && readersAt(a, 2),
			"writer at gate \"checksum\"; each reader has read at least 20 times meanwhile, and sees transaction 2", got, "the writer's gate, the readers' counters")
	}},
	{ID: "last-commit", Says: "a writer killed in the midst of a commit leaves the last one", Check: func(w *sims.World) sims.Verdict {
		before, a := w.After("killed"), w.After("unhurt")
		if a == nil {
			return sims.NotYet()
		}
		v := decodeStore(a)
		got := fmt.Sprintf("writer %s; %d torn meta page; newest valid: transaction %d; %s reads later: transaction %d, %d halves", a.Actor("writer").Ended(), v.torn(), v.newest.txn,
			scene.Thousands(reads(a)-reads(before)), a.Count("reader-1", "txn"), halves(a))
		return sims.Judge(a.Actor("writer").Life == scene.Killed && v.torn() == 1 && v.newest.txn == 2 && readersAt(a, 2) && halves(a) == 0 && passedOver(a, before) >= 50,
			"writer killed by SIGKILL; 1 torn meta page; newest valid: transaction 2; the readers see that, and no halves", got, "wait status, pread(2) of the meta pages, the readers' counters")
	}},
	{ID: "no-repair", Says: "the next writer goes on from there with nothing to repair", Check: func(w *sims.World) sims.Verdict {
		dead, a := w.After("unhurt"), w.After("again")
		if a == nil {
			return sims.NotYet()
		}
		left, v := newPages(decodeStore(dead)), decodeStore(a)
		var used []int
		for _, p := range v.pagesOf() {
			if v.nodes[p][nodeTxn] == 3 {
				used = append(used, int(p))
			}
		}
		slices.Sort(used)
		return sims.Judge(v.newest.txn == 3 && v.torn() == 0 && slices.Equal(left, used) && readersAt(a, 3),
			fmt.Sprintf("transaction 3 in the pages %v that the dead one had begun, 0 torn", left),
			fmt.Sprintf("transaction %d in the pages %v, %d torn", v.newest.txn, used, v.torn()), "pread(2) of the file")
	}},
	{ID: "one-store", Says: "one store later, the commit counts, though its writer was killed", Check: func(w *sims.World) sims.Verdict {
		a := w.After("sealed")
		if a == nil {
			return sims.NotYet()
		}
		say := func(how string, txn uint64, seen int64) string {
			return fmt.Sprintf("writer %s; newest valid: transaction %d; the readers see %d", how, txn, seen)
		}
		txn := decodeStore(a).newest.txn
		return sims.Judge(a.Actor("writer").Life == scene.Killed && txn == 4 && readersAt(a, 4), say("killed by SIGKILL", 4, 4),
			say(a.Actor("writer").Ended(), txn, a.Count("reader-1", "txn")), "wait status, pread(2) of the meta pages, the readers' counters")
	}},
	{ID: "snapshot", Says: "a reader sees one version for as long as it reads", Check: func(w *sims.World) sims.Verdict {
		a := w.After("looks")
		if a == nil {
			return sims.NotYet()
		}
		first, again := a.Last("holder", "holds"), a.Last("holder", "looked")
		txn := decodeStore(a).newest.txn
		return sims.Judge(again.N["txn"] == 4 && again.S["values"] == first.S["values"] && txn == 6,
			"transaction 4: "+first.S["values"]+"; newest: transaction 6", fmt.Sprintf("transaction %d: %s; newest: transaction %d", again.N["txn"], again.S["values"], txn),
			"the holder's loads, pread(2) of the meta pages")
	}},
	{ID: "kept", Says: "pages that a reader needs are not written over, even when none is left", Check: checkKept},
	{ID: "reused", Says: "a dead reader is found out, and its pages are used again", Check: checkReused},
	{ID: "never-half", Says: "no reader ever saw half a commit", Check: func(w *sims.World) sims.Verdict {
		a := w.After("reused")
		if a == nil {
			return sims.NotYet()
		}
		say := func(n int64) string { return fmt.Sprintf("%d of %s reads", n, scene.Thousands(reads(a))) }
		return sims.Judge(halves(a) == 0 && reads(a) > 0, say(0), say(halves(a)), "each reader adds the accounts up and looks at every page's transaction")
	}},
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

func checkKept(w *sims.World) sims.Verdict {
	before, a := w.After("old-reader"), w.After("pinned")
	if a == nil {
		return sims.NotYet()
	}
	old, now := decodeStore(before), decodeStore(a)
	changed := 0
	for _, p := range old.pagesOf() {
		if old.nodes[p] != now.nodes[p] {
			changed++
		}
	}
	m := a.Last("writer", "refused")
	say := func(changed int, txn uint64, usable, kept int64) string {
		return fmt.Sprintf("%d of the 5 pages of transaction 4 changed; newest: transaction %d; the next was refused with %d pages to be had and %d kept", changed, txn, usable, kept)
	}
	return sims.Judge(changed == 0 && now.newest.txn == 6 && m.N["usable"] < perCommit && now.count(scene.PageOld) == 6, say(0, 6, 2, 6),
		say(changed, now.newest.txn, m.N["usable"], now.count(scene.PageOld)), "pread(2) of every page, the writer's answer")
}

func checkReused(w *sims.World) sims.Verdict {
	begun, dead, a := w.After("old-reader"), w.After("dies"), w.After("reused")
	if a == nil {
		return sims.NotYet()
	}
	old, v := decodeStore(begun), decodeStore(a)
	again := 0
	for _, p := range old.pagesOf() {
		if v.nodes[p][nodeTxn] == 7 {
			again++
		}
	}
	pid := dead.Actor("holder").PID
	line := func(v storeView) string {
		for _, l := range v.lines {
			if l.pid == pid {
				return "in it"
			}
		}
		return "not in it"
	}
	say := func(before, after string, cleared int64, txn uint64, some bool) string {
		return fmt.Sprintf("the dead holder's line: %s, then %s (%d emptied by the writer); transaction %d; pages of transaction 4 used again: %v", before, after, cleared, txn, some)
	}
	cleared := a.Last("writer", "committed").N["stale"]
	return sims.Judge(line(decodeStore(dead)) == "in it" && line(v) == "not in it" && cleared == 1 && v.newest.txn == 7 && again > 0,
		say("in it", "not in it", 1, 7, true), say(line(decodeStore(dead)), line(v), cleared, v.newest.txn, again > 0), "wait status, pread(2) of the readers' page and of every page, kill(2) with signal 0")
}
