package pipes

// What this lesson shows: a pipe carries bytes in order from one process to
// another. An empty one puts the reader to sleep, and read(2) returns 0 once the
// last write end is closed (pipe(7)).

import (
	_ "embed"
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
)

//go:embed hose.go
var hoseSource string

const (
	numberSize  = 8  // bytes in a record: one number
	readNumbers = 64 // records that the reader asks for in one read
	manyRecords = 1000
)

var hose = sims.Sim{
	ID:     "pipes/hose",
	Source: hoseSource,
	Roles: []sims.Role{
		{Name: "writer", Run: pourNumbers, Counters: []string{"written", "sent"}, Settings: []string{"pace"}, Gates: []string{"write"}},
		{Name: "reader", Run: checkNumbers, Counters: []string{"read", "received", "misplaced"}, Settings: []string{"pace"}, Gates: []string{"read"}},
	},
	Wire: func(w *sims.Wiring) error {
		p := w.Pipe("pipe", 0)
		w.Give("writer", "out", p.W)
		w.Give("reader", "in", p.R)
		w.Set("writer", "pace", 10)
		w.Set("reader", "pace", 0)
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "writer's pace", Help: "how long the writer waits before each write", Act: sims.Set{Role: "writer", Setting: "pace",
			Values: []int64{10, 0, 200}, Names: []string{"10 ms", "full speed", "200 ms"}}},
		{Key: "2", Name: "reader's pace", Help: "how long the reader waits before each read", Act: sims.Set{Role: "reader", Setting: "pace",
			Values: []int64{0, 5, 200}, Names: []string{"full speed", "5 ms", "200 ms"}}},
		{Key: "3", Name: "writer rests", Help: "the writer writes nothing and keeps its end open", Act: sims.Tell{Role: "writer", Command: "rest"}},
		{Key: "4", Name: "writer goes on", Help: "the writer writes again", Act: sims.Tell{Role: "writer", Command: "go on"}},
		{Key: "5", Name: "reader rests", Help: "the reader reads nothing once its present read has returned", Act: sims.Tell{Role: "reader", Command: "rest"}},
		{Key: "6", Name: "reader goes on", Help: "the reader reads again, also after the end of file", Act: sims.Tell{Role: "reader", Command: "go on"}},
		{Key: "7", Name: "close the write end", Help: "the writer closes its end as soon as it is out of write(2)", Act: sims.Tell{Role: "writer", Command: "close"}},
	},
	Draw: drawHose,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("eof")
		switch {
		case a == nil:
			return "", false
		case a.Last("reader", "end of file") != nil:
			return "0", true
		}
		return "-1", true
	},
	Walk: []sims.Step{
		{ID: "flows", Anew: hosePlayed, For: "ten numbers have come through", Until: func(w *sims.World) bool {
			_, out := w.Holds("writer", "pipe", "w")
			_, in := w.Holds("reader", "pipe", "r")
			return out && in && w.Count("reader", "received") >= 10
		}},
		{ID: "empty-blocks", Anew: hoseStands, Turn: sims.Press("writer rests"), For: "the pipe is empty and the reader is asleep in read", Until: func(w *sims.World) bool {
			return w.Actor("writer").Idle && w.ReadSince(w.Last("writer", "rests")) && readerAsleepOnEmpty(w)
		}},
		{ID: "order", Anew: hoseStands, Turn: []sims.Turn{{Knob: "writer's pace", Value: "full speed"}, {Knob: "reader's pace", Value: "5 ms"}, {Knob: "writer goes on"}},
			For: "bytes have piled up, and 1,000 numbers have come through", Until: func(w *sims.World) bool {
				return manyReceived(w) && w.Object("pipe").Level("queued") >= w.Facts["page"]
			}},
		{ID: "eof", Anew: tooFewNumbers, Turn: []sims.Turn{{Knob: "reader's pace", Value: "full speed"},
			{Knob: "writer's pace", Value: "full speed", If: func(w *sims.World) bool { return !manyReceived(w) }}, {Knob: "close the write end", When: manyReceived}},
			For: "the reader has its answer", Until: hoseAnswered},
	},
	Claims: []sims.Claim{
		{ID: "order", Says: "every number comes out once, in the order in which it went in", After: "eof", Check: func(a *sims.World) sims.Verdict {
			in, out, bad := a.Count("writer", "sent"), a.Count("reader", "received"), a.Count("reader", "misplaced")
			return sims.Judge(in == out && bad == 0 && out >= manyRecords, scene.Thousands(in)+" numbers out, 0 out of order",
				scene.Thousands(out)+" numbers out, "+scene.Thousands(bad)+" out of order", "the reader compares each number with the one before")
		}},
		{ID: "empty-blocks", Says: "a reader of an empty pipe sleeps in the kernel", After: "empty-blocks", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(readerAsleepOnEmpty(a), "0 B in the pipe, state S in pipe_read",
				scene.Bytes(a.Object("pipe").Level("queued"))+" in the pipe, "+a.Actor("reader").Where(), "ioctl(FIONREAD), /proc/PID/stat, /proc/PID/wchan")
		}},
		{ID: "eof", Says: "read returns 0 when no write end is left, every time", After: "eof", Check: func(a *sims.World) sims.Verdict {
			m, ends := a.Last("reader", "end of file"), a.Object("pipe").Level("writers")
			if m == nil {
				return sims.Judge(false, "read = 0", "read = -1 "+a.Last("reader", "read failed").S["errno"], "errno of read(2)")
			}
			return sims.Judge(m.N["times"] >= 2 && ends == 0, "read = 0, twice; 0 write ends open",
				fmt.Sprintf("read = 0, %d times; %d write ends open", m.N["times"], ends), "the return value of read(2), /proc/PID/fd")
		}},
	},
}

// pourNumbers writes 1, 2, 3 … into the pipe, eight bytes each.
func pourNumbers(a *sims.Actor) error {
	out := a.FD("out")
	written, sent := a.Counter("written"), a.Counter("sent")
	record := make([]byte, numberSize)
	for n := uint64(1); ; n++ {
		if closing := obeyRest(a); closing {
			return closeAndStay(a, out)
		}
		keepPace(a)
		binary.BigEndian.PutUint64(record, n)
		a.Gate("write")
		_, err := unix.Write(out, record) // so small a record goes in whole or not at all
		for err == unix.EINTR {
			_, err = unix.Write(out, record)
		}
		switch {
		case err == unix.EBADF: // its end was closed by you, from another thread
			return closeAndStay(a, -1)
		case err != nil: // EPIPE: the last reader is gone
			a.Say("write failed", sims.Err(err))
			return nil
		}
		written.Add(numberSize)
		sent.Store(int64(n))
	}
}

// closeAndStay closes the write end, if that is still to be done, and lives on:
// what ends the stream is the close, not the end of the process.
func closeAndStay(a *sims.Actor, out int) error {
	if out >= 0 {
		if err := unix.Close(out); err != nil && err != unix.EBADF {
			return fmt.Errorf("close: %w", err)
		}
	}
	a.Say("closed")
	for {
		a.Next()
	}
}

// checkNumbers takes the numbers out and looks whether each follows the one before.
func checkNumbers(a *sims.Actor) error {
	in := a.FD("in")
	read, received, misplaced := a.Counter("read"), a.Counter("received"), a.Counter("misplaced")
	buf := make([]byte, readNumbers*numberSize)
	kept, last, ends := 0, uint64(0), 0 // kept: bytes of a number that has not all come
	for {
		obeyRest(a)
		keepPace(a)
		a.Gate("read")
		n, err := unix.Read(in, buf[kept:]) // sleeps here while the pipe is empty
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			a.Say("read failed", sims.Err(err))
			a.Next()
			continue
		case n == 0: // end of file: no write end is left
			ends++
			a.Say("end of file", sims.Num("times", ends))
			if ends >= 2 {
				a.Next() // it would be 0 for ever
			}
			continue
		}
		read.Add(int64(n))
		kept += n
		at := 0
		for ; kept-at >= numberSize; at += numberSize {
			number := binary.BigEndian.Uint64(buf[at:])
			if number != last+1 {
				misplaced.Add(1)
			}
			last = number
			received.Add(1)
		}
		kept = copy(buf, buf[at:kept])
	}
}

// obeyRest takes the commands that have come. Told to rest, it waits for the
// next one. It reports whether the role is to close its end.
func obeyRest(a *sims.Actor) (closing bool) {
	c, come := a.Asked()
	for come {
		switch c.Name {
		case "close":
			return true
		case "rest":
			a.Say("rests")
			if c = a.Next(); c.Name == "go on" {
				a.Say("goes on")
			}
		default:
			c, come = a.Asked()
		}
	}
	return false
}

// keepPace waits as long as the learner's knob says; poll(2) with nothing to
// watch is a clock. A signal may cut it short, which does no harm here.
func keepPace(a *sims.Actor) {
	if ms := a.Setting("pace"); ms > 0 {
		_, _ = unix.Poll(nil, int(ms))
	}
}

// readerAsleepOnEmpty is the reader asleep in read(2) with every byte taken out.
func readerAsleepOnEmpty(w *sims.World) bool {
	return w.Asleep("reader", "pipe_read") && w.Object("pipe").Level("queued") == 0 && w.Count("writer", "written") == w.Count("reader", "read")
}

// hoseStands is a hose through which nothing more will come by itself: an end is
// closed, a process is gone, or the reader rests.
func hoseStands(w *sims.World) bool {
	return w.Object("pipe").Level("writers") == 0 || w.Turned["close the write end"] > 0 || readerIsOut(w)
}

func readerIsOut(w *sims.World) bool {
	reader := w.Actor("reader")
	rests := reader.Idle && w.Last("reader", "end of file") == nil || w.Turned["reader rests"] > w.Turned["reader goes on"]
	return rests || w.Actor("writer").Ended() != "" || reader.Ended() != ""
}

// hosePlayed is a hose that is not as it was at first.
func hosePlayed(w *sims.World) bool {
	return hoseStands(w) || w.Turned["writer rests"] > 0 || len(w.Actor("writer").Settings)+len(w.Actor("reader").Settings) > 0
}

// tooFewNumbers is a hose whose end would come before it has carried many.
func tooFewNumbers(w *sims.World) bool { return readerIsOut(w) || hoseStands(w) && !manyReceived(w) }

func manyReceived(w *sims.World) bool { return w.Count("reader", "received") >= manyRecords }

// hoseAnswered is the write end closed and the reader's calls after that returned.
func hoseAnswered(w *sims.World) bool {
	m := w.Last("reader", "end of file")
	ended := m != nil && m.N["times"] >= 2 && w.ReadSince(m) && w.Object("pipe").Level("writers") == 0
	return ended || w.ReadSince(w.Last("reader", "read failed"))
}

func drawHose(w *sims.World) *scene.Scene {
	return &scene.Scene{
		Sentence:  hoseSentence(w),
		Processes: []scene.Process{w.Process("writer"), w.Process("reader")},
		Objects:   []scene.Object{w.Pipe("pipe")},
		Links:     []scene.Link{hold(w, "writer", "pipe", "w", "pipe_write"), hold(w, "reader", "pipe", "r", "pipe_read")},
		Figures: []scene.Figure{
			w.QueuedFigure("pipe"), w.SleepFigure("reader"),
			w.CountFigure("writer", "sent", "numbers in", ""), w.CountFigure("reader", "received", "numbers out", ""),
			w.CountFigure("reader", "misplaced", "out of order", ""),
			w.RateFigure("writer", "written", "writer", "B"), w.RateFigure("reader", "read", "reader", "B"),
			w.CapacityFigure("pipe"),
		},
	}
}

// hold is a link that is blocked only where the process sleeps in that part of
// the kernel: one that sleeps elsewhere, to keep its pace, is not held up by it.
func hold(w *sims.World, role, object, mode, sleep string) scene.Link {
	l := w.Link(role, object, mode)
	if l.State == scene.Blocked && (sleep == "" || !w.Asleep(role, sleep)) {
		l.State = scene.Idle
	}
	return l
}

func hoseSentence(w *sims.World) string {
	writer, reader, p := w.Actor("writer"), w.Actor("reader"), w.Object("pipe")
	queued := max(p.Level("queued"), 0)
	ended := writer.Ended() != "" || w.Last("writer", "closed") != nil
	switch {
	case writer.Ended() != "" && reader.Ended() != "":
		return "Both are gone, and the pipe with them: writer " + writer.Ended() + ", reader " + reader.Ended() + "."
	case reader.Ended() != "":
		return "The reader is gone (" + reader.Ended() + "): the writer's next write(2) fails with EPIPE."
	case w.Last("reader", "read failed") != nil:
		return "read(2) failed for the reader: " + w.Last("reader", "read failed").S["errno"] + "."
	case w.Last("reader", "end of file") != nil:
		return "No write end is left and the pipe is empty: read(2) returned 0, the end of file."
	case reader.Life == scene.Stopped:
		return "The reader is stopped: " + scene.Bytes(queued) + " wait in the pipe."
	case reader.Idle:
		return "The reader rests: " + scene.Bytes(queued) + " wait in the pipe."
	case justGoesOn(w):
		return "The " + w.Moments[len(w.Moments)-1].Who + " goes on."
	case ended && queued > 0:
		return "The write end is closed. " + scene.Bytes(queued) + " are still in the pipe, and the reader gets them first."
	case ended:
		return "The write end is closed: the reader's next read(2) returns 0."
	}
	return flowSentence(w)
}

// justGoesOn is true while the readings may be older than the latest word: that a
// process has rested and goes on.
func justGoesOn(w *sims.World) bool {
	n := len(w.Moments)
	return n > 0 && w.Moments[n-1].Name == "goes on" && !w.ReadSince(&w.Moments[n-1])
}

// flowSentence is what happens while both ends are open and the reader reads.
func flowSentence(w *sims.World) string {
	writer, queued := w.Actor("writer"), max(w.Object("pipe").Level("queued"), 0)
	empty := readerAsleepOnEmpty(w)
	switch {
	case writer.Life == scene.Stopped && empty:
		return "The writer is stopped but holds its end: the reader sleeps in read(2) and waits."
	case writer.Life == scene.Stopped:
		return "The writer is stopped, and the reader empties the pipe."
	case writer.Idle && empty:
		return "The writer rests, the pipe is empty, and the reader is asleep in read(2)."
	case writer.Idle:
		return "The writer rests, and the reader empties the pipe."
	case w.Asleep("writer", "pipe_write"):
		return "There is no room in the pipe: the writer sleeps in write(2) until the reader has made some."
	case empty:
		return "The reader is ahead: it has every byte, and sleeps in read(2) until the next one."
	case queued > 0:
		return "The writer is ahead: " + scene.Bytes(queued) + " are on their way through the kernel."
	}
	return "The writer writes numbers, and the reader takes them out in order."
}
