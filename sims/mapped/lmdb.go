package mapped

// What this lesson shows: a store in one mapped file, as LMDB is built. The writer
// copies pages instead of changing them, and one store into a meta page makes the
// new version count. Readers wait for nobody, and a writer that is killed at any
// point leaves the last version whole.

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

//go:embed lmdb.go
var lmdbSource string

//go:embed store.go
var storeSource string

// storeBody is the store's own code from its first declaration on, to be read after
// the roles'.
func storeBody() string {
	return "\n// The store, from here on.\n" + storeSource[strings.Index(storeSource, "\nconst ("):]
}

// commitPoints are the gates of the writer, one before each step of a commit.
var commitPoints = []string{"first leaf", "second leaf", "root", "msync", "meta page", "checksum", "last msync"}

var (
	storeRoles  = []string{"writer", "reader-1", "reader-2", "holder"}
	loopReaders = []string{"reader-1", "reader-2"}
)

var lmdb = sims.Sim{
	ID:     "mapped/lmdb",
	Source: lmdbSource + storeBody(),
	Roles: []sims.Role{
		{Name: "writer", Run: commitTransfers, Counters: []string{"commits"}, Settings: []string{"die at"}, Gates: commitPoints},
		{Name: "reader-1", Run: readAgainAndAgain, Counters: readerCounters, Gates: []string{"begin", "read"}},
		{Name: "reader-2", Run: readAgainAndAgain, Counters: readerCounters, Gates: []string{"begin", "read"}},
		{Name: "holder", Run: holdSnapshot, Gates: []string{"begin", "read"}},
	},
	Wire: wireStore,
	Knobs: []sims.Knob{
		{Key: "w", Name: "commit", Help: "the writer moves 10 from one account to the next, once", Act: sims.Tell{Role: "writer", Command: "commit"}},
		{Key: "d", Name: "die at", Help: "the writer kills itself with SIGKILL before this step of its next commit",
			Act: sims.Set{Role: "writer", Setting: "die at", Values: []int64{0, 1, 2, 3, 4, 5, 6, 7}, Names: append([]string{"nowhere"}, commitPoints...)}},
		{Key: "g", Name: "hold before the checksum", Help: "in its next commit the writer waits in the midst of the meta page",
			Act: sims.Do{Run: func(r *stage.Run, _ string) error { return r.StopAt("writer", "checksum") }}},
		{Key: "l", Name: "let go", Help: "the writer goes on, and waits there no more",
			Act: sims.Do{Run: func(r *stage.Run, _ string) error { r.Step(false); return nil }}},
		{Key: "k", Name: "kill the writer", Help: "SIGKILL, wherever it is", Act: sims.Break{Fault: stage.Kill, Role: "writer"}},
		{Key: "b", Name: "start the writer", Help: "a new writer opens the file as it is", Act: sims.Start{Role: "writer"}},
		{Key: "1", Name: "hold a version", Help: "the holder begins to read the newest version and does not end", Act: sims.Tell{Role: "holder", Command: "hold"}},
		{Key: "2", Name: "look again", Help: "the holder reads its version once more", Act: sims.Tell{Role: "holder", Command: "look"}},
		{Key: "3", Name: "give it up", Help: "the holder ends its reading", Act: sims.Tell{Role: "holder", Command: "end"}},
		{Key: "4", Name: "kill the holder", Help: "SIGKILL while its line is in the readers' page", Act: sims.Break{Fault: stage.Kill, Role: "holder"}},
		{Key: "5", Name: "start the holder", Help: "a new holder takes a line in the readers' page", Act: sims.Start{Role: "holder"}},
		{Key: "y", Name: "x-ray the readers", Help: "show the system calls of both readers, or no more", Act: sims.Watch(loopReaders...)},
		{Key: "f", Name: "write on and on", Help: "the writer commits 200 times a second, or as often as the disk lets it", Act: sims.Tell{Role: "writer", Command: "run"}},
		{Key: "r", Name: "rest", Help: "the writer waits for you again", Act: sims.Tell{Role: "writer", Command: "rest"}},
	},
	Draw: drawStore,
	Measured: func(w *sims.World) (string, bool) {
		before, a := w.After("held"), w.After("unhurt")
		switch {
		case a == nil:
			return "", false
		case halves(a) > 0:
			return "mix", true
		case reads(a) == reads(before):
			return "waits", true
		case a.Count("reader-1", "txn") == before.Count("reader-1", "txn"):
			return "last", true
		}
		return "new", true
	},
	Walk: []sims.Step{
		{ID: "opened", For: "two readers have read the newest transaction", Until: func(w *sims.World) bool {
			return settled(w) && w.Actor("writer").Idle
		}},
		{ID: "commit", From: "opened", Turn: sims.Press("commit"), For: "the commit is done, and both readers have read it", Until: committed},
		{ID: "held", From: "opened", Turn: sims.Press("hold before the checksum", "commit"), For: "the writer stands in the midst of the meta page, and each reader has read 20 times meanwhile", Until: func(w *sims.World) bool {
			v := decodeStore(w)
			return w.Actor("writer").Gate == "checksum" && v.torn() == 1 && passedOver(w, w.Before) >= 20 && readersAt(w, v.newest.txn)
		}},
		{ID: "watched", From: "opened", Turn: []sims.Turn{{Knob: "x-ray the readers", Value: "on"}}, For: "each reader has read 20 times more, and the x-ray has seen it rest as often", Until: func(w *sims.World) bool {
			return restsSeen(w) && passedOver(w, w.Before) >= 20 && w.Actor("writer").Gate == "checksum"
		}},
		{ID: "killed", From: "opened", Turn: append([]sims.Turn{{Knob: "x-ray the readers", Value: "off"}}, sims.Press("kill the writer")...), For: "the writer is dead in the midst of the meta page", Until: func(w *sims.World) bool {
			return w.Actor("writer").Life == scene.Killed && w.ReadSinceEnd("writer") && decodeStore(w).torn() == 1
		}},
		{ID: "unhurt", From: "opened", For: "each reader has read 50 times since", Until: func(w *sims.World) bool {
			return passedOver(w, w.After("killed")) >= 50 && w.Actor("writer").Life == scene.Killed && decodeStore(w).torn() == 1
		}},
		{ID: "again", From: "opened", Turn: withWriter("commit"), For: "another commit is done, and both readers have read it", Until: committed},
		{ID: "sealed", From: "sealed", Turn: []sims.Turn{{Knob: "die at", Value: "last msync", When: settled}, {Knob: "commit"}}, For: "the writer is dead, and both readers have read its transaction", Until: func(w *sims.World) bool {
			txn := decodeStore(w).newest.txn
			return w.Actor("writer").Life == scene.Killed && txn > decodeStore(w.Before).newest.txn && readersAt(w, txn)
		}},
		{ID: "old-reader", From: "old-reader", Turn: withWriter("hold a version"), For: "the holder has begun to read the newest transaction", Until: func(w *sims.World) bool {
			m, v := w.News("holder", "holds"), decodeStore(w)
			return w.ReadSince(m) && v.oldest() == uint64(m.N["txn"]) && v.newest.txn == v.oldest() && w.Actor("writer").Idle
		}},
		{ID: "pinned", From: "old-reader", Turn: sims.Press("commit", "commit", "commit"), For: "a commit was refused, and both readers have read the one before it", Until: func(w *sims.World) bool {
			txn := decodeStore(w).newest.txn
			return w.ReadSince(w.News("writer", "refused")) && readersAt(w, txn) && holds(w) > 0 && txn > uint64(holds(w))
		}},
		{ID: "looks", From: "old-reader", Turn: sims.Press("look again"), For: "the holder has read its version once more", Until: func(w *sims.World) bool {
			return w.News("holder", "looked") != nil
		}},
		{ID: "dies", From: "old-reader", Turn: sims.Press("kill the holder"), For: "the holder is dead, and its line is left", Until: func(w *sims.World) bool {
			v := decodeStore(w)
			return w.Actor("holder").Life == scene.Killed && w.ReadSinceEnd("holder") && v.lineOf(w.Actor("holder").PID) && v.oldest() < v.newest.txn
		}},
		{ID: "reused", From: "old-reader", Turn: sims.Press("commit"), For: "a commit is done on the pages of the dead reader", Until: committed},
	},
	Claims: storeClaims,
}

// withWriter turns a knob once there is a writer that waits; where it has ended another is started.
func withWriter(knob string) []sims.Turn {
	return []sims.Turn{
		{Knob: "start the writer", When: settled, If: func(w *sims.World) bool { return w.Actor("writer").Ended() != "" }},
		{Knob: knob, When: func(w *sims.World) bool { return w.Actor("writer").Idle }},
	}
}

// settled: the file is known, both readers have read the newest transaction, and the
// holder waits.
func settled(w *sims.World) bool {
	v := decodeStore(w)
	return v.newest.txn > 0 && readersAt(w, v.newest.txn) && w.Actor("holder").Idle && (w.Actor("writer").Idle || w.Actor("writer").Ended() != "")
}

var readerCounters = []string{"reads", "half", "torn", "txn"}

func wireStore(w *sims.Wiring) error {
	path := w.Path("store", "mapped", "store")
	page := os.Getpagesize()
	cell := func(p, word int) {
		w.Cells("store", sims.Cell{Name: cellName(p, word), Offset: int64(p*page + 8*word), Size: 8})
	}
	for p := range storePages {
		n := nodeWords
		switch {
		case p < tablePage:
			n = metaWords
		case p == tablePage:
			n = slots * slotWords
		}
		for word := range n {
			cell(p, word)
		}
	}
	w.Locks("store")
	for _, role := range storeRoles {
		w.Put(role, "path", path) // all that they have in common
	}
	return os.WriteFile(path, storeImage(page), 0o600)
}

func cellName(page, word int) string { return fmt.Sprintf("%d.%d", page, word) }

// points are the writer's gates. Before each it may be told to die there.
type points struct {
	*sims.Actor
	n int64
}

// Gate is the actor's. A writer that is to die here kills itself with SIGKILL: it has
// no time to tidy up, like one that you kill.
func (p *points) Gate(name string) {
	p.Actor.Gate(name)
	if p.n++; p.n == p.Setting("die at") {
		_ = unix.Kill(unix.Getpid(), unix.SIGKILL) // it does not return
	}
}

// commitTransfers is the writer. Every commit moves 10 from one account to the next,
// so that all of them together always hold 400.
func commitTransfers(a *sims.Actor) error {
	s, err := openStore(a.Arg("path"), true)
	if err != nil {
		return err
	}
	for running := false; ; {
		running = toWrite(a, running)
		at := &points{Actor: a}
		t, err := s.change() // picks the newest version, and looks who reads which
		if errors.Is(err, errFull) {
			a.Say("refused", sims.Num("txn", int(t.next.txn)), sims.Num("usable", t.usable()), sims.Num("oldest", int(t.oldest)))
			running = false
			continue
		}
		if err != nil {
			return err
		}
		from, to := t.parties()
		at.Gate("first leaf")
		t.putLeaf(from, -amount) // a changed copy; the old leaf stays as it is
		at.Gate("second leaf")
		t.putLeaf(to, amount)
		at.Gate("root")
		t.putRoot()
		at.Gate("msync")
		if err := t.syncPages(); err != nil {
			return err
		}
		at.Gate("meta page")
		t.fillMeta() // all but the checksum: this meta page is not valid now
		at.Gate("checksum")
		t.seal() // the commit is this one store
		at.Gate("last msync")
		if err := t.syncMeta(); err != nil {
			return err
		}
		a.Counter("commits").Add(1)
		if !running || t.stale > 0 {
			a.Say("committed", sims.Num("txn", int(t.next.txn)), sims.Num("stale", t.stale))
		}
	}
}

// toWrite waits until a commit is to be made; while it is running there is no wait but
// a short rest. It says whether the writer is to go on by itself.
func toWrite(a *sims.Actor, running bool) bool {
	for {
		var c sims.Command
		if running {
			pause(5 * time.Millisecond)
			asked := false
			if c, asked = a.Asked(); !asked {
				return true
			}
		} else {
			c = a.Next()
		}
		switch c.Name {
		case "run":
			return true
		case "rest":
			running = false
		case "commit":
			return false // one, also for a writer that was writing on and on
		}
	}
}

// pause is a rest; a signal may cut it short.
func pause(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&t, nil) // EINTR: rested enough
}

// readAgainAndAgain is a reader: it takes the newest version, reads all of it, gives
// it up, and rests 2 ms. It takes no lock, and it waits for nobody.
func readAgainAndAgain(a *sims.Actor) error {
	s, err := enterStore(a)
	if err != nil {
		return err
	}
	reads, half, torn, txn := a.Counter("reads"), a.Counter("half"), a.Counter("torn"), a.Counter("txn")
	for {
		a.Gate("begin")
		sn, err := s.begin()
		if err != nil {
			return err
		}
		a.Gate("read")
		if _, err := sn.read(); err != nil && half.Add(1) == 1 {
			a.Say("half a commit", sims.Word("what", err.Error()))
		}
		s.end()
		txn.Store(int64(sn.txn))
		torn.Add(int64(sn.torn))
		reads.Add(1)
		pause(2 * time.Millisecond)
	}
}

// holdSnapshot is a reader that begins and does not end until it is told.
func holdSnapshot(a *sims.Actor) error {
	s, err := enterStore(a)
	if err != nil {
		return err
	}
	var sn snapshot
	for {
		switch a.Next().Name {
		case "hold":
			a.Gate("begin")
			if sn, err = s.begin(); err != nil {
				return err
			}
			look(a, sn, "holds")
		case "look":
			if sn.s == nil {
				a.Say("holds nothing")
				continue
			}
			look(a, sn, "looked")
		case "end":
			if sn.s == nil {
				a.Say("holds nothing")
				continue
			}
			s.end()
			sn = snapshot{}
			a.Say("ended")
		}
	}
}

// look reads the whole of a version and tells what is in it.
func look(a *sims.Actor, sn snapshot, moment string) {
	a.Gate("read")
	values, err := sn.read()
	if err != nil {
		a.Say("half a commit", sims.Word("what", err.Error()))
		return
	}
	a.Say(moment, sims.Num("txn", int(sn.txn)), sims.Word("values", fmt.Sprint(values)))
}

func enterStore(a *sims.Actor) (*store, error) {
	s, err := openStore(a.Arg("path"), false)
	if err != nil {
		return nil, err
	}
	return s, s.enter()
}
