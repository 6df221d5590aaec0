package signals

// What this lesson shows: a standard signal that has to wait is one bit, so five
// become one. Realtime signals wait in a queue, and every one arrives, in order.

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
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
			Act: sims.Set{Role: "sender", Setting: "each", Values: []int64{5, 1, 12, 100}, Names: []string{"5", "1", "12", "100"}}},
		{Key: "f", Name: "burst", Help: "1,000 of each, as fast as the sender can", Act: sims.Tell{Role: "sender", Command: "burst", Peer: "target"}},
	},
	Draw: drawCoalescing,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("unblocked")
		if a == nil {
			return "", false
		}
		return fmt.Sprint(handled(a, "standard")), true
	},
	Walk: []sims.Step{
		{ID: "blocked", For: "the target has a handler for both signals, and blocks both", Until: func(w *sims.World) bool {
			return w.ReadSince(w.Last("target", "ready")) && inBoth(w, "SigBlk") && inBoth(w, "SigCgt")
		}},
		{ID: "sent", Turn: sims.Press("send"), For: "all are sent and both bits are pending", Until: func(w *sims.World) bool {
			return w.ReadSince(w.Last("sender", "sent")) && inBoth(w, "ShdPnd")
		}},
		{ID: "unblocked", Turn: sims.Press("unblock"), For: "the handler has run for all that was kept", Until: func(w *sims.World) bool {
			return w.ReadSince(w.Last("target", "unblocked")) && inNeither(w, "ShdPnd") && inNeither(w, "SigBlk") && len(order(w)) == int(handled(w, "all"))
		}},
		{ID: "again", Turn: []sims.Turn{{Knob: "block"}, {Knob: "of each", Value: "12"}}, For: "both signals are blocked again", Until: func(w *sims.World) bool {
			return w.ReadSince(w.Last("target", "blocked")) && inBoth(w, "SigBlk")
		}},
		{ID: "twelve", Turn: sims.Press("send"), For: "twelve of each are sent and both bits are pending", Until: func(w *sims.World) bool {
			return w.Said("sender", "sent") >= 2 && w.ReadSince(w.Last("sender", "sent")) && inBoth(w, "ShdPnd")
		}},
		{ID: "let-in", Turn: sims.Press("unblock"), For: "nothing is pending any more", Until: func(w *sims.World) bool {
			return w.Said("target", "unblocked") >= 2 && w.ReadSince(w.Last("target", "unblocked")) && inNeither(w, "ShdPnd") && inNeither(w, "SigBlk")
		}},
		{ID: "burst", Turn: sims.Press("burst"), For: "a thousand of each are sent, and the handler has caught up", Until: func(w *sims.World) bool {
			return w.Said("sender", "burst sent") > 0 && w.Since(w.Last("sender", "burst sent")) >= 3 && inNeither(w, "ShdPnd") &&
				handled(w, "realtime") == w.Count("sender", "realtime")
		}},
	},
	Claims: []sims.Claim{
		{ID: "bits", Says: "while both are blocked, both wait and no handler runs", After: "sent", Check: func(a *sims.World) sims.Verdict {
			n := handled(a, "all")
			return sims.Judge(inBoth(a, "ShdPnd") && n == 0, "both bits in ShdPnd, 0 runs of the handler",
				fmt.Sprintf("%s in ShdPnd, %d runs", pendingNames(a), n), "ShdPnd in /proc/PID/status, the handler's count")
		}},
		{ID: "one", Says: "of five standard signals one arrives", After: "unblocked", Check: func(a *sims.World) sims.Verdict {
			sent, n := a.Count("sender", "standard"), handled(a, "standard")
			return sims.Judge(sent == 5 && n == 1, "5 sent, 1 handled", fmt.Sprintf("%d sent, %d handled", sent, n), "the sender's and the handler's counts")
		}},
		{ID: "all", Says: "of five realtime signals five arrive", After: "unblocked", Check: func(a *sims.World) sims.Verdict {
			sent, n := a.Count("sender", "realtime"), handled(a, "realtime")
			return sims.Judge(sent == 5 && n == 5, "5 sent, 5 handled", fmt.Sprintf("%d sent, %d handled", sent, n), "the sender's and the handler's counts")
		}},
		{ID: "first", Says: "the one that is kept is the first", After: "unblocked", Check: func(a *sims.World) sims.Verdict {
			got := strings.Join(values(a, standard), " ")
			return sims.Judge(got == "1", "number 1", "number "+got, "si_value of the signal, noted by the handler")
		}},
		{ID: "order", Says: "realtime signals arrive in the order of sending", After: "unblocked", Check: func(a *sims.World) sims.Verdict {
			got := strings.Join(values(a, realtime), " ")
			return sims.Judge(got == "1 2 3 4 5", "1 2 3 4 5", got, "si_value of each, noted by the handler")
		}},
		{ID: "twelve", Says: "with twelve of each it is one and twelve", After: "let-in", Check: func(b *sims.World) sims.Verdict {
			a := b.After("twelve")
			s, r := handled(b, "standard")-handled(a, "standard"), handled(b, "realtime")-handled(a, "realtime")
			return sims.Judge(s == 1 && r == 12, "1 and 12 handled", fmt.Sprintf("%d and %d handled", s, r), "the handler's counts")
		}},
		{ID: "burst", Says: "every realtime signal of a burst arrives, though nothing is blocked", After: "burst", Check: func(b *sims.World) sims.Verdict {
			a := b.After("let-in")
			sent, r, s := b.Count("sender", "realtime")-a.Count("sender", "realtime"), handled(b, "realtime")-handled(a, "realtime"), handled(b, "standard")-handled(a, "standard")
			return sims.Judge(sent > 0 && r == sent && s >= 1 && s <= burst, fmt.Sprintf("%d of %d realtime, at least 1 standard", sent, sent),
				fmt.Sprintf("%d of %d realtime, %d of %d standard", r, sent, s, burst), "the sender's and the handler's counts")
		}},
	},
}

// sendMany sends so many of each signal, each with its number as the word that
// sigqueue(3) lets a signal carry.
func sendMany(a *sims.Actor) error {
	for {
		c := a.Next()
		n, said := int(a.Setting("each")), "sent"
		if c.Name == "burst" {
			n, said = burst, "burst sent"
		}
		for range n {
			a.Gate("sigqueue")
			sendNumbered(a, int(c.N), standard, "standard")
			sendNumbered(a, int(c.N), realtime, "realtime")
		}
		a.Say(said, sims.Num("each", n))
	}
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
			scene.Count(kind+"-sent", name+" sent", w.Count("sender", kind), "", scene.Child).From("the sender's counter in a page shared with it", ""),
			scene.Count(kind, name+" handled", handled(w, kind), "", scene.Child).From("the handler adds to a word in shared memory, which the tour reads with pread(2)", ""))
	}
	s.Figures = append(s.Figures, w.SetFigure("target", "ShdPnd", "pending", "pending (ShdPnd)"), w.SigQFigure("target"))
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
