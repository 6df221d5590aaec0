package pipes

// What this lesson shows: a pipe keeps the order of bytes and no edges between
// writes. Writes merge into one read or split over several; the two programs
// have to mark the edges themselves.

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
)

//go:embed framing.go
var framingSource string

const prefixDigits = 4 // of the length that stands before a record

var framing = sims.Sim{
	ID:     "pipes/framing",
	Source: framingSource,
	Roles: []sims.Role{
		{Name: "sender", Run: sendRecords, Counters: []string{"writes"}, Settings: []string{"size", "inside"}, Gates: []string{"write"}},
		{Name: "reader", Run: cutRecords, Counters: []string{"reads", "records"}, Settings: []string{"buffer"}, Gates: []string{"read"}},
	},
	Options: []sims.Option{{Name: "framing", Values: []string{"none", "newline", "prefix"}}},
	Wire: func(w *sims.Wiring) error {
		data := w.Pipe("pipe", 0)
		signal := w.Pipe("signal", 0) // one byte: "my writes are done, look"
		w.Give("sender", "out", data.W)
		w.Give("sender", "signal", signal.W)
		w.Give("reader", "in", data.R)
		w.Give("reader", "signal", signal.R)
		w.Set("sender", "size", 12)
		w.Set("reader", "buffer", 4096)
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "send one", Help: "one record, one write(2); then the reader looks", Act: sims.Tell{Role: "sender", Command: "send", N: 1}},
		{Key: "3", Name: "send three", Help: "three records, three write(2); then the reader looks", Act: sims.Tell{Role: "sender", Command: "send", N: 3}},
		{Key: "f", Name: "framing", Help: "how the edges are marked; the cast starts anew", Act: sims.Choose{Option: "framing"}},
		{Key: "b", Name: "reader's buffer", Help: "the most bytes that a read may bring", Act: sims.Set{Role: "reader", Setting: "buffer",
			Values: []int64{4096, 5, 1}, Names: []string{"4,096 B", "5 B", "1 B"}}},
		{Key: "s", Name: "record size", Help: "bytes in a record, without its framing", Act: sims.Set{Role: "sender", Setting: "size",
			Values: []int64{12, 1, 40}, Names: []string{"12 B", "1 B", "40 B"}}},
		{Key: "i", Name: "newline inside", Help: "a newline in the middle of each record", Act: sims.Set{Role: "sender", Setting: "inside",
			Values: []int64{0, 1}, Names: []string{"no", "yes"}}},
		{Key: "w", Name: "watch the reader", Help: "x-ray: the reader's system calls, counted by the kernel's word", Act: sims.Trace{Role: "reader"}},
	},
	Draw: drawFraming,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("merged")
		if a == nil {
			return "", false
		}
		n, _ := countReads(a, latestBatch(a))
		return strconv.Itoa(n), true
	},
	Walk: []sims.Step{
		{ID: "merged", Turn: records("none", "4,096 B", "send three"), For: "the reader has read what three writes put in", Until: framedBatch("none", 3)},
		{ID: "split", Turn: records("none", "5 B", "send one"), For: "the reader has read what one write put in", Until: framedBatch("none", 1)},
		{ID: "newline", Turn: records("newline", "5 B", "send three"), For: "the reader has cut the bytes at the newlines", Until: framedBatch("newline", 3)},
		{ID: "prefix", Turn: records("prefix", "5 B", "send three"), For: "the reader has cut the bytes by their lengths", Until: framedBatch("prefix", 3)},
	},
	Claims: []sims.Claim{
		{ID: "three-become-one", Says: "three writes come out in one read", After: "merged", Check: checkEdges(3, 1)},
		{ID: "one-becomes-three", Says: "one write comes out in three reads", After: "split", Check: checkEdges(1, 3)},
		{ID: "newline-restores", Says: "a newline after each record restores the three records", After: "newline", Check: checkRestored},
		{ID: "prefix-restores", Says: "a length before each record restores the three records", After: "prefix", Check: checkRestored},
	},
}

// records are the turns of a step: the framing, the sizes, the x-ray, and then a send.
func records(framing, buffer, send string) []sims.Turn {
	return []sims.Turn{
		{Knob: "framing", Value: framing, If: func(w *sims.World) bool { return w.Options["framing"] != framing || !clean(w) }},
		{Knob: "record size", Value: "12 B"}, {Knob: "newline inside", Value: "no"}, {Knob: "reader's buffer", Value: buffer},
		{Knob: "watch the reader", Value: "on", When: func(w *sims.World) bool { return w.Asleep("reader", "pipe_read") }, // not while it starts
			If: func(w *sims.World) bool { return !w.Actor("reader").Traced }},
		{Knob: send},
	}
}

// clean is a cast that has nothing under way: both live, and all that was sent has
// been looked at, with nothing kept back.
func clean(w *sims.World) bool {
	m := w.Last("reader", "looked")
	return w.Actor("sender").Life.Alive() && w.Actor("reader").Life.Alive() &&
		(w.Said("sender", "wrote") == 0 || m != nil && m.N["kept"] == 0 && latestBatch(w).done)
}

// sendRecords writes as many records as it is told, each with one write(2), and
// then a byte into the other pipe: only now does the reader look.
func sendRecords(a *sims.Actor) error {
	out, signal := a.FD("out"), a.FD("signal")
	writes := a.Counter("writes")
	letters := 0
	for batch := 1; ; batch++ {
		for range a.Next().N {
			record := makeRecord(&letters, int(a.Setting("size")), a.Setting("inside") != 0)
			framed := frame(a.Arg("framing"), record)
			a.Gate("write")
			if err := writeAll(out, framed); err != nil {
				a.Say("write failed", sims.Err(err)) // EPIPE: the reader is gone
				return nil
			}
			writes.Add(1)
			a.Say("wrote", sims.Num("batch", batch), sims.Num("bytes", len(framed)), sims.Word("text", framed), sims.Word("record", record))
		}
		if err := writeAll(signal, "!"); err != nil {
			a.Say("write failed", sims.Err(err))
			return nil
		}
	}
}

// makeRecord is the next letters of the alphabet, so that no byte tells an edge.
func makeRecord(letters *int, size int, inside bool) string {
	b := make([]byte, size)
	for i := range b {
		b[i] = 'a' + byte(*letters%26)
		*letters++
	}
	if inside {
		b[size/2] = '\n'
	}
	return string(b)
}

// frame marks the edge of a record as the two programs have agreed.
func frame(how, record string) string {
	switch how {
	case "newline":
		return record + "\n"
	case "prefix":
		return fmt.Sprintf("%0*d", prefixDigits, len(record)) + record
	}
	return record
}

// writeAll is write(2), and again for the rest where a signal cut it short.
func writeAll(fd int, text string) error {
	for len(text) > 0 {
		n, err := unix.Write(fd, []byte(text))
		if err != nil && err != unix.EINTR {
			return err
		}
		text = text[max(n, 0):]
	}
	return nil
}

// cutRecords waits for the signal, reads until the pipe is empty, and cuts
// records out of the bytes that it has collected. What is left over it keeps.
func cutRecords(a *sims.Actor) error {
	in, signal := a.FD("in"), a.FD("signal")
	one := make([]byte, 1)
	rest := ""
	for batch := 1; ; batch++ {
		n, err := readOnce(signal, one)
		if err == nil {
			rest, err = readBatch(a, in, batch, rest)
		}
		if err != nil {
			a.Say("read failed", sims.Err(err))
			return nil
		}
		if n == 0 { // the sender is gone, and its last bytes have been read
			a.Say("end of file")
			return nil
		}
		a.Say("looked", sims.Num("batch", batch), sims.Num("kept", len(rest)))
	}
}

// readBatch reads as long as bytes lie in the pipe, as ioctl(FIONREAD) tells.
func readBatch(a *sims.Actor, in, batch int, rest string) (string, error) {
	reads, records := a.Counter("reads"), a.Counter("records")
	for {
		queued, err := unix.IoctlGetInt(in, unix.TIOCINQ)
		if err != nil || queued == 0 {
			return rest, err
		}
		buf := make([]byte, a.Setting("buffer"))
		a.Gate("read")
		n, err := readOnce(in, buf)
		if err != nil {
			return rest, err
		}
		reads.Add(1)
		a.Say("read", sims.Num("batch", batch), sims.Num("bytes", n), sims.Word("text", string(buf[:n])))
		var whole []string
		whole, rest, err = cut(a.Arg("framing"), rest+string(buf[:n]))
		for _, r := range whole {
			records.Add(1)
			a.Say("record", sims.Num("batch", batch), sims.Word("text", r))
		}
		if err != nil {
			return rest, err
		}
	}
}

// readOnce is read(2), called again where a signal came first.
func readOnce(fd int, buf []byte) (int, error) {
	for {
		n, err := unix.Read(fd, buf)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// cut takes the whole records off the front of the bytes. Without framing it can
// only take what a read brought for a record.
func cut(how, bytes string) (records []string, rest string, err error) {
	switch how {
	case "newline":
		parts := strings.Split(bytes, "\n")
		return parts[:len(parts)-1], parts[len(parts)-1], nil
	case "prefix":
		for len(bytes) >= prefixDigits {
			n, err := strconv.ParseUint(bytes[:prefixDigits], 10, 16)
			if err != nil {
				return records, bytes, fmt.Errorf("out of step: %q is no length", bytes[:prefixDigits])
			}
			end := prefixDigits + int(n)
			if len(bytes) < end {
				break
			}
			records, bytes = append(records, bytes[prefixDigits:end]), bytes[end:]
		}
		return records, bytes, nil
	}
	return []string{bytes}, "", nil
}

// batch is what the latest command sent, and what the reader made of it.
type batch struct {
	number             int64
	sent, reads        []scene.Segment
	records, restored  []string // as they were meant, and as they were cut out
	looked             bool
	done               bool // the reader has looked, and the readings are newer
	sentBytes, readEnd int64
}

// latestBatch collects the moments of the latest batch that has a write.
func latestBatch(w *sims.World) batch {
	var b batch
	if m := w.Last("sender", "wrote"); m != nil {
		b.number = m.N["batch"]
	}
	for i := range w.Moments {
		m := &w.Moments[i]
		if m.N["batch"] != b.number {
			continue
		}
		piece := scene.Segment{Who: m.Who, Bytes: m.N["bytes"], Text: strings.ReplaceAll(m.S["text"], "\n", "↵")}
		switch m.Name {
		case "wrote":
			b.sent, b.sentBytes = append(b.sent, piece), b.sentBytes+piece.Bytes
			b.records = append(b.records, m.S["record"])
		case "read":
			b.reads, b.readEnd = append(b.reads, piece), b.readEnd+piece.Bytes
		case "record":
			b.restored = append(b.restored, m.S["text"])
		case "looked":
			b.looked, b.done = true, w.ReadSince(m)
		}
	}
	return b
}

// framedBatch waits for so many records, sent in this step with that framing, and
// looked at.
func framedBatch(how string, records int) func(*sims.World) bool {
	return func(w *sims.World) bool {
		b := latestBatch(w)
		return w.Options["framing"] == how && w.News("sender", "wrote") != nil && b.done && len(b.sent) == records
	}
}

// countReads is how many calls of read(2) brought the batch of a step out, and by
// what it is known: by the x-ray, or by the reader's own word where that cannot tell.
func countReads(w *sims.World, b batch) (n int, source string) {
	before, looks := w.Before, 0
	for i := range w.Moments {
		if m := &w.Moments[i]; m.Name == "looked" && m.At >= before.Now {
			looks++
		}
	}
	seen := w.Called("reader", "read")
	if before.Casts == w.Casts && before.Actor("reader").Traced {
		seen -= before.Called("reader", "read")
	}
	if !w.Actor("reader").Traced || looks != 1 || seen == 0 {
		return len(b.reads), "the reader's own word, as the x-ray did not see them"
	}
	return int(seen) - 1, "ptrace: the x-ray of the reader, without the one read of the signal"
}

func checkEdges(writes, reads int) func(*sims.World) sims.Verdict {
	return func(a *sims.World) sims.Verdict {
		b := latestBatch(a)
		got, source := countReads(a, b)
		say := func(writes, reads int, n int64) string {
			return scene.Many(int64(writes), "write") + ", " + scene.Many(int64(reads), "read") + ", " + scene.Bytes(n) + " out"
		}
		return sims.Judge(len(b.sent) == writes && got == reads && b.readEnd == b.sentBytes,
			say(writes, reads, b.sentBytes), say(len(b.sent), got, b.readEnd), "the return values of write(2) and read(2); the reads by "+source)
	}
}

func checkRestored(a *sims.World) sims.Verdict {
	b := latestBatch(a)
	reads, source := countReads(a, b)
	same := slices.Equal(b.records, b.restored)
	which := map[bool]string{true: "the same as were sent", false: "not the same as were sent"}[same]
	return sims.Judge(same && len(b.restored) == 3 && reads != 3, "3 records, the same as were sent, from another number of reads",
		fmt.Sprintf("%d records from %s, %s", len(b.restored), scene.Many(int64(reads), "read"), which), "the reader's records beside the sender's; the reads by "+source)
}

func drawFraming(w *sims.World) *scene.Scene {
	b := latestBatch(w)
	return &scene.Scene{
		Sentence:  framingSentence(w, b),
		Processes: []scene.Process{w.Process("sender"), w.Process("reader")},
		Objects:   []scene.Object{w.Pipe("pipe"), scene.Stream{ID: "stream", Label: "the latest records", Sent: b.sent, Reads: b.reads}},
		Links: []scene.Link{
			// The sender may sleep for want of room, the reader only on the signal, which
			// is not drawn: it reads from the pipe when it knows that bytes are there.
			hold(w, "sender", "pipe", "w", "pipe_write"), hold(w, "reader", "pipe", "r", ""),
		},
		Figures: []scene.Figure{
			batchFigure("batch-writes", "writes", len(b.sent), "the sender tells of each write(2) that has returned"),
			batchFigure("batch-reads", "reads", len(b.reads), "the reader tells of each read(2) that has returned"),
			batchFigure("batch-records", "records cut out", len(b.restored), "the reader tells of each record that it takes for whole"),
			w.QueuedFigure("pipe"),
		},
	}
}

func batchFigure(id, label string, n int, how string) scene.Figure {
	return scene.Count(id, label, int64(n), "", scene.Child).From(how, "")
}

func framingSentence(w *sims.World, b batch) string {
	sender, reader := w.Actor("sender"), w.Actor("reader")
	writes, reads := scene.Many(int64(len(b.sent)), "write"), scene.Many(int64(len(b.reads)), "read")
	switch {
	case sender.Ended() != "" && reader.Ended() != "":
		return "Both are gone: sender " + sender.Ended() + ", reader " + reader.Ended() + "."
	case reader.Ended() != "":
		return "The reader is gone (" + reader.Ended() + "): the sender's next write(2) fails with EPIPE."
	case sender.Ended() != "":
		return "The sender is gone (" + sender.Ended() + "), and the reader comes to the end of file."
	case sender.Life == scene.Stopped:
		return "The sender is stopped: no record goes in."
	case reader.Life == scene.Stopped:
		return "The reader is stopped: " + scene.Bytes(max(w.Object("pipe").Level("queued"), 0)) + " wait in the pipe."
	case len(b.sent) == 0:
		return "Nothing has been sent yet: the reader sleeps until the sender gives the signal."
	case !b.looked:
		return writes + " went in, and the reader has not come to the end of them yet."
	case len(b.reads) == 0:
		return "Those bytes came out together with the records before them: the signal found the pipe empty."
	case w.Options["framing"] == "none":
		return writes + " went in, " + reads + " brought the bytes out, and nothing says where a record begins."
	case slices.Equal(b.records, b.restored):
		return fmt.Sprintf("%s went in and %s brought them out; the %s gave the reader back %s.", writes, reads, w.Options["framing"], scene.Many(int64(len(b.restored)), "whole record"))
	}
	return fmt.Sprintf("%s were sent and %d cut out: they are not the same.", scene.Many(int64(len(b.records)), "record"), len(b.restored))
}
