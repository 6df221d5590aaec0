package mapped

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/simtest"
	"ipctour/sims/stage"
)

// show is a play of the lesson on the store with the world as its events make it.
type show struct {
	t *testing.T
	p *sims.Play
	w *sims.World
}

func newShow(t *testing.T) *show {
	p, err := sims.StartPlay(simtest.House(t), &lmdb, sims.PlayOptions{Sample: 2 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	s := &show{t, p, sims.NewWorld(&lmdb)}
	t.Cleanup(func() {
		go func() {
			for range p.Feed() { // a feed must be read to its end
			}
		}()
		if r := p.Stop(); len(r.Left) > 0 {
			t.Errorf("left behind: %v", r.Left)
		}
	})
	s.until("the store is read", func() bool {
		return readersAt(s.w, 1) && s.w.Actor("writer").Idle && s.w.Object("store").S["path"] != ""
	})
	return s
}

func (s *show) until(what string, met func() bool) {
	s.t.Helper()
	deadline := time.After(simtest.Patience)
	for !met() {
		select {
		case batch, open := <-s.p.Feed():
			if !open {
				s.t.Fatalf("the run ended before %s", what)
			}
			for _, e := range batch {
				s.w.Apply(e)
			}
		case <-deadline:
			s.t.Fatalf("waited in vain until %s\n%s", what, simtest.Describe(s.w))
		}
	}
}

// do acts on the play while its feed is read.
func (s *show) do(act func() error) {
	s.t.Helper()
	done := make(chan error, 1)
	go func() { done <- act() }()
	var err error
	s.until("it is done", func() bool {
		select {
		case err = <-done:
			return true
		default:
			return false
		}
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *show) turn(knob, value string) {
	s.t.Helper()
	s.do(func() error { return s.p.Turn(knob, value) })
}

func (s *show) dead() {
	s.t.Helper()
	s.until("the writer is dead", func() bool { return s.w.Actor("writer").Life == scene.Killed })
	if s.w.Actor("writer").Signal != int(unix.SIGKILL) {
		s.t.Fatalf("the writer ended by itself: %s", s.w.Actor("writer").Ended())
	}
}

// whole opens the store as it lies there and reads it with no writer about.
func whole(t *testing.T, st *store) uint64 {
	t.Helper()
	m, torn, err := st.newest()
	if err != nil || torn > 1 {
		t.Fatalf("%d torn meta pages: %v", torn, err)
	}
	values, err := snapshot{s: st, txn: m.txn, root: m.root}.read()
	if err != nil {
		t.Fatal(err)
	}
	if values != valuesAt(m.txn) {
		t.Fatalf("transaction %d has %v, not %v", m.txn, values, valuesAt(m.txn))
	}
	return m.txn
}

// TestKilledWriters kills real writers of the lesson hundreds of times: at each step of
// a commit in turn by lot, and at moments that nobody has chosen. After each the store
// must hold exactly the last commit, and no reader may ever have seen half of one.
func TestKilledWriters(t *testing.T) {
	s := newShow(t)
	st, err := openStore(s.w.Object("store").S["path"], false)
	if err != nil {
		t.Fatal(err)
	}
	defer st.close()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	lot := rand.New(rand.NewPCG(seed, 1))
	txn, sealed, early := uint64(1), 0, 0
	for i := range kills {
		if i > 0 {
			s.turn("start the writer", "")
		}
		if lot.IntN(4) > 0 { // before a step of a commit
			point := lot.IntN(len(commitPoints))
			s.turn("die at", commitPoints[point])
			s.turn("commit", "")
			s.dead()
			if point == len(commitPoints)-1 { // the checksum is in: it counts
				txn++
				sealed++
			} else {
				early++
			}
			if got := whole(t, st); got != txn {
				t.Fatalf("killed before %q: transaction %d counts, not %d", commitPoints[point], got, txn)
			}
		} else { // at any moment while it writes on and on
			s.turn("write on and on", "")
			s.until("it has written", func() bool { m, _, err := st.newest(); return err == nil && m.txn > txn })
			for range lot.IntN(20_000) {
				st.page(0)[metaTxn].Load() // a moment, by lot
			}
			s.do(func() error { return s.p.Break(stage.Kill, "writer", "") })
			s.dead()
			got := whole(t, st)
			if got <= txn {
				t.Fatalf("transaction %d counts after %d", got, txn)
			}
			txn = got
		}
		if halves(s.w) > 0 {
			t.Fatalf("a reader saw half a commit: %v", s.w.Last("", "half a commit").S)
		}
	}
	before := reads(s.w)
	s.until("the readers have read the last one", func() bool { return readersAt(s.w, txn) && reads(s.w) > before })
	t.Logf("%d writers killed, %d of them before their commit counted and %d after; transaction %d; %d reads, %d torn meta pages passed over", kills, early, sealed, txn,
		reads(s.w), s.w.Count("reader-1", "torn")+s.w.Count("reader-2", "torn"))
	if halves(s.w) != 0 {
		t.Errorf("%d halves", halves(s.w))
	}
}

// scratch is a store in a file of its own.
func scratch(t testing.TB) string {
	path := filepath.Join(t.TempDir(), "store")
	if err := os.WriteFile(path, storeImage(os.Getpagesize()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, path string, write bool) *store {
	t.Helper()
	s, err := openStore(path, write)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// upTo makes a commit and gives up before one of its steps; past the last it is whole.
func upTo(t *transfer, point int) {
	from, to := t.parties()
	for i, step := range []func(){
		func() { t.putLeaf(from, -amount) }, func() { t.putLeaf(to, amount) }, t.putRoot, func() {}, t.fillMeta, t.seal, func() {},
	} {
		if i == point {
			return
		}
		step()
	}
}

// TestVersionsStay: whatever commits are made, given up or refused, every version that a
// reader holds stays as it was, and no page that it needs is written over.
func TestVersionsStay(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		path := scratch(t)
		w := open(t, path, true)
		type reading struct {
			s    *store
			sn   snapshot
			held bool
		}
		var readers []*reading
		for range slots {
			s := open(t, path, false)
			if err := s.enter(); err != nil {
				r.Fatal(err)
			}
			readers = append(readers, &reading{s: s})
		}
		txn := uint64(1)
		for range rapid.IntRange(1, 60).Draw(r, "acts") {
			rd := readers[rapid.IntRange(0, slots-1).Draw(r, "reader")]
			switch rapid.IntRange(0, 3).Draw(r, "act") {
			case 0:
				sn, err := rd.s.begin()
				if err != nil || sn.txn != txn {
					r.Fatalf("began transaction %d, not %d: %v", sn.txn, txn, err)
				}
				rd.sn, rd.held = sn, true
			case 1:
				rd.s.end()
				rd.held = false
			default:
				c, err := w.change()
				if err == errFull {
					break
				}
				if err != nil {
					r.Fatal(err)
				}
				point := rapid.IntRange(0, len(commitPoints)).Draw(r, "point")
				upTo(c, point)
				if point >= len(commitPoints)-1 {
					txn++
				}
			}
			for _, rd := range readers {
				if !rd.held {
					continue
				}
				if values, err := rd.sn.read(); err != nil || values != valuesAt(rd.sn.txn) {
					r.Fatalf("transaction %d has become %v: %v", rd.sn.txn, values, err)
				}
			}
		}
		if got := whole(t, w); got != txn {
			r.Fatalf("transaction %d counts, not %d", got, txn)
		}
	})
}

func TestOneWriter(t *testing.T) {
	path := scratch(t)
	open(t, path, true)
	if _, err := openStore(path, true); err == nil {
		t.Error("a second writer got in")
	}
}

// TestTornMeta: a meta page of which only a part is written is never taken.
func TestTornMeta(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		older := meta{txn: 4, root: 5, free: []freePage{{3, 2}, {9, 4}}}
		newer := meta{txn: 6, root: 7, free: []freePage{{4, 6}, {5, 6}, {9, 4}}}
		a, b := older.words(), newer.words()
		n := rapid.IntRange(2, metaSum).Draw(r, "words written") // the first is the same in both; the checksum is not there yet
		copy(a[:n], b[:n])
		if _, ok := decodeMeta(a); ok {
			r.Fatalf("taken with %d words of %d", n, metaWords)
		}
	})
}

// TestKilledClearer: whoever empties the line of a dead reader may be killed between
// two stores. The next one finishes that, and no page stays pinned for ever.
func TestKilledClearer(t *testing.T) {
	path := scratch(t)
	w := open(t, path, true)
	const dead = 1 << 22 // no process has a number so high
	line := w.line(0)
	line[slotPID].Store(clearing | dead)
	line[slotTxn].Store(1)
	for n := range 20 {
		c, err := w.change()
		if err != nil {
			t.Fatalf("commit %d: %v", n+1, err)
		}
		upTo(c, len(commitPoints))
	}
	if pid, txn := line[slotPID].Load(), line[slotTxn].Load(); pid != 0 || txn != 0 {
		t.Errorf("the line is %#x, %d, and should be free", pid, txn)
	}
}

// valuesAt are the accounts as transaction txn leaves them.
func valuesAt(txn uint64) (values [accounts]int64) {
	for i := range values {
		values[i] = opening
	}
	for n := uint64(2); n <= txn; n++ {
		values[n%accounts] -= amount
		values[(n+1)%accounts] += amount
	}
	return values
}
