package sockets

import (
	"fmt"
	"strings"

	"ipctour/sims"
	"ipctour/sims/scene"
)

// The picture of sockets/flavours: three sockets side by side, and a table of what each
// call brought.

// taken is what one flavour was sent in a round, and what came out.
type taken struct {
	sent, reads []scene.Segment
	cut         int // reads with MSG_TRUNC
}

// round is what was sent since the receiver last looked, and what it has received.
type round struct {
	by     map[string]*taken
	looked bool
}

func (r *round) of(flavour string) *taken {
	if r.by[flavour] == nil {
		r.by[flavour] = &taken{}
	}
	return r.by[flavour]
}

// latestRound is the round of the latest messages.
func latestRound(w *sims.World) *round {
	r := &round{by: map[string]*taken{}}
	for i := range w.Moments {
		m := &w.Moments[i]
		piece := scene.Segment{Who: m.Who, Bytes: m.N["bytes"], Text: m.S["text"]}
		switch m.Name {
		case "sent":
			if r.looked {
				r = &round{by: map[string]*taken{}}
			}
			t := r.of(m.S["flavour"])
			t.sent = append(t.sent, piece)
		case "received":
			t := r.of(m.S["flavour"])
			t.reads, t.cut = append(t.reads, piece), t.cut+int(m.N["cut"])
		case "looked":
			r.looked = true
		}
	}
	return r
}

// lying is what has been sent and not been received: of a stream what is left of the
// bytes, of the others whole messages.
func (t *taken) lying(flavour string) []scene.Segment {
	if flavour == "STREAM" {
		return sims.Unread(t.sent, sum(t.reads))
	}
	return t.sent[min(len(t.reads), len(t.sent)):]
}

// allLie waits until the kernel has all that was sent in each socket: five messages.
func allLie(w *sims.World) bool {
	r := latestRound(w)
	for _, f := range flavours {
		t := r.of(f.name)
		want := sum(t.sent)
		if f.name == "DGRAM" && len(t.sent) > 0 {
			want = t.sent[0].Bytes
		}
		if r.looked || len(t.sent) != len(words) || w.Object(into(f.name)).Level("in") != want {
			return false
		}
	}
	return true
}

// allRead waits until the receiver has looked, and the kernel's readings are newer.
func allRead(w *sims.World) bool {
	return latestRound(w).looked && w.ReadSince(w.Last("receiver", "looked"))
}

// recvs is how many calls of recvmsg(2) brought something out of a flavour in this step,
// and by what it is known: by the x-ray, or by the receiver's own word where that has not
// seen them all.
func recvs(w *sims.World, flavour string) (n int, source string) {
	receiver, before := w.Actor("receiver"), w.Before
	fd, _ := w.Holds("receiver", into(flavour), "")
	all := w.Called("receiver", "recvmsg")
	if before.Casts == w.Casts && before.Actor("receiver").Traced {
		all -= before.Called("receiver", "recvmsg")
	}
	told := int64(0)
	for _, c := range receiver.Calls {
		if c.Name != "recvmsg" || c.Blocked || c.At < before.Now {
			continue
		}
		told++
		if strings.HasPrefix(c.Args, fmt.Sprintf("fd=%d,", fd)) && !c.Failed && c.Result != "0" {
			n++
		}
	}
	if !receiver.Traced || told != all || n == 0 {
		return len(latestRound(w).of(flavour).reads), "the receiver's own word, as the x-ray did not see them"
	}
	return n, "ptrace: the x-ray of the receiver"
}

// listenGot is the answer of listen(2) to a type.
func listenGot(w *sims.World, flavour string) string {
	got := "no answer"
	for i := range w.Moments {
		if m := &w.Moments[i]; m.Name == "listen" && m.S["flavour"] == flavour {
			got = orElse(m.S["errno"], "listens")
			if got == "ENOTSUP" { // the same number under two names: listen(2) writes this one
				got = "EOPNOTSUPP"
			}
		}
	}
	return got
}

// endGot is what the last recvmsg on a type gave when nothing was there.
func endGot(w *sims.World, flavour string) string {
	got := "not asked"
	for i := range w.Moments {
		if m := &w.Moments[i]; m.Name == "last" && m.S["flavour"] == flavour {
			got = orElse(m.S["errno"], "0")
		}
	}
	return got
}

func sum(segs []scene.Segment) (n int64) {
	for i := range segs {
		n += segs[i].Bytes
	}
	return n
}

func texts(segs []scene.Segment) []string {
	var list []string
	for i := range segs {
		list = append(list, segs[i].Text)
	}
	return list
}

func drawFlavours(w *sims.World) *scene.Scene {
	r := latestRound(w)
	s := &scene.Scene{Sentence: flavoursSentence(w, r), Processes: []scene.Process{w.Process("sender"), w.Process("receiver")}}
	for _, f := range flavours {
		c := w.Connection(f.name, f.name, sims.SocketEnd{Role: "sender", Object: outOf(f.name)}, sims.SocketEnd{Role: "receiver", Object: into(f.name)})
		c.Ways, c.Type = c.Ways[:1], f.name // this lesson uses one way
		c.Ways[0].Expect = len(strings.Join(words, " ")) + 3
		if c.Ways[0].Queued > 0 {
			c.Ways[0].Messages = r.of(f.name).lying(f.name)
		}
		c.Note = cameOut(w, r, f.name)
		s.Objects = append(s.Objects, c)
		near, far := w.SocketLink("sender", outOf(f.name), f.name, "send"), w.SocketLink("receiver", into(f.name), f.name, "recv")
		far.From, far.To = far.To, far.From
		near.Both, far.Both = false, false
		s.Links = append(s.Links, near, far)
	}
	if r.looked { // then what came out is what the words are about
		s.Figures = append(answerFigures(w, r), inFigures(w)...)
	} else {
		s.Figures = append(inFigures(w), answerFigures(w, r)...)
	}
	return s
}

// inFigures are what waits in each socket.
func inFigures(w *sims.World) (list []scene.Figure) {
	for _, f := range flavours {
		list = append(list, w.BufferFigure("in-"+strings.ToLower(f.name), "to read from "+f.name, into(f.name)))
	}
	return list
}

// answerFigures are how many calls brought something out of each, or what listen(2) said.
func answerFigures(w *sims.World, r *round) (list []scene.Figure) {
	for _, f := range flavours {
		t := r.of(f.name)
		if w.Last("receiver", "listen") != nil {
			list = append(list, scene.Figure{ID: "listen-" + strings.ToLower(f.name), Label: "listen " + f.name, Text: listenGot(w, f.name), Origin: scene.Child}.From("the answer of listen(2) on a fresh socket of the type", ""))
			continue
		}
		list = append(list, scene.Count("calls-"+strings.ToLower(f.name), "recv calls "+f.name, int64(len(t.reads)), "", scene.Child).From("the receiver tells of each recvmsg(2) that brought something", ""))
	}
	return list
}

// cameOut is what the latest calls on a flavour gave, in a line under its bar.
func cameOut(w *sims.World, r *round, flavour string) string {
	t := r.of(flavour)
	m, _ := news(w)
	switch {
	case m != nil && m.Name == "send failed":
		return "send gave " + failedWith(w, flavour)
	case m != nil && m.Who == "receiver" && m.Name == "listen", m != nil && m.Name == "closed" && w.Last("receiver", "listen") != nil:
		return "listen gave " + strings.Replace(listenGot(w, flavour), "listens", "0: it listens", 1)
	case w.Last("sender", "closed") != nil && r.looked && endGot(w, flavour) == "0":
		return "recv gave 0: the end"
	case w.Last("sender", "closed") != nil && r.looked:
		return "recv gave " + endGot(w, flavour)
	case len(t.reads) > 0:
		return fmt.Sprintf("%d recv: ", len(t.reads)) + returned(t.reads, t.sent, flavour) + " B"
	}
	return ""
}

// failedWith is the error of the latest send into a flavour.
func failedWith(w *sims.World, flavour string) string {
	got := "no error yet"
	for i := range w.Moments {
		if m := &w.Moments[i]; m.Name == "send failed" && m.S["flavour"] == flavour {
			got = m.S["errno"]
		}
	}
	return got
}

// returned is "3, 3, 4✗, 4, 4", with a cross at what was cut.
func returned(reads, sent []scene.Segment, flavour string) string {
	var list []string
	for i := range reads {
		if i == 6 {
			list = append(list, "…")
			break
		}
		n := fmt.Sprint(reads[i].Bytes)
		if flavour != "STREAM" && i < len(sent) && reads[i].Bytes < sent[i].Bytes {
			n += "✗"
		}
		list = append(list, n)
	}
	return strings.Join(list, ", ")
}

func flavoursSentence(w *sims.World, r *round) string {
	sender, receiver := w.Actor("sender"), w.Actor("receiver")
	calls := fmt.Sprintf("%d, %d and %d", len(r.of("STREAM").reads), len(r.of("DGRAM").reads), len(r.of("SEQPACKET").reads))
	cut := r.of("DGRAM").cut + r.of("SEQPACKET").cut
	m, _ := news(w)
	switch {
	case sender.Ended() != "" && receiver.Ended() != "":
		return "Both are gone, and the sockets with them."
	case receiver.Ended() != "" && m != nil && m.Name == "send failed":
		return fmt.Sprintf("The receiver is gone: send gave %s on the stream, %s on the datagram and %s on the seqpacket.", failedWith(w, "STREAM"), failedWith(w, "DGRAM"), failedWith(w, "SEQPACKET"))
	case receiver.Ended() != "":
		return "The receiver is gone (" + receiver.Ended() + "): the next send into each socket fails."
	case sender.Ended() != "" && (m == nil || m.Name != "looked"):
		return "The sender is gone (" + sender.Ended() + "). What it has sent can still be received."
	case stopped(w) != "":
		return "The " + stopped(w) + " is stopped."
	case w.Asleep("sender", "") && sender.Syscall != "" && m != nil && m.Name == "sent":
		return "The sender sleeps in send(2): the buffer of a socket is full."
	case m == nil:
		return "Three sockets of three types join the two, and nothing has been sent."
	}
	switch m.Name {
	case "has none":
		return "The sender has closed its three sockets: there is nothing left that it could send into."
	case "closed":
		if w.Last("receiver", "listen") != nil {
			return "Only stream and seqpacket can listen. The sender has closed its three sockets."
		}
		return "The sender has closed its three sockets."
	case "listen":
		if w.Last("sender", "closed") != nil {
			return "The sender has closed. A datagram socket cannot listen: there is no connection that it could take."
		}
		return "A datagram socket cannot listen: there is no connection that it could take."
	case "send failed":
		return "The send into " + m.S["flavour"] + " gave " + m.S["errno"] + "."
	case "looked":
		switch {
		case endGot(w, "STREAM") == "0":
			return fmt.Sprintf("With the sender gone, recv gives %s on the stream, %s on the datagram and %s on the seqpacket.", endGot(w, "STREAM"), endGot(w, "DGRAM"), endGot(w, "SEQPACKET"))
		case len(r.of("STREAM").sent) == 0:
			return "Nothing was there to receive."
		case cut > 0:
			return fmt.Sprintf("%s recv calls. The buffer was short: %s and lost their ends.", calls, scene.Many(int64(cut), "message")+" were cut")
		}
		return calls + " recv calls brought the same " + fives(r) + " out of stream, datagram and seqpacket."
	case "received", "last":
		return "The receiver takes out what is there, a recvmsg(2) at a time."
	}
	return capital(fives(r)) + " lie in each socket. Only two of the three know where each one ends."
}

// fives is how many messages were sent into each socket: five, or as often as that.
func fives(r *round) string {
	if n := len(r.of("SEQPACKET").sent); n != len(words) {
		return scene.Many(int64(n), "message")
	}
	return "five messages"
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
