package sockets

// What this lesson shows: the same five messages over SOCK_STREAM, SOCK_DGRAM and
// SOCK_SEQPACKET. A stream keeps the bytes, the other two keep the messages; a stream
// and a seqpacket have a connection, and so an end (unix(7), recv(2)).

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
)

//go:embed flavours.go
var flavoursSource string

// flavour is a type of socket, by the name that it has in the picture.
var flavours = []struct {
	name string
	typ  int
}{{"STREAM", unix.SOCK_STREAM}, {"DGRAM", unix.SOCK_DGRAM}, {"SEQPACKET", unix.SOCK_SEQPACKET}}

var flavoursSim = sims.Sim{
	ID:     "sockets/flavours",
	Source: flavoursSource,
	Needs:  []string{"unix-sockets", "socket-levels"},
	Roles: []sims.Role{
		{Name: "sender", Run: sendFive, Settings: []string{"size"}, Gates: []string{"send", "close"}},
		{Name: "receiver", Run: receiveAll, Settings: []string{"buffer"}, Gates: []string{"recv", "listen"}},
	},
	Wire: func(w *sims.Wiring) error {
		for _, f := range flavours {
			out, in := w.Socketpair(outOf(f.name), into(f.name), f.typ)
			w.Give("sender", f.name, out)
			w.Give("receiver", f.name, in)
		}
		w.Set("receiver", "buffer", 4096)
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "send five", Help: "five messages into each of the three sockets", Act: sims.Tell{Role: "sender", Command: "send"}},
		{Key: "2", Name: "receive all", Help: "recvmsg(2) on each until nothing is left", Act: sims.Tell{Role: "receiver", Command: "recv"}},
		{Key: "b", Name: "buffer", Help: "the most bytes that a recvmsg may bring", Act: sims.Set{Role: "receiver", Setting: "buffer",
			Values: []int64{4096, 4, 1}, Names: []string{"4,096 B", "4 B", "1 B"}, Any: sims.Between(1, 65536)}},
		{Key: "m", Name: "messages", Help: "how long they are: the five words, or so many bytes each", Act: sims.Set{Role: "sender", Setting: "size",
			Values: []int64{0, 1, 100}, Names: []string{"words", "1 B each", "100 B each"}, Any: sims.Between(1, 8192)}},
		{Key: "l", Name: "try to listen", Help: "the receiver calls listen(2) on a fresh socket of each type", Act: sims.Tell{Role: "receiver", Command: "listen"}},
		{Key: "d", Name: "sender closes", Help: "the sender closes its three sockets", Act: sims.Tell{Role: "sender", Command: "close"}},
		{Key: "w", Name: "watch the receiver", Help: "x-ray: the receiver's system calls, counted by the kernel's word", Act: sims.Trace{Role: "receiver"}},
	},
	Draw: drawFlavours,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("received")
		if a == nil {
			return "", false
		}
		var calls []string
		for _, f := range flavours {
			n, _ := recvs(a, f.name)
			calls = append(calls, fmt.Sprint(n))
		}
		return strings.Join(calls, " "), true
	},
	Walk: []sims.Step{
		{ID: "sent", Turn: []sims.Turn{{Knob: "messages", Value: "words"}, {Knob: "buffer", Value: "4,096 B"}, {Knob: "send five"}}, For: "five messages lie in each socket", Until: allLie},
		{ID: "received", From: "sent", Turn: receiveWatched, For: "the receiver has taken all, and found all three empty", Until: allRead},
		{ID: "again", From: "again", Turn: []sims.Turn{{Knob: "watch the receiver", Value: "off"}, {Knob: "messages", Value: "words"}, {Knob: "buffer", Value: "4 B"}, {Knob: "send five"}}, For: "five more lie in each, and the buffer is short", Until: allLie},
		{ID: "cut", From: "again", Turn: receiveWatched, For: "the receiver has taken all with its short buffer", Until: allRead},
		{ID: "listen", From: "listen", Turn: []sims.Turn{{Knob: "watch the receiver", Value: "off"}, {Knob: "try to listen"}, {Knob: "sender closes"}}, For: "the kernel has answered for each type, and the sender has closed", Until: func(w *sims.World) bool {
			return w.Said("receiver", "listen")-w.Before.Said("receiver", "listen") == len(flavours) && w.ReadSince(w.News("sender", "closed"))
		}},
		{ID: "end", From: "listen", Turn: sims.Press("receive all"), For: "the receiver has asked all three once more", Until: func(w *sims.World) bool {
			return w.News("receiver", "looked") != nil
		}},
	},
	Claims: []sims.Claim{
		{ID: "merges", Says: "a stream gives five messages out as one run of bytes", After: "received", Check: func(a *sims.World) sims.Verdict {
			b := latestRound(a).of("STREAM")
			n, source := recvs(a, "STREAM")
			return sims.Judge(len(b.sent) == len(words) && n == 1 && sum(b.reads) == sum(b.sent), fmt.Sprintf("%d messages, 1 recv, all %s", len(words), scene.Bytes(sum(b.sent))),
				fmt.Sprintf("%d messages, %d recv, %s", len(b.sent), n, scene.Bytes(sum(b.reads))), "the returns of sendmsg(2) and recvmsg(2); the calls by "+source)
		}},
		{ID: "edges", Says: "a datagram and a seqpacket socket give out the messages one by one, as they were sent", After: "received", Check: func(a *sims.World) sims.Verdict {
			ok, want, got, source := true, "", "", ""
			for _, f := range flavours[1:] {
				b := latestRound(a).of(f.name)
				var n int
				n, source = recvs(a, f.name)
				same := slices.Equal(texts(b.sent), texts(b.reads))
				ok = ok && same && n == len(b.sent) && n == len(words)
				want += fmt.Sprintf("%s: %d recv, the messages as sent: true; ", f.name, len(b.sent))
				got += fmt.Sprintf("%s: %d recv, the messages as sent: %v; ", f.name, n, same)
			}
			return sims.Judge(ok, strings.TrimSuffix(want, "; "), strings.TrimSuffix(got, "; "), "the returns of recvmsg(2); the calls by "+source)
		}},
		{ID: "next-only", Says: "asked how much there is to read, a datagram socket tells the next message alone", After: "sent", Check: func(a *sims.World) sims.Verdict {
			level := func(f string) int64 { return a.Object(into(f)).Level("in") }
			say := func(s, d, q int64) string { return fmt.Sprintf("STREAM %d, DGRAM %d, SEQPACKET %d", s, d, q) }
			b := latestRound(a).of("DGRAM")
			return sims.Judge(level("STREAM") == sum(b.sent) && level("DGRAM") == b.sent[0].Bytes && level("SEQPACKET") == sum(b.sent),
				say(sum(b.sent), b.sent[0].Bytes, sum(b.sent)), say(level("STREAM"), level("DGRAM"), level("SEQPACKET")), "ioctl(SIOCINQ)")
		}},
		{ID: "truncates", Says: "with a short buffer the rest of a message is thrown away, and MSG_TRUNC says so", After: "cut", Check: func(a *sims.World) sims.Verdict {
			ok, want, got := true, "", ""
			for _, f := range flavours[1:] {
				b := latestRound(a).of(f.name)
				longer := 0
				for _, m := range b.sent {
					if m.Bytes > 4 {
						longer++
					}
				}
				ok = ok && b.cut == longer && longer > 0 && sum(b.reads) < sum(b.sent)
				want += fmt.Sprintf("%s: %d with MSG_TRUNC, fewer than %d B; ", f.name, longer, sum(b.sent))
				got += fmt.Sprintf("%s: %d with MSG_TRUNC, %d B; ", f.name, b.cut, sum(b.reads))
			}
			return sims.Judge(ok, strings.TrimSuffix(want, "; "), strings.TrimSuffix(got, "; "), "msg_flags and return of recvmsg(2)")
		}},
		{ID: "stream-loses-nothing", Says: "a stream with a short buffer loses nothing", After: "cut", Check: func(a *sims.World) sims.Verdict {
			b := latestRound(a).of("STREAM")
			n, source := recvs(a, "STREAM")
			want := (sum(b.sent) + 3) / 4 // 4 bytes a call
			return sims.Judge(sum(b.reads) == sum(b.sent) && b.cut == 0 && int64(n) == want, fmt.Sprintf("%s in %d recv, 0 cut", scene.Bytes(sum(b.sent)), want),
				fmt.Sprintf("%s in %d recv, %d cut", scene.Bytes(sum(b.reads)), n, b.cut), "msg_flags and return of recvmsg(2); the calls by "+source)
		}},
		{ID: "connection", Says: "a stream and a seqpacket socket can listen for connections, a datagram socket cannot", After: "listen", Check: func(a *sims.World) sims.Verdict {
			got := fmt.Sprintf("STREAM %s, DGRAM %s, SEQPACKET %s", listenGot(a, "STREAM"), listenGot(a, "DGRAM"), listenGot(a, "SEQPACKET"))
			return sims.Judge(got == "STREAM listens, DGRAM EOPNOTSUPP, SEQPACKET listens", "STREAM listens, DGRAM EOPNOTSUPP, SEQPACKET listens", got, "the answers of listen(2)")
		}},
		{ID: "end", Says: "when the sender closes, a stream and a seqpacket come to an end, a datagram socket does not", After: "end", Check: func(a *sims.World) sims.Verdict {
			got := fmt.Sprintf("STREAM %s, DGRAM %s, SEQPACKET %s", endGot(a, "STREAM"), endGot(a, "DGRAM"), endGot(a, "SEQPACKET"))
			return sims.Judge(got == "STREAM 0, DGRAM EAGAIN, SEQPACKET 0", "STREAM 0, DGRAM EAGAIN, SEQPACKET 0", got, "the returns of recvmsg(2)")
		}},
	},
}

// receiveWatched has the receiver take everything out, with its calls counted by the
// x-ray where the machine allows one.
var receiveWatched = []sims.Turn{
	{Knob: "watch the receiver", Value: "on", When: func(w *sims.World) bool { return w.Actor("receiver").Idle }, // not while it starts
		If: func(w *sims.World) bool { return !w.Actor("receiver").Traced }},
	{Knob: "receive all"},
}

// words are the five messages when they are not told to have a size.
var words = []string{"one", "two", "three", "four", "five"}

// message is the nth of five, of that many bytes or as it is.
func message(n int, size int64) string {
	if size == 0 {
		return words[n]
	}
	return strings.Repeat(string(rune('A'+n)), int(size))
}

// sendFive sends the same five messages into each of its sockets, one call each.
func sendFive(a *sims.Actor) error {
	open := true
	for {
		c := a.Next()
		if !open {
			a.Say("has none")
			continue
		}
		for _, f := range flavours {
			fd := a.FD(f.name)
			if c.Name == "close" {
				a.Gate("close")
				unix.Close(fd)
				continue
			}
			for n := range words {
				text := message(n, a.Setting("size"))
				a.Gate("send")
				_, err := unix.SendmsgN(fd, []byte(text), nil, nil, unix.MSG_NOSIGNAL)
				if err != nil { // EPIPE or ECONNREFUSED: the receiver is gone; EBADF: closed
					a.Say("send failed", sims.Word("flavour", f.name), sims.Err(err))
					break
				}
				a.Say("sent", sims.Word("flavour", f.name), sims.Num("bytes", len(text)), sims.Word("text", text))
			}
		}
		if c.Name == "close" {
			open = false
			a.Say("closed")
		}
	}
}

// receiveAll takes what is there out of each socket in turn, with a buffer of the size
// that it was told, and says what each call brought.
func receiveAll(a *sims.Actor) error {
	for {
		if a.Next().Name == "listen" {
			if err := tryListen(a); err != nil {
				return err
			}
			continue
		}
		for _, f := range flavours {
			drain(a, f.name, a.FD(f.name), make([]byte, a.Setting("buffer")))
		}
		a.Say("looked")
	}
}

// drain calls recvmsg(2) until it says that there is nothing, or no more to come.
func drain(a *sims.Actor, flavour string, fd int, buf []byte) {
	for {
		a.Gate("recv")
		n, _, flags, _, err := unix.Recvmsg(fd, buf, nil, unix.MSG_DONTWAIT)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil || n == 0: // no message here is empty, so 0 is the end
			a.Say("last", sims.Word("flavour", flavour), sims.Num("bytes", n), sims.Err(err))
			return
		}
		cut := 0
		if flags&unix.MSG_TRUNC != 0 { // the message was longer, and its rest is gone
			cut = 1
		}
		a.Say("received", sims.Word("flavour", flavour), sims.Num("bytes", n), sims.Num("cut", cut), sims.Word("text", string(buf[:n])))
	}
}

// tryListen asks a fresh socket of each type to take connections. Bound to no
// address of its own choice, it gets an abstract one from the kernel.
func tryListen(a *sims.Actor) error {
	for _, f := range flavours {
		fd, err := unix.Socket(unix.AF_UNIX, f.typ|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("socket: %w", err)
		}
		if err := unix.Bind(fd, &unix.SockaddrUnix{}); err != nil {
			return fmt.Errorf("bind: %w", err)
		}
		a.Gate("listen")
		a.Say("listen", sims.Word("flavour", f.name), sims.Err(unix.Listen(fd, 1)))
		unix.Close(fd)
	}
	return nil
}

func outOf(flavour string) string { return flavour + " sender" }
func into(flavour string) string  { return flavour + " receiver" }
