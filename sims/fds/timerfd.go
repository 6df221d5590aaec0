package fds

// What this lesson shows: a timer behind a descriptor. A read sleeps until it
// expires and returns how often it has since the last read: what a lazy reader
// has slept through is one number (timerfd_create(2)).

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
)

//go:embed timerfd.go
var timerfdSource string

var timerfd = sims.Sim{
	ID:     "fds/timerfd",
	Source: timerfdSource,
	Needs:  []string{"timerfd"},
	Roles: []sims.Role{
		{Name: "ticker", Run: setTimer, Settings: []string{"interval"}, Gates: []string{"settime"}},
		{Name: "reader", Run: readTicks, Counters: []string{"reads", "ones", "ticks", "last"}, Settings: []string{"sleep"}, Gates: []string{"read", "doze"}},
	},
	Wire: func(w *sims.Wiring) error {
		fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC)
		if err != nil {
			return fmt.Errorf("timerfd_create: %w", err)
		}
		timer := w.Own("timerfd", "timerfd", fd)
		w.Give("ticker", "timer", timer)
		w.Give("reader", "timer", timer)
		w.Set("ticker", "interval", 500)
		w.Set("reader", "sleep", 250)
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "every 100 ms", Help: "the ticker sets the timer: ten times a second", Act: sims.Tell{Role: "ticker", Command: "every", N: 100}},
		{Key: "2", Name: "every 10 ms", Help: "the ticker sets the timer: a hundred times a second", Act: sims.Tell{Role: "ticker", Command: "every", N: 10}},
		{Key: "3", Name: "every second", Help: "the ticker sets the timer: once a second", Act: sims.Tell{Role: "ticker", Command: "every", N: 1000}},
		{Key: "i", Name: "interval", Help: "the interval for the key s", Act: sims.Set{Role: "ticker", Setting: "interval",
			Values: []int64{500, 20, 1}, Names: []string{"500 ms", "20 ms", "1 ms"}, Any: sims.Between(1, 60_000)}},
		{Key: "s", Name: "every interval", Help: "the ticker sets the timer to the interval chosen by i", Act: sims.Tell{Role: "ticker", Command: "every"}},
		{Key: "4", Name: "once", Help: "the ticker sets the timer: in 100 ms, and then no more", Act: sims.Tell{Role: "ticker", Command: "once", N: 100}},
		{Key: "5", Name: "disarm", Help: "the ticker sets the timer to 0: it stands still", Act: sims.Tell{Role: "ticker", Command: "disarm"}},
		{Key: "r", Name: "read once", Help: "the reader calls read(2) once, with room for 8 bytes", Act: sims.Tell{Role: "reader", Command: "read"}},
		{Key: "a", Name: "read on and on", Help: "the reader reads as often as there is something", Act: sims.Tell{Role: "reader", Command: "read on"}},
		{Key: "l", Name: "doze", Help: "the reader reads on, and sleeps between two reads", Act: sims.Tell{Role: "reader", Command: "doze"}},
		{Key: "d", Name: "reader's sleep", Help: "how long it sleeps between two reads when it dozes", Act: sims.Set{Role: "reader", Setting: "sleep",
			Values: []int64{250, 1000, 50}, Names: []string{"250 ms", "1,000 ms", "50 ms"}, Any: sims.Between(1, 10_000)}},
		{Key: "w", Name: "stay away", Help: "the reader reads no more until you say so", Act: sims.Tell{Role: "reader", Command: "stay away"}},
		{Key: "o", Name: "ticker leaves", Help: "the process that has set the timer exits", Act: sims.Tell{Role: "ticker", Command: "leave", Ends: true}},
	},
	Draw: drawTimerfd,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("one-read")
		if a == nil || !missedEnough(w.After("missed")) {
			return "", false
		}
		switch n := a.Last("reader", "read").N["n"]; {
		case n >= missedTicks:
			return "all", true
		case n == 1:
			return "one", true
		default:
			return fmt.Sprint(n), true
		}
	},
	Walk: []sims.Step{
		{ID: "keeps-up", Turn: sims.Press("every 100 ms", "read on and on"), For: "the reader has read two ticks and waits for the next", Until: func(w *sims.World) bool {
			return w.Count("reader", "ones") >= 2 && asleepIn(w, "reader", "read")
		}},
		{ID: "missed", From: "keeps-up", Turn: sims.Press("stay away"), For: "five ticks have gone by unread", Until: func(w *sims.World) bool {
			o := w.Object("timerfd")
			return w.Actor("reader").Idle && (missedEnough(w) || o.S["missing"] != "" && o.Level("ticks") >= 1)
		}},
		{ID: "one-read", From: "keeps-up", Turn: sims.Press("read once"), For: "one read has returned", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("reader", "read"))
		}},
		{ID: "dozes", From: "dozes", Turn: []sims.Turn{{Knob: "every 100 ms"}, {Knob: "reader's sleep", Value: "250 ms"}, {Knob: "doze"}}, For: "the dozing reader has read three times", Until: func(w *sims.World) bool {
			return len(dozed(w)) >= 3
		}},
		{ID: "adds-up", From: "dozes", Turn: sims.Press("stay away"), For: "the reader has stopped reading", Until: func(w *sims.World) bool {
			return w.Actor("reader").Idle && mode(w) == "away"
		}},
		{ID: "once", From: "once", Turn: sims.Press("once"), For: "the timer has expired once and stands still", Until: func(w *sims.World) bool {
			o := w.Object("timerfd")
			return w.ReadSince(w.News("ticker", "set")) && o.Level("interval") == 0 && o.Level("left") == 0 && o.Level("ticks") == 1
		}},
		{ID: "no-more", From: "once", Turn: sims.Press("read once", "read once"), For: "the second read sleeps, or has returned", Until: func(w *sims.World) bool {
			o := w.Object("timerfd")
			stands := asleepIn(w, "reader", "read") && o.Level("ticks") == 0 && o.Level("left") == 0 && w.Beats >= w.Before.Beats+4
			return stands && w.News("reader", "read") != nil || w.Said("reader", "read")-w.Before.Said("reader", "read") > 1
		}},
		{ID: "left", From: "once", Turn: sims.Press("every 100 ms", "ticker leaves"), For: "the ticker is gone and the reader has been woken", Until: func(w *sims.World) bool {
			return !w.Actor("ticker").Life.Alive() && w.Object("timerfd").Level("holders") == 1 && w.Actor("reader").Idle &&
				grown(w, "reader", "reads") > 0
		}},
		{ID: "outlives", From: "once", Turn: sims.Press("read on and on"), For: "two more ticks have come", Until: func(w *sims.World) bool {
			return grown(w, "reader", "reads") >= 2 && asleepIn(w, "reader", "read")
		}},
	},
	Claims: []sims.Claim{
		{ID: "each-one", Says: "a reader that keeps up sleeps in read until the next tick, and gets 1", After: "keeps-up", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(asleepIn(a, "reader", "read") && a.Count("reader", "ones") >= 2, "state S in read(2) after reads of 1",
				fmt.Sprintf("%s after %d reads of 1", sleeps(a, "reader"), a.Count("reader", "ones")), "/proc/PID/stat, /proc/PID/syscall, the numbers that read(2) gave")
		}},
		{ID: "count", Says: "one read returns every tick that was missed", Needs: []string{"pidfd-getfd"}, After: "one-read", Check: func(b *sims.World) sims.Verdict {
			a := b.After("missed")
			m := b.Last("reader", "read")
			said, n := a.Object("timerfd").Level("ticks"), m.N["n"]
			_, most := expired(b, m)
			reads := b.Count("reader", "reads") - a.Count("reader", "reads")
			return sims.Judge(reads == 1 && missedEnough(a) && n >= said && n <= most, fmt.Sprintf("1 read, %d and what has come since", said),
				fmt.Sprintf("%d read, %d", reads, n), "ticks in /proc/PID/fdinfo, brought up to date by timerfd_gettime(2); the number that read(2) gave")
		}},
		{ID: "dozing", Says: "who reads more rarely gets larger numbers, from the same timer", After: "dozes", Check: func(a *sims.World) sims.Verdict {
			list := dozed(a)
			more := 0
			for _, n := range list[1:] { // the first comes at once, whenever that is
				if n > 1 {
					more++
				}
			}
			return sims.Judge(more == len(list)-1 && a.Object("timerfd").Level("interval") == 1e8, "every read after a doze returns more than 1; the interval is 100 ms",
				fmt.Sprintf("%d; the interval is %v", list, time.Duration(a.Object("timerfd").Level("interval"))), "the numbers that read(2) gave, it_interval in /proc/PID/fdinfo")
		}},
		{ID: "adds-up", Says: "all reads together are the ticks that the clock demands", After: "adds-up", Check: func(a *sims.World) sims.Verdict {
			first, last, every := sinceSet(a)
			got := last.N["sum"] - first.N["sum"]
			least, most := (last.N["before"]-first.N["after"])/every-1, (last.N["after"]-first.N["before"])/every+1
			return sims.Judge(got >= least && got <= most, fmt.Sprintf("%d to %d, by the clock", least, most), fmt.Sprintf("%d, in %d reads", got, last.N["reads"]-first.N["reads"]),
				"the numbers that read(2) gave; clock_gettime(CLOCK_MONOTONIC) before and after, over the interval")
		}},
		{ID: "once", Says: "without an interval it expires once, and a further read sleeps for good", After: "no-more", Check: func(b *sims.World) sims.Verdict {
			a := b.After("once")
			n := b.Last("reader", "read").N["n"]
			return sims.Judge(n == 1 && asleepIn(b, "reader", "read") && a.Object("timerfd").Level("interval") == 0, "interval 0, read 1, then state S in read(2)",
				fmt.Sprintf("interval %d, read %d, then %s", a.Object("timerfd").Level("interval"), n, sleeps(b, "reader")), "it_interval in /proc/PID/fdinfo, the number that read(2) gave, /proc/PID/stat")
		}},
		{ID: "outlives", Says: "the timer ticks on when the process that set it is gone", After: "outlives", Check: func(b *sims.World) sims.Verdict {
			a := b.After("left")
			n := b.Count("reader", "ticks") - a.Count("reader", "ticks")
			return sims.Judge(n >= 2 && b.Object("timerfd").Level("holders") == 1 && b.Actor("ticker").Ended() != "", "the ticker has ended, 1 process holds the timer, at least 2 ticks since",
				fmt.Sprintf("the ticker: %s, %d holds the timer, %d ticks since", b.Actor("ticker").Ended(), b.Object("timerfd").Level("holders"), n), "wait status, /proc/PID/fd, the numbers that read(2) gave")
		}},
	},
}

// missedEnough is as many ticks unread as the lazy reader is to miss, by the kernel.
func missedEnough(w *sims.World) bool { return w.Object("timerfd").Level("ticks") >= missedTicks }

// missedTicks is how many ticks the lazy reader is to miss at least.
const missedTicks = 5

// setTimer sets the timer when it is told to. It never waits for it.
func setTimer(a *sims.Actor) error {
	timer := a.FD("timer")
	ticks := int64(0) // every so many ms
	for {
		c := a.Next()
		if c.Name == "every" && c.N == 0 {
			c.N = a.Setting("interval")
		}
		switch {
		case c.Name == "leave":
			return nil
		case c.Name == "every" && c.N == ticks:
			a.Say("as it is") // to set it anew would forget what is unread
			continue
		}
		every := time.Duration(c.N) * time.Millisecond
		start := monotonic()
		set := unix.ItimerSpec{}
		if c.Name != "disarm" { // the first expiration, by the clock: what follows can be counted
			set.Value = unix.NsecToTimespec(start + int64(every))
		}
		if c.Name == "every" {
			set.Interval = unix.NsecToTimespec(int64(every))
		}
		a.Gate("settime")
		if err := unix.TimerfdSettime(timer, unix.TFD_TIMER_ABSTIME, &set, nil); err != nil {
			a.Say("set failed", sims.Err(err))
			continue
		}
		if ticks = 0; c.Name == "every" {
			ticks = c.N
		}
		a.Say("set", sims.Word("how", c.Name), sims.Num("start", int(start)), sims.Num("every", int(every)))
	}
}

// readTicks reads once when it is told to, or on and on, with a doze between or without.
func readTicks(a *sims.Actor) error {
	on, dozes := false, false
	for {
		c, told := sims.Command{}, true
		if on {
			c, told = a.Asked()
		} else {
			c = a.Next()
		}
		switch {
		case told && c.Name == "stay away":
			on = false
			a.Say("away")
			continue
		case told && (c.Name == "read on" || c.Name == "doze"):
			on, dozes = true, c.Name == "doze"
			a.Say("on", sims.Num("doze", map[bool]int{true: 1}[dozes]))
		}
		if !readOnce(a, !on || dozes) {
			on = false
		}
		if on && dozes {
			a.Gate("doze")
			pause := unix.NsecToTimespec(a.Setting("sleep") * int64(time.Millisecond))
			unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &pause, nil) // cut short by a signal: no matter
		}
	}
}

// readOnce takes the number of expirations. What is more than 1, or asked for, it tells.
func readOnce(a *sims.Actor, tell bool) bool {
	var number [8]byte
	a.Gate("read")
	before := monotonic()
	_, err := unix.Read(a.FD("timer"), number[:]) // sleeps here until the timer expires
	for err == unix.EINTR {
		_, err = unix.Read(a.FD("timer"), number[:])
	}
	after := monotonic()
	if err != nil {
		a.Say("read failed", sims.Err(err))
		return false
	}
	n := int64(binary.NativeEndian.Uint64(number[:]))
	sum, reads := a.Counter("ticks").Add(n), a.Counter("reads").Add(1)
	a.Counter("last").Store(n)
	if n == 1 {
		a.Counter("ones").Add(1)
	}
	if tell || n > 1 {
		a.Say("read", sims.Num("n", int(n)), sims.Num("sum", int(sum)), sims.Num("reads", int(reads)), sims.Num("before", int(before)), sims.Num("after", int(after)))
	}
	return true
}

// monotonic is the clock that the timer goes by, in ns.
func monotonic() int64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic(os.NewSyscallError("clock_gettime", err)) // CLOCK_MONOTONIC is always there
	}
	return now.Nano()
}

// sinceSet are the first and the last read that the reader has told of since the timer was
// set, and its interval; nil where there is none.
func sinceSet(w *sims.World) (first, last *sims.Moment, every int64) {
	for i := range w.Moments {
		switch m := &w.Moments[i]; m.Name {
		case "set":
			first, last, every = nil, nil, max(m.N["every"], 1)
		case "read":
			if last = m; first == nil {
				first = m
			}
		}
	}
	return first, last, every
}

// expired is how often the timer must have expired since it was last set, by the
// clock just before a read and just after it. A tick that is just due may be late.
func expired(w *sims.World, read *sims.Moment) (least, most int64) {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		if m := &w.Moments[i]; m.Name == "set" {
			every := max(m.N["every"], 1)
			return (read.N["before"] - m.N["start"]) / every, (read.N["after"] - m.N["start"]) / every
		}
	}
	return 0, 0
}

// dozed are the numbers that the reader has read since it began to doze.
func dozed(w *sims.World) []int64 {
	var list []int64
	dozes := false
	for i := range w.Moments {
		m := &w.Moments[i]
		switch {
		case m.Name == "on":
			dozes, list = m.N["doze"] > 0, nil
		case m.Name == "away":
			dozes = false
		case m.Name == "read" && dozes:
			list = append(list, m.N["n"])
		}
	}
	return list
}

// mode is how the reader reads: "away", "on" or "doze".
func mode(w *sims.World) string {
	on, away := w.Last("reader", "on"), w.Last("reader", "away")
	switch {
	case on == nil || away != nil && away.At >= on.At:
		return "away"
	case on.N["doze"] > 0:
		return "doze"
	}
	return "on"
}

func drawTimerfd(w *sims.World) *scene.Scene {
	reader := process(w, "reader", "read")
	if reader.Life == scene.Asleep && reader.Note == "" && mode(w) == "doze" && !asleepIn(w, "reader", "read") {
		reader.Note = "dozes"
	}
	s := &scene.Scene{
		Sentence:  timerfdSentence(w),
		Processes: []scene.Process{w.Process("ticker"), reader},
		Objects:   []scene.Object{w.Timer("timerfd")},
		Links:     []scene.Link{w.Link("ticker", "timerfd", "w"), w.Link("reader", "timerfd", "r")},
		Figures: []scene.Figure{
			ticksFigure(w), w.CountFigure("reader", "last", "last read returned", ""), w.CountFigure("reader", "reads", "reads", ""),
			w.CountFigure("reader", "ticks", "ticks read in all", ""), intervalFigure(w), w.SleepFigure("reader"),
		},
	}
	if t, any := readsTable(w); any {
		s.Tables = []scene.Table{t}
	}
	return s
}

func ticksFigure(w *sims.World) scene.Figure {
	o := w.Object("timerfd")
	switch {
	case o.S["missing"] != "":
		return scene.Missing("unread", "ticks not read", o.S["missing"])
	case o.Level("ticks") < 0 || o.Level("holders") == 0:
		return scene.Missing("unread", "ticks not read", "no process holds the timer now")
	}
	return scene.Count("unread", "ticks not read", o.Level("ticks"), "", scene.Kernel).
		From("ticks in /proc/PID/fdinfo/FD, after timerfd_gettime(2) on a duplicate of the descriptor, which has the kernel count", w.InfoCommand("timerfd", "reader", "ticker"))
}

func intervalFigure(w *sims.World) scene.Figure {
	o := w.Object("timerfd")
	f := scene.Figure{ID: "interval", Label: "interval", Text: "none", Origin: scene.Kernel}
	if n := o.Level("interval"); n > 0 {
		f.Text = scene.Thousands(n/1e6) + " ms"
	}
	return f.From("it_interval in /proc/PID/fdinfo/FD", w.InfoCommand("timerfd", "reader", "ticker"))
}

// readsTable sets what was read beside what the clock demands, while the timer is as it was first set.
func readsTable(w *sims.World) (scene.Table, bool) {
	t := scene.Table{Title: "what read returned", Columns: []string{"this read", "all reads", "ticks by the clock"}, Origin: scene.Derived, Right: []int{0, 1, 2}}
	sets := 0
	for i := range w.Moments {
		m := &w.Moments[i]
		if m.Name == "set" {
			sets++
		}
		if m.Name == "read" && sets == 1 {
			_, most := expired(w, m)
			t.Rows = append(t.Rows, []string{scene.Thousands(m.N["n"]), scene.Thousands(m.N["sum"]), scene.Thousands(most)})
		}
	}
	t.Rows = t.Rows[max(0, len(t.Rows)-5):]
	t.Now = []int{len(t.Rows) - 1}
	return t, len(t.Rows) > 0 && sets == 1
}

func timerfdSentence(w *sims.World) string {
	ticker, reader, timer := w.Actor("ticker"), w.Actor("reader"), w.Timer("timerfd")
	orphan := ""
	if ticker.Ended() != "" {
		orphan = " The ticker, which set it, is gone (" + ticker.Ended() + ")."
	}
	switch {
	case ticker.Ended() != "" && reader.Ended() != "":
		return "Both are gone, and the timer with them."
	case reader.Ended() != "" && timer.Interval > 0:
		return "The reader is gone (" + reader.Ended() + "). The timer ticks on, and nobody reads."
	case reader.Ended() != "":
		return "The reader is gone (" + reader.Ended() + "), and nobody reads."
	case reader.Life == scene.Stopped && !timer.Armed && timer.Interval == 0:
		return "The reader is stopped, and the timer stands still." + orphan
	case reader.Life == scene.Stopped:
		return "The reader is stopped. The timer is not: what expires is counted." + orphan
	case timer.Interval > 0:
		return tickingSentence(w) + orphan
	case asleepIn(w, "reader", "read") && timer.Armed:
		return "The timer will expire once, and the reader sleeps in read(2) until then." + orphan
	case asleepIn(w, "reader", "read"):
		return "The timer stands still, and the reader sleeps in read(2): nothing will wake it." + orphan
	case timer.Armed:
		return "The timer will expire once." + orphan
	case timer.Ticks > 0:
		return "The timer has expired and stands still. The expiration waits to be read." + orphan
	}
	return "The timer stands still, and there is nothing to read." + orphan
}

// tickingSentence is what happens while the timer expires again and again.
func tickingSentence(w *sims.World) string {
	read, set := w.Last("reader", "read"), w.Last("ticker", "set")
	switch {
	case mode(w) == "doze":
		return "The reader dozes between its reads. What expires meanwhile is counted in the kernel."
	case mode(w) == "on":
		return "Each tick wakes the reader, which sleeps in read(2) till the next."
	case asleepIn(w, "reader", "read"):
		return "The reader sleeps in read(2) until the next tick."
	case read != nil && set != nil && read.At > set.At && lastOfReader(w) == read:
		return "One read returned " + scene.Thousands(read.N["n"]) + ". What has expired since is counted again."
	}
	return "The timer ticks and nobody reads: the kernel counts."
}

// lastOfReader is the latest moment of the reader.
func lastOfReader(w *sims.World) *sims.Moment {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		if m := &w.Moments[i]; m.Who == "reader" {
			return m
		}
	}
	return nil
}
