package pipes

// What this lesson shows: the buffer behind a pipe is small and counted in
// pages. A writer that finds no room sleeps in the kernel until a page is free.

import (
	"cmp"
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
)

//go:embed full_buffer.go
var fullBufferSource string

var fullBuffer = sims.Sim{
	ID:     "pipes/full-buffer",
	Source: fullBufferSource,
	Roles: []sims.Role{
		{Name: "writer", Run: fillPipe, Counters: []string{"written", "writes", "refused"}, Gates: []string{"write"}},
		{Name: "reader", Run: drainPipe, Counters: []string{"read"}, Gates: []string{"read"}},
	},
	Options: []sims.Option{
		{Name: "write size", Values: []string{"4096", "1", "2049"}},
		{Name: "mode", Values: []string{"blocking", "non-blocking"}},
	},
	Wire: func(w *sims.Wiring) error {
		flags := 0
		if w.Option("mode") == "non-blocking" {
			flags = unix.O_NONBLOCK
		}
		p := w.Pipe("pipe", flags)
		w.Give("writer", "out", p.W)
		w.Give("reader", "in", p.R)
		limit, err := os.ReadFile("/proc/sys/fs/pipe-max-size")
		w.Put("reader", "limit", strings.TrimSpace(string(limit)))
		return err
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "drain 1 byte", Help: "the reader takes a single byte", Act: sims.Tell{Role: "reader", Command: "drain", N: 1}},
		{Key: "2", Name: "drain a page", Help: "the reader takes as many bytes as a page of memory holds", Act: sims.Tell{Role: "reader", Command: "drain page"}},
		{Key: "3", Name: "drain all", Help: "the reader takes one bufferful", Act: sims.Tell{Role: "reader", Command: "drain all"}},
		{Key: "4", Name: "grow", Help: "F_SETPIPE_SZ: twice the size", Act: sims.Tell{Role: "reader", Command: "grow"}},
		{Key: "5", Name: "shrink", Help: "F_SETPIPE_SZ: one page", Act: sims.Tell{Role: "reader", Command: "shrink"}},
		{Key: "6", Name: "past the limit", Help: "F_SETPIPE_SZ: a byte more than pipe-max-size", Act: sims.Tell{Role: "reader", Command: "past limit"}},
		{Key: "7", Name: "to the limit", Help: "F_SETPIPE_SZ: exactly pipe-max-size", Act: sims.Tell{Role: "reader", Command: "to limit"}},
		{Key: "8", Name: "reader reads on", Help: "the reader reads, again and again", Act: sims.Tell{Role: "reader", Command: "read on"}},
		{Key: "9", Name: "reader pauses", Help: "the reader reads nothing once its present read has returned", Act: sims.Tell{Role: "reader", Command: "pause"}},
		{Key: "w", Name: "write size", Help: "bytes in each write; the cast starts anew", Act: sims.Choose{Option: "write size"}},
		{Key: "b", Name: "O_NONBLOCK", Help: "a full pipe gives EAGAIN instead of sleep; the cast starts anew", Act: sims.Choose{Option: "mode"}},
	},
	Draw:     drawFullBuffer,
	Measured: func(w *sims.World) (string, bool) { return sizeWhenAsleep(w) },
	Walk: []sims.Step{
		{ID: "fills", Turn: wholePages, For: "the writer is asleep on a full pipe", Until: writerAsleepOnFull},
		{ID: "one-byte", Turn: append(slices.Clone(wholePages), sims.Turn{Knob: "drain 1 byte", When: writerAsleepOnFull}), For: "one byte is out and the writer sleeps on", Until: func(w *sims.World) bool {
			m := w.News("reader", "drained")
			return m != nil && m.N["bytes"] == 1 && w.Since(m) >= 5 && w.Asleep("writer", "pipe_write")
		}},
		{ID: "one-page", From: "one-byte", Turn: sims.Press("drain a page"), For: "the writer has written and sleeps again", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("reader", "drained")) && refilled(w) > 0 && wakeUps(w) > 0 && w.Asleep("writer", "pipe_write")
		}},
		{ID: "nonblock", Turn: []sims.Turn{{Knob: "write size", Value: "4096"}, {Knob: "O_NONBLOCK", Value: "non-blocking"}}, For: "the full pipe has refused with EAGAIN", Until: func(w *sims.World) bool {
			return w.ReadSince(w.Last("writer", "refused")) && isFull(w)
		}},
		{ID: "merge", Turn: []sims.Turn{{Knob: "O_NONBLOCK", Value: "blocking"}, {Knob: "write size", Value: "1"}}, For: "the writer is asleep after writes of one byte", Until: writerAsleepOnFull},
		{ID: "grow", Turn: append(slices.Clone(wholePages), sims.Turn{Knob: "grow", When: writerAsleepOnFull}), For: "the pipe is twice as large, and full again", Until: func(w *sims.World) bool {
			m := answer(w, "grow")
			return w.ReadSince(m) && m.At >= w.Before.Now && writerAsleepOnFull(w) && (m.S["errno"] != "" || w.Object("pipe").Level("capacity") == m.N["capacity"])
		}},
		{ID: "limit", From: "limit", Lost: notFilled, Turn: append([]sims.Turn{{Knob: "shrink", When: holdsPages}}, sims.Press("to the limit", "past the limit")...), For: "the kernel has given three answers", Until: func(w *sims.World) bool {
			past := answer(w, "past limit")
			return w.ReadSince(past) && past.At >= w.Before.Now && answer(w, "shrink") != nil && answer(w, "to limit") != nil
		}},
	},
	Claims: []sims.Claim{
		{ID: "capacity", Says: "a new pipe holds 16 pages", After: "fills", Check: func(a *sims.World) sims.Verdict {
			got, page := a.Object("pipe").Level("capacity"), a.Facts["page"]
			return sims.Judge(got == 16*page, scene.Bytes(16*page), scene.Bytes(got), "fcntl(F_GETPIPE_SZ)")
		}},
		{ID: "by-filling", Says: "exactly that many bytes go in before the writer blocks", After: "fills", Check: func(a *sims.World) sims.Verdict {
			want, got := a.Object("pipe").Level("capacity"), a.Object("pipe").Level("queued")
			return sims.Judge(got == want && a.Count("writer", "written") == want, scene.Bytes(want), scene.Bytes(got), "ioctl(FIONREAD)")
		}},
		{ID: "asleep", Says: "a writer without room sleeps in the kernel", After: "fills", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(a.Asleep("writer", "pipe_write"), "state S in pipe_write", a.Actor("writer").Where(), "/proc/PID/stat, /proc/PID/wchan")
		}},
		{ID: "one-byte-sleeps", Says: "taking one byte out does not wake the writer", After: "one-byte", Check: func(b *sims.World) sims.Verdict {
			woken := wakeUps(b)
			level := b.Object("pipe").Level("queued")
			asleep, how := b.Asleep("writer", "pipe_write"), "asleep"
			if !asleep {
				how = "not asleep"
			}
			full := b.Before.Object("pipe").Level("queued")
			return sims.Judge(asleep && woken == 0 && level == full-1, "writer asleep, 0 wake-ups, "+scene.Bytes(full-1)+" in the pipe",
				fmt.Sprintf("writer %s, %d wake-ups, %s in the pipe", how, woken, scene.Bytes(level)), "/proc/PID/stat, voluntary_ctxt_switches in /proc/PID/status, ioctl(FIONREAD)")
		}},
		{ID: "page-wakes", Says: "the writer goes on once a whole page is free", After: "one-page", Check: func(b *sims.World) sims.Verdict {
			return sims.Judge(wakeUps(b) > 0 && refilled(b) > 0 && b.Asleep("writer", "pipe_write"), "at least 1 wake-up, more than 0 B written, and asleep again",
				fmt.Sprintf("%s, %s written, %s", scene.Many(wakeUps(b), "wake-up"), scene.Bytes(refilled(b)), b.Actor("writer").Where()),
				"voluntary_ctxt_switches in /proc/PID/status, ioctl(FIONREAD), /proc/PID/wchan")
		}},
		{ID: "eagain", Says: "with O_NONBLOCK a full pipe gives EAGAIN", After: "nonblock", Check: func(a *sims.World) sims.Verdict {
			errno, p := a.Last("writer", "refused").S["errno"], a.Object("pipe")
			say := func(errno string, queued int64) string {
				return fmt.Sprintf("%s, with %s in a pipe of %s", errno, scene.Bytes(queued), scene.Bytes(p.Level("capacity")))
			}
			return sims.Judge(errno == "EAGAIN" && isFull(a), say("EAGAIN", p.Level("capacity")), say(errno, p.Level("queued")), "errno of write(2), ioctl(FIONREAD), fcntl(F_GETPIPE_SZ)")
		}},
		{ID: "merge", Says: "writes of one byte are merged into full pages", After: "merge", Check: func(a *sims.World) sims.Verdict {
			want, got, queued := a.Object("pipe").Level("capacity"), a.Count("writer", "writes"), a.Object("pipe").Level("queued")
			return sims.Judge(got == want && queued == want, scene.Thousands(want)+" writes of 1 byte fit, "+scene.Bytes(want)+" in the pipe",
				scene.Thousands(got)+" fitted, "+scene.Bytes(queued)+" in the pipe", "the writer's counter, ioctl(FIONREAD)")
		}},
		{ID: "grow", Says: "F_SETPIPE_SZ makes room, and the writer fills it", After: "grow", Check: func(a *sims.World) sims.Verdict {
			want := 2 * a.After("fills").Object("pipe").Level("capacity")
			capacity, queued := a.Object("pipe").Level("capacity"), a.Object("pipe").Level("queued")
			say := func(capacity, queued int64) string {
				return "capacity " + scene.Bytes(capacity) + ", " + scene.Bytes(queued) + " in the pipe"
			}
			return sims.Judge(capacity == want && queued == want, say(want, want), say(capacity, queued), "fcntl(F_GETPIPE_SZ), ioctl(FIONREAD)")
		}},
		{ID: "ebusy", Says: "a pipe cannot be made smaller than what lies in it", After: "limit", Check: func(a *sims.World) sims.Verdict {
			m := answer(a, "shrink")
			return sims.Judge(m.S["errno"] == "EBUSY", "EBUSY", answerText(m), "errno of fcntl(F_SETPIPE_SZ, "+scene.Thousands(m.N["asked"])+")")
		}},
		{ID: "limit", Says: "without privilege a pipe grows to pipe-max-size, and not past it", After: "limit", Check: checkLimit},
	},
}

// fillPipe writes until the pipe is full, and then as often as there is room.
func fillPipe(a *sims.Actor) error {
	out := a.FD("out")
	buf := make([]byte, a.Int("write size"))
	for i := range buf {
		buf[i] = 'a' + byte(i%26)
	}
	written, writes, refused := a.Counter("written"), a.Counter("writes"), a.Counter("refused")
	for {
		a.Gate("write")
		n, err := unix.Write(out, buf) // sleeps here while there is no room
		switch {
		case err == unix.EAGAIN: // O_NONBLOCK: no room, and no sleep either
			if refused.Add(1) == 1 {
				a.Say("refused", sims.Err(err))
			}
			if err := sims.WaitWritable(out); err != nil {
				return err
			}
		case err == unix.EINTR:
		case err != nil:
			a.Say("ended", sims.Err(err))
			return nil
		default:
			written.Add(int64(n))
			writes.Add(1)
		}
	}
}

// drainPipe reads nothing until the learner says how much.
func drainPipe(a *sims.Actor) error {
	in := a.FD("in")
	read := a.Counter("read")
	buf := make([]byte, 1<<20)
	if err := giveUpPrivilege(); err != nil {
		return err
	}
	for {
		c := a.Next()
		if c.Name == "read on" {
			c = readOn(a, in, buf[:unix.Getpagesize()])
		}
		size, err := unix.FcntlInt(uintptr(in), unix.F_GETPIPE_SZ, 0)
		if err != nil {
			return fmt.Errorf("fcntl(F_GETPIPE_SZ): %w", err)
		}
		switch c.Name {
		case "drain", "drain page", "drain all":
			n := map[string]int{"drain": int(c.N), "drain page": unix.Getpagesize(), "drain all": size}[c.Name]
			a.Gate("read")
			n, err := readOnce(in, buf[:min(n, len(buf))])
			if err != nil {
				a.Say("read failed", sims.Err(err))
				continue
			}
			read.Add(int64(n))
			a.Say("drained", sims.Num("bytes", n))
		case "grow":
			resize(a, in, c.Name, 2*size)
		case "shrink":
			resize(a, in, c.Name, unix.Getpagesize())
		case "to limit":
			resize(a, in, c.Name, a.Int("limit"))
		case "past limit":
			resize(a, in, c.Name, a.Int("limit")+1)
		}
	}
}

// readOn reads a page at a time until another command comes, which it returns.
func readOn(a *sims.Actor, in int, buf []byte) sims.Command {
	a.Say("reads on")
	defer a.Say("pauses")
	for {
		if c, come := a.Asked(); come && c.Name != "read on" {
			return c
		}
		a.Gate("read")
		n, err := readOnce(in, buf) // sleeps here if nobody writes
		if err != nil {
			a.Say("read failed", sims.Err(err))
		}
		if err != nil || n == 0 { // the end of file: there is no writer any more
			return sims.Command{}
		}
		a.Counter("read").Add(int64(n))
	}
}

// resize asks for another capacity with F_SETPIPE_SZ (fcntl(2)).
func resize(a *sims.Actor, fd int, why string, size int) {
	got, err := unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, size)
	if err != nil {
		a.Say("resize failed", sims.Word("why", why), sims.Num("asked", size), sims.Err(err))
		return
	}
	a.Say("resized", sims.Word("why", why), sims.Num("asked", size), sims.Num("capacity", got))
}

// giveUpPrivilege drops CAP_SYS_RESOURCE (capabilities(7)) from the effective
// set: root would be let past pipe-max-size, and is to see what others see.
func giveUpPrivilege() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData // 64 bits in two halves
	if err := unix.Capget(&head, &sets[0]); err != nil {
		return os.NewSyscallError("capget", err)
	}
	sets[0].Effective &^= 1 << unix.CAP_SYS_RESOURCE
	return os.NewSyscallError("capset", unix.Capset(&head, &sets[0]))
}

// wholePages are the turns that give a cast whose writer fills pages and blocks: a new
// one where anything was done to the one that is there.
var wholePages = []sims.Turn{{Knob: "O_NONBLOCK", Value: "blocking"}, {Knob: "write size", Value: "4096"}}

func isFull(w *sims.World) bool {
	p := w.Object("pipe")
	return p.Level("queued") == p.Level("capacity") && p.Level("capacity") > 0
}

func holdsPages(w *sims.World) bool { return w.Object("pipe").Level("queued") > w.Facts["page"] }

// nobodyWaits is a cast that has no writer asleep to be woken, or nobody to wake it.
func nobodyWaits(w *sims.World) bool {
	return w.Turned["reader reads on"] > w.Said("reader", "pauses") || w.Actor("writer").Ended() != "" || w.Actor("reader").Ended() != ""
}

// notFilled is a cast whose pipe need not become, or stay, fuller than a page.
func notFilled(w *sims.World) bool { return nobodyWaits(w) || w.Turned["shrink"] > 0 }

// readsOn is a reader that reads until it is told to pause.
func readsOn(w *sims.World) bool { return w.Said("reader", "reads on") > w.Said("reader", "pauses") }

// wakeUps is how often the writer has gone to sleep anew since this step's knobs.
func wakeUps(w *sims.World) int64 {
	return w.Actor("writer").Numbers["voluntary"] - w.Before.Actor("writer").Numbers["voluntary"]
}

// refilled is what went into the pipe since this step's drain: what lay in it before,
// less what read(2) returned, is what would lie in it if nobody had written.
func refilled(w *sims.World) int64 {
	m := w.News("reader", "drained")
	if m == nil {
		return 0
	}
	return w.Object("pipe").Level("queued") - (w.Before.Object("pipe").Level("queued") - m.N["bytes"])
}

func writerAsleepOnFull(w *sims.World) bool {
	p := w.Object("pipe")
	return w.Asleep("writer", "pipe_write") && isFull(w) &&
		w.Count("writer", "written")-w.Count("reader", "read") == p.Level("queued")
}

func sizeWhenAsleep(w *sims.World) (string, bool) {
	a := w.After("fills")
	if a == nil {
		return "", false
	}
	return fmt.Sprint(a.Object("pipe").Level("queued")), true
}

// answer is the kernel's latest answer to a size asked of F_SETPIPE_SZ, or nil.
func answer(w *sims.World, why string) *sims.Moment {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		if m := &w.Moments[i]; (m.Name == "resized" || m.Name == "resize failed") && m.S["why"] == why {
			return m
		}
	}
	return nil
}

// checkLimit: what the kernel is asked for at pipe-max-size it gives, or more, as it
// rounds up to a power of two; a byte more it refuses.
func checkLimit(a *sims.World) sims.Verdict {
	to, past, now := answer(a, "to limit"), answer(a, "past limit"), a.Object("pipe").Level("capacity")
	limit := to.N["asked"]
	return sims.Judge(to.S["errno"] == "" && now >= limit && now == to.N["capacity"] && past.S["errno"] == "EPERM" && past.N["asked"] == limit+1,
		fmt.Sprintf("at least %s for %s; EPERM for %s", scene.Bytes(limit), scene.Bytes(limit), scene.Bytes(limit+1)),
		fmt.Sprintf("%s for %s; %s for %s", cmp.Or(to.S["errno"], scene.Bytes(now)), scene.Bytes(limit), answerText(past), scene.Bytes(past.N["asked"])),
		"fcntl(F_GETPIPE_SZ), errno of fcntl(F_SETPIPE_SZ)")
}

// answerText is the errno, or the size that the kernel gave.
func answerText(m *sims.Moment) string {
	return cmp.Or(m.S["errno"], scene.Bytes(m.N["capacity"]))
}

func drawFullBuffer(w *sims.World) *scene.Scene {
	pipe := w.Pipe("pipe")
	pipe.Taken = pagesTaken(w)
	s := &scene.Scene{
		Sentence:  fullBufferSentence(w),
		Processes: []scene.Process{w.Process("writer"), w.Process("reader")},
		Objects:   []scene.Object{pipe},
		Links:     []scene.Link{w.Link("writer", "pipe", "w"), w.Link("reader", "pipe", "r")},
		Figures: []scene.Figure{
			w.QueuedFigure("pipe"), w.CapacityFigure("pipe"),
			w.CountFigure("writer", "written", "written", "B"), w.CountFigure("reader", "read", "read", "B"),
			w.CountFigure("writer", "writes", "writes", ""), w.SleepFigure("writer"),
			w.RateFigure("writer", "written", "rate", "B"),
		},
	}
	if w.Options["mode"] == "non-blocking" {
		s.Figures = append(s.Figures, w.CountFigure("writer", "refused", "refused (EAGAIN)", ""))
	}
	s.Figures = append(s.Figures, answerFigures(w)...)
	return s
}

// pagesTaken is how many pages of the pipe hold a byte, or 0 where the counts do
// not tell. They do where a write fits into a page and no second one with it.
func pagesTaken(w *sims.World) int64 {
	page := w.Facts["page"]
	size, _ := strconv.ParseInt(w.Options["write size"], 10, 64) // 0 before the first cast
	written, read := w.Count("writer", "written"), w.Count("reader", "read")
	if size > page || 2*size <= page || written-read != w.Object("pipe").Level("queued") {
		return 0
	}
	return written/size - read/size
}

// answerFigures are the kernel's latest answers to the sizes asked for.
func answerFigures(w *sims.World) []scene.Figure {
	var list []scene.Figure
	for _, ask := range []struct{ why, id, label string }{{"grow", "grow", "grow to"}, {"shrink", "shrink", "shrink to"}, {"to limit", "to-limit", "grow to"}, {"past limit", "past-limit", "grow to"}} {
		m := answer(w, ask.why)
		if m == nil || m.N["asked"] == 0 {
			continue
		}
		list = append(list, scene.Figure{ID: ask.id, Label: ask.label + " " + scene.Bytes(m.N["asked"]), Text: answerText(m), Origin: scene.Child}.
			From("the answer of fcntl(F_SETPIPE_SZ) to the reader; the limit is in /proc/sys/fs/pipe-max-size", "cat /proc/sys/fs/pipe-max-size"))
	}
	return list
}

func fullBufferSentence(w *sims.World) string {
	writer, reader := w.Actor("writer"), w.Actor("reader")
	level := scene.Bytes(max(w.Object("pipe").Level("queued"), 0))
	ended := w.Last("writer", "ended")
	switch {
	case writer.Ended() != "" && reader.Ended() != "" && ended != nil:
		return "The reader is gone (" + reader.Ended() + "): write(2) gave the writer " + ended.S["errno"] + ", and it ended."
	case writer.Ended() != "" && reader.Ended() != "":
		return "Both are gone, and the pipe with them: writer " + writer.Ended() + ", reader " + reader.Ended() + "."
	case writer.Ended() != "" && ended != nil:
		return "The writer has ended: write(2) gave it " + ended.S["errno"] + "."
	case writer.Ended() != "":
		return "The writer is gone (" + writer.Ended() + "), and " + level + " are still in the pipe for the reader."
	case reader.Ended() != "":
		return "The reader is gone (" + reader.Ended() + "): the writer's next write(2) fails with EPIPE."
	case writer.Life == scene.Stopped:
		return "The writer is stopped, and " + level + " lie in the pipe."
	case reader.Life == scene.Stopped:
		return "The reader is stopped: it takes nothing out until it goes on."
	case readsOn(w):
		return "The reader reads on and on: the writer sleeps only while there is no room."
	}
	return fillSentence(w)
}

// fillSentence is what happens while both live and run.
func fillSentence(w *sims.World) string {
	p, drained := w.Object("pipe"), w.Last("reader", "drained")
	switch {
	case drained != nil && !w.ReadSince(drained): // the level that is shown may be older
		return "The reader takes " + scene.Bytes(drained.N["bytes"]) + " out of the pipe."
	case writerAsleepOnFull(w):
		return "The pipe is full and the writer is asleep in the kernel."
	case w.Asleep("writer", "pipe_write") && p.Level("queued") >= 0 && p.Level("capacity") > 0:
		room := scene.Bytes(p.Level("capacity") - p.Level("queued"))
		if taken := pagesTaken(w); taken > 0 && taken*w.Facts["page"] == p.Level("capacity") {
			return fmt.Sprintf("Room for %s, but a part of every one of the %d pages is taken: the writer sleeps on.", room, taken)
		}
		return fmt.Sprintf("Room for %s, but no whole page is free: the writer sleeps on.", room)
	case w.Count("writer", "refused") > 0 && w.Asleep("writer", ""):
		return "The pipe is full: write(2) said EAGAIN, and the writer waits in poll(2) for room."
	}
	return "The writer writes as fast as there is room."
}
