package signals

// What this lesson shows: a standard signal that has to wait is one bit, so five
// become one. Realtime signals wait in a queue, and every one arrives, in order.

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/probe"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
	"ipctour/sims/sys"
)

//go:embed coalescing.go
var coalescingSource string

// The two that are sent: a standard signal, and a realtime one. The first of the
// realtime range, SIGRTMIN, is one that the Go runtime keeps open in its threads.
const (
	standard = unix.SIGUSR1
	realtime = unix.Signal(rtMin + 1)
)

// burst is how many of each are sent to a target that blocks nothing.
const burst = 1000

var coalescing = sims.Sim{
	ID:     "signals/coalescing",
	Needs:  []string{"signal-queue"},
	Source: coalescingSource,
	Roles: []sims.Role{
		{Name: "sender", Run: sendMany, Counters: []string{"standard", "realtime", "refused"}, Settings: []string{"each"}, Gates: []string{"sigqueue"}},
		{Name: "target", Run: countArrivals, Blocked: []unix.Signal{standard, realtime}, Masks: true, Gates: []string{"unblock", "block"}},
	},
	Wire: func(w *sims.Wiring) error {
		cells := []sims.Cell{
			{Name: "standard", Offset: sys.SignalCountAt(standard), Size: 8},
			{Name: "realtime", Offset: sys.SignalCountAt(realtime), Size: 8},
			{Name: "arrived", Offset: sys.SignalArrivedAt, Size: 8},
		}
		for i := range int64(sys.SignalRing) {
			at := sys.SignalOrderAt + i*sys.SignalOrderStep
			cells = append(cells, sims.Cell{Name: fmt.Sprintf("signal %d", i), Offset: at, Size: 4},
				sims.Cell{Name: fmt.Sprintf("value %d", i), Offset: at + sys.SignalValueAt, Size: 8})
		}
		w.Give("target", "log", w.Memory("log", int64(sys.SignalLogSize), cells...))
		w.Set("sender", "each", 5)
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "send", Help: "sigqueue(3): so many of each signal, numbered", Act: sims.Tell{Role: "sender", Command: "send", Peer: "target"}},
		{Key: "u", Name: "unblock", Help: "the target takes both signals out of its mask", Act: sims.Tell{Role: "target", Command: "unblock"}},
		{Key: "b", Name: "block", Help: "the target blocks both signals", Act: sims.Tell{Role: "target", Command: "block"}},
		{Key: "m", Name: "of each", Help: "how many of each signal are sent at a time",
			Act: sims.Set{Role: "sender", Setting: "each", Values: []int64{5, 1, 12, 100}, Names: []string{"5", "1", "12", "100"}, Any: sims.Between(1, 1000)}},
		{Key: "f", Name: "burst", Help: "1,000 of each, as fast as the sender can", Act: sims.Tell{Role: "sender", Command: "burst", Peer: "target"}},
	},
	Draw: drawCoalescing,
	Measured: func(w *sims.World) (string, bool) {
		b := w.After("unblocked")
		if b == nil {
			return "", false
		}
		return fmt.Sprint(handled(b, "standard") - handled(b.Before, "standard")), true
	},
	Walk: []sims.Step{
		{ID: "blocked", For: "the target has a handler for both signals, and its sets were read", Until: func(w *sims.World) bool {
			return w.ReadSince(w.Last("target", "ready")) && inBoth(w, "SigCgt")
		}},
		{ID: "sent", From: "blocked", Turn: sims.Press("send"), For: "all are sent and both bits are pending", Until: bothWait},
		{ID: "unblocked", From: "blocked", Turn: sims.Press("unblock"), For: "the handler has run for all that was kept of five", Until: allLetIn},
		{ID: "again", From: "blocked", Turn: []sims.Turn{{Knob: "block"}, {Knob: "of each", Value: "12"}}, For: "both signals are blocked again", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("target", "blocked")) && inBoth(w, "SigBlk")
		}},
		{ID: "twelve", From: "blocked", Turn: sims.Press("send"), For: "twelve of each are sent and both bits are pending", Until: bothWait},
		{ID: "let-in", From: "blocked", Turn: sims.Press("unblock"), For: "the handler has run for all that was kept of more", Until: allLetIn},
		{ID: "burst", From: "blocked", Turn: sims.Press("burst"), For: "a thousand of each are sent, and the handler has caught up", Until: func(w *sims.World) bool {
			m := w.News("sender", "burst sent") // a signal that does not come in many looks is lost
			return w.Since(m) >= 3 && inNeither(w, "ShdPnd") && (handled(w, "realtime") == w.Count("sender", "realtime") || w.Since(m) >= 100)
		}},
	},
	Claims: []sims.Claim{
		{ID: "bits", Says: "while both are blocked, both wait and no handler runs", After: "sent", Check: func(b *sims.World) sims.Verdict {
			n := handled(b, "all") - handled(b.Before, "all")
			return sims.Judge(inBoth(b, "ShdPnd") && n == 0, "SIGUSR1 and SIGRTMIN+1 in ShdPnd, 0 runs of the handler",
				fmt.Sprintf("%s in ShdPnd, %d runs of the handler", pendingNames(b), n), "ShdPnd in /proc/PID/status, the handler's count")
		}},
		{ID: "one", Says: "of five standard signals one arrives", After: "unblocked", Check: checkLetIn("sent", standard)},
		{ID: "all", Says: "of five realtime signals five arrive", After: "unblocked", Check: checkLetIn("sent", realtime)},
		{ID: "first", Says: "the one that is kept is the first", After: "unblocked", Check: func(b *sims.World) sims.Verdict {
			got, want := strings.Join(values(b, standard), " "), strconv.FormatInt(b.Last("sender", "sent").N["first standard"], 10)
			return sims.Judge(got == want, "number "+want, "number "+got, "si_value of the signal, noted by the handler")
		}},
		{ID: "order", Says: "realtime signals arrive in the order of sending", After: "unblocked", Check: func(b *sims.World) sims.Verdict {
			got := values(b, realtime)
			want := numbers(b.Count("sender", "realtime"), len(got))
			return sims.Judge(got != nil && slices.Equal(got, want), strings.Join(want, " "), strings.Join(got, " "), "si_value of each, noted by the handler")
		}},
		{ID: "twelve", Says: "with twelve of each one standard signal arrives, and twelve realtime ones", After: "let-in", Check: func(b *sims.World) sims.Verdict {
			one, all := checkLetIn("twelve", standard)(b), checkLetIn("twelve", realtime)(b)
			return sims.Judge(one.Status == sims.Holds && all.Status == sims.Holds, one.Expected+"; "+all.Expected, one.Measured+"; "+all.Measured, one.Source)
		}},
		{ID: "queue", Says: "realtime signals that wait take a place each in the queue, standard ones share one", After: "twelve", Check: func(b *sims.World) sims.Verdict {
			m := b.Last("sender", "sent") // most of them: others may have spoilt a reading
			each, r, s := m.N["each"], m.N["longer realtime"], m.N["longer standard"]
			return sims.Judge(2*r > each && 2*s < each, fmt.Sprintf("SigQ longer by 1 after most of %d realtime sends, and after few of %d standard ones", each, each),
				fmt.Sprintf("SigQ longer by 1 after %d of %d realtime sends, and after %d of %d standard ones", r, each, s, each), "SigQ in /proc/PID/status, read right before and right after each send")
		}},
		{ID: "burst", Says: "every realtime signal of a burst arrives, though nothing is blocked", After: "burst", Check: func(b *sims.World) sims.Verdict {
			sent, r := b.Count("sender", "realtime"), handled(b, "realtime")
			got := values(b, realtime)
			inOrder := len(got) > 0 && slices.Equal(got, numbers(sent, len(got)))
			say := func(r int64, inOrder bool) string {
				return fmt.Sprintf("%s taken by the kernel in all, %s handled, the last of them in order: %v", scene.Thousands(sent), scene.Thousands(r), inOrder)
			}
			return sims.Judge(r == sent && inOrder && sent > b.Before.Count("sender", "realtime"), say(sent, true), say(r, inOrder), "the returns of sigqueue(3), the handler's count and notes")
		}},
		{ID: "merged", Says: "in the same burst standard signals merge, though nothing is blocked", After: "burst", Check: func(b *sims.World) sims.Verdict {
			sent, s := b.Count("sender", "standard")-b.Before.Count("sender", "standard"), handled(b, "standard")-handled(b.Before, "standard")
			return sims.Judge(s >= 1 && s < sent && inNeither(b, "SigBlk"), fmt.Sprintf("fewer than %s handled of %s sent", scene.Thousands(sent), scene.Thousands(sent)),
				fmt.Sprintf("%s handled of %s sent", scene.Thousands(s), scene.Thousands(sent)), "the returns of sigqueue(3), the handler's count, SigBlk")
		}},
	},
}

// sendMany sends so many of each signal, each with its number as the word that
// sigqueue(3) lets a signal carry. It looks at the kernel's count of what is queued
// around each send; for a burst there is no time.
func sendMany(a *sims.Actor) error {
	for {
		c := a.Next()
		n, said, look := int(a.Setting("each")), "sent", true
		if c.Name == "burst" {
			n, said, look = burst, "burst sent", false
		}
		notes := []stage.Note{sims.Num("each", n), sims.Num("first standard", int(a.Counter("standard").Load()+1)), sims.Num("first realtime", int(a.Counter("realtime").Load()+1))}
		queue, err := probe.Watch(int(c.N))
		if err != nil {
			look = false // the target is gone, which the sends will say
		}
		standards, realtimes := 0, 0 // sends that made the queue longer by one
		for range n {
			a.Gate("sigqueue")
			standards += longer(queue, look, func() { sendNumbered(a, int(c.N), standard, "standard") })
			realtimes += longer(queue, look, func() { sendNumbered(a, int(c.N), realtime, "realtime") })
		}
		if err == nil {
			queue.Close()
		}
		a.Say(said, append(notes, sims.Num("longer standard", standards), sims.Num("longer realtime", realtimes))...)
	}
}

// longer is 1 if the queue of a process is longer by one after send. The count (SigQ) is
// of all processes of a user: what others do in between can spoil a reading or two.
func longer(queue *probe.Watcher, look bool, send func()) int {
	if !look {
		send()
		return 0
	}
	before := queued(queue)
	for range 2000 { // until the others leave it alone for a moment
		again := queued(queue)
		if again == before {
			break
		}
		before = again
	}
	send()
	if queued(queue) == before+1 {
		return 1
	}
	return 0
}

// queued is how many signals wait for the user of a process: its SigQ.
func queued(of *probe.Watcher) int64 {
	_, _, _, _, _, n, _, _ := of.Signals()
	return n
}

// sendNumbered counts what the kernel took. EAGAIN: the user has as many signals
// waiting as RLIMIT_SIGPENDING allows. ESRCH: the target is gone.
func sendNumbered(a *sims.Actor, pid int, s unix.Signal, kind string) {
	count := a.Counter(kind)
	err := sys.SendSignal(pid, s, count.Load()+1)
	switch {
	case err == nil:
		count.Add(1)
	case a.Counter("refused").Add(1) == 1:
		a.Say("refused", sims.Err(err))
	}
}

// countArrivals has a handler for both signals and does nothing else: it waits, and
// the handler runs in the midst of that. Both are blocked in all threads from its
// birth; only this thread unblocks them, so the handler runs here, and one at a time.
func countArrivals(a *sims.Actor) error {
	memory, err := unix.Mmap(a.FD("log"), 0, sys.SignalLogSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mmap: %w", err)
	}
	sys.LogSignals(sys.LogOf(memory))
	for _, s := range []unix.Signal{standard, realtime} {
		if err := sys.HandleSignal(s); err != nil {
			return err
		}
	}
	both := sys.Signals(standard, realtime)
	a.Say("ready")
	for {
		switch a.Next().Name {
		case "unblock":
			a.Gate("unblock")
			if err := sys.UnblockSignals(both); err != nil { // what is pending comes in before this returns
				return err
			}
			a.Say("unblocked")
		case "block":
			a.Gate("block")
			if err := sys.BlockSignals(both); err != nil {
				return err
			}
			a.Say("blocked")
		}
	}
}

// bothWait is what was sent in this step, waiting: both bits are pending.
func bothWait(w *sims.World) bool {
	return w.ReadSince(w.News("sender", "sent")) && inBoth(w, "ShdPnd")
}

// allLetIn is nothing left that waits, with every run of the handler noted.
func allLetIn(w *sims.World) bool {
	return w.ReadSince(w.News("target", "unblocked")) && inNeither(w, "ShdPnd") && inNeither(w, "SigBlk") &&
		len(order(w)) == int(min(handled(w, "all"), sys.SignalRing))
}

// checkLetIn judges how many of what a step had sent arrived when it was let in: all of
// the realtime ones, one of the others.
func checkLetIn(sent string, s unix.Signal) func(*sims.World) sims.Verdict {
	kind := map[unix.Signal]string{standard: "standard", realtime: "realtime"}[s]
	return func(b *sims.World) sims.Verdict {
		a := b.After(sent).Before
		waited, n := b.Count("sender", kind)-a.Count("sender", kind), handled(b, kind)-handled(a, kind)
		want := waited
		if s == standard {
			want = 1
		}
		say := func(n int64) string {
			return fmt.Sprintf("%s: %s sent while blocked, %s handled", signalName(s), scene.Thousands(waited), scene.Thousands(n))
		}
		return sims.Judge(waited == b.Last("sender", "sent").N["each"] && n == want, say(want), say(n), "the returns of sigqueue(3), the handler's count")
	}
}

// numbers are the n numbers up to last.
func numbers(last int64, n int) []string {
	var list []string
	for i := last - int64(n) + 1; i <= last; i++ {
		list = append(list, strconv.FormatInt(i, 10))
	}
	return list
}

func inBoth(w *sims.World, set string) bool {
	return w.InSet("target", set, int(standard)) && w.InSet("target", set, int(realtime))
}

func inNeither(w *sims.World, set string) bool {
	return w.SetsRead("target") && !w.InSet("target", set, int(standard)) && !w.InSet("target", set, int(realtime))
}

// handled is how often the handler ran: for "standard", "realtime" or "all".
func handled(w *sims.World, kind string) int64 {
	if kind == "all" {
		kind = "arrived"
	}
	return max(w.Object("log").Level(kind), 0)
}

// arrival is one run of the handler, as it noted it.
type arrival struct {
	signal unix.Signal
	value  int64
}

// order is the last runs of the handler, oldest first.
func order(w *sims.World) (list []arrival) {
	log, n := w.Object("log"), handled(w, "all")
	for i := max(n-sys.SignalRing, 0); i < n; i++ {
		slot := i % sys.SignalRing
		s := log.Level(fmt.Sprintf("signal %d", slot))
		if s <= 0 {
			return list // not noted yet when it was read
		}
		list = append(list, arrival{unix.Signal(s), log.Level(fmt.Sprintf("value %d", slot))})
	}
	return list
}

// values are the numbers that came with one of the signals.
func values(w *sims.World, s unix.Signal) (list []string) {
	for _, a := range order(w) {
		if a.signal == s {
			list = append(list, strconv.FormatInt(a.value, 10))
		}
	}
	return list
}

func pendingNames(w *sims.World) string {
	var names []string
	for _, s := range []unix.Signal{standard, realtime} {
		if w.InSet("target", "ShdPnd", int(s)) {
			names = append(names, signalName(s))
		}
	}
	if len(names) == 0 {
		return "neither"
	}
	return strings.Join(names, " and ")
}

func drawCoalescing(w *sims.World) *scene.Scene {
	sets := w.Signals("sets", "target", int(standard), int(realtime))
	sets.Counts = true
	for i, kind := range []string{"standard", "realtime"} {
		sets.Rows[i].Sent, sets.Rows[i].Handled = w.Count("sender", kind), handled(w, kind)
		sets.Rows[i].Values = values(w, []unix.Signal{standard, realtime}[i])
	}
	s := &scene.Scene{
		Sentence:  coalescingSentence(w),
		Processes: []scene.Process{w.Process("sender"), w.Process("target")},
		Objects:   []scene.Object{sets},
		Links:     []scene.Link{sendersLink(w), targetsLink(w)},
	}
	for i, kind := range []string{"standard", "realtime"} {
		name := strings.TrimPrefix(sets.Rows[i].Name, "SIG")
		s.Figures = append(s.Figures,
			scene.Count(kind+"-sent", name+" sent", w.Count("sender", kind), "", scene.Child).From("the sender's counter in a page shared with it", "").Of("sender"),
			scene.Count(kind, name+" handled", handled(w, kind), "", scene.Child).From("the handler adds to a word in shared memory, which the tour reads with pread(2)", "").Of("target"))
	}
	s.Figures = append(s.Figures, w.SetFigure("target", "ShdPnd", "pending", "pending (ShdPnd)"), w.SigQFigure("target"))
	if m := w.Last("sender", "sent"); m != nil {
		for i, kind := range []string{"standard", "realtime"} {
			s.Figures = append(s.Figures, scene.Figure{ID: "longer-" + kind, Label: strings.TrimPrefix(sets.Rows[i].Name, "SIG") + ": queue longer after", Origin: scene.Child,
				Text: fmt.Sprintf("%d of %d sends", m.N["longer "+kind], m.N["each"])}.
				From("the sender reads SigQ in the target's /proc/PID/status right before and right after each send; others of this user may change it in between", ""))
		}
	}
	if n := w.Count("sender", "refused"); n > 0 {
		s.Figures = append(s.Figures, w.CountFigure("sender", "refused", "refused", ""))
	}
	return s
}

func sendersLink(w *sims.World) scene.Link {
	l := scene.Link{From: "sender", To: "sets", State: scene.Idle}
	last := w.Last("sender", "sent")
	if b := w.Last("sender", "burst sent"); b != nil {
		last = b
	}
	switch {
	case w.Actor("sender").Ended() != "":
		l.State = scene.Cut
	case w.Actor("sender").Life == scene.Running || last != nil && w.Since(last) < 6:
		l.State = scene.Moving
	}
	return l
}

func targetsLink(w *sims.World) scene.Link {
	l := scene.Link{From: "sets", To: "target", State: scene.Idle}
	switch {
	case w.Actor("target").Ended() != "":
		l.State = scene.Cut
	case !inNeither(w, "SigBlk") && w.SetsRead("target"):
		l.State, l.Through = scene.Blocked, "blocked"
	case handled(w, "all") > 0:
		l.State = scene.Moving
	}
	return l
}

func coalescingSentence(w *sims.World) string {
	sender, target := w.Actor("sender"), w.Actor("target")
	sent := w.Count("sender", "standard") + w.Count("sender", "realtime")
	told := fmt.Sprintf("%s: %s sent, %s handled. %s: %s sent, %s handled.",
		signalName(standard), scene.Thousands(w.Count("sender", "standard")), scene.Thousands(handled(w, "standard")),
		signalName(realtime), scene.Thousands(w.Count("sender", "realtime")), scene.Thousands(handled(w, "realtime")))
	switch {
	case target.Ended() != "" && sender.Ended() != "":
		return "Both are gone: sender " + sender.Ended() + ", target " + target.Ended() + ". What was pending went with the target."
	case target.Ended() != "":
		return "The target is gone (" + target.Ended() + "), and what was pending went with it."
	case sender.Ended() != "":
		return "The sender is gone (" + sender.Ended() + "); what it sent stays. " + told
	case target.Life == scene.Stopped:
		return "The target is stopped: what comes now has to wait as if it were blocked. " + told
	case sender.Life == scene.Stopped:
		return "The sender is stopped. " + told
	case !w.SetsRead("target") || w.Last("target", "ready") == nil:
		return "The target installs its handler."
	case w.InSet("target", "ShdPnd", int(standard)) || w.InSet("target", "ShdPnd", int(realtime)):
		return "Pending: " + pendingNames(w) + ", a bit each. " + told
	case sent == 0 && inBoth(w, "SigBlk"):
		return "The target blocks both signals. Nothing has been sent yet."
	case sent == 0:
		return "Nothing is blocked now, and nothing has been sent yet."
	case inBoth(w, "SigBlk"):
		return "Both are blocked again, and nothing is pending. " + told
	}
	return "Nothing is blocked now. " + told
}
