package shm

// What this lesson shows: to add 1 to a number in shared memory is to load, to add
// and to store. Between the load and the store of one process another may come,
// and then one of the two additions is lost. What keeps the other out has a price.

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/share"
	"ipctour/sims/sys"
)

//go:embed lost_updates.go
var lostUpdatesSource string

// All that may take part, in the order in which they are called up: see addersOf.
var adders = []string{"adder-a", "adder-b", "adder-c", "adder-d", "adder-e", "adder-f", "adder-g", "adder-h"}

// The ways to add, in the order of the walk.
var ways = []string{"plain", "atomic", "mutex", "robust mutex", "spin"}

const (
	addsAlone = 10_000 // in one batch of the measurement without the other
	plainRuns = 10     // at most, until something is lost
)

// Where things lie in the shared memory. Every group is one number and its locks,
// a cache line apart: the first group is shared, each adder has one of its own.
const (
	sumAt     = 0
	mutexAt   = 64
	spinAt    = 128
	robustAt  = 192
	groupSize = 1024
	// memorySize is for the shared group and one for each adder.
	memorySize = groupSize * (1 + mostRoles)
)

var lostUpdates = sims.Sim{
	ID:     "shm/lost-updates",
	Source: lostUpdatesSource,
	Needs:  []string{"futex-robust"}, // one of the locks
	Roles:  adderRoles(),
	Options: []sims.Option{
		{Name: "adders", Values: []string{"2", "3", "4", "6", "8"}},
		{Name: "adds", Values: []string{"1,000,000", "100,000,000", "10,000"}},
	},
	Wire: func(w *sims.Wiring) error {
		memory := w.Memory("counter", memorySize, sims.Cell{Name: "sum", Offset: sumAt, Size: 8},
			sims.Cell{Name: "mutex", Offset: mutexAt, Size: 4}, sims.Cell{Name: "spin", Offset: spinAt, Size: 4},
			sims.Cell{Name: "robust mutex", Offset: robustAt + share.RobustWord, Size: 4})
		for i, role := range adders {
			w.Give(role, "memory", memory)
			w.Put(role, "number", fmt.Sprint(i))
			w.Put(role, "address", fmt.Sprint(writerAddress+i*(readerAddress-writerAddress)))
		}
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "a loads", Help: "adder-a takes the number into its hand", Act: sims.Tell{Role: "adder-a", Command: "load"}},
		{Key: "2", Name: "b loads", Help: "adder-b takes the number into its hand", Act: sims.Tell{Role: "adder-b", Command: "load"}},
		{Key: "3", Name: "a stores", Help: "adder-a stores what it has in its hand, and 1 more", Act: sims.Tell{Role: "adder-a", Command: "store"}},
		{Key: "4", Name: "b stores", Help: "adder-b stores what it has in its hand, and 1 more", Act: sims.Tell{Role: "adder-b", Command: "store"}},
		{Key: "p", Name: "plain", Help: "each adds as often as \"adds\" says: load, add, store", Act: callTogether("add", "plain", adders...)},
		{Key: "a", Name: "atomic", Help: "the same with one atomic instruction", Act: callTogether("add", "atomic", adders...)},
		{Key: "m", Name: "mutex", Help: "the same under a mutex that sleeps on a futex", Act: callTogether("add", "mutex", adders...)},
		{Key: "u", Name: "robust mutex", Help: "the same under a mutex that survives its owner", Act: callTogether("add", "robust mutex", adders...)},
		{Key: "s", Name: "spin", Help: "the same under a lock that never sleeps", Act: callTogether("add", "spin", adders...)},
		{Key: "d", Name: "adders", Help: "how many add: 2, 3, 4, 6 or 8 processes; the cast starts anew", Act: sims.Choose{Option: "adders"}},
		{Key: "l", Name: "adds", Help: "how often each adds; a hundred million gives you time to break something meanwhile; the cast starts anew", Act: sims.Choose{Option: "adds"}},
	},
	Draw:     drawLostUpdates,
	Measured: plainTotal,
	Walk: []sims.Step{
		{ID: "two-loads", Turn: []sims.Turn{{Knob: "adders", Value: "2"}, {Knob: "a loads"}, {Knob: "b loads"}}, For: "both have loaded the number", Until: func(w *sims.World) bool {
			return w.Last("adder-a", "loaded") != nil && w.Last("adder-b", "loaded") != nil
		}},
		{ID: "two-stores", From: "two-loads", Turn: sims.Press("a stores", "b stores"), For: "both have stored, and the kernel was asked for the sum", Until: func(w *sims.World) bool {
			return w.ReadSince(w.Last("adder-a", "stored")) && w.ReadSince(w.Last("adder-b", "stored"))
		}},
		{ID: "plain", Turn: sims.Press("plain"), For: "all have added without a lock", Until: summed("plain")},
		{ID: "atomic", Turn: sims.Press("atomic"), For: "all have added with an atomic instruction", Until: summed("atomic")},
		{ID: "mutex", Turn: sims.Press("mutex"), For: "all have added under the mutex", Until: summed("mutex")},
		{ID: "robust", Turn: sims.Press("robust mutex"), For: "all have added under the robust mutex", Until: summed("robust mutex")},
		{ID: "spin", Turn: sims.Press("spin"), For: "all have added under the spin lock", Until: summed("spin")},
		{ID: "four", Turn: []sims.Turn{{Knob: "adders", Value: "4"}, {Knob: "plain"}}, For: "all four have added without a lock", Until: summed("plain")},
		{ID: "four-mutex", From: "four", Turn: sims.Press("mutex"), For: "all four have added under the mutex", Until: summed("mutex")},
	},
	Claims: []sims.Claim{
		{ID: "by-hand", Says: "two additions whose loads come first add up to one", After: "two-stores", Check: func(a *sims.World) sims.Verdict {
			sum := a.Object("counter").Level("sum")
			return sims.Judge(sum == 1, "1 after two additions", fmt.Sprint(sum), "pread(2) of the shared memory")
		}},
		loses("plain-loses", "plain", "processes that load, add and store lose updates"),
		exact("atomic", "atomic", "an atomic add loses none"),
		exact("mutex", "mutex", "a mutex loses none"),
		exact("robust", "robust mutex", "a robust mutex loses none"),
		exact("spin", "spin", "a spin lock loses none"),
		{ID: "cost", Says: "alone, an atomic add costs less than any lock, and the robust mutex most", After: "spin", Check: func(a *sims.World) sims.Verdict {
			cost := func(how string) int64 { return latestSum(a, how).alone }
			ok := cost("atomic") < min(cost("mutex"), cost("spin")) && cost("robust mutex") > max(cost("mutex"), cost("spin"))
			text := ""
			for _, how := range ways {
				text += ", " + how + " " + scene.Tenths(cost(how))
			}
			return sims.Judge(ok, "atomic least, robust mutex most", text[2:], "the fastest of many batches that each adder ran on memory of its own")
		}},
		loses("four-lose", "four", "four that load, add and store lose updates too"),
		exact("four-mutex", "mutex", "a mutex loses none with four either"),
	},
}

func adderRoles() (list []sims.Role) {
	for i, name := range adders {
		list = append(list, sims.Role{Name: name, Run: addUp, Counters: []string{"added"}, Gates: []string{"load", "store", "add"},
			When: func(options map[string]string) bool { return i < addersOf(options) }})
	}
	return list
}

// addersOf is how many adders these options ask for.
func addersOf(options map[string]string) int {
	n, err := strconv.Atoi(options["adders"])
	if err != nil || n < 1 || n > len(adders) {
		return 2 // a run file from before there was a choice
	}
	return n
}

// addersIn are those of a cast.
func addersIn(w *sims.World) []string { return adders[:addersOf(w.Options)] }

// number is a number in shared memory with the locks that may guard it.
type number struct {
	sum    *uint64        // as any variable
	atomic *atomic.Uint64 // the same 8 bytes
	mutex  *share.Mutex
	spin   *share.Spin
	robust *share.Robust
	memory []byte
	list   *share.RobustList
	died   func() // is called when the owner of the robust mutex was found dead
}

func newNumber(memory []byte, list *share.RobustList) (n *number, err error) {
	n = &number{sum: share.Plain64(memory, sumAt), atomic: share.Word64(memory, sumAt), memory: memory, list: list, died: func() {}}
	if n.mutex, err = share.NewMutex(memory[mutexAt:]); err != nil {
		return nil, err
	}
	if n.spin, err = share.NewSpin(memory[spinAt:]); err != nil {
		return nil, err
	}
	return n, nil
}

// clear makes it 0 and the locks free. Nobody may be inside.
func (n *number) clear() error {
	n.atomic.Store(0)
	share.Word32(n.memory, mutexAt).Store(share.MutexFree)
	n.spin.Unlock()
	return share.InitRobust(n.memory[robustAt:])
}

// load and store are one instruction each. They are kept apart from each other, so
// that no compiler makes one instruction of both.
//
//go:noinline
func load(p *uint64) uint64 { return *p }

//go:noinline
func store(p *uint64, v uint64) { *p = v }

// add adds 1 to the number, times times, in one of the ways.
func (n *number) add(how string, times int) error {
	switch how {
	case "plain":
		for range times {
			v := load(n.sum)
			store(n.sum, v+1) // what others stored since the load is overwritten
		}
	case "atomic":
		for range times {
			n.atomic.Add(1) // LOCK XADD, LDADD: load, add and store in one
		}
	case "mutex":
		for range times {
			if _, err := n.mutex.Lock(); err != nil {
				return err
			}
			store(n.sum, load(n.sum)+1)
			if _, _, err := n.mutex.Unlock(); err != nil {
				return err
			}
		}
	case "robust mutex":
		for range times {
			if err := n.lockRobust(); err != nil {
				return err
			}
			store(n.sum, load(n.sum)+1)
			if err := n.robust.Unlock(); err != nil {
				return err
			}
		}
	case "spin":
		for range times {
			if _, err := n.spin.LockWithin(2 * time.Second); err != nil {
				return err
			}
			store(n.sum, load(n.sum)+1)
			n.spin.Unlock()
		}
	}
	return nil
}

// lockRobust takes the robust mutex, also after its owner has died.
func (n *number) lockRobust() error {
	died, err := n.robust.Lock()
	if err == nil && died {
		n.died()
		err = n.robust.Consistent() // the number itself is never half stored
	}
	return err
}

// additions is the number that the option names.
func additions(option string) (int, error) {
	return strconv.Atoi(strings.ReplaceAll(option, ",", ""))
}

// addUp is what all adders do.
func addUp(actor *sims.Actor) error {
	a, err := openAdder(actor)
	if err != nil {
		return err
	}
	for {
		a.do(a.Next())
	}
}

// adder is one of them, with the memory mapped.
type adder struct {
	*sims.Actor
	memory []byte
	ours   *number // of all
	own    *number // that nobody else touches
	hand   uint64  // what it has loaded
}

func openAdder(a *sims.Actor) (*adder, error) {
	memory, err := sys.MmapAt(uintptr(a.Int("address")), memorySize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED, a.FD("memory"))
	if err != nil {
		return nil, err
	}
	me := a.Int("number")
	signIn(memory, me)
	list, err := share.NewRobustList()
	if err != nil {
		return nil, err
	}
	ours, err := newNumber(memory, list)
	if err != nil {
		return nil, err
	}
	ours.died = func() { a.Say("owner died") }
	own, err := newNumber(memory[groupSize*(me+1):], list)
	if err != nil {
		return nil, err
	}
	a.Mapped("counter", memory[:unix.Getpagesize()])
	return &adder{Actor: a, memory: memory, ours: ours, own: own}, nil
}

func (a *adder) do(c sims.Command) {
	switch c.Name {
	case "load":
		a.Gate("load")
		a.hand = load(a.ours.sum)
		a.Say("loaded", sims.Num("value", int(a.hand)))
	case "store":
		a.Gate("store")
		store(a.ours.sum, a.hand+1)
		a.Say("stored", sims.Num("value", int(a.hand)+1))
	case "add":
		m := newMeeting(a.memory, c)
		if err := a.addTogether(c.Text, m); err != nil {
			m.breakOff()
			a.Say("broke off", sims.Word("how", c.Text), sims.Err(err))
		}
	}
}

// addTogether adds with the others, and says what came of it. Where plain adding has
// lost nothing it is done again.
func (a *adder) addTogether(how string, m *meeting) error {
	a.Gate("add")
	_, free, err := pin(a.Int("number"))
	if err != nil {
		return err
	}
	defer free()
	each, err := additions(a.Arg("adds"))
	if err != nil {
		return err
	}
	alone, err := alone(a.own, how)
	if err != nil {
		return err
	}
	a.Say("adding", sims.Word("how", how))
	adds := uint64(each * m.parties)
	for run := 1; ; run++ {
		sum, took, err := a.once(how, each, m)
		if err != nil {
			return err
		}
		if how == "plain" && sum == adds && run < plainRuns {
			continue
		}
		// In tenths of a nanosecond for each.
		a.Say("added", append(m.notes(), sims.Word("how", how), sims.Num("each", int(took.Nanoseconds()*10/int64(each))), sims.Num("alone", alone),
			sims.Num("sum", int(sum)), sims.Num("adds", int(adds)), sims.Num("runs", run))...)
		return nil
	}
}

// once meets the other adders, adds, and meets them again: whoever comes last reads the
// sum.
func (a *adder) once(how string, each int, m *meeting) (sum uint64, took time.Duration, err error) {
	if _, err := m.meet(func() (uint64, error) { return 0, a.ours.clear() }); err != nil {
		return 0, 0, err
	}
	if a.ours.robust, err = a.ours.list.Mutex(a.memory[robustAt:]); err != nil {
		return 0, 0, err
	}
	added := a.Counter("added")
	added.Store(0)
	m.abreast()
	begun := time.Now()
	for range each / 1000 {
		if err := a.ours.add(how, 1000); err != nil {
			return 0, 0, err
		}
		added.Add(1000)
	}
	took = time.Since(begun)
	sum, err = m.meet(func() (uint64, error) { return a.ours.atomic.Load(), nil })
	return sum, took, err
}

// alone is what an add costs, in tenths of a nanosecond, on memory that nobody else
// touches: the fastest of some batches.
func alone(own *number, how string) (int, error) {
	err := own.clear()
	if err == nil {
		own.robust, err = own.list.Mutex(own.memory[robustAt:])
	}
	best := time.Duration(1<<62 - 1)
	for range 20 {
		begun := time.Now()
		if err == nil {
			err = own.add(how, addsAlone)
		}
		best = min(best, time.Since(begun))
	}
	return int(best.Nanoseconds() * 10 / addsAlone), err
}

// sum is what one run came to, over all who took part. Times are of one addition, in
// tenths of a nanosecond.
type sum struct {
	how                string
	parties, adds, sum int64
	runs               int64 // until something was lost
	together, alone    int64 // the middle of what they say; the fastest
}

func sumOf(said []sims.Moment) sum {
	if len(said) == 0 {
		return sum{}
	}
	m := said[0]
	s := sum{how: m.S["how"], parties: m.N["parties"], adds: m.N["adds"], sum: m.N["sum"], runs: m.N["runs"], alone: m.N["alone"]}
	for _, m := range said {
		s.together += m.N["each"]
		s.alone = min(s.alone, m.N["alone"])
	}
	s.together /= int64(len(said))
	return s
}

// latestSum is what the latest run of a way in this cast came to; all zero before one.
func latestSum(w *sims.World, how string) sum { return sumOf(resultOf(w, "added", how)) }

// summed is true once every adder has said what a run of this way came to, since
// the step began.
func summed(how string) func(*sims.World) bool {
	return func(w *sims.World) bool {
		m, said := w.News("", "added"), resultOf(w, "added", how)
		return m != nil && said != nil && said[0].N["meeting"] == m.N["meeting"] && w.ReadSince(m)
	}
}

// additionsClaim judges the sum that the kernel shows after a step by what the adders
// were to add.
func additionsClaim(id, step, how, says string, right func(sum, adds int64) bool, expected string) sims.Claim {
	return sims.Claim{ID: id, Says: says, After: step, Check: func(a *sims.World) sims.Verdict {
		s, sum := latestSum(a, how), a.Object("counter").Level("sum")
		got := fmt.Sprintf("%s from %d adders", scene.Thousands(sum), s.parties)
		if s.runs > 1 {
			got += fmt.Sprintf(", in run %d", s.runs)
		}
		return sims.Judge(right(sum, s.adds) && s.parties >= 2, expected+scene.Thousands(s.adds), got,
			"pread(2) of the shared memory, against what all of them added")
	}}
}

func exact(step, how, says string) sims.Claim {
	return additionsClaim(step, step, how, says, func(sum, adds int64) bool { return sum == adds }, "")
}

func loses(id, step, says string) sims.Claim {
	c := additionsClaim(id, step, "plain", says, func(sum, adds int64) bool { return sum > 0 && sum < adds }, "less than ")
	c.Needs = []string{"cpus"}
	return c
}

// plainTotal answers the prediction. A sum that is right answers nothing: the next run
// may lose something.
func plainTotal(w *sims.World) (string, bool) {
	a := w.After("plain")
	if a == nil {
		return "", false
	}
	switch s := latestSum(a, "plain"); {
	case s.sum < s.adds:
		return "less", true
	case s.sum > s.adds:
		return "more", true
	}
	return "", false
}
