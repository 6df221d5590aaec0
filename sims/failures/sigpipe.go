package failures

// What this lesson shows: who writes to nobody is sent SIGPIPE, which kills by
// default. Where the signal is ignored, handled, or not asked for, the write fails
// with EPIPE and the process lives (pipe(7), send(2), pwritev2(2)).

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/sys"
)

//go:embed sigpipe.go
var sigpipeSource string

// The values of the options.
const (
	byDefault, ignored, goOwn       = "default", "ignored", "Go's own"
	aPipe, aSocket                  = "pipe", "socket"
	noSignal, pipeNoSignal          = "socket, MSG_NOSIGNAL", "pipe, RWF_NOSIGNAL"
	readersEnd                      = "reader's end" // of the pair of sockets
	sigpipeBit                int64 = 1 << (unix.SIGPIPE - 1)
)

var sigpipe = sims.Sim{
	ID:     "failures/sigpipe",
	Source: sigpipeSource,
	Roles: []sims.Role{
		{Name: "writer", Run: writeToWhoever, Masks: true, Counters: []string{"written"}, Gates: []string{"poll", "write"}},
		{Name: "reader", Run: readAndLeave, Counters: []string{"read"}, Gates: []string{"read"}},
	},
	Options: []sims.Option{
		{Name: "SIGPIPE", Values: []string{byDefault, ignored, goOwn}},
		{Name: "channel", Values: []string{aPipe, aSocket, noSignal, pipeNoSignal}},
	},
	Wire: func(w *sims.Wiring) error {
		if onPipe(w.Option("channel")) {
			p := w.Pipe("pipe", 0)
			w.Give("writer", "out", p.W)
			w.Give("reader", "in", p.R)
			return nil
		}
		one, other := w.Socketpair("socket", readersEnd, unix.SOCK_STREAM)
		w.Give("writer", "out", one)
		w.Give("reader", "in", other)
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "w", Name: "write", Help: "the writer writes a line, whoever may be there", Act: sims.Tell{Role: "writer", Command: "write"}},
		{Key: "g", Name: "read", Help: "the reader reads once", Act: sims.Tell{Role: "reader", Command: "read"}},
		{Key: "l", Name: "reader leaves", Help: "the reader exits, and the kernel closes its end", Act: sims.Tell{Role: "reader", Command: "leave", Ends: true}},
		{Key: "p", Name: "wait, then write", Help: "the writer sleeps in poll until the other side is gone, and writes a line then", Act: sims.Tell{Role: "writer", Command: "wait"}},
		{Key: "d", Name: "SIGPIPE", Help: "what SIGPIPE does to the writer: the default, ignored, or as Go's runtime has it; the cast starts anew", Act: sims.Choose{Option: "SIGPIPE"}},
		{Key: "o", Name: "channel", Help: "a pipe or a socket, written to with or without a flag against the signal; the cast starts anew", Act: sims.Choose{Option: "channel"}},
	},
	Draw: drawSigpipe,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("killed")
		switch {
		case a == nil:
			return "", false
		case a.Actor("writer").Signal == int(unix.SIGPIPE):
			return "killed", true
		case a.Last("writer", "failed") != nil:
			return "error", true
		}
		return "nothing", true
	},
	Walk: []sims.Step{
		{ID: "talks", Turn: []sims.Turn{{Knob: "SIGPIPE", Value: byDefault}, {Knob: "channel", Value: aPipe}, {Knob: "write"}, {Knob: "read"}}, For: "a line has gone through", Until: func(w *sims.World) bool {
			writer := w.Actor("writer")
			_, known := writer.Numbers["SigIgn"]
			return known && w.News("reader", "got") != nil && w.Actor("reader").Idle && writer.Idle && writer.Letter == "S" && w.ReadSince(w.News("writer", "wrote"))
		}},
		{ID: "leaves", From: "talks", Turn: sims.Press("reader leaves"), For: "the reader is gone and the kernel was asked again", Until: func(w *sims.World) bool {
			return w.ReadSinceEnd("reader") && w.Object("pipe").Level("readers") == 0
		}},
		{ID: "killed", From: "talks", Turn: sims.Press("write"), For: "SIGPIPE at its default: the writer has ended, or has its answer", Until: answered},
		{ID: "ignored", Turn: combination(ignored, aPipe), For: "SIGPIPE ignored: the write to nobody has been answered", Until: answered},
		{ID: "go", Turn: combination(goOwn, aPipe), For: "Go handles SIGPIPE: the write to nobody has been answered", Until: answered},
		{ID: "socket", Turn: combination(byDefault, aSocket), For: "a socket instead of the pipe: the writer has ended, or has its answer", Until: answered},
		{ID: "nosignal", Turn: combination(byDefault, noSignal), For: "MSG_NOSIGNAL on the socket: the write to nobody has been answered", Until: answered},
		{ID: "pipe-nosignal", Turn: combination(byDefault, pipeNoSignal), For: "RWF_NOSIGNAL on a pipe: the write to nobody has been answered", Until: answered},
	},
	Claims: []sims.Claim{
		{ID: "no-news", Says: "the kernel does not tell a writer that its reader has left", After: "leaves", Check: func(a *sims.World) sims.Verdict {
			writer, readers := a.Actor("writer"), a.Object("pipe").Level("readers")
			woke := writer.Numbers["voluntary"] - a.Before.Actor("writer").Numbers["voluntary"]
			pending := (writer.Numbers["ShdPnd"] | writer.Numbers["SigPnd"]) & sigpipeBit
			say := func(readers int64, status string, woke int64, pending bool) string {
				return fmt.Sprintf("%d readers; the writer: %s, woken %d times since, SIGPIPE pending: %v", readers, status, woke, pending)
			}
			return sims.Judge(writer.Life.Alive() && readers == 0 && woke == 0 && pending == 0, say(0, "alive", 0, false), say(readers, status(a), woke, pending != 0),
				"/proc/PID/fd; voluntary_ctxt_switches, ShdPnd and SigPnd in /proc/PID/status")
		}},
		{ID: "killed", Says: "by default a write to nobody kills the writer with SIGPIPE", After: "killed", Check: checkKilled},
		{ID: "epipe", Says: "with SIGPIPE ignored the write fails with EPIPE and the writer lives", After: "ignored", Check: checkAlive(sigpipeBit, 0)},
		{ID: "go", Says: "Go's runtime handles SIGPIPE, and a raw write gives EPIPE", After: "go", Check: checkAlive(0, sigpipeBit)},
		{ID: "socket", Says: "a stream socket kills its writer in the same way", After: "socket", Check: checkKilled},
		{ID: "nosignal", Says: "with MSG_NOSIGNAL there is no signal, only EPIPE, though SIGPIPE is at its default", After: "nosignal", Check: checkAlive(0, 0)},
		{ID: "pipe-nosignal", Says: "with RWF_NOSIGNAL a write to a pipe gives EPIPE and no signal either", Needs: []string{"rwf-nosignal"}, After: "pipe-nosignal", Check: checkAlive(0, 0)},
	},
}

// onPipe reports whether a channel is a pipe.
func onPipe(channel string) bool { return channel == aPipe || channel == pipeNoSignal }

// combination starts the cast anew with these options, and has the writer write once
// the reader is gone.
func combination(signal, channel string) []sims.Turn {
	turns := []sims.Turn{{Knob: "SIGPIPE", Value: signal}, {Knob: "channel", Value: channel}}
	return append(turns, sims.Press("wait, then write", "reader leaves")...)
}

// writeToWhoever writes a line when it is told to. It asks nobody whether there is
// a reader: no call could promise that there is still one a moment later.
func writeToWhoever(a *sims.Actor) error {
	out, written := a.FD("out"), a.Counter("written")
	if err := dispose(a.Arg("SIGPIPE")); err != nil {
		return err
	}
	for {
		if a.Next().Name == "wait" {
			a.Gate("poll")
			if err := waitTillGone(out); err != nil {
				return err
			}
		}
		a.Say("writes")
		a.Gate("write")
		n, err := writeLine(out, []byte("a line\n"), a.Arg("channel"))
		if err != nil {
			a.Say("failed", sims.Err(err)) // EPIPE, if it lives to tell
			continue
		}
		written.Add(int64(n))
		a.Say("wrote", sims.Num("bytes", n))
	}
}

// dispose says what SIGPIPE is to do here. Go's runtime has a handler of its own for
// it, so the kernel is asked directly, with rt_sigaction(2).
func dispose(signal string) error {
	switch signal {
	case byDefault:
		return sys.DefaultSignal(unix.SIGPIPE)
	case ignored:
		return sys.IgnoreSignal(unix.SIGPIPE)
	}
	return nil // as the runtime has it
}

func writeLine(fd int, line []byte, channel string) (n int, err error) {
	for {
		switch channel {
		case noSignal:
			n, err = unix.SendmsgN(fd, line, nil, nil, unix.MSG_NOSIGNAL) // send(2) with a flag
		case pipeNoSignal:
			n, err = unix.Pwritev2(fd, [][]byte{line}, -1, unix.RWF_NOSIGNAL) // write(2) with a flag; −1 is "as it comes"
		default:
			n, err = unix.Write(fd, line)
		}
		if err != unix.EINTR {
			return n, err
		}
	}
}

// waitTillGone sleeps in poll(2) until the other side has closed: POLLERR on a pipe,
// POLLHUP on a socket. Both come without being asked for.
func waitTillGone(fd int) error {
	fds := []unix.PollFd{{Fd: int32(fd)}}
	for {
		_, err := unix.Poll(fds, -1)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("poll", err)
		}
	}
}

// readAndLeave reads once when it is told to, and exits when it is told to leave.
func readAndLeave(a *sims.Actor) error {
	in, read := a.FD("in"), a.Counter("read")
	buf := make([]byte, 4096)
	for a.Next().Name == "read" {
		a.Gate("read")
		n, err := unix.Read(in, buf)
		for err == unix.EINTR {
			n, err = unix.Read(in, buf)
		}
		if err != nil {
			return os.NewSyscallError("read", err)
		}
		read.Add(int64(n))
		a.Say("got", sims.Num("bytes", n))
	}
	return nil
}

// answered is a write to nobody that has had its consequence.
func answered(w *sims.World) bool {
	writer := w.Actor("writer")
	if !writer.Life.Alive() {
		return writer.Births > 0
	}
	m := w.News("writer", "failed")
	return w.ReadSince(m) && writer.Idle && !w.Actor("reader").Life.Alive()
}

func checkKilled(a *sims.World) sims.Verdict {
	return sims.Judge(a.Actor("writer").Signal == int(unix.SIGPIPE), "wait status: signal 13 (SIGPIPE)", status(a), "wait status")
}

// checkAlive judges a write that failed: EPIPE, the writer alive, and SIGPIPE in
// the sets of ignored and of caught signals or not.
func checkAlive(ign, cgt int64) func(*sims.World) sims.Verdict {
	return func(a *sims.World) sims.Verdict {
		errno := "no error"
		if m := a.Last("writer", "failed"); m != nil {
			errno = m.S["errno"]
		}
		say := func(errno, status string, ign, cgt int64) string {
			return fmt.Sprintf("%s; %s; SIGPIPE ignored: %v, caught: %v", errno, status, ign != 0, cgt != 0)
		}
		gotIgn, gotCgt := sets(a)
		return sims.Judge(errno == "EPIPE" && a.Actor("writer").Life.Alive() && gotIgn == ign && gotCgt == cgt,
			say("EPIPE", "alive", ign, cgt), say(errno, status(a), gotIgn, gotCgt), "errno of the write, SigIgn and SigCgt in /proc/PID/status")
	}
}

// sets are the bits of SIGPIPE in the sets of ignored and of caught signals.
func sets(w *sims.World) (ign, cgt int64) {
	n := w.Actor("writer").Numbers
	return n["SigIgn"] & sigpipeBit, n["SigCgt"] & sigpipeBit
}

// status is how the writer stands, by its wait status.
func status(w *sims.World) string {
	a := w.Actor("writer")
	switch {
	case a.Life.Alive():
		return "alive"
	case a.Signal != 0:
		return fmt.Sprintf("wait status: signal %d (%s)", a.Signal, unix.SignalName(unix.Signal(a.Signal)))
	}
	return cmp.Or(a.Ended(), "not started")
}

func drawSigpipe(w *sims.World) *scene.Scene {
	s := &scene.Scene{
		Sentence:  sigpipeSentence(w),
		Processes: []scene.Process{w.Process("writer"), w.Process("reader")},
	}
	var out, in scene.Link
	if onPipe(w.Options["channel"]) {
		s.Objects = []scene.Object{w.Pipe("pipe")}
		out, in = w.Link("writer", "pipe", "w"), w.Link("reader", "pipe", "r")
	} else {
		s.Objects = []scene.Object{w.Connection("socket", "socket", sims.SocketEnd{Role: "writer", Object: "socket"}, sims.SocketEnd{Role: "reader", Object: readersEnd})}
		out, in = w.Link("writer", "socket", "w"), w.Link("reader", readersEnd, "r")
		in.From = "socket"
	}
	switch writer := w.Actor("writer"); {
	case writer.Signal == int(unix.SIGPIPE):
		out.State, out.Through = scene.Broken, "SIGPIPE"
	case writer.Life.Alive() && w.Last("writer", "failed") != nil && out.State != scene.Cut:
		out.State, out.Through = scene.Broken, w.Last("writer", "failed").S["errno"]
	}
	s.Links = []scene.Link{out, in}
	s.Figures = []scene.Figure{dispositionFigure(w), answerFigure(w), statusFigure(w),
		w.CountFigure("writer", "written", "written", "B"), w.CountFigure("reader", "read", "read", "B")}
	return s
}

// dispositionFigure is what SIGPIPE does to the writer, by the kernel's sets.
func dispositionFigure(w *sims.World) scene.Figure {
	a := w.Actor("writer")
	ign, cgt := sets(w)
	f := scene.Figure{ID: "disposition", Label: "SIGPIPE", Text: "default", Origin: scene.Kernel}
	switch _, known := a.Numbers["SigIgn"]; {
	case !known && a.Ended() != "":
		return scene.Missing("disposition", "SIGPIPE", "the writer was dead before its signal sets were read")
	case !known:
		return scene.Missing("disposition", "SIGPIPE", "the writer's signal sets have not been read yet")
	case ign != 0:
		f.Text = "ignored"
	case cgt != 0:
		f.Text = "handled"
	}
	return f.From("bit 0x1000 of SigIgn and of SigCgt in /proc/PID/status", fmt.Sprintf("grep -E 'Sig(Ign|Cgt)' /proc/%d/status", a.PID))
}

// answerFigure is what the writer's latest write gave.
func answerFigure(w *sims.World) scene.Figure {
	f := scene.Figure{ID: "answer", Label: "the last write", Text: "none yet", Origin: scene.Child}
	for i := range w.Moments {
		switch m := &w.Moments[i]; m.Name {
		case "writes":
			f.Text = "has not returned"
		case "wrote":
			f.Text = fmt.Sprintf("%d B", m.N["bytes"])
		case "failed":
			f.Text = m.S["errno"]
		}
	}
	if a := w.Actor("writer"); f.Text == "has not returned" && a.Ended() != "" {
		f.Text = "never came back"
	}
	return f.From("what write(2), send(2) or pwritev2(2) gave the writer", "")
}

func statusFigure(w *sims.World) scene.Figure {
	f := scene.Figure{ID: "status", Label: "writer", Text: strings.TrimPrefix(status(w), "wait status: "), Origin: scene.Kernel}
	return f.From("/proc/PID/stat, and the wait status once it has ended", "")
}

func sigpipeSentence(w *sims.World) string {
	writer, reader, failed := w.Actor("writer"), w.Actor("reader"), w.Last("writer", "failed")
	got := w.Last("reader", "got")
	readerGone := "The reader is gone (" + reader.Ended() + ")"
	switch {
	case writer.Signal == int(unix.SIGPIPE):
		return "It wrote to nobody: the kernel sent SIGPIPE, and the writer is dead. From that write it never came back."
	case writer.Ended() != "" && reader.Ended() != "":
		return "Both are gone: writer " + writer.Ended() + ", reader " + reader.Ended() + "."
	case writer.Ended() != "" && got != nil && got.N["bytes"] == 0:
		return "The writer is gone (" + writer.Ended() + "), and the reader has found the end of file."
	case writer.Ended() != "":
		return "The writer is gone (" + writer.Ended() + "): the reader will find the end of file."
	case writer.Life == scene.Stopped:
		return "The writer is stopped."
	case writer.Gate == "write":
		return "The writer is about to write, and nothing has been asked of the kernel yet."
	case failed != nil && failed.S["errno"] != "EPIPE":
		return "The write failed with " + failed.S["errno"] + ": this kernel does not know the flag RWF_NOSIGNAL."
	case failed != nil:
		return "It wrote to nobody: the write failed with " + failed.S["errno"] + ", and the writer lives."
	case reader.Ended() != "" && w.Asleep("writer", "poll"):
		return readerGone + ", and poll is about to tell the writer."
	case reader.Ended() != "":
		return readerGone + ". Nothing has told the writer: it would learn by its next write."
	case reader.Life == scene.Stopped:
		return "The reader is stopped. Its end is open: the writer may go on for a while."
	case readerClosed(w) && w.Asleep("writer", "poll"):
		return "The reader has closed its end, and poll is about to tell the writer."
	case readerClosed(w):
		return "The reader lives, but has closed its end: no reader is left. Nothing has told the writer."
	case w.Asleep("writer", "poll") && readerAsleep(w):
		return "The writer sleeps in poll until the reader is gone, the reader in read until something comes. Neither goes on: kill one."
	case w.Asleep("writer", "poll"):
		return "The writer sleeps in poll until the reader is gone."
	case readerAsleep(w):
		return "The reader sleeps in read, for nothing is there. What it is told waits until a line comes."
	case w.Count("writer", "written") > w.Count("reader", "read"):
		return fmt.Sprintf("The writer has written %d B that nobody has read yet.", w.Count("writer", "written")-w.Count("reader", "read"))
	case got != nil:
		return "A line has gone through, and both wait for you."
	}
	return "A writer and a reader, and nothing said yet."
}

// readerClosed is a reader that lives without its end.
func readerClosed(w *sims.World) bool {
	a := w.Actor("reader")
	if !a.Life.Alive() || a.Ended() != "" {
		return false
	}
	end := readersEnd
	if onPipe(w.Options["channel"]) {
		end = "pipe"
	}
	_, open := w.Holds("reader", end, "")
	return !open && w.Last("writer", "wrote") != nil // it had one, and was looked at since
}

// readerAsleep is a reader that waits in read(2) for what may never come.
func readerAsleep(w *sims.World) bool {
	return w.Asleep("reader", "read") || w.Asleep("reader", "recv") || w.Asleep("reader", "unix_stream") || w.Asleep("reader", "skb")
}
