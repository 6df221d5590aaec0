package failures

// What this lesson shows: two processes each store to one word and load the
// other's. No order of the four steps lets both read 0, and yet both do: a store
// waits in the processor's store buffer while the load behind it goes ahead.

import (
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/share"
	"ipctour/sims/sys"
)

//go:embed missing_fence.go
var missingFenceSource string

var missingFence = sims.Sim{
	ID:     "failures/missing-fence",
	Source: missingFenceSource,
	Needs:  []string{"cpus"},
	Roles: []sims.Role{
		{Name: "left", Run: conductRounds, Counters: outcomeCounters(), Gates: []string{"round"}},
		{Name: "right", Run: followRounds, Counters: []string{"rounds"}, Gates: []string{"round"}},
	},
	Wire: func(w *sims.Wiring) error {
		page := w.Memory("page", litmusSize)
		w.Give("left", "page", page)
		w.Give("right", "page", page)
		w.Put("right", "side", "1")
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "plain stores", Help: "a million rounds, or half a second of them, with ordinary stores and loads", Act: sims.Tell{Role: "left", Command: "plain"}},
		{Key: "2", Name: "one fence", Help: "as many rounds; only the left has a fence between store and load", Act: sims.Tell{Role: "left", Command: "one fence"}},
		{Key: "3", Name: "two fences", Help: "as many rounds; both have a fence between store and load", Act: sims.Tell{Role: "left", Command: "two fences"}},
		{Key: "4", Name: "sync/atomic", Help: "as many rounds with Store and Load of Go's sync/atomic", Act: sims.Tell{Role: "left", Command: "sync/atomic"}},
	},
	Draw:     drawMissingFence,
	Measured: howOftenBothZero,
	Walk: []sims.Step{
		{ID: "pinned", For: "both have the page, and are bound to a processor where that is allowed", Until: func(w *sims.World) bool {
			return w.ReadSince(w.Last("left", "pinned")) && w.ReadSince(w.Last("right", "pinned")) && w.Actor("left").Idle
		}},
		{ID: "plain", From: "pinned", Turn: sims.Press("plain stores"), For: "the rounds with plain stores are counted", Until: batchDone("plain")},
		{ID: "one-fence", From: "pinned", Turn: sims.Press("one fence"), For: "the rounds with one fence are counted", Until: batchDone("one fence")},
		{ID: "two-fences", From: "pinned", Turn: sims.Press("two fences"), For: "the rounds with two fences are counted", Until: batchDone("two fences")},
		{ID: "atomic", From: "pinned", Turn: sims.Press("sync/atomic"), For: "the rounds with sync/atomic are counted", Until: batchDone("sync/atomic")},
	},
	Claims: []sims.Claim{
		{ID: "own-processor", Says: "the two processes run at the same time, each on a processor of its own", Needs: []string{"affinity"}, After: "plain", Check: checkOwnProcessor},
		{ID: "both-zero", Says: "with plain stores both processes read 0 in some rounds", After: "plain", Check: func(a *sims.World) sims.Verdict {
			b := lastBatch(a, "plain")
			if b.N["00"] == 0 {
				return sims.Verdict{Status: sims.Skipped, Expected: "more than 0", Measured: zerosOf(b), Source: litmusSource,
					Reason: "this processor showed none in " + scene.Thousands(b.N["rounds"]) + " rounds: that proves nothing in either direction"}
			}
			return sims.Judge(true, "more than 0", zerosOf(b), litmusSource)
		}},
		{ID: "late-not-lost", Says: "the stores were late and not lost: after such a round both words hold 1", After: "plain", Check: func(a *sims.World) sims.Verdict {
			b := lastBatch(a, "plain")
			if b.N["00"] == 0 {
				return sims.Verdict{Status: sims.Skipped, Reason: "this processor showed no such round"}
			}
			return sims.Judge(b.N["x"] == 1 && b.N["y"] == 1, "x is 1 and y is 1", fmt.Sprintf("x is %d and y is %d after round %s", b.N["x"], b.N["y"], scene.Thousands(b.N["round"])),
				"the left's look at both words after the first such round")
		}},
		{ID: "fenced", Says: "with a fence between store and load in both, no round has two zeros", After: "two-fences", Check: checkNoZeros("two fences")},
		{ID: "atomic", Says: "the stores of sync/atomic need no further fence", After: "atomic", Check: func(a *sims.World) sims.Verdict {
			if raceDetector {
				return sims.Verdict{Status: sims.Skipped, Reason: "this program was built with the race detector, which puts a weaker store in place of Go's own"}
			}
			return checkNoZeros("sync/atomic")(a)
		}},
	},
}

const litmusSource = "the left's count of what it read and of what the right has put into the shared page"

// manner is a way to store and then load.
type manner struct {
	name        string
	left, right func(mine, other *atomic.Uint32) uint32
}

var manners = []manner{
	{"plain", share.StoreThenLoad, share.StoreThenLoad}, // MOV, MOV
	{"one fence", share.StoreFenceLoad, share.StoreThenLoad},
	{"two fences", share.StoreFenceLoad, share.StoreFenceLoad}, // MOV, MFENCE, MOV
	{"sync/atomic", storeLoadAtomic, storeLoadAtomic},
}

// storeLoadAtomic is the same in Go. Store is an XCHG on amd64, which empties the
// store buffer as a fence does.
func storeLoadAtomic(mine, other *atomic.Uint32) uint32 {
	mine.Store(1)
	return other.Load()
}

// conductRounds is the left one: it stores x and loads y, begins the rounds and
// counts what both of them read.
func conductRounds(a *sims.Actor) error {
	l, err := openLitmus(a)
	if err != nil {
		return err
	}
	for {
		c := a.Next()
		m := slices.IndexFunc(manners, func(m manner) bool { return m.name == c.Name })
		l.manner.Store(uint32(m))
		b := batch{name: c.Name, alone: costAlone(manners[m].left), began: time.Now()}
		for !b.enough() {
			goal := l.goal.Add(blockRounds)
			if _, err := sys.FutexWake(l.goal, 1); err != nil {
				return err
			}
			for l.round != goal {
				a.Gate("round")
				mine, theirs := l.play(manners[m].left)
				b.count(l, mine, theirs)
				if b.rounds <= shownRounds {
					b.show(a) // you may be going step by step
				}
			}
			b.show(a)
			a.Counter("rounds").Add(blockRounds)
		}
		b.say(a)
	}
}

// followRounds is the right one: it stores y and loads x, and sleeps between the
// learner's turns.
func followRounds(a *sims.Actor) error {
	l, err := openLitmus(a)
	if err != nil {
		return err
	}
	rounds := a.Counter("rounds")
	for {
		goal := l.goal.Load()
		if goal == l.round {
			l.awaitGoal(goal)
			continue
		}
		m := manners[l.manner.Load()]
		for l.round != goal {
			a.Gate("round")
			l.play(m.right)
		}
		rounds.Store(int64(l.round))
	}
}

// The shared page: every word on cache lines of its own.
const (
	litmusSize  = 4096
	goalAt      = 0   // how many rounds there are to be, a futex
	mannerAt    = 128 // which manner
	doneAt      = 512 // who has finished which round and read what
	wordsAt     = 2048
	wordGap     = 128
	slots       = 4 // x and y have four places each, used in turn and made 0 again between
	blockRounds = 1024
	shownRounds = 32 // of a batch, one by one
)

// litmus is one side of the test.
type litmus struct {
	goal, manner *atomic.Uint32
	mine, theirs [slots]*atomic.Uint32 // x and y, seen from this side
	done, others [2]*atomic.Uint32     // round<<1 | what was read; by turns, so that none is missed
	round        uint32
	random       uint32
}

func openLitmus(a *sims.Actor) (*litmus, error) {
	page, err := unix.Mmap(a.FD("page"), 0, litmusSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	a.Mapped("page", page)
	side := a.Int("side")
	l := &litmus{goal: share.Word32(page, goalAt), manner: share.Word32(page, mannerAt), random: uint32(os.Getpid())}
	for i := range slots {
		l.mine[i] = share.Word32(page, wordsAt+(side*slots+i)*wordGap)
		l.theirs[i] = share.Word32(page, wordsAt+((1-side)*slots+i)*wordGap)
	}
	for i := range l.done {
		l.done[i] = share.Word32(page, doneAt+(side*2+i)*wordGap)
		l.others[i] = share.Word32(page, doneAt+((1-side)*2+i)*wordGap)
	}
	return l, pin(a, side)
}

// pin binds this thread to the first processor it may use, or the last, and says how
// many it may use now. Where that is denied it runs where the kernel puts it.
func pin(a *sims.Actor, side int) error {
	cpus, err := sys.Processors()
	if err != nil {
		return err
	}
	if _, err := sys.PinThread([]int{cpus[0], cpus[len(cpus)-1]}[side]); err != nil {
		return err
	}
	if cpus, err = sys.Processors(); err != nil { // what has come of it
		return err
	}
	a.Say("pinned", sims.Num("allowed", len(cpus)))
	return nil
}

// bound reports whether each of the two may use one processor alone.
func bound(w *sims.World) bool {
	for _, role := range []string{"left", "right"} {
		if m := w.Last(role, "pinned"); m == nil || m.N["allowed"] != 1 {
			return false
		}
	}
	return true
}

// play is one round: begin as nearly together as can be, store, load, and tell.
func (l *litmus) play(storeThenLoad func(mine, other *atomic.Uint32) uint32) (mine, theirs uint32) {
	l.round++
	i := l.round
	l.stagger()
	mine = storeThenLoad(l.mine[i%slots], l.theirs[i%slots])
	l.mine[(i+2)%slots].Store(0) // nobody looks at that one before the round after next
	l.done[i%2].Store(i<<1 | mine)
	for n := 0; ; n++ { // each begins the next round as soon as it sees that the other has ended this one
		if v := l.others[i%2].Load(); v>>1 == i&(1<<31-1) {
			return mine, v & 1
		}
		waitABit(n)
	}
}

// waitABit spins as long as the other is at work. One that is stopped or gone
// should not cost a processor: then it yields, and then it sleeps between looks.
func waitABit(n int) {
	switch {
	case n < 4000:
		sys.Pause()
	case n < 100_000:
		sys.Yield()
	default:
		t := unix.NsecToTimespec(int64(time.Millisecond))
		_ = unix.Nanosleep(&t, nil) // EINTR: slept enough
	}
}

// stagger is a delay at random, in four ranges by turns: which of them brings the
// two stores closest together differs from processor to processor.
func (l *litmus) stagger() {
	l.random ^= l.random << 13
	l.random ^= l.random >> 17
	l.random ^= l.random << 5
	for n := l.random & [4]uint32{0, 15, 63, 255}[l.round/blockRounds%4]; n > 0; n-- {
	}
}

// awaitGoal sleeps until the left begins more rounds.
func (l *litmus) awaitGoal(goal uint32) {
	for range 2000 {
		if l.goal.Load() != goal {
			return
		}
		sys.Pause()
	}
	_ = sys.FutexWait(l.goal, goal, -1) // EAGAIN, EINTR: the caller looks again
}

// batch is what one press of a key gives: a million rounds, or as many as fit into
// half a second. Plain stores that have not shown two zeros yet get more of both.
type batch struct {
	name   string
	alone  int // what the left's store and load cost by themselves, in tenths of a nanosecond
	began  time.Time
	rounds int
	read   [4]int // by what left and right read: 00 01 10 11
	// shown is the first round in which both read 0, or the last of all: what each
	// read, and what the words held afterwards.
	shown struct{ round, left, right, x, y uint32 }
}

const (
	batchRounds, batchTime = 1_000_000, 500 * time.Millisecond
	longRounds, longTime   = 8_000_000, 4 * time.Second
)

func (b *batch) enough() bool {
	if b.name == "plain" && b.read[0] == 0 {
		return b.rounds >= longRounds || time.Since(b.began) > longTime
	}
	return b.rounds >= batchRounds || time.Since(b.began) > batchTime
}

func (b *batch) count(l *litmus, left, right uint32) {
	b.rounds++
	b.read[left<<1|right]++
	if b.read[0] == 0 || b.read[0] == 1 && left|right == 0 {
		s := l.round % slots
		b.shown.round, b.shown.left, b.shown.right = uint32(b.rounds), left, right
		b.shown.x, b.shown.y = l.mine[s].Load(), l.theirs[s].Load()
	}
}

// costAlone is what a store and a load cost, in tenths of a nanosecond, on two words
// that nobody else touches: the fastest of some batches.
func costAlone(storeThenLoad func(mine, other *atomic.Uint32) uint32) int {
	const times = 10_000
	var words [wordGap]atomic.Uint32
	best := time.Duration(1<<62 - 1)
	for range 20 {
		began := time.Now()
		for range times {
			storeThenLoad(&words[0], &words[wordGap/2]) // on cache lines of their own
		}
		best = min(best, time.Since(began))
	}
	return int(best.Nanoseconds() * 10 / times)
}

var outcomes = []string{"00", "01", "10", "11"}

func outcomeCounters() []string {
	list := []string{"rounds"}
	for _, m := range manners {
		for _, o := range outcomes {
			list = append(list, m.name+" "+o)
		}
	}
	return list
}

// show shows the counts so far.
func (b *batch) show(a *sims.Actor) {
	for i, o := range outcomes {
		a.Counter(b.name + " " + o).Store(int64(b.read[i]))
	}
}

func (b *batch) say(a *sims.Actor) {
	a.Say("batch", sims.Word("manner", b.name), sims.Num("rounds", b.rounds), sims.Num("alone", b.alone), sims.Num("00", b.read[0]), sims.Num("01", b.read[1]),
		sims.Num("10", b.read[2]), sims.Num("11", b.read[3]), sims.Num("round", int(b.shown.round)),
		sims.Num("left", int(b.shown.left)), sims.Num("right", int(b.shown.right)), sims.Num("x", int(b.shown.x)), sims.Num("y", int(b.shown.y)))
}

// lastBatch is the latest result of a manner ("" for any), or nil.
func lastBatch(w *sims.World, manner string) *sims.Moment {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		if m := &w.Moments[i]; m.Name == "batch" && (manner == "" || m.S["manner"] == manner) {
			return m
		}
	}
	return nil
}

func batchDone(manner string) func(*sims.World) bool {
	return func(w *sims.World) bool {
		b := w.News("left", "batch")
		return b != nil && b.S["manner"] == manner && w.ReadSince(b) && w.Actor("left").Idle && w.Actor("right").Life.Alive()
	}
}

// checkOwnProcessor judges by where the kernel saw the two while the plain rounds were
// played: field 39 of /proc/PID/stat, at each look.
func checkOwnProcessor(a *sims.World) sims.Verdict {
	source := "processor in /proc/PID/stat at each look, nonvoluntary_ctxt_switches in /proc/PID/status"
	if a.Before == nil {
		return sims.Verdict{Status: sims.Fails, Reason: "nobody looked before the rounds", Source: source}
	}
	var moved bool
	var where, off []string
	seen := map[int64]bool{}
	for _, role := range []string{"left", "right"} {
		before, now := a.Before.Actor(role), a.Actor(role)
		ran := now.Ran[max(0, len(before.Ran)-1):] // where it was when they began, and where it went
		moved = moved || len(ran) != 1
		for _, cpu := range ran {
			seen[cpu] = true
			where = append(where, fmt.Sprintf("%s on CPU %d", role, cpu))
		}
		off = append(off, fmt.Sprint(now.Numbers["involuntary"]-before.Numbers["involuntary"]))
	}
	return sims.Judge(!moved && len(seen) == 2, "two different ones, and neither moves",
		fmt.Sprintf("%s in %d looks; preempted %s times meanwhile", strings.Join(where, ", "), a.Beats-a.Before.Beats, strings.Join(off, " and ")), source)
}

// checkNoZeros judges a cure. Where there was no illness it proves nothing.
func checkNoZeros(manner string) func(*sims.World) sims.Verdict {
	return func(a *sims.World) sims.Verdict {
		b, plain := lastBatch(a, manner), lastBatch(a.After("plain"), "plain")
		if b.N["00"] == 0 && plain.N["00"] == 0 {
			return sims.Verdict{Status: sims.Skipped, Expected: "0", Measured: zerosOf(b), Source: litmusSource,
				Reason: "plain stores showed none either, in " + scene.Thousands(plain.N["rounds"]) + " rounds: that there is none now proves nothing"}
		}
		return sims.Judge(b.N["00"] == 0 && b.N["rounds"] > 0, "0", zerosOf(b), litmusSource)
	}
}

func zerosOf(b *sims.Moment) string {
	return scene.Thousands(b.N["00"]) + " in " + scene.Thousands(b.N["rounds"]) + " rounds"
}

// howOftenBothZero answers the prediction. None in so many rounds answers nothing.
func howOftenBothZero(w *sims.World) (string, bool) {
	a := w.After("plain")
	if a == nil {
		return "", false
	}
	switch b := lastBatch(a, "plain"); {
	case b.N["00"] == 0:
		return "", false
	case 2*b.N["00"] > b.N["rounds"]:
		return "mostly", true
	}
	return "sometimes", true
}
