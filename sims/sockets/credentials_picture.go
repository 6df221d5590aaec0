package sockets

import (
	"fmt"

	"ipctour/sims"
	"ipctour/sims/scene"
)

// The picture of sockets/credentials: who is connected, and the latest message with what its
// text says beside what the kernel says.

// heard waits for a message of this step: from a client, with a text that says a client.
func heard(from, says string) func(*sims.World) bool {
	return func(w *sims.World) bool {
		m := messageFrom(w, from, says)
		return m != nil && w.Before != nil && m.At >= w.Before.Now
	}
}

// lastClaim is the forger's latest claim of a kind, with the kernel's answer; nil for none.
func lastClaim(w *sims.World, what string) *sims.Moment {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		if m := &w.Moments[i]; m.Name == "claimed" && m.Who == "forger" && m.S["what"] == what {
			return m
		}
	}
	return nil
}

// answered waits for the kernel's answer to a claim of a kind made after a step, and
// long enough that a message would have been told.
func answered(what, step string) func(*sims.World) bool {
	return func(w *sims.World) bool {
		m, news := lastClaim(w, what), w.News("forger", "claimed")
		return w.After(step) != nil && m != nil && m == news && w.ReadSince(m)
	}
}

// checkForged judges a claim that the kernel is to refuse. Where the user claimed does
// not exist in this user namespace the answer is EINVAL.
func checkForged(what string) func(*sims.World) sims.Verdict {
	return func(a *sims.World) sims.Verdict {
		b := a.Before
		errno, arrived := lastClaim(a, what).S["errno"], a.Said("server", "message")-b.Said("server", "message")
		want := "EPERM, 0 messages arrived"
		if what == "uid" && errno == "EINVAL" {
			want = "EINVAL (there is no such user in this user namespace), 0 messages arrived"
		}
		ok := errno == "EPERM" || what == "uid" && errno == "EINVAL"
		return sims.Judge(ok && arrived == 0, want, fmt.Sprintf("%s, %d messages arrived", orElse(errno, "sent"), arrived), "errno of sendmsg(2), the server's recvmsg(2)")
	}
}

// checkAdmission judges a message that told the truth, from a client that is on the list,
// or is not.
func checkAdmission(client string, onList bool) func(*sims.World) sims.Verdict {
	return func(a *sims.World) sims.Verdict {
		m, pid := messageFrom(a, client, client), int64(a.Actor(client).PID)
		say := func(claims, sender, admitted int64) string {
			return fmt.Sprintf("the text says %d, the kernel %d, on the list is %d: %s", claims, sender, m.N["listed"], map[int64]string{0: "turned away", 1: "admitted"}[admitted])
		}
		want := map[bool]int64{true: 1}[onList]
		return sims.Judge((m.N["listed"] == pid) == onList && m.N["claims"] == pid && m.N["pid"] == pid && m.N["admitted"] == want, say(pid, pid, want), say(m.N["claims"], m.N["pid"], m.N["admitted"]), "SCM_CREDENTIALS in recvmsg(2)")
	}
}

// messageFrom is the latest message that a role has sent, by the kernel's word, with a text
// that says a role; nil for none.
func messageFrom(w *sims.World, from, says string) *sims.Moment {
	sender, claimed := int64(w.Actor(from).PID), int64(w.Actor(says).PID)
	for i := len(w.Moments) - 1; i >= 0; i-- {
		if m := &w.Moments[i]; m.Name == "message" && sender > 0 && m.N["pid"] == sender && m.N["claims"] == claimed {
			return m
		}
	}
	return nil
}

// verdictOf is what the server made of a message.
func verdictOf(m *sims.Moment) string {
	if m.N["admitted"] == 1 {
		return "admitted"
	}
	return "turned away"
}

// latestClaim is the latest message: refused when it was sent, or arrived.
func latestClaim(w *sims.World) (refused, arrived *sims.Moment) {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		switch m := &w.Moments[i]; {
		case m.Name == "claimed" && m.S["errno"] != "":
			return m, nil
		case m.Name == "message":
			return nil, m
		}
	}
	return nil, nil
}

// plain is a message without credentials of the sender's choice.
func plain(m *sims.Moment) bool { return m.S["what"] == "hello" || m.S["what"] == "lie" }

// whoIs is the role that has or had a pid, or the pid itself.
func whoIs(w *sims.World, pid int64) string {
	for _, a := range w.Actors {
		if pid > 0 && int64(a.PID) == pid {
			return a.Role
		}
	}
	return fmt.Sprint("pid ", pid)
}

func drawCredentials(w *sims.World) *scene.Scene {
	s := &scene.Scene{Sentence: credentialsSentence(w)}
	for _, client := range callers {
		s.Processes = append(s.Processes, clientProcess(w, client))
		drawCaller(w, s, client)
		if client == "honest" && w.Actor("heir").Births > 0 {
			s.Processes = append(s.Processes, clientProcess(w, "heir"))
		}
	}
	server := w.Process("server")
	if contains(server.Where, "poll") {
		server.Where, server.Note = "", "sleeps in poll"
	}
	s.Processes = append(s.Processes, server)
	s.Objects = append(s.Objects, claimThing(w))
	s.Figures = credentialsFigures(w)
	return s
}

// clientProcess is a client, under the name of the program that it has become.
func clientProcess(w *sims.World, role string) scene.Process {
	p := w.Process(role)
	if program := w.Actor(role).Program; program != "" {
		p.Name = role + ", now " + program
	}
	return p
}

// drawCaller joins a client, and whoever else holds its socket, to its connection.
func drawCaller(w *sims.World, s *scene.Scene, client string) {
	line := lineOf(w, client)
	if line == "" {
		return
	}
	id := "connection " + client
	c := w.Connection(id, "connection", sims.SocketEnd{Role: client, Object: endName(client)}, sims.SocketEnd{Role: "server", Object: line})
	if c.Gone {
		return
	}
	c.Ways = nil // what is sent is received at once: the buffers tell nothing here
	c.Type, c.Note = "", fmt.Sprintf("peer: pid %d", peerOf(w, line))
	s.Objects = append(s.Objects, c)
	near, far := w.SocketLink(client, endName(client), id, "sendmsg"), w.SocketLink("server", line, id, "recvmsg")
	far.From, far.To = far.To, far.From
	near.Both, far.Both = false, false
	if refused, _ := latestClaim(w); refused != nil && refused.Who == client && near.State != scene.Cut {
		near.State, near.Through = scene.Broken, refused.S["errno"]
	}
	s.Links = append(s.Links, near, far)
	if _, open := w.Holds("heir", endName(client), ""); open {
		l := w.SocketLink("heir", endName(client), id, "sendmsg")
		l.Both = false
		s.Links = append(s.Links, l)
	}
}

// peerOf is who made the connection of a line, as SO_PEERCRED said it.
func peerOf(w *sims.World, line string) (pid int64) {
	for i := range w.Moments {
		if m := &w.Moments[i]; m.Name == "accepted" && lineName(int(m.N["line"])) == line {
			pid = m.N["pid"]
		}
	}
	return pid
}

// claimThing is the latest message, opened up.
func claimThing(w *sims.World) scene.Thing {
	t := scene.Thing{ID: "message", Label: "latest message", Lines: []string{"there has been none yet"}}
	switch refused, arrived := latestClaim(w); {
	case refused != nil:
		t.Label = "message that was never sent"
		lead := "it claims  "
		if plain(refused) {
			lead = "it says    "
		}
		t.Lines = []string{fmt.Sprintf(lead+" pid %d, uid %d", refused.N["pid"], refused.N["uid"]), "sendmsg     " + refused.S["errno"] + " for the " + refused.Who}
	case arrived != nil:
		t.Lines = []string{
			fmt.Sprintf("its text says     pid %d  %s", arrived.N["claims"], whoIs(w, arrived.N["claims"])),
			fmt.Sprintf("SCM_CREDENTIALS   pid %d  %s", arrived.N["pid"], whoIs(w, arrived.N["pid"])),
			fmt.Sprintf("SO_PEERCRED       pid %d  %s", arrived.N["peer"], whoIs(w, arrived.N["peer"])),
			"on the list       " + onTheList(w, arrived.N["listed"]),
		}
		t.Label += ", " + verdictOf(arrived)
	}
	return t
}

// onTheList is whom the server admits.
func onTheList(w *sims.World, pid int64) string {
	if pid == 0 {
		return "nobody"
	}
	return fmt.Sprintf("pid %d  %s", pid, whoIs(w, pid))
}

func credentialsFigures(w *sims.World) []scene.Figure {
	var list []scene.Figure
	refused, arrived := latestClaim(w)
	switch {
	case refused != nil:
		list = append(list, scene.Figure{ID: "refused", Label: "sendmsg", Text: refused.S["errno"], Origin: scene.Child}.From("errno of sendmsg(2)", ""),
			scene.Figure{ID: "asked", Label: map[bool]string{false: "claimed", true: "said"}[plain(refused)], Text: fmt.Sprintf("pid %d, uid %d", refused.N["pid"], refused.N["uid"]), Origin: scene.Child}.
				From(map[bool]string{false: "what the forger put into SCM_CREDENTIALS", true: "what the text of the message said"}[plain(refused)], ""))
	case arrived != nil:
		list = append(list,
			scene.Figure{ID: "claims", Label: "the text says", Text: fmt.Sprintf("pid %d", arrived.N["claims"]), Origin: scene.Child}.From("the bytes that the server received", ""),
			scene.Figure{ID: "sender", Label: "SCM_CREDENTIALS", Text: fmt.Sprintf("pid %d, uid %d, gid %d", arrived.N["pid"], arrived.N["uid"], arrived.N["gid"]), Origin: scene.Kernel}.
				From("control message of recvmsg(2), filled in by the kernel", fmt.Sprintf("grep -E 'Pid|Uid|Gid' /proc/%d/status", arrived.N["pid"])),
			scene.Figure{ID: "peer", Label: "SO_PEERCRED", Text: fmt.Sprintf("pid %d", arrived.N["peer"]), Origin: scene.Kernel}.
				From("getsockopt(SO_PEERCRED) on the server's end", "ss -xp | grep "+doorFile),
			scene.Figure{ID: "verdict", Label: "the server", Text: verdictOf(arrived), Origin: scene.Child}.From("the server compares SCM_CREDENTIALS with its list, and the uid with its own", ""))
	}
	if arrived != nil || refused != nil {
		return list // the frame with the message tells the rest
	}
	for _, client := range callers {
		list = append(list, scene.Figure{ID: "pid-" + client, Label: "pid of " + client, Text: fmt.Sprint(w.Actor(client).PID), Origin: scene.Kernel}.From("the pid that the tour got when it started the process", "ps -o pid,args"))
	}
	return append(list, w.CountFigure("server", "admitted", "admitted", ""), w.CountFigure("server", "turned away", "turned away", ""))
}

func credentialsSentence(w *sims.World) string {
	m, ended := news(w)
	server := w.Actor("server")
	switch {
	case server.Ended() != "" && (m == nil || m.Name != "claimed" || m.S["errno"] == ""):
		return "The server is gone (" + server.Ended() + "): the next send fails with EPIPE."
	case stopped(w) != "":
		return "The " + roleName(stopped(w)) + " is stopped."
	case ended == "honest" && w.Actor("honest").Program != "" && m != nil && (m.Name == "message" || m.Name == "end"):
		return echoSentence(w)
	case ended != "":
		return "The " + roleName(ended) + " is gone (" + w.Actor(ended).Ended() + ")."
	case m == nil:
		return "The clients are about to connect."
	case w.Actor("honest").Program != "" && m.Name == "message" && whoIs(w, m.N["pid"]) == "honest":
		return echoSentence(w)
	}
	switch m.Name {
	case "accepted":
		if w.Said("server", "accepted") < len(callers) {
			return "The server has accepted one of the two, and asked the kernel who it is."
		}
		return "Both are connected. Nobody has said a word, and the server knows their pids."
	case "claimed":
		if m.S["errno"] == "EPIPE" {
			return "sendmsg(2) gave the " + roleName(m.Who) + " EPIPE: nobody holds the other end any more."
		}
		if m.S["errno"] != "" {
			return fmt.Sprintf("The %s claimed to be pid %d, uid %d: sendmsg(2) gave it %s.", m.Who, m.N["pid"], m.N["uid"], m.S["errno"])
		}
		if _, arrived := latestClaim(w); arrived != nil {
			return messageSentence(w, arrived)
		}
	case "message":
		return messageSentence(w, m)
	case "end":
		return "A connection has come to its end: nobody holds the client's side any more."
	case "has an heir":
		return "The honest client has forked already: one child is enough here."
	}
	return "A message is on its way."
}

func messageSentence(w *sims.World, m *sims.Moment) string {
	says, sent, peer := whoIs(w, m.N["claims"]), whoIs(w, m.N["pid"]), whoIs(w, m.N["peer"])
	switch {
	case m.N["admitted"] == 1 && m.N["claims"] == m.N["pid"]:
		return "The " + roleName(sent) + " says who it is, the kernel says the same, and it is on the list: admitted."
	case m.N["admitted"] == 1:
		return "The text says " + says + ", the kernel says " + sent + ", who is on the list: admitted. The server does not go by the text."
	case sent != peer:
		return "The " + roleName(sent) + " has sent it, and the " + roleName(peer) + " had connected. The kernel tells both, and the sender is not on the list: turned away."
	case m.N["claims"] == m.N["pid"]:
		return "The " + roleName(sent) + " says who it is, and the kernel says the same. It is not on the list: turned away."
	}
	return "The text says " + says + ", the kernel says " + sent + ", who is not on the list: turned away."
}

func echoSentence(w *sims.World) string {
	if _, m := latestClaim(w); m != nil && m.N["admitted"] == 1 && whoIs(w, m.N["pid"]) == "honest" {
		return "The honest client has become echo, and echo was admitted: same process, same pid, another program."
	}
	return "The honest client has become echo."
}
