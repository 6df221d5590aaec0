package mapped

// What the tour knows of the store: the file as it reads it, and how far the readers
// have come. The steps, the claims and the picture all go by this.

import (
	"fmt"

	"ipctour/sims"
	"ipctour/sims/scene"
)

// storeView is the file as the tour reads it, with pread(2).
type storeView struct {
	known  bool
	metas  [2]meta
	whole  [2]bool
	newest meta // txn 0 while none is whole
	nodes  [storePages][nodeWords]uint64
	lines  [slots]struct {
		pid int
		txn uint64
	}
}

func decodeStore(w *sims.World) storeView {
	o := w.Object("store")
	at := func(page, word int) uint64 { return uint64(o.N[cellName(page, word)]) }
	var v storeView
	for i := range v.metas {
		var raw [metaWords]uint64
		for j := range raw {
			raw[j] = at(i, j)
		}
		v.metas[i], v.whole[i] = decodeMeta(raw)
		if v.whole[i] && v.metas[i].txn > v.newest.txn {
			v.newest = v.metas[i]
		}
		v.known = v.known || v.whole[i]
	}
	for i := range v.lines {
		v.lines[i].pid, v.lines[i].txn = int(at(tablePage, i*slotWords+slotPID)&^clearing), at(tablePage, i*slotWords+slotTxn)
	}
	for p := firstData; p < storePages; p++ {
		for j := range v.nodes[p] {
			v.nodes[p][j] = at(p, j)
		}
	}
	return v
}

// torn counts the meta pages that are not whole, the one apart that was never written.
func (v storeView) torn() (n int) {
	for i, whole := range v.whole {
		if !whole && v.metas[i].txn != 0 {
			n++
		}
	}
	return n
}

// oldest is the oldest version in the readers' page, or the newest of all.
func (v storeView) oldest() uint64 {
	oldest := v.newest.txn
	for _, l := range v.lines {
		if l.txn != 0 {
			oldest = min(oldest, l.txn)
		}
	}
	return oldest
}

// use says what each page is to the newest version.
func (v storeView) use() (uses [storePages]scene.Use) {
	for p := range uses {
		uses[p] = scene.PageLive
	}
	oldest := v.oldest()
	for _, f := range v.newest.free {
		if f.page >= storePages {
			continue
		}
		switch {
		case v.nodes[f.page][nodeTxn] > v.newest.txn:
			uses[f.page] = scene.PageNew
		case f.at > oldest:
			uses[f.page] = scene.PageOld
		default:
			uses[f.page] = scene.PageFree
		}
	}
	return uses
}

// count counts the pages of one use.
func (v storeView) count(u scene.Use) (n int64) {
	for _, use := range v.use() {
		if use == u {
			n++
		}
	}
	return n
}

// node is what a page holds, in words.
func (v storeView) node(p int) string {
	n := &v.nodes[p]
	switch {
	case n[nodeKind] == kindRoot:
		return "root"
	case n[nodeKind] == kindLeaf && n[nodeFirst] < accounts:
		return fmt.Sprintf("%s %d", owners[n[nodeFirst]], int64(n[leafValue]))
	}
	return ""
}

// pagesOf are the root and the leaves of the newest version.
func (v storeView) pagesOf() []uint64 {
	if v.newest.root >= storePages {
		return nil
	}
	pages := []uint64{v.newest.root}
	for i := range accounts {
		pages = append(pages, v.nodes[v.newest.root][nodeFirst+i])
	}
	return pages
}

// lineOf reports whether a process has a line in the readers' page.
func (v storeView) lineOf(pid int) bool {
	for _, l := range v.lines {
		if l.pid == pid && pid != 0 {
			return true
		}
	}
	return false
}

// readersAt reports whether both readers live and have read a transaction.
func readersAt(w *sims.World, txn uint64) bool {
	for _, role := range loopReaders {
		if w.Count(role, "txn") != int64(txn) || !w.Actor(role).Life.Alive() {
			return false
		}
	}
	return true
}

// committed is a transaction done in this step and read by both.
func committed(w *sims.World) bool {
	m, txn := w.News("writer", "committed"), decodeStore(w).newest.txn
	return w.ReadSince(m) && uint64(m.N["txn"]) == txn && readersAt(w, txn)
}

// passedOver is how often each reader at least has met a torn meta page and gone by
// the other, since an earlier world or from the beginning.
func passedOver(w, since *sims.World) int64 {
	least := int64(-1)
	for _, role := range loopReaders {
		n := w.Count(role, "torn")
		if since != nil {
			n -= since.Count(role, "torn")
		}
		if least < 0 || n < least {
			least = n
		}
	}
	return least
}

func reads(w *sims.World) int64  { return w.Count("reader-1", "reads") + w.Count("reader-2", "reads") }
func halves(w *sims.World) int64 { return w.Count("reader-1", "half") + w.Count("reader-2", "half") }

// readerCalls are the system calls of both readers that the x-ray has seen: those in
// which they rest between two reads, and all others, by name.
func readerCalls(w *sims.World) (rests int64, others map[string]int64) {
	others = map[string]int64{}
	for _, role := range loopReaders {
		for name, n := range w.Actor(role).Called {
			switch name {
			case "nanosleep", "restart_syscall": // the second is the first, gone on with after a stop
				rests += n
			default:
				others[name] += n
			}
		}
	}
	return rests, others
}

// restsSeen reports whether the x-ray has seen each reader rest 20 times, or is denied.
func restsSeen(w *sims.World) bool {
	for _, role := range loopReaders {
		if w.Actor(role).Untraced == "" && w.Called(role) < 20 {
			return false
		}
	}
	return true
}

// lockers are the roles that have a lock on the file; known is false where the kernel
// does not tell.
func lockers(w *sims.World) (roles []string, known bool) {
	for _, role := range storeRoles {
		if w.Object("store").Level("lock "+role) == 1 {
			roles = append(roles, role)
		}
	}
	return roles, w.Object("store").Level("locks") >= 0
}
