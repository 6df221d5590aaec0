package failures

// What this lesson shows: write(2) may take only a part of what it was given, and
// says so in what it returns. Who does not look loses the rest; a loop does not
// (write(2), pipe(7), signal(7)).

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
	"ipctour/sims/sys"
)

//go:embed partial_write.go
var partialWriteSource string

const (
	nonBlocking, blocking = "non-blocking pipe", "blocking pipe"
	aStream               = "non-blocking socket"
	naive, looping        = "naive", "looping"
	fourPages, hundred    = "4 pages", "100 bytes"

	// sendBuffer is what the writer asks for with SO_SNDBUF; the kernel takes twice as much.
	sendBuffer = 16 << 10

	// pipeBuf is PIPE_BUF of Linux, a constant in <linux/limits.h>.
	pipeBuf = 4096
	// letters are the bytes of the document, over and over; older bytes are dots.
	alphabet = "abcdefghijklmnopqrstuvw"
)

var partialWrite = sims.Sim{
	ID:     "failures/partial-write",
	Source: partialWriteSource,
	Roles: []sims.Role{
		{Name: "writer", Run: sendDocument, Counters: []string{"asked", "written", "writes", "refused"}, Gates: []string{"write"}},
		{Name: "reader", Run: receiveDocument, Counters: []string{"older", "arrived", "wrong"}, Gates: []string{"read"}},
	},
	Options: []sims.Option{
		{Name: "writer", Values: []string{naive, looping}},
		{Name: "channel", Values: []string{nonBlocking, blocking, aStream}},
		{Name: "room", Values: []string{fourPages, hundred}},
	},
	Wire: func(w *sims.Wiring) error {
		if w.Option("channel") == aStream {
			one, other := w.Socketpair("socket", readersEnd, unix.SOCK_STREAM|unix.SOCK_NONBLOCK)
			w.Give("writer", "out", one)
			w.Give("reader", "in", other)
			return nil
		}
		flags := 0
		if w.Option("channel") == nonBlocking {
			flags = unix.O_NONBLOCK // on both ends
		}
		p := w.Pipe("pipe", flags)
		w.Give("writer", "out", p.W)
		w.Give("reader", "in", p.R)
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "w", Name: "send", Help: "the writer sends its document", Act: sims.Tell{Role: "writer", Command: "send"}},
		{Key: "g", Name: "read on", Help: "the reader reads until the end of file", Act: sims.Tell{Role: "reader", Command: "read on"}},
		{Key: "i", Name: "interrupt", Help: "SIGUSR1 to the writer, which has a handler for it that does nothing", Act: interrupt},
		{Key: "s", Name: "send 4,096", Help: "the writer tries to write PIPE_BUF bytes, once", Act: sims.Tell{Role: "writer", Command: "small"}},
		{Key: "m", Name: "writer", Help: "the writer looks at what write returned, or does not; the cast starts anew", Act: sims.Choose{Option: "writer"}},
		{Key: "b", Name: "channel", Help: "a pipe, nearly full and non-blocking or empty and blocking, or a stream socket; the cast starts anew", Act: sims.Choose{Option: "channel"}},
		{Key: "o", Name: "room", Help: "the room that is left in the non-blocking pipe; the cast starts anew", Act: sims.Choose{Option: "room"}},
	},
	Draw: drawPartialWrite,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("short")
		if a == nil {
			return "", false
		}
		m := a.Last("writer", "returned")
		switch {
		case m.S["errno"] != "":
			return "refused", true
		case m.N["bytes"] == m.N["asked"]:
			return "all", true
		case m.N["bytes"] == freeBefore(w):
			return "room", true
		}
		return fmt.Sprint(m.N["bytes"]), true
	},
	Walk: []sims.Step{
		{ID: "nearly-full", Turn: channel(naive, nonBlocking, fourPages), For: "the pipe has room for four pages", Until: filled},
		{ID: "short", From: "nearly-full", Turn: sims.Press("send"), For: "write has returned", Until: func(w *sims.World) bool {
			m := w.News("writer", "returned")
			return w.ReadSince(m) && (full(w) || m.S["errno"] != "" || m.N["bytes"] == m.N["asked"])
		}},
		{ID: "cut", From: "nearly-full", Turn: sims.Press("read on"), For: "the reader has come to the end of what the naive writer sent", Until: theEnd},
		{ID: "small", Turn: channel(naive, nonBlocking, hundred, "send 4,096"), For: "the small write has its answer", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("writer", "small")) && w.Object("pipe").Level("queued") >= 0
		}},
		{ID: "looping", Turn: channel(looping, nonBlocking, fourPages, "send"), For: "the writer sleeps in poll with the rest", Until: func(w *sims.World) bool {
			return w.Count("writer", "refused") > 0 && w.Asleep("writer", "poll") && full(w)
		}},
		{ID: "mended", From: "looping", Turn: sims.Press("read on"), For: "the reader has come to the end of what the loop sent", Until: theEnd},
		{ID: "blocked", Turn: channel(looping, blocking, fourPages, "send"), For: "the writer sleeps in the middle of its write", Until: func(w *sims.World) bool {
			return w.Asleep("writer", "pipe_write") && full(w) && w.Last("writer", "sending") != nil
		}},
		{ID: "interrupted", From: "blocked", Turn: sims.Press("interrupt"), For: "write has returned, and the writer sleeps in the next one", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("writer", "returned")) && w.Asleep("writer", "pipe_write") && full(w)
		}},
		{ID: "whole", From: "blocked", Turn: sims.Press("read on"), For: "the reader has come to the end of what was interrupted", Until: theEnd},
		{ID: "socket", Turn: channel(looping, aStream, fourPages, "send"), For: "the writer on the socket sleeps in poll with the rest", Until: func(w *sims.World) bool {
			return w.Count("writer", "refused") > 0 && w.Asleep("writer", "poll") && w.ReadSince(w.Last("writer", "returned"))
		}},
		{ID: "socket-whole", From: "socket", Turn: sims.Press("read on"), For: "the reader has come to the end of the stream", Until: theEnd},
	},
	Claims: []sims.Claim{
		{ID: "short", Says: "a non-blocking write takes as much as there is room for, and returns that number", After: "short", Check: func(a *sims.World) sims.Verdict {
			m := a.Last("writer", "returned")
			return sims.Judge(m.S["errno"] == "" && m.N["bytes"] == freeBefore(a) && m.N["bytes"] < m.N["asked"] && full(a),
				fmt.Sprintf("%s of %s", scene.Bytes(freeBefore(a)), scene.Bytes(m.N["asked"])), fmt.Sprintf("%s of %s %s", scene.Bytes(m.N["bytes"]), scene.Bytes(m.N["asked"]), m.S["errno"]),
				"return value of write(2), ioctl(FIONREAD), fcntl(F_GETPIPE_SZ)")
		}},
		{ID: "naive", Says: "a writer that does not look loses the rest, and ends as if all were well", After: "cut", Check: func(a *sims.World) sims.Verdict {
			size, arrived := a.Count("writer", "asked"), a.Count("reader", "arrived")
			say := func(arrived int64, end string) string {
				return fmt.Sprintf("%s of %s arrived, writer: %s", scene.Bytes(arrived), scene.Bytes(size), end)
			}
			return sims.Judge(arrived == freeBefore(a) && arrived < size && a.Actor("writer").Ended() == "exit 0", say(freeBefore(a), "exit 0"), say(arrived, a.Actor("writer").Ended()),
				"the bytes that the reader got until read(2) gave 0, wait status")
		}},
		{ID: "pipe-buf", Says: "a write of at most PIPE_BUF bytes is never cut: without room for all of it, it gets EAGAIN", After: "small", Check: func(a *sims.World) sims.Verdict {
			m, p := a.Last("writer", "small"), a.Object("pipe")
			say := func(errno string, bytes, free int64) string {
				return fmt.Sprintf("%s, %s written, %s still free", errno, scene.Bytes(bytes), scene.Bytes(free))
			}
			free := p.Level("capacity") - p.Level("queued")
			return sims.Judge(m.S["errno"] == "EAGAIN" && free == 100, say("EAGAIN", 0, 100), say(m.S["errno"], m.N["bytes"], free), "errno of write(2), ioctl(FIONREAD)")
		}},
		{ID: "loop", Says: "a writer that loops until all is taken loses nothing", After: "mended", Check: checkWhole},
		{ID: "interrupted", Says: "a signal in the middle of a blocking write cuts it: it returns what was taken, and no error", After: "interrupted", Check: func(a *sims.World) sims.Verdict {
			m, capacity := a.Last("writer", "returned"), a.Object("pipe").Level("capacity")
			say := func(n int64, errno string) string {
				if errno == "" {
					errno = "no error"
				}
				return fmt.Sprintf("%s of %s, %s", scene.Bytes(n), scene.Bytes(m.N["asked"]), errno)
			}
			return sims.Judge(m.N["bytes"] == capacity && capacity < m.N["asked"] && m.S["errno"] == "" && a.Said("writer", "returned") == 1,
				say(capacity, ""), say(m.N["bytes"], m.S["errno"]), "return value of write(2)")
		}},
		{ID: "loop-signal", Says: "the same loop mends a write that a signal has cut", After: "whole", Check: checkWhole},
		{ID: "socket", Says: "a write into a stream socket takes what its send buffer has room for, and returns that number", Needs: []string{"socket-levels"}, After: "socket", Check: func(a *sims.World) sims.Verdict {
			m, lies, size := firstReturned(a), a.Object(readersEnd).Level("in"), a.Count("writer", "asked")
			say := func(n, of int64, errno string, lies int64) string {
				return fmt.Sprintf("%s of %s %s; %s to read", scene.Bytes(n), scene.Bytes(of), cmp.Or(errno, "without an error"), scene.Bytes(lies))
			}
			n := m.N["bytes"]
			return sims.Judge(m.S["errno"] == "" && n > 0 && n < size && m.N["asked"] == size && lies == n, "fewer than "+scene.Bytes(size)+": "+say(n, size, "", n),
				say(n, m.N["asked"], m.S["errno"], lies), "return value of write(2), ioctl(SIOCINQ) on the reader's end")
		}},
		{ID: "socket-loop", Says: "the same loop sends a document through a socket without a loss", After: "socket-whole", Check: checkWhole},
	},
}

// channel starts the cast anew with these options, and turns the knobs.
func channel(writer, channel, room string, then ...string) []sims.Turn {
	return append([]sims.Turn{{Knob: "writer", Value: writer}, {Knob: "channel", Value: channel}, {Knob: "room", Value: room}}, sims.Press(then...)...)
}

// firstReturned is the first answer of write(2), or no moment.
func firstReturned(w *sims.World) *sims.Moment {
	for i := range w.Moments {
		if m := &w.Moments[i]; m.Name == "returned" {
			return m
		}
	}
	return &sims.Moment{}
}

// sendDocument leaves a little room in the pipe, and sends a document into it when
// it is told to. The naive writer does not look at what write(2) returned.
func sendDocument(a *sims.Actor) error {
	out := a.FD("out")
	if err := sys.HandleSignal(unix.SIGUSR1); err != nil { // a handler that does nothing: it only interrupts
		return err
	}
	length, err := prepare(a, out)
	if err != nil {
		return err
	}
	a.Say("ready")
	for {
		if a.Next().Name == "small" {
			a.Gate("write")
			n, err := unix.Write(out, dots(pipeBuf))
			a.Say("small", sims.Num("bytes", max(n, 0)), sims.Err(err))
			continue
		}
		a.Counter("asked").Store(int64(length))
		a.Say("sending", sims.Num("asked", length))
		if a.Arg("writer") == naive {
			if _, err := write(a, out, document(length)); err == nil {
				return nil // and so it believes that all of it went out
			}
			continue // EAGAIN at least is an error, which nobody overlooks
		}
		return writeAll(a, out, document(length))
	}
}

// prepare makes the channel as small, or as full, as the lesson needs it, and says how long
// a document is too long for it.
func prepare(a *sims.Actor, out int) (length int, err error) {
	if a.Arg("channel") == aStream {
		if err := unix.SetsockoptInt(out, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer); err != nil {
			return 0, os.NewSyscallError("setsockopt(SO_SNDBUF)", err)
		}
		size, err := unix.GetsockoptInt(out, unix.SOL_SOCKET, unix.SO_SNDBUF)
		return 4 * size, os.NewSyscallError("getsockopt(SO_SNDBUF)", err)
	}
	size, err := unix.FcntlInt(uintptr(out), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		return 0, os.NewSyscallError("fcntl(F_GETPIPE_SZ)", err)
	}
	if a.Arg("channel") == blocking {
		return 2 * size, nil
	}
	return size, fillUp(out, size, a.Arg("room"))
}

// write is one write(2), counted and told.
func write(a *sims.Actor, out int, b []byte) (int, error) {
	a.Gate("write")
	n, err := unix.Write(out, b)
	a.Counter("writes").Add(1)
	a.Counter("written").Add(int64(max(n, 0)))
	if err == unix.EAGAIN {
		a.Counter("refused").Add(1)
	}
	a.Say("returned", sims.Num("asked", len(b)), sims.Num("bytes", max(n, 0)), sims.Err(err))
	return max(n, 0), err
}

// writeAll writes until all of b is taken.
func writeAll(a *sims.Actor, out int, b []byte) error {
	for len(b) > 0 {
		n, err := write(a, out, b)
		b = b[n:] // the rest is still ours to send
		switch {
		case err == unix.EAGAIN: // not now: sleep until there is room
			if err := sims.WaitWritable(out); err != nil {
				return err
			}
		case err == unix.EINTR: // interrupted before the first byte
		case err != nil:
			return nil // EPIPE: nobody reads any more, and it has been told
		}
	}
	return nil
}

// receiveDocument reads to the end of file when it is told to, and looks at every byte.
func receiveDocument(a *sims.Actor) error {
	in := a.FD("in")
	older, arrived, wrong := a.Counter("older"), a.Counter("arrived"), a.Counter("wrong")
	for a.Next().Name != "read on" {
	}
	buf := make([]byte, 4*unix.Getpagesize())
	for {
		a.Gate("read")
		n, err := unix.Read(in, buf)
		switch {
		case err == unix.EAGAIN:
			if err := sims.WaitReadable(in); err != nil {
				return err
			}
		case err == unix.EINTR:
		case err != nil:
			return os.NewSyscallError("read", err)
		case n == 0:
			a.Say("end", sims.Num("arrived", int(arrived.Load())))
			a.Next() // the results stay in view
		}
		before := arrived.Load()
		for _, b := range buf[:max(n, 0)] {
			if b == '.' {
				older.Add(1)
				continue
			}
			if b != alphabet[arrived.Load()%int64(len(alphabet))] {
				wrong.Add(1)
			}
			arrived.Add(1)
		}
		if got := arrived.Load() - before; got > 0 {
			a.Say("got", sims.Num("bytes", int(got)))
		}
	}
}

// fillUp writes older bytes until only so much room is left: whole pages, one write
// each, and a part of the last where less than a page is to stay free.
func fillUp(out, size int, room string) error {
	page := unix.Getpagesize()
	end := size - 4*page
	if room == hundred {
		end = size - 100
	}
	for at := 0; at < end; {
		n, err := unix.Write(out, dots(min(page, end-at)))
		if err != nil {
			return os.NewSyscallError("write", err)
		}
		at += n
	}
	return nil
}

func dots(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = '.'
	}
	return b
}

func document(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[i%len(alphabet)]
	}
	return b
}

// interrupt sends the writer a signal, as kill(1) does.
var interrupt = sims.Do{Run: func(r *stage.Run, _ string) error {
	pid, err := r.PID("writer")
	if err != nil {
		return err
	}
	if err := unix.Kill(pid, unix.SIGUSR1); err != nil && !errors.Is(err, unix.ESRCH) {
		return os.NewSyscallError("kill", err)
	}
	return nil
}}

// filled is the writer ready, with the room left that was asked for.
func filled(w *sims.World) bool {
	p := w.Object("pipe")
	return w.ReadSince(w.Last("writer", "ready")) && w.Actor("writer").Idle && p.Level("capacity") > p.Level("queued") && p.Level("queued") > 0
}

func full(w *sims.World) bool {
	p := w.Object("pipe")
	return p.Level("capacity") > 0 && p.Level("queued") == p.Level("capacity")
}

// theEnd is the reader at the end of file.
func theEnd(w *sims.World) bool {
	return w.ReadSince(w.Last("reader", "end")) && !w.Actor("writer").Life.Alive()
}

// freeBefore is the room that the kernel said there was before the first write.
func freeBefore(w *sims.World) int64 {
	a := w.After("nearly-full")
	if a == nil {
		return -1
	}
	p := a.Object("pipe")
	return p.Level("capacity") - p.Level("queued")
}

// checkWhole judges a document that came in more than one write.
func checkWhole(a *sims.World) sims.Verdict {
	size, arrived, wrong, writes := a.Count("writer", "asked"), a.Count("reader", "arrived"), a.Count("reader", "wrong"), a.Count("writer", "writes")
	return sims.Judge(arrived == size && wrong == 0 && writes >= 2 && size > 0, fmt.Sprintf("%s arrived, 0 wrong, in 2 writes or more", scene.Bytes(size)),
		fmt.Sprintf("%s arrived, %d wrong, in %d writes", scene.Bytes(arrived), wrong, writes), "the bytes that the reader got until read(2) gave 0, return values of write(2)")
}
