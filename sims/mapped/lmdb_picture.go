package mapped

// How the store looks: its sixteen pages as the tour reads them, who maps it, and
// one sentence on how it stands.

import (
	"fmt"

	"ipctour/sims"
	"ipctour/sims/scene"
)

func drawStore(w *sims.World) *scene.Scene {
	v := decodeStore(w)
	s := &scene.Scene{Sentence: storeSentence(w, v), Objects: []scene.Object{storePicture(w, v)}}
	for _, role := range storeRoles {
		p := w.Process(role)
		if note := storeNote(w, role); note != "" && p.Life.Alive() && p.Life != scene.Stopped && p.Gate == "" {
			p.Note, p.Where = note, "" // that it rests for 2 ms says nothing
		}
		s.Processes = append(s.Processes, p)
		if l, ok := storeLink(w, role); ok {
			s.Links = append(s.Links, l)
		}
	}
	s.Figures = storeFigures(w, v)
	return s
}

// storeNote is what a reader sees, for its box.
func storeNote(w *sims.World, role string) string {
	switch role {
	case "reader-1", "reader-2":
		if txn := w.Count(role, "txn"); txn > 0 {
			return fmt.Sprintf("sees txn %d", txn)
		}
	case "holder":
		if txn := holds(w); txn > 0 {
			return fmt.Sprintf("holds txn %d", txn)
		}
	}
	return ""
}

// holds is the version that the holder has begun to read and not ended; 0 for none.
func holds(w *sims.World) int64 {
	begun, ended := w.Last("holder", "holds"), w.Last("holder", "ended")
	if begun == nil || !w.Actor("holder").Life.Alive() || begun.At < w.Actor("holder").Born || ended != nil && ended.At > begun.At {
		return 0
	}
	return begun.N["txn"]
}

func storeLink(w *sims.World, role string) (scene.Link, bool) {
	a := w.Actor(role)
	l := scene.Link{From: "store", To: role, State: scene.Idle}
	if role == "writer" {
		l.From, l.To = role, "store"
	}
	switch {
	case a.Life == scene.Unborn:
		return l, false
	case !a.Life.Alive():
		l.State = scene.Cut
	case a.Life == scene.Running, role != "writer" && a.Life == scene.Asleep && w.Count(role, "reads") > 0:
		l.State = scene.Moving // a reader that rests for 2 ms has not stopped reading
	}
	return l, true
}

// still reports whether what the tour has read of the file can be taken as one: nobody
// is writing at this moment.
func still(w *sims.World) bool {
	a := w.Actor("writer")
	return !a.Life.Alive() || a.Gate != "" || a.Idle || a.Life == scene.Stopped
}

func storePicture(w *sims.World, v storeView) scene.Mapped {
	m := w.Mapped("store")
	uses := v.use()
	for i := range m.Pages {
		if i >= storePages || !v.known {
			break
		}
		q := &m.Pages[i]
		switch {
		case i < tablePage:
			q.Text, q.Use, q.State, q.Bad = metaCell(w, v, i)
		case i == tablePage:
			q.Text, q.Use, q.State = "readers"+heldText(w, v), scene.PageLive, lineCount(v)
		default:
			q.Use, q.Text, q.State = uses[i], v.node(i), fmt.Sprintf("txn %d", v.nodes[i][nodeTxn])
			switch q.Use {
			case scene.PageFree:
				q.Text, q.State = "", "free"
			case scene.PageOld:
				q.State = "kept"
			}
		}
	}
	return m
}

// metaCell tells a meta page.
func metaCell(w *sims.World, v storeView, i int) (text string, use scene.Use, state string, bad bool) {
	text = fmt.Sprintf("meta %d", v.metas[i].txn)
	switch {
	case !v.whole[i] && still(w):
		return text, scene.PageNew, "torn", true
	case !v.whole[i]:
		return "meta", scene.PageNew, "…", false
	case v.metas[i].txn == v.newest.txn:
		return text, scene.PageLive, "counts", false
	}
	return text, scene.PageOld, "older", false
}

// heldText is the versions in the readers' page that stand there for longer than a
// read takes.
func heldText(w *sims.World, v storeView) (text string) {
	for _, l := range v.lines {
		if l.pid == 0 || l.txn == 0 {
			continue
		}
		quick := false
		for _, role := range loopReaders {
			a := w.Actor(role)
			quick = quick || a.PID == l.pid && a.Life.Alive() && a.Life != scene.Stopped && a.Gate == ""
		}
		if !quick {
			text += fmt.Sprintf(" %d", l.txn)
		}
	}
	return text
}

func lineCount(v storeView) string {
	n := 0
	for _, l := range v.lines {
		if l.pid != 0 {
			n++
		}
	}
	return fmt.Sprintf("%d lines", n)
}

func storeFigures(w *sims.World, v storeView) []scene.Figure {
	dump := func(page int64) string {
		return fmt.Sprintf("od -A d -t u8 -j %d -N %d %s", page*w.Facts["page"], 8*metaWords, w.Object("store").S["path"])
	}
	newest := scene.Figure{ID: "newest", Label: "newest commit", Text: fmt.Sprintf("txn %d", v.newest.txn), Origin: scene.Kernel}
	free := scene.Figure{ID: "pages", Label: "free, kept", Text: fmt.Sprintf("%d, %d", v.count(scene.PageFree), v.count(scene.PageOld)), Origin: scene.Derived}
	if !v.known {
		newest = scene.Missing("newest", "newest commit", "the file has not been looked at yet")
		free = scene.Missing("pages", "free, kept", "the file has not been looked at yet")
	}
	figures := []scene.Figure{
		newest.From("pread(2) of both meta pages: the newer one whose checksum is right", dump(0)),
		free.From("the free pages in the newest meta page, and the oldest version in the readers' page", dump(int64(v.newest.txn%2))),
		scene.Figure{ID: "half", Label: "halves, of reads", Text: fmt.Sprintf("%s of %s", scene.Thousands(halves(w)), scene.Thousands(reads(w))), Origin: scene.Child}.
			From("the readers' counters: versions whose accounts do not add up, or with a page of a later transaction; and all they have read", ""),
		scene.Count("torn", "torn, passed over", w.Count("reader-1", "torn")+w.Count("reader-2", "torn"), "", scene.Child).From("the readers' counters: a meta page with a wrong checksum, and they went by the other", ""),
	}
	kernel := []scene.Figure{callFigure(w), lockFigure(w)}
	if w.Actor("reader-1").Traced && w.Actor("reader-2").Traced { // then they are what it is about
		return append(kernel, figures...)
	}
	return append(figures, kernel[1], kernel[0])
}

// lockFigure is who has a lock on the file.
func lockFigure(w *sims.World) scene.Figure {
	roles, known := lockers(w)
	if !known {
		return scene.Missing("locks", "locks on the file", "the kernel does not tell who has a file locked")
	}
	text := whose(roles)
	if len(roles) > 0 {
		text = fmt.Sprintf("%d: %s", len(roles), text)
	}
	return scene.Figure{ID: "locks", Label: "locks on the file", Text: text, Origin: scene.Kernel}.
		From("/proc/locks: who has a lock on the file's inode", fmt.Sprintf("grep :%d /proc/locks", w.Object("store").Level("inode")))
}

// callFigure is what the x-ray has seen of the readers.
func callFigure(w *sims.World) scene.Figure {
	rests, others := readerCalls(w)
	f := scene.Figure{ID: "calls", Label: "calls of the readers", Text: "not watched", Origin: scene.Kernel}
	for _, role := range loopReaders {
		if why := w.Actor(role).Untraced; why != "" {
			return scene.Missing("calls", f.Label, why)
		}
	}
	if w.Actor("reader-1").Traced && w.Actor("reader-2").Traced {
		f.Text = scene.Many(rests, "rest") + ", " + callsBy(others)
	}
	return f.From("ptrace(2): every system call of both readers since they are watched; they rest in nanosleep(2)", "")
}

func storeSentence(w *sims.World, v storeView) string {
	text := storeState(w, v)
	for _, role := range loopReaders {
		switch a := w.Actor(role); {
		case a.Ended() != "":
			text += " " + role + " is gone (" + a.Ended() + ")."
		case a.Life == scene.Stopped:
			text += " " + role + " is stopped, and the pages that it reads are kept."
		}
	}
	return text
}

func storeState(w *sims.World, v storeView) string {
	writer, txn := w.Actor("writer"), v.newest.txn
	torn := v.torn() > 0 && still(w)
	switch {
	case !v.known && w.Object("store").Level("pages") < 0:
		return "Four processes open the file and map it."
	case txn == 0:
		return "The writer commits, too fast for the tour to read a meta page whole."
	case halves(w) > 0:
		return "A reader has seen half a commit: that must not be."
	case writer.Ended() != "" && torn:
		return fmt.Sprintf("The writer is dead (%s) in the midst of a meta page. Its checksum is wrong, and the readers go by the other: transaction %d.", writer.Ended(), txn)
	case writer.Ended() != "" && len(newPages(v)) > 0:
		return fmt.Sprintf("The writer is dead (%s) in the midst of a commit. No meta page leads to what it wrote: transaction %d counts.", writer.Ended(), txn)
	case writer.Ended() != "":
		return fmt.Sprintf("The writer is dead (%s), and transaction %d counts: its meta page is whole.", writer.Ended(), txn)
	case writer.Gate != "" && torn:
		return fmt.Sprintf("The writer stands in the midst of a meta page: no reader goes by that one, and all read transaction %d.", txn)
	case writer.Gate != "":
		return fmt.Sprintf("The writer stands in the midst of a commit, before the %s; transaction %d counts.", writer.Gate, txn)
	case writer.Life == scene.Stopped:
		return fmt.Sprintf("The writer is stopped; transaction %d counts, and the readers read on.", txn)
	}
	return holderState(w, v)
}

// holderState is how things stand with a writer that lives and is not in a commit.
func holderState(w *sims.World, v storeView) string {
	txn, held, kept := v.newest.txn, holds(w), v.count(scene.PageOld)
	refused, done := w.Last("writer", "refused"), w.Last("writer", "committed")
	last := w.Last("holder", "looked")
	newest := &sims.Moment{}
	if n := len(w.Moments); n > 0 {
		newest = &w.Moments[n-1]
	}
	switch {
	case newest.Name == "holds nothing" && held == 0:
		return "The holder reads no version now, so there is nothing to look at or to give up. Let it hold one first."
	case last != nil && newest == last && held > 0:
		return fmt.Sprintf("The holder has read transaction %d once more and found %s in it, as before; %d counts.", held, last.S["values"], txn)
	case w.Actor("holder").Ended() != "" && v.oldest() < txn && kept > 0:
		return fmt.Sprintf("The holder is dead (%s), but its line is still there: till the next commit, pages are kept for transaction %d.", w.Actor("holder").Ended(), v.oldest())
	case refused != nil && (done == nil || refused.At > done.At) && v.count(scene.PageFree) < perCommit:
		return fmt.Sprintf("The commit was refused: %d pages are free, it needs %d, and %d are kept for the reader of transaction %d.", v.count(scene.PageFree), perCommit, kept, v.oldest())
	case held > 0 && uint64(held) < txn:
		return fmt.Sprintf("The holder still reads transaction %d while %d counts: %d pages are kept for it.", held, txn, kept)
	case held > 0:
		return fmt.Sprintf("The holder has begun to read transaction %d, and does not end.", held)
	}
	return fmt.Sprintf("Transaction %d counts: whoever begins to read now sees all of it.", txn)
}
