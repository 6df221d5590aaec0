package fds

// What this lesson shows: an eventfd is a number of 64 bits in the kernel. Writers
// add to it, a read takes it all (or 1, with EFD_SEMAPHORE); who finds nothing, or
// no room, sleeps (eventfd(2)).

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
)

//go:embed eventfd.go
var eventfdSource string

var eventfd = sims.Sim{
	ID:     "fds/eventfd",
	Source: eventfdSource,
	Roles: []sims.Role{
		{Name: "writer", Run: addToCounter, Counters: []string{"writes"}, Gates: []string{"write"}},
		{Name: "second", Run: addToCounter, Counters: []string{"writes"}, Settings: []string{"number"}, Gates: []string{"write"}},
		{Name: "reader", Run: takeFromCounter, Counters: []string{"reads"}, Gates: []string{"read"}},
	},
	Options: []sims.Option{
		{Name: "a read takes", Values: []string{"all", "1"}},
		{Name: "mode", Values: []string{"blocking", "non-blocking"}},
	},
	Wire: func(w *sims.Wiring) error {
		flags := unix.EFD_CLOEXEC
		if w.Option("a read takes") == "1" {
			flags |= unix.EFD_SEMAPHORE
		}
		if w.Option("mode") == "non-blocking" {
			flags |= unix.EFD_NONBLOCK
		}
		fd, err := unix.Eventfd(0, flags)
		if err != nil {
			return fmt.Errorf("eventfd: %w", err)
		}
		counter := w.Own("eventfd", "eventfd", fd)
		for _, role := range []string{"writer", "second", "reader"} {
			w.Give(role, "counter", counter) // one descriptor for both ways: there are no ends
		}
		w.Set("second", "number", 1)
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "add 3", Help: "the writer writes the number 3", Act: sims.Tell{Role: "writer", Command: "add", N: 3}},
		{Key: "2", Name: "add 4", Help: "the second writer writes the number 4", Act: sims.Tell{Role: "second", Command: "add", N: 4}},
		{Key: "p", Name: "number", Help: "the number for the key s", Act: sims.Set{Role: "second", Setting: "number",
			Values: []int64{1, 5, 100, 1_000_000}, Names: []string{"1", "5", "100", "1,000,000"}, Any: sims.Between(0, math.MaxInt64)}},
		{Key: "s", Name: "add it", Help: "the second writer writes the number chosen by p", Act: sims.Tell{Role: "second", Command: "add chosen"}},
		{Key: "3", Name: "read", Help: "the reader calls read(2) once, with room for 8 bytes", Act: sims.Tell{Role: "reader", Command: "read"}},
		{Key: "4", Name: "add 2^64−2", Help: "the writer writes the most that the counter holds", Act: sims.Tell{Role: "writer", Command: "add", N: -2}},
		{Key: "5", Name: "add 2^64−1", Help: "the writer writes one more than the counter can ever hold", Act: sims.Tell{Role: "writer", Command: "add", N: -1}},
		{Key: "m", Name: "EFD_SEMAPHORE", Help: "a read takes 1 instead of all; the cast starts anew", Act: sims.Choose{Option: "a read takes"}},
		{Key: "b", Name: "EFD_NONBLOCK", Help: "EAGAIN instead of sleep; the cast starts anew", Act: sims.Choose{Option: "mode"}},
		{Key: "w", Name: "writer leaves", Help: "the writer exits", Act: sims.Tell{Role: "writer", Command: "leave", Ends: true}},
		{Key: "l", Name: "second leaves", Help: "the second writer exits", Act: sims.Tell{Role: "second", Command: "leave", Ends: true}},
	},
	Draw: drawEventfd,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("one-read")
		if a == nil {
			return "", false
		}
		return fmt.Sprint(lastRead(a)), true
	},
	Walk: []sims.Step{
		{ID: "added", Turn: []sims.Turn{{Knob: "EFD_NONBLOCK", Value: "blocking"}, {Knob: "EFD_SEMAPHORE", Value: "all"}, {Knob: "add 3"}, {Knob: "add 4"}}, For: "both numbers are in the counter", Until: func(w *sims.World) bool {
			return w.ReadSince(w.Last("writer", "added")) && w.ReadSince(w.Last("second", "added"))
		}},
		{ID: "one-read", From: "added", Turn: sims.Press("read"), For: "one read has returned and the kernel was asked again", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("reader", "got"))
		}},
		{ID: "empty", From: "added", Turn: sims.Press("read"), For: "the reader sleeps in read, or read has returned", Until: func(w *sims.World) bool {
			return asleepIn(w, "reader", "read") || w.News("reader", "got") != nil
		}},
		{ID: "wakes", From: "added", Turn: sims.Press("add 3"), For: "the reader has been woken and has read", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("reader", "got"))
		}},
		{ID: "top", Turn: []sims.Turn{{Knob: "EFD_NONBLOCK", Value: "blocking"}, {Knob: "EFD_SEMAPHORE", Value: "all"}, {Knob: "add 2^64−2"}}, For: "the counter is at its top", Until: func(w *sims.World) bool {
			return atTop(w) && w.ReadSince(w.Last("writer", "added"))
		}},
		{ID: "full", From: "top", Turn: sims.Press("add 4"), For: "the second writer sleeps in write, or write has returned", Until: func(w *sims.World) bool {
			return asleepIn(w, "second", "write") || w.News("second", "added") != nil
		}},
		{ID: "room", From: "top", Turn: sims.Press("read"), For: "the reader has read and the second writer's number is in", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("reader", "got")) && w.ReadSince(w.News("second", "added"))
		}},
		{ID: "too-much", From: "top", Turn: sims.Press("add 2^64−1"), For: "the kernel has refused it", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("writer", "refused"))
		}},
		{ID: "no-end", From: "top", Turn: sims.Press("writer leaves", "second leaves", "read", "read"), For: "both writers are gone, and the reader sleeps or has seen an end", Until: func(w *sims.World) bool {
			got := w.Said("reader", "got") - w.Before.Said("reader", "got")
			return got == 1 && !w.Actor("writer").Life.Alive() && !w.Actor("second").Life.Alive() && w.Object("eventfd").Level("holders") == 1 &&
				asleepIn(w, "reader", "read") || got > 1
		}},
		{ID: "eagain", Turn: []sims.Turn{{Knob: "EFD_NONBLOCK", Value: "non-blocking"}, {Knob: "EFD_SEMAPHORE", Value: "all"}, {Knob: "read"}}, For: "the reader was refused", Until: func(w *sims.World) bool {
			return w.ReadSince(w.Last("reader", "refused"))
		}},
		{ID: "semaphore", Turn: []sims.Turn{{Knob: "EFD_NONBLOCK", Value: "blocking"}, {Knob: "EFD_SEMAPHORE", Value: "1"}, {Knob: "add 3"}, {Knob: "add 4"},
			{Knob: "read"}, {Knob: "read"}, {Knob: "read"}}, For: "three reads have returned and both numbers are in", Until: func(w *sims.World) bool {
			return w.Said("reader", "got") >= 3 && w.Said("", "added") >= 2 && w.ReadSince(w.Last("reader", "got")) && w.ReadSince(w.Last("", "added"))
		}},
	},
	Claims: []sims.Claim{
		{ID: "adds", Says: "the kernel adds up what is written: after 3 and 4 the counter is at 7", After: "added", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(a.Object("eventfd").Level("count") == 7, "7 after 3 and 4", counterText(a)+" after 3 and 4", "eventfd-count in /proc/PID/fdinfo")
		}},
		{ID: "drains", Says: "one read returns the sum and leaves 0", After: "one-read", Check: func(a *sims.World) sims.Verdict {
			sum, known := a.Before.Object("eventfd").Value()
			return sims.Judge(known && sum > 0 && lastRead(a) == sum && a.Object("eventfd").Level("count") == 0, "read "+scene.ThousandsOf(sum)+", 0 left",
				"read "+scene.ThousandsOf(lastRead(a))+", "+counterText(a)+" left", "the number that read(2) gave, eventfd-count in /proc/PID/fdinfo")
		}},
		{ID: "empty-sleeps", Says: "a read of 0 sleeps in the kernel until somebody writes", After: "wakes", Check: func(b *sims.World) sims.Verdict {
			a := b.After("empty")
			return sims.Judge(asleepIn(a, "reader", "read") && a.Object("eventfd").Level("count") == 0 && lastRead(b) == 3,
				"state S in read(2) at 0; after a write of 3 it read 3", fmt.Sprintf("%s at %s; after a write of 3 it read %d", sleeps(a, "reader"), counterText(a), lastRead(b)),
				"/proc/PID/stat, /proc/PID/syscall, /proc/PID/wchan, eventfd-count")
		}},
		{ID: "top", Says: "the counter has 64 bits and holds at most 2^64−2", After: "top", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(atTop(a), scene.ThousandsOf(scene.CounterMax), counterText(a), "eventfd-count in /proc/PID/fdinfo")
		}},
		{ID: "full-sleeps", Says: "a write that would pass 2^64−2 sleeps, and adds nothing yet", After: "full", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(asleepIn(a, "second", "write") && atTop(a), "state S in write(2), counter at "+scene.ThousandsOf(scene.CounterMax),
				sleeps(a, "second")+", counter at "+counterText(a), "/proc/PID/stat, /proc/PID/syscall, /proc/PID/wchan, eventfd-count")
		}},
		{ID: "room", Says: "a read makes room, and the sleeping write is done then", After: "room", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(lastRead(a) == scene.CounterMax && a.Object("eventfd").Level("count") == 4, "read "+scene.ThousandsOf(scene.CounterMax)+", then 4 in the counter",
				"read "+scene.ThousandsOf(lastRead(a))+", then "+counterText(a)+" in the counter", "the number that read(2) gave, eventfd-count")
		}},
		{ID: "einval", Says: "2^64−1 can never fit: EINVAL, and no sleep", After: "too-much", Check: func(a *sims.World) sims.Verdict {
			errno, count := a.Last("writer", "refused").S["errno"], a.Object("eventfd").Level("count")
			return sims.Judge(errno == "EINVAL" && count == 4, "EINVAL, the counter at 4", errno+", the counter at "+counterText(a), "errno of write(2), eventfd-count in /proc/PID/fdinfo")
		}},
		{ID: "no-end", Says: "with every writer gone a read still sleeps: there is no end of file", After: "no-end", Check: func(a *sims.World) sims.Verdict {
			holders := a.Object("eventfd").Level("holders")
			return sims.Judge(asleepIn(a, "reader", "read") && holders == 1, "1 process holds it; the reader is in state S in read(2)",
				fmt.Sprintf("%d holds it; the reader is in %s", holders, sleeps(a, "reader")), "/proc/PID/fd, /proc/PID/stat, /proc/PID/syscall")
		}},
		{ID: "eagain", Says: "with EFD_NONBLOCK a read of 0 gives EAGAIN", After: "eagain", Check: func(a *sims.World) sims.Verdict {
			errno, count := a.Last("reader", "refused").S["errno"], a.Object("eventfd").Level("count")
			return sims.Judge(errno == "EAGAIN" && count == 0, "EAGAIN, the counter at 0", errno+", the counter at "+counterText(a), "errno of read(2), eventfd-count in /proc/PID/fdinfo")
		}},
		{ID: "semaphore", Says: "with EFD_SEMAPHORE each read takes 1", After: "semaphore", Check: func(a *sims.World) sims.Verdict {
			var took []uint64
			for i := range a.Moments {
				if m := &a.Moments[i]; m.Name == "got" {
					took = append(took, uint64(m.N["value"]))
				}
			}
			return sims.Judge(fmt.Sprint(took) == "[1 1 1]" && a.Object("eventfd").Level("count") == 4, "3 reads of 7 give [1 1 1] and leave 4",
				fmt.Sprintf("%d reads of 7 give %d and leave %s", len(took), took, counterText(a)), "the numbers that read(2) gave, eventfd-count")
		}},
	},
}

// addToCounter writes numbers of 8 bytes when it is told to.
func addToCounter(a *sims.Actor) error {
	counter, writes := a.FD("counter"), a.Counter("writes")
	var number [8]byte
	for {
		c := a.Next()
		switch c.Name {
		case "leave":
			return nil
		case "add chosen":
			c.N = a.Setting("number")
		}
		binary.NativeEndian.PutUint64(number[:], uint64(c.N))
		a.Gate("write")
		_, err := unix.Write(counter, number[:]) // sleeps here while it would pass 2^64−2
		for err == unix.EINTR {
			_, err = unix.Write(counter, number[:])
		}
		if err != nil {
			a.Say("refused", sims.Num("value", int(c.N)), sims.Err(err)) // EAGAIN with EFD_NONBLOCK; EINVAL for 2^64−1
			continue
		}
		writes.Add(1)
		a.Say("added", sims.Num("value", int(c.N)))
	}
}

// takeFromCounter reads once whenever it is told to.
func takeFromCounter(a *sims.Actor) error {
	counter, reads := a.FD("counter"), a.Counter("reads")
	var number [8]byte
	for {
		a.Next()
		a.Gate("read")
		_, err := unix.Read(counter, number[:]) // sleeps here while the counter is 0
		for err == unix.EINTR {
			_, err = unix.Read(counter, number[:])
		}
		if err != nil {
			a.Say("refused", sims.Err(err)) // EAGAIN with EFD_NONBLOCK
			continue
		}
		reads.Add(1)
		a.Say("got", sims.Num("value", int(binary.NativeEndian.Uint64(number[:]))))
	}
}

// lastRead is what the latest read returned; 0, which no read returns, before the first.
func lastRead(w *sims.World) uint64 {
	if m := w.Last("reader", "got"); m != nil {
		return uint64(m.N["value"])
	}
	return 0
}

func atTop(w *sims.World) bool {
	v, known := w.Object("eventfd").Value()
	return known && v == scene.CounterMax
}

// counterText is the number in the counter, "?" while it was not read.
func counterText(w *sims.World) string {
	v, known := w.Object("eventfd").Value()
	if !known {
		return "?"
	}
	return scene.ThousandsOf(v)
}

func drawEventfd(w *sims.World) *scene.Scene {
	counter := w.Counter("eventfd")
	counter.Semaphore = w.Options["a read takes"] == "1" // fdinfo has told it only since Linux 6.5
	second := process(w, "second", "write")
	second.Name = fullName("second")
	s := &scene.Scene{
		Sentence:  eventfdSentence(w),
		Processes: []scene.Process{process(w, "writer", "write"), second, process(w, "reader", "read")},
		Objects:   []scene.Object{counter},
		Links:     []scene.Link{w.Link("writer", "eventfd", "w"), w.Link("second", "eventfd", "w"), w.Link("reader", "eventfd", "r")},
		Figures:   []scene.Figure{w.CounterFigure("eventfd", "reader", "writer", "second"), lastReadFigure(w)},
	}
	for _, role := range []string{"writer", "second"} {
		if m := answerTo(w, role); m != nil {
			s.Figures = append(s.Figures, answerFigure(w, role, m))
		}
	}
	sleeper := "reader"
	if asleepIn(w, "second", "write") {
		sleeper = "second"
	} else if asleepIn(w, "writer", "write") {
		sleeper = "writer"
	}
	asleep := w.SleepFigure(sleeper)
	asleep.Label = fullName(sleeper)
	s.Figures = append(s.Figures, asleep, w.CountFigure("reader", "reads", "reads", ""))
	return s
}

func lastReadFigure(w *sims.World) scene.Figure {
	f := scene.Figure{ID: "last-read", Label: "last read", Text: "none yet", Origin: scene.Child}
	got, refused := w.Last("reader", "got"), w.Last("reader", "refused")
	switch {
	case refused != nil && (got == nil || refused.At > got.At):
		f.Text = refused.S["errno"]
	case got != nil:
		f.Text = scene.ThousandsOf(uint64(got.N["value"]))
	}
	return f.From("the 8 bytes that read(2) gave the reader, or its errno", "")
}

// answerTo is the latest answer of write(2) to a writer, or nil.
func answerTo(w *sims.World, role string) *sims.Moment {
	added, refused := w.Last(role, "added"), w.Last(role, "refused")
	if refused != nil && (added == nil || refused.At > added.At) {
		return refused
	}
	return added
}

func answerFigure(w *sims.World, role string, m *sims.Moment) scene.Figure {
	f := scene.Figure{ID: role + "-wrote", Label: fullName(role) + ": write " + numberText(m.N["value"]), Text: "added", Origin: scene.Child, Who: role}
	if errno := m.S["errno"]; errno != "" {
		f.Text = errno
	}
	if asleepIn(w, role, "write") {
		f.Label, f.Text = fullName(role)+": write", "not returned yet"
	}
	return f.From("the answer of write(2) to that process", "")
}

// fullName is what the words call a role.
func fullName(role string) string {
	if role == "second" {
		return "second writer"
	}
	return role
}

// numberText is a number of a writer; the two at the top as the manual writes them.
func numberText(n int64) string {
	switch n {
	case -1:
		return "2^64−1"
	case -2:
		return "2^64−2"
	}
	return scene.Thousands(n)
}

func eventfdSentence(w *sims.World) string {
	writer, second, reader := w.Actor("writer"), w.Actor("second"), w.Actor("reader")
	noWriters := writer.Ended() != "" && second.Ended() != ""
	switch {
	case noWriters && reader.Ended() != "":
		return "All three are gone, and the counter with them."
	case reader.Ended() != "" && sleepingWriter(w) != "":
		return "The reader is gone (" + reader.Ended() + "): " + sleepingWriter(w) + " sleeps in write(2), and nobody makes room."
	case reader.Ended() != "":
		return "The reader is gone (" + reader.Ended() + "): what is written stays in the counter, and a writer is not told."
	case reader.Life == scene.Stopped:
		return "The reader is stopped: what is written stays in the counter."
	case noWriters && asleepIn(w, "reader", "read"):
		return "Both writers are gone, and the reader sleeps on in read(2): an eventfd has no end of file."
	case noWriters:
		return "Both writers are gone. The counter stays where it is."
	}
	return counterSentence(w)
}

// sleepingWriter names a writer that is asleep in write(2), or is "".
func sleepingWriter(w *sims.World) string {
	if asleepIn(w, "writer", "write") {
		return "the writer"
	}
	if asleepIn(w, "second", "write") {
		return "the second writer"
	}
	return ""
}

// counterSentence is what happens while the reader and a writer live.
func counterSentence(w *sims.World) string {
	if who := sleepingWriter(w); who != "" {
		return "The number of " + who + " would pass 2^64−2: it sleeps in write(2) until somebody reads."
	}
	if asleepIn(w, "reader", "read") {
		return "The counter is at 0 and the reader sleeps in read(2)."
	}
	if len(w.Moments) == 0 {
		return "A counter in the kernel is at 0. Nobody waits for it yet."
	}
	m := &w.Moments[len(w.Moments)-1]
	switch settled := w.ReadSince(m); {
	case m.Name == "refused" && m.Who == "reader":
		return "The counter is at 0 and read(2) said " + m.S["errno"] + " instead of sleeping."
	case m.Name == "refused":
		return "write(2) of " + numberText(m.N["value"]) + " failed: " + m.S["errno"] + ". The counter has not moved."
	case m.Name == "got" && settled:
		return "A read took " + scene.ThousandsOf(uint64(m.N["value"])) + " and left " + counterText(w) + "."
	case m.Name == "got":
		return "A read took " + scene.ThousandsOf(uint64(m.N["value"])) + "."
	case m.Name == "added" && settled && atTop(w):
		return "The counter is at its top, 2^64−2: no further number fits."
	case m.Name == "added" && settled && w.Object("eventfd").Level("count") == 0:
		return "The counter is at 0: a read has taken all there was."
	case m.Name == "added" && settled && w.Options["a read takes"] == "1":
		return "The counter is at " + counterText(w) + ": each read takes 1 of it."
	case m.Name == "added" && settled:
		return "The counter is at " + counterText(w) + ": what was written is added up, and one read will take it."
	}
	return "write(2) has added " + numberText(m.N["value"]) + " to the counter."
}
