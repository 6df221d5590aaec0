package signals

// What this lesson shows: what a signal does is settled at the other end. Four
// targets get the same one: killed, thrown away, handled, kept for later. SIGKILL
// and SIGSTOP ask nobody.

import (
	_ "embed"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
	"ipctour/sims/sys"
)

//go:embed dispositions.go
var dispositionsSource string

// targets are the four who are sent to, in the order of the picture.
var targets = []string{"default", "ignored", "handled", "blocked"}

var dispositions = sims.Sim{
	ID:     "signals/dispositions",
	Source: dispositionsSource,
	Roles: []sims.Role{
		{Name: "sender", Run: sendToAll, Counters: []string{"default", "ignored", "handled", "blocked"}, Gates: []string{"kill"}},
		{Name: "default", Run: takeDefaults, Masks: true},
		{Name: "ignored", Run: ignoreAll, Masks: true},
		{Name: "handled", Run: handleAll, Masks: true},
		{Name: "blocked", Run: blockAll, Masks: true, Gates: []string{"unblock"}, Blocked: every()},
	},
	Options: []sims.Option{{Name: "signal", Check: checkSignal,
		Values: []string{"SIGUSR1", "SIGTERM", "SIGCHLD", "SIGSEGV", "SIGTSTP", "SIGSTOP", "SIGKILL", "SIGRTMIN+1"}}},
	Wire: func(w *sims.Wiring) error {
		var cells []sims.Cell
		for n := unix.Signal(1); n <= rtMax; n++ {
			cells = append(cells, sims.Cell{Name: countOf(n), Offset: sys.SignalCountAt(n), Size: 8})
		}
		p := w.Pipe("ready", 0) // its end of file tells the sender that all four have settled
		w.Give("sender", "ready", p.R)
		for _, t := range targets {
			w.Give(t, "ready", p.W)
		}
		w.Give("handled", "log", w.Memory("log", int64(sys.SignalLogSize), cells...))
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "a", Name: "send to all", Help: "kill(2) with the chosen signal to each target that lives", Act: sims.Do{Run: sendAll("")}},
		{Key: "1", Name: "to default", Help: "kill(2) with the chosen signal to the first target alone", Act: sims.Tell{Role: "sender", Command: "default", Peer: "default"}},
		{Key: "2", Name: "to ignored", Help: "to the second target alone", Act: sims.Tell{Role: "sender", Command: "ignored", Peer: "ignored"}},
		{Key: "3", Name: "to handled", Help: "to the third target alone", Act: sims.Tell{Role: "sender", Command: "handled", Peer: "handled"}},
		{Key: "4", Name: "to blocked", Help: "to the fourth target alone", Act: sims.Tell{Role: "sender", Command: "blocked", Peer: "blocked"}},
		{Key: "u", Name: "unblock", Help: "the fourth target takes all signals out of its mask", Act: sims.Tell{Role: "blocked", Command: "unblock"}},
		{Key: "g", Name: "SIGCONT to all", Help: "kill(2) with SIGCONT: whoever is stopped goes on", Act: sims.Do{Run: sendAll("SIGCONT")}},
		{Key: "9", Name: "SIGKILL to all", Help: "kill(2) with SIGKILL", Act: sims.Do{Run: sendAll("SIGKILL")}},
		{Key: "s", Name: "signal", Help: "another signal, by name or number: USR2, 15, RTMIN+3; the cast starts anew", Act: sims.Choose{Option: "signal"}},
	},
	Draw:     drawDispositions,
	Measured: whoDied,
	Walk: []sims.Step{
		{ID: "ready", Turn: chosen("SIGUSR1"), For: "each target has set its own fate", Until: targetsReady},
		{ID: "sent", From: "ready", Turn: sims.Press("send to all"), For: "the kernel has done to each what it does", Until: func(w *sims.World) bool {
			return w.Said("sender", "sent") >= 4 && w.ReadSince(w.Last("sender", "sent")) &&
				w.Actor("default").Ended() != "" && ran(w, unix.SIGUSR1) == 1 && w.InSet("blocked", "ShdPnd", int(unix.SIGUSR1))
		}},
		{ID: "unblocked", From: "ready", Turn: sims.Press("unblock"), For: "what was pending has struck", Until: func(w *sims.World) bool {
			return w.Actor("blocked").Ended() != ""
		}},
		{ID: "refused", Turn: chosen("SIGSTOP"), For: "new targets have asked for SIGKILL and SIGSTOP too", Until: func(w *sims.World) bool {
			return targetsReady(w) && w.Options["signal"] == "SIGSTOP"
		}},
		{ID: "stopped", From: "refused", Turn: sims.Press("send to all"), For: "all four are stopped", Until: func(w *sims.World) bool {
			return w.Said("sender", "sent") >= 4 && letters(w) == "TTTT"
		}},
		{ID: "continued", From: "refused", Turn: sims.Press("SIGCONT to all"), For: "all that live go on", Until: func(w *sims.World) bool {
			m := w.News("sender", "sent")
			return w.ReadSince(m) && m.S["to"] == targets[len(targets)-1] && !strings.Contains(letters(w), "T")
		}},
		{ID: "killed", From: "refused", Turn: sims.Press("SIGKILL to all"), For: "all four are dead", Until: func(w *sims.World) bool { return dead(w, targets...) }},
	},
	Claims: []sims.Claim{
		{ID: "killed", Says: "by default SIGUSR1 kills", After: "sent", Check: func(a *sims.World) sims.Verdict {
			p := a.Actor("default")
			return sims.Judge(p.Signal == int(unix.SIGUSR1), "killed by SIGUSR1", p.Ended(), "wait status of default")
		}},
		{ID: "ignored", Says: "an ignored signal leaves no trace", After: "sent", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(a.Actor("ignored").Life.Alive() && a.InSet("ignored", "SigIgn", 10) && !a.InSet("ignored", "ShdPnd", 10),
				"alive, in SigIgn", setState(a, "ignored", unix.SIGUSR1), "SigIgn and ShdPnd in /proc/PID/status")
		}},
		{ID: "handler", Says: "a handled signal runs the handler, and the process goes on", After: "sent", Check: func(a *sims.World) sims.Verdict {
			n := ran(a, unix.SIGUSR1)
			return sims.Judge(n == 1 && a.Actor("handled").Life.Alive() && a.InSet("handled", "SigCgt", 10), "1 run of the handler; alive, in SigCgt",
				scene.Many(n, "run")+" of the handler; "+setState(a, "handled", unix.SIGUSR1), "the handler's count in shared memory, SigCgt in /proc/PID/status")
		}},
		{ID: "pending", Says: "a blocked signal waits in the kernel", After: "sent", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(a.Actor("blocked").Life.Alive() && a.InSet("blocked", "SigBlk", 10) && a.InSet("blocked", "ShdPnd", 10),
				"alive, in SigBlk and ShdPnd", setState(a, "blocked", unix.SIGUSR1), "SigBlk and ShdPnd in /proc/PID/status")
		}},
		{ID: "delayed", Says: "blocking only puts it off: once unblocked, it acts", After: "unblocked", Check: func(b *sims.World) sims.Verdict {
			a := b.After("sent")
			p := b.Actor("blocked")
			return sims.Judge(a.Actor("blocked").Life.Alive() && p.Signal == int(unix.SIGUSR1), "alive, then killed by SIGUSR1",
				"alive, then "+p.Ended(), "wait status of blocked")
		}},
		{ID: "einval", Says: "SIGKILL and SIGSTOP can be neither caught nor ignored", After: "refused", Check: func(a *sims.World) sims.Verdict {
			got := refusals(a)
			const want = "handled: SIGKILL EINVAL, SIGSTOP EINVAL; ignored: SIGKILL EINVAL, SIGSTOP EINVAL"
			return sims.Judge(got == want, want, got, "errno of rt_sigaction(2) in ignored and handled")
		}},
		{ID: "unblockable", Says: "nor blocked: the kernel leaves them out of the mask", After: "refused", Check: func(a *sims.World) sims.Verdict {
			mask := sys.SignalSet(a.Actor("blocked").Numbers["SigBlk"])
			return sims.Judge(mask&everySignal == everySignal&^sys.Signals(unix.SIGKILL, unix.SIGSTOP), fmt.Sprintf("SigBlk %016x", uint64(everySignal&^sys.Signals(unix.SIGKILL, unix.SIGSTOP))),
				fmt.Sprintf("SigBlk %016x", uint64(mask&everySignal)), "SigBlk in /proc/PID/status, without 32 and 33")
		}},
		{ID: "stopped", Says: "SIGSTOP stops all four", After: "stopped", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(letters(a) == "TTTT", "state T in all four", "states "+letters(a), "/proc/PID/stat")
		}},
		{ID: "continued", Says: "SIGCONT lets a process go on even where it is ignored or blocked", After: "continued", Check: func(a *sims.World) sims.Verdict {
			cont := int(unix.SIGCONT)
			return sims.Judge(!strings.Contains(letters(a), "T") && len(letters(a)) == 4 && a.InSet("ignored", "SigIgn", cont) && a.InSet("blocked", "ShdPnd", cont) && a.InSet("blocked", "SigBlk", cont),
				"0 in state T; ignored: alive, in SigIgn; blocked: alive, in SigBlk and ShdPnd",
				fmt.Sprintf("%d in state T; ignored: %s; blocked: %s", strings.Count(letters(a), "T"), setState(a, "ignored", unix.SIGCONT), setState(a, "blocked", unix.SIGCONT)), "/proc/PID/stat and status")
		}},
		{ID: "sigkill", Says: "SIGKILL kills all four, whatever they had set", After: "killed", Check: func(a *sims.World) sims.Verdict {
			n := 0
			for _, t := range targets {
				if a.Actor(t).Signal == int(unix.SIGKILL) {
					n++
				}
			}
			return sims.Judge(n == 4, "4 killed by SIGKILL", fmt.Sprintf("%d killed by SIGKILL", n), "wait statuses")
		}},
	},
}

// chosen is the turns for a signal and what follows. The cast starts anew where another
// was chosen, or where something was done to the targets: they are to be as new.
func chosen(signal string, then ...string) []sims.Turn {
	return append([]sims.Turn{{Knob: "signal", Value: signal}}, sims.Press(then...)...)
}

// everySignal is 1 to 31 and 34 to 64.
const everySignal = sys.AllSignals &^ (1<<31 | 1<<32)

// every is all signals as a list.
func every() (list []unix.Signal) {
	for s := unix.Signal(1); s <= rtMax; s++ {
		if everySignal.Has(s) {
			list = append(list, s)
		}
	}
	return list
}

func checkSignal(text string) error {
	_, err := parseSignal(text)
	return err
}

// sendToAll sends what it is told to: kill(2) names a process and a number, and
// that is all there is to it.
func sendToAll(a *sims.Actor) error {
	its, err := parseSignal(a.Arg("signal"))
	if err != nil {
		return err
	}
	if err := untilSettled(a.FD("ready")); err != nil {
		return err
	}
	for {
		c := a.Next()
		signal := its
		if c.Text != "" {
			if signal, err = parseSignal(c.Text); err != nil {
				return err
			}
		}
		a.Gate("kill")
		err := unix.Kill(int(c.N), signal)
		a.Counter(c.Name).Add(1)
		a.Say("sent", sims.Word("to", c.Name), sims.Num("signal", int(signal)), sims.Err(err))
	}
}

// untilSettled reads to the end of file, which comes when no target has its end open
// any more: each has settled what signals do to it, or has died.
func untilSettled(ready int) error {
	var b [1]byte
	for {
		n, err := unix.Read(ready, b[:])
		if n == 0 && err == nil {
			return nil
		}
		if err != nil && err != unix.EINTR {
			return os.NewSyscallError("read", err)
		}
	}
}

// takeDefaults gives every signal its default action back: the Go runtime has
// installed handlers of its own for nearly all of them.
func takeDefaults(a *sims.Actor) error {
	if err := defaults(); err != nil {
		return err
	}
	return wait(a)
}

// ignoreAll has the kernel throw every signal away.
func ignoreAll(a *sims.Actor) error {
	for s := unix.Signal(1); s <= rtMax; s++ {
		if err := sys.IgnoreSignal(s); err != nil {
			a.Say("refused", sims.Num("signal", int(s)), sims.Err(err)) // SIGKILL and SIGSTOP: nobody may
		}
	}
	return wait(a)
}

// handleAll installs a handler for every signal. It runs on its own, whatever this
// thread is doing, and counts in memory that the tour reads.
func handleAll(a *sims.Actor) error {
	memory, err := unix.Mmap(a.FD("log"), 0, sys.SignalLogSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mmap: %w", err)
	}
	sys.LogSignals(sys.LogOf(memory))
	for s := unix.Signal(1); s <= rtMax; s++ {
		if err := sys.HandleSignal(s); err != nil {
			a.Say("refused", sims.Num("signal", int(s)), sims.Err(err)) // SIGKILL and SIGSTOP: nobody may
		}
	}
	return wait(a)
}

// blockAll leaves the dispositions at their defaults, and blocks every signal: what
// comes stays pending until it is unblocked. The mask was there at its birth (a
// child inherits it); the Go runtime has opened some of it again.
func blockAll(a *sims.Actor) error {
	if err := sys.BlockInAllThreads(sys.AllSignals); err != nil {
		return err
	}
	if err := defaults(); err != nil {
		return err
	}
	return wait(a)
}

func defaults() error {
	for s := unix.Signal(1); s <= rtMax; s++ {
		if s == unix.SIGKILL || s == unix.SIGSTOP {
			continue // never anything else
		}
		if err := sys.DefaultSignal(s); err != nil {
			return err
		}
	}
	return nil
}

// wait does nothing but wait, for signals or for the learner.
func wait(a *sims.Actor) error {
	unix.Close(a.FD("ready"))
	a.Say("ready")
	for {
		if c := a.Next(); c.Name == "unblock" {
			a.Gate("unblock")
			if err := sys.UnblockSignals(sys.AllSignals); err != nil { // what is pending comes in here
				return err
			}
			a.Say("unblocked")
		}
	}
}

// sendAll tells the sender the pids of all targets that live. An empty name is the
// signal that was chosen.
func sendAll(name string) func(*stage.Run, string) error {
	return func(run *stage.Run, _ string) error {
		for _, t := range targets {
			pid, err := run.PID(t)
			if err != nil {
				continue // it has ended
			}
			if err := run.Tell("sender", sims.Command{Name: t, N: int64(pid), Text: name}); err != nil {
				return err
			}
		}
		return nil
	}
}

// countOf is the cell of the handler's count of a signal.
func countOf(s unix.Signal) string { return fmt.Sprintf("count %d", s) }

// ran is how often the handler ran for a signal.
func ran(w *sims.World, s unix.Signal) int64 { return max(w.Object("log").Level(countOf(s)), 0) }

// targetsReady: all four have set their fate, and the kernel says so.
func targetsReady(w *sims.World) bool {
	for _, t := range targets {
		if m := w.Last(t, "ready"); m == nil || !w.ReadSince(m) || !w.SetsRead(t) {
			return false
		}
	}
	return w.InSet("ignored", "SigIgn", 10) && w.InSet("handled", "SigCgt", 10) && w.InSet("blocked", "SigBlk", 10)
}

// letters are the states of the targets that live.
func letters(w *sims.World) string {
	s := ""
	for _, t := range targets {
		s += w.Actor(t).Letter
	}
	return s
}

func dead(w *sims.World, roles ...string) bool {
	for _, r := range roles {
		if w.Actor(r).Ended() == "" {
			return false
		}
	}
	return true
}

// whoDied answers the prediction.
func whoDied(w *sims.World) (string, bool) {
	a := w.After("sent")
	if a == nil {
		return "", false
	}
	var died []string
	for _, t := range targets {
		if a.Actor(t).Ended() != "" {
			died = append(died, t)
		}
	}
	switch len(died) {
	case 0:
		return "none", true
	case len(targets):
		return "all", true
	}
	return strings.Join(died, "+"), true
}

// refusals are the answers to the attempts on SIGKILL and SIGSTOP, by who had made them.
func refusals(w *sims.World) string {
	var all []string
	for _, who := range []string{"handled", "ignored"} {
		var its []string
		for _, m := range w.Moments {
			if m.Name == "refused" && m.Who == who {
				its = append(its, signalName(unix.Signal(m.N["signal"]))+" "+m.S["errno"])
			}
		}
		all = append(all, who+": "+strings.Join(its, ", "))
	}
	return strings.Join(all, "; ")
}

// setState is where a signal stands in a target: "alive, in SigBlk and ShdPnd".
func setState(w *sims.World, role string, s unix.Signal) string {
	if e := w.Actor(role).Ended(); e != "" {
		return e
	}
	var in []string
	for _, set := range []string{"SigBlk", "SigIgn", "SigCgt", "ShdPnd"} {
		if w.InSet(role, set, int(s)) {
			in = append(in, set)
		}
	}
	if len(in) == 0 {
		return "alive, in no set"
	}
	return "alive, in " + strings.Join(in, " and ")
}

// present is the signal that the picture is about: the last one sent, or the one chosen.
func present(w *sims.World) unix.Signal {
	if m := w.Last("sender", "sent"); m != nil {
		return unix.Signal(m.N["signal"])
	}
	if s, err := parseSignal(w.Options["signal"]); err == nil {
		return s
	}
	return unix.SIGUSR1
}

// sentTo counts how often the present signal was sent to a target.
func sentTo(w *sims.World, target string) (n int) {
	for i := range w.Moments {
		if m := &w.Moments[i]; m.Name == "sent" && m.S["to"] == target && m.N["signal"] == int64(present(w)) && m.S["errno"] == "" {
			n++
		}
	}
	return n
}

// fate is what has become of a target, in a few words.
func fate(w *sims.World, target string) string {
	p, s := w.Actor(target), present(w)
	sent := sentTo(w, target)
	switch {
	case p.Ended() != "":
		return p.Ended()
	case p.Life == scene.Stopped:
		return "stopped"
	case w.Last(target, "ready") == nil:
		return "sets up"
	case sent == 0:
		return "waits"
	case s == unix.SIGCONT && w.InSet(target, "ShdPnd", int(s)) && w.InSet(target, "SigBlk", int(s)):
		return "goes on, pending"
	case w.InSet(target, "ShdPnd", int(s)) && w.InSet(target, "SigBlk", int(s)):
		return "pending"
	case ran(w, s) > 0 && target == "handled":
		return "handler ran ×" + scene.Thousands(ran(w, s))
	case s == unix.SIGCONT:
		return "goes on"
	case w.InSet(target, "SigIgn", int(s)):
		return "thrown away"
	}
	return "nothing happened"
}
