package sockets

import (
	"fmt"
	"path/filepath"
	"slices"

	"ipctour/sims"
	"ipctour/sims/scene"
)

// The picture of sockets/stream: who listens, who waits in the queue, and a
// connection for each client that was accepted.

// listening is the server with a socket that the kernel says listens.
func listening(w *sims.World) bool {
	o := w.Object("door")
	return w.Actor("server").Life.Alive() && o.Level("holders") == 1 && o.Level("listens") == 1 && w.ReadSince(w.Last("server", "listens"))
}

// lineOf is the server's end of its connection with a client, by the pid that the
// kernel gave with it; "" when there is none.
func lineOf(w *sims.World, client string) string {
	line := ""
	for i := range w.Moments {
		m := &w.Moments[i]
		switch {
		case m.Who != "server":
		case m.Name == "listens": // a new server knows nobody
			line = ""
		case m.Name == "accepted" && m.N["pid"] == int64(w.Actor(client).PID):
			line = lineName(int(m.N["line"]))
		case (m.Name == "end" || m.Name == "hung up") && lineName(int(m.N["line"])) == line:
			line = ""
		}
	}
	return line
}

// inConversation: both ends of a client's connection are in their tables.
func inConversation(w *sims.World, client string) bool {
	return target(w, client, endName(client)) != "" && target(w, "server", lineOf(w, client)) != "" && w.ReadSince(w.Last("server", "accepted"))
}

// knockedAt is what the stranger's latest connect gave.
func knockedAt(w *sims.World) string {
	m := w.Last("stranger", "knocked")
	if m == nil {
		return "no answer"
	}
	return orElse(m.S["errno"], "connected")
}

// knocked is a knock of this step, with its answer.
func knocked(w *sims.World) bool { return w.News("stranger", "knocked") != nil }

// formerServer: an answer that was given before the present server listened is none of
// its own.
func formerServer(w *sims.World, answer *sims.Moment) bool {
	m := w.Last("server", "listens")
	return m != nil && answer.At < m.At
}

// boundAt is the latest answer to a path of that length.
func boundAt(w *sims.World, length int) string {
	got := "no answer"
	for i := range w.Moments {
		if m := &w.Moments[i]; m.Name == "bound" && m.N["length"] == int64(length) {
			got = orElse(m.S["errno"], "bound")
		}
	}
	return got
}

func drawStream(w *sims.World) *scene.Scene {
	s := &scene.Scene{Sentence: streamSentence(w)}
	door := doorway(w)
	s.Objects = append(s.Objects, door)
	for _, client := range clients {
		if w.Actor(client).Births == 0 {
			continue
		}
		drawn := len(s.Links)
		drawClient(w, s, client)
		if len(s.Links) > drawn || w.Actor(client).Life.Alive() { // who has left nothing behind leaves the picture too
			s.Processes = append(s.Processes, sleeper(w, client, "connect"))
		}
	}
	tried := w.Last("stranger", "bound")
	if m := w.Last("stranger", "knocked"); m != nil && (tried == nil || tried.At < m.At) && !formerServer(w, m) {
		l := scene.Link{From: "stranger", To: "door", Through: orElse(m.S["errno"], "got in, and left"), State: scene.Broken}
		if m.S["errno"] == "" {
			l.State = scene.Idle
		}
		s.Links = append(s.Links, l)
	}
	if w.Last("stranger", "knocked") != nil || w.Last("stranger", "bound") != nil || w.Actor("stranger").Ended() != "" {
		s.Processes = append(s.Processes, w.Process("stranger"))
	}
	s.Processes = append(s.Processes, sleeper(w, "server", "accept"))
	if _, open := w.Holds("server", "door", ""); open || w.Actor("server").Births > 0 && w.Last("server", "listens") != nil {
		l := w.SocketLink("server", "door", "door", "accept")
		l.From, l.To, l.Both = l.To, l.From, false // connections come out of it
		s.Links = append(s.Links, l)
	}
	if m, _ := news(w); m != nil && m == tried {
		s.Objects = append(s.Objects, scene.Thing{ID: "long paths", Label: "what bind said to the stranger", Lines: []string{
			fmt.Sprintf("a path of %d bytes   %s", pathBytes, boundAt(w, pathBytes)),
			fmt.Sprintf("a path of %d bytes   %s", pathBytes+1, boundAt(w, pathBytes+1)),
		}})
	}
	s.Figures = streamFigures(w, door.Path)
	return s
}

// sleeper is a process that may sleep in a call, with the call's name for where the
// kernel's own function would stand.
func sleeper(w *sims.World, role string, calls ...string) scene.Process {
	p := w.Process(role)
	for _, call := range calls {
		if w.Asleep(role, "") && contains(w.Actor(role).Syscall, call) {
			p.Where, p.Note = "", "sleeps in "+call
		}
	}
	return p
}

// doorway is the socket that listens, or what is left of it: its name.
func doorway(w *sims.World) scene.Socket {
	o := w.Object("door")
	d := scene.Socket{ID: "door", Label: "listening socket", Type: "STREAM", Path: doorFile, Listens: true, Backlog: backlog,
		Waiting: int(o.Level("waiting")), Gone: o.Level("holders") <= 0}
	if w.Options["name"] == "abstract" {
		d.Path = "@…/" + doorFile
	} else {
		d.Removed = o.Level("exists") == 0
	}
	return d
}

// drawClient joins a client to its connection, or to the queue where it waits.
func drawClient(w *sims.World, s *scene.Scene, client string) {
	line := lineOf(w, client)
	_, open := w.Holds(client, endName(client), "")
	m := w.Last(client, "refused")
	switch {
	case m != nil && m.At >= w.Actor(client).Born && formerServer(w, m):
	case m != nil && m.At >= w.Actor(client).Born:
		s.Links = append(s.Links, scene.Link{From: client, To: "door", Through: m.S["errno"], State: scene.Broken})
	case line != "":
		id := "connection " + client
		c := w.Connection(id, "connection", sims.SocketEnd{Role: client, Object: endName(client)}, sims.SocketEnd{Role: "server", Object: line})
		for i, way := range []struct{ who, other string }{{client, "server"}, {"server", client}} {
			sent, received := exchanged(w, client, way.who, way.other, line)
			if messages := sims.Unread(sent, received); c.Ways[i].Queued > 0 {
				c.Ways[i].Messages = messages
			}
		}
		if c.Gone {
			return
		}
		s.Objects = append(s.Objects, c)
		near, far := w.SocketLink(client, endName(client), id, "recv", "send"), w.SocketLink("server", line, id, "recv", "send")
		far.From, far.To = far.To, far.From
		near.Both, far.Both = true, true
		if dead := !w.Actor("server").Life.Alive() || w.Object(line).Level("holders") == 0; dead && near.State != scene.Cut { // the client has its end open still, which leads nowhere
			near.State, near.Through = scene.Broken, "its server is gone"
		}
		s.Links = append(s.Links, near, far)
	case open && w.Last(client, "connected") != nil:
		l := w.SocketLink(client, endName(client), "door", "connect")
		l.Through, l.Both = "a connection", false
		if w.Object("door").Level("holders") == 0 {
			l.Through, l.State = "its server is gone", scene.Broken
		}
		s.Links = append(s.Links, l)
	case open:
		s.Links = append(s.Links, w.SocketLink(client, endName(client), "door", "connect"))
	}
}

// exchanged is what one side of a client's connection has sent, and how much of it
// the other has received.
func exchanged(w *sims.World, client, from, to, line string) (sent []scene.Segment, received int64) {
	for i := range w.Moments {
		m := &w.Moments[i]
		if m.At < w.Actor(client).Born || m.Who == "server" && lineName(int(m.N["line"])) != line {
			continue
		}
		switch {
		case m.Who == from && m.Name == "sent":
			sent = append(sent, scene.Segment{Who: from, Bytes: m.N["bytes"], Text: m.S["text"]})
		case m.Who == to && m.Name == "received":
			received += m.N["bytes"]
		}
	}
	return sent, received
}

func streamFigures(w *sims.World, name string) []scene.Figure {
	var figures []scene.Figure
	if w.Object("door").Level("holders") > 0 {
		figures = append(figures, w.WaitingFigure("door", name))
	}
	for _, client := range clients {
		line := lineOf(w, client)
		if line != "" && w.Object(line).Level("holders") > 0 {
			figures = append(figures, w.BufferFigure("to-server-"+client, client+" → server", line))
		}
		if line != "" && w.Object(endName(client)).Level("holders") > 0 {
			figures = append(figures, w.BufferFigure("from-server-"+client, "server → "+client, endName(client)))
		}
	}
	return append(append(figures, w.CountFigure("server", "accepted", "accepted", ""), nameFigure(w)), answers(w)...)
}

// answers are what the calls gave. The words of a step point to the latest.
func answers(w *sims.World) []scene.Figure {
	var figures []scene.Figure
	add := func(id, label, text, how string, at *sims.Moment) {
		f := scene.Figure{ID: id, Label: label, Text: text, Origin: scene.Child}.From(how, "")
		m, _ := news(w)
		f.Now = m != nil && m.Who == at.Who && m.Name == at.Name
		figures = append(figures, f)
	}
	for _, n := range []int{pathBytes + 1, pathBytes} {
		if m := w.Last("stranger", "bound"); m != nil && boundAt(w, n) != "no answer" {
			add(fmt.Sprintf("bind-%d", n), fmt.Sprintf("bind with %d bytes", n), boundAt(w, n), "the answer of bind(2), called without the C library", m)
		}
	}
	if m := w.Last("stranger", "knocked"); m != nil && !formerServer(w, m) {
		add("knocked", "the stranger's connect", knockedAt(w), "errno of connect(2)", m)
	}
	if m, ok := w.Last("server", "bind failed"), w.Last("server", "listens"); m != nil && (ok == nil || ok.At < m.At) {
		add("bind", "the server's bind", m.S["errno"], "errno of bind(2)", m)
	}
	return figures
}

// nameFigure says what the file system, or the kernel's list of sockets, knows of the name.
func nameFigure(w *sims.World) scene.Figure {
	o := w.Object("door")
	if w.Options["name"] == "abstract" {
		return boundFigure(o)
	}
	f := scene.Figure{ID: "name", Label: "the name", Origin: scene.Kernel, Text: doorFile + " is there"}
	switch {
	case o.Level("exists") < 0:
		return scene.Missing("name", "the name", "it has not been looked for yet")
	case o.Level("exists") == 0:
		f.Text = "no such file"
	}
	return f.From("lstat(2) on the path", "ls -l "+filepath.Dir(o.S["path"]))
}

// boundFigure says whether a socket bears the abstract name.
func boundFigure(o *sims.ObjectState) scene.Figure {
	f := scene.Figure{ID: "name", Label: "the name", Origin: scene.Kernel, Text: "a socket bears it"}
	switch o.Level("bound") {
	case -1:
		return scene.Missing("name", "the name", "/proc/net/unix has not been read")
	case 0:
		f.Text = "no socket bears it"
	}
	return f.From("lines of /proc/net/unix that bear it", "grep -F '/"+doorFile+"' /proc/net/unix")
}

func streamSentence(w *sims.World) string {
	server, o := w.Actor("server"), w.Object("door")
	if who := stopped(w); who == "server" && o.Level("holders") > 0 {
		return "The server is stopped. The kernel still answers connect, and whoever comes waits in the queue."
	} else if who != "" {
		return "The " + roleName(who) + " is stopped."
	}
	m, ended := news(w)
	switch {
	case ended == "server" && m != nil && m.Name == "bind failed", m != nil && m.Name == "bind failed" && ended == "":
		return "bind(2) gave the new server " + m.S["errno"] + ": the name of the dead one is in its way."
	case ended != "":
		return endedSentence(w, ended)
	case sleepsInConnect(w) != "":
		return "The " + roleName(sleepsInConnect(w)) + " sleeps in connect(2): the queue is full."
	case m != nil && m.Who == "stranger":
		return strangerSentence(w, m)
	case nameless(w) && (m == nil || m.Name == "listens" || m.Name == "accepted" || m.Name == "connected"):
		return "The server still listens, but its name is gone: nobody new finds the way to it."
	case w.Asleep("server", "") && server.Syscall != "" && o.Level("waiting") == 0 && o.Level("holders") > 0:
		return "The server sleeps in accept(2): the queue is empty."
	case m == nil:
		return "The cast is starting."
	case m.Name == "connected" && lineOf(w, m.Who) != "":
		return momentSentence(w, w.Last("server", "accepted")) // it came so fast that its word came first
	}
	return momentSentence(w, m)
}

// nameless is a server that listens behind a path that is no longer there.
func nameless(w *sims.World) bool {
	o := w.Object("door")
	return w.Options["name"] == "path" && o.Level("exists") == 0 && listening(w)
}

// sleepsInConnect is a client whose connect does not return, "" for none.
func sleepsInConnect(w *sims.World) string {
	for _, client := range clients {
		if w.Asleep(client, "") && contains(w.Actor(client).Syscall, "connect") {
			return client
		}
	}
	return ""
}

// roleName is a role in a sentence.
func roleName(role string) string {
	switch role {
	case "second", "honest":
		return role + " client"
	}
	return role
}

// endedSentence is what an end has left behind.
func endedSentence(w *sims.World, who string) string {
	how := w.Actor(who).Ended()
	m := w.Last(who, "refused")
	switch {
	case m != nil && m.At >= w.Actor(who).Born:
		return "connect gave the " + roleName(who) + " " + m.S["errno"] + ", and it has left."
	case who == "server" && w.Options["name"] == "abstract":
		return "The server is gone (" + how + "), and its abstract name with it."
	case who == "server" && w.Object("door").Level("exists") == 1:
		return "The server is gone (" + how + "), and so is its socket. Its name is still in the folder."
	case who == "server":
		return "The server is gone (" + how + "), and so is its socket."
	case w.Actor("server").Life.Alive() && who != "stranger":
		return "The " + roleName(who) + " is gone (" + how + "). The server listens as before."
	}
	return "The " + roleName(who) + " is gone (" + how + ")."
}

func strangerSentence(w *sims.World, m *sims.Moment) string {
	if m.Name == "bound" {
		if m.S["errno"] == "" {
			return fmt.Sprintf("A path of %d bytes: bind(2) takes it.", m.N["length"])
		}
		return fmt.Sprintf("A path of %d bytes: bind(2) says %s.", m.N["length"], m.S["errno"])
	}
	switch m.S["errno"] {
	case "":
		return "The stranger's connect was answered at once, by the kernel. It has closed again, and its place in the queue stays taken."
	case "ECONNREFUSED":
		if w.Options["name"] == "abstract" {
			return "ECONNREFUSED: nobody listens under that abstract name."
		}
		return "ECONNREFUSED: the name is there, and nobody listens behind it."
	case "ENOENT":
		return "ENOENT: there is no such name."
	case "EAGAIN":
		return "EAGAIN: the queue is full, and the stranger would not wait."
	}
	return "connect gave the stranger " + m.S["errno"] + "."
}

func momentSentence(w *sims.World, m *sims.Moment) string {
	who := "The " + roleName(m.Who)
	switch m.Name {
	case "listens":
		return "The server listens, and nobody has come yet."
	case "connected":
		return who + "'s connect has returned, and nobody has accepted it: it waits in the queue."
	case "refused":
		return "connect gave the " + roleName(m.Who) + " " + m.S["errno"] + "."
	case "accepted":
		whom := whoIs(w, m.N["pid"])
		switch {
		case slices.Contains(clients, whom):
			whom = "the " + roleName(whom)
		case whom == "stranger":
			whom = "a stranger who has left already"
		default:
			whom = "a client that has left already"
		}
		return fmt.Sprintf("accept has given the server descriptor %d for %s; the listening socket goes on listening.", m.N["fd"], whom)
	case "sent":
		return waitSentence(w)
	case "send failed":
		return "send(2) gave the " + roleName(m.Who) + " " + m.S["errno"] + ": the other side is gone."
	case "received":
		return who + " has received " + scene.Bytes(m.N["bytes"]) + "."
	case "nothing there":
		return "Nothing was there to receive for the " + roleName(m.Who) + "."
	case "hung up":
		return "The server has closed its end of the conversation, and listens as before. What the other side reads next is the end."
	case "end":
		if m.S["errno"] != "" {
			return "recv gave the " + roleName(m.Who) + " " + m.S["errno"] + ": the other side is gone, and had left something unread."
		}
		return "recv gave the " + roleName(m.Who) + " 0: the end, the other side has closed."
	}
	return who + ": " + m.Name + "."
}

// waitSentence is what lies in the buffers of whoever is connected.
func waitSentence(w *sims.World) string {
	for _, client := range clients {
		line := lineOf(w, client)
		if line == "" {
			continue
		}
		in, out := max(w.Object(line).Level("in"), 0), max(w.Object(endName(client)).Level("in"), 0)
		switch {
		case in > 0 && out > 0:
			return scene.Bytes(in) + " lie in one direction and " + scene.Bytes(out) + " in the other: each way has a buffer of its own."
		case in > 0:
			return scene.Bytes(in) + " wait for the server."
		case out > 0:
			return scene.Bytes(out) + " wait for the " + roleName(client) + "."
		}
	}
	return "Bytes are on their way."
}
