package sockets

import (
	"fmt"
	"slices"

	"ipctour/sims"
	"ipctour/sims/scene"
)

// The picture of sockets/pass-fd: the line between the two, with what is in flight on it, and
// the thing that was handed over last.

func opened(w *sims.World, role, object string) bool {
	_, open := w.Holds(role, object, "")
	return open
}

// openersOwn says whether the opener has kept its own descriptor of an object.
func openersOwn(w *sims.World, object string) string {
	if opened(w, "opener", object) {
		return "the opener has it open"
	}
	return "the opener has closed it"
}

// pos is where the offset of a role's descriptor of the file stands; -1 for none.
func pos(w *sims.World, role string) int64 {
	if !opened(w, role, "file") {
		return -1
	}
	return w.Object("file").Level("pos " + role)
}

// lineRead is what a role's latest read of the file brought.
func lineRead(w *sims.World, role string) string {
	if m := w.Last(role, "read"); m != nil {
		return m.S["text"]
	}
	return ""
}

// nextLine is the line of the file at the offset that both share.
func nextLine(w *sims.World) string {
	return fmt.Sprintf("line %d.", max(pos(w, "worker"), pos(w, "opener"))/lineBytes+1)
}

// saidBytes is all that the worker has written into the pipe, or emptied out of it.
func saidBytes(w *sims.World, name string) (n int64) {
	for i := range w.Moments {
		if m := &w.Moments[i]; m.Name == name {
			n += m.N["bytes"]
		}
	}
	return n
}

// subject is the object that the latest moment is about.
func subject(w *sims.World) string {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		switch what := w.Moments[i].S["what"]; what {
		case "":
		case "pipe r":
			return "pipe"
		default:
			return what
		}
	}
	return "file"
}

// inFlight is what was passed and not received yet.
func inFlight(w *sims.World) []string {
	var list []string
	received := 0
	for i := range w.Moments {
		switch m := &w.Moments[i]; m.Name {
		case "passed":
			list = append(list, m.S["what"])
		case "received":
			received++
		}
	}
	return list[min(received, len(list)):]
}

// flies: a message that nobody has received holds it. The message goes with the
// worker's end of the line.
func flies(w *sims.World, what string) bool {
	return w.Actor("worker").Life.Alive() && slices.Contains(inFlight(w), what)
}

// thingName is an object in words.
func thingName(what string) string {
	switch what {
	case "file":
		return "recipe.txt"
	case "pipe":
		return "the pipe's write end"
	case "pipe r":
		return "the pipe's read end"
	case "memory":
		return "the memory"
	case "door":
		return "the listening socket"
	}
	return what
}

func drawPassFD(w *sims.World) *scene.Scene {
	s := &scene.Scene{Sentence: passSentence(w), Processes: []scene.Process{w.Process("opener")}}
	line := w.Connection("line", "socket", sims.SocketEnd{Role: "opener", Object: "opener's end"}, sims.SocketEnd{Role: "worker", Object: "worker's end"})
	line.Ways, line.Type = line.Ways[:1], "SEQPACKET"
	names := inFlight(w)
	for i := range line.Ways[0].Flying {
		if i < len(names) {
			line.Ways[0].Flying[i] = thingName(names[i])
		}
	}
	if line.Ways[0].Queued > 0 {
		for _, what := range names { // the bytes that say what comes
			line.Ways[0].Messages = append(line.Ways[0].Messages, scene.Segment{Who: "opener", Bytes: int64(len(what)), Text: what})
		}
	}
	near, far := w.SocketLink("opener", "opener's end", "line", "sendmsg"), w.SocketLink("worker", "worker's end", "line", "recvmsg")
	near.Both, far.Both = false, false
	far.From, far.To = far.To, far.From
	if w.Actor("opener").Ended() == "" { // whoever has ended holds nothing
		s.Links = append(s.Links, near)
	}
	s.Objects, s.Links = append(s.Objects, line), append(s.Links, far)
	what := subject(w)
	s.Objects = append(s.Objects, passObject(w, what))
	if what == "door" && w.Actor("caller").Births > 0 {
		s.Processes = append(s.Processes, sleeper(w, "caller", "connect", "read"))
	}
	s.Processes = append(s.Processes, sleeper(w, "worker", "recvmsg", "accept"))
	s.Links = append(s.Links, passLinks(w, what)...)
	s.Figures = passFigures(w)
	return s
}

// passObject is the thing handed over as the picture shows it.
func passObject(w *sims.World, what string) scene.Object {
	o := w.Object(what)
	switch what {
	case "pipe":
		p := w.Pipe("pipe")
		p.Gone = p.Gone && !flies(w, "pipe") && !flies(w, "pipe r")
		return p
	case "memory":
		return scene.Page{ID: "memory", Label: "memfd", Size: 4096, Words: []scene.Word{{Name: "first word", Text: fmt.Sprint(max(o.Level("word"), 0))}}}
	case "door":
		return scene.Socket{ID: "door", Label: "listening socket", Type: "STREAM", Path: doorFile, Listens: true, Backlog: backlog,
			Waiting: int(o.Level("waiting")), Gone: o.Level("holders") <= 0 && !flies(w, "door"), Removed: o.Level("exists") == 0}
	}
	f := w.File("file")
	f.ID = "file"
	switch at := max(pos(w, "opener"), pos(w, "worker")); {
	case at >= 0:
		f.Note = fmt.Sprintf("one offset: %d", at)
		if pos(w, "opener") < 0 || pos(w, "worker") < 0 {
			f.Note = fmt.Sprintf("offset: %d", at)
		}
	case flies(w, "file"):
		f.Note = "only the message holds it"
	case len(w.Object("worker's end").N) > 0:
		f.Note = "nobody has it open"
	}
	return f
}

// passLinks join whoever has a descriptor of the thing to it.
func passLinks(w *sims.World, what string) []scene.Link {
	var list []scene.Link
	add := func(role, mode string) {
		if !opened(w, role, what) && !(role == "opener" && w.Actor(role).Ended() == "" && opened(w, "worker", what)) {
			return // the opener had all of them: what it has closed is shown as closed
		}
		l := w.Link(role, what, mode)
		if l.State == scene.Blocked && !(what == "door" && contains(w.Actor(role).Syscall, "accept")) || l.State == scene.Moving {
			l.State = scene.Idle
		}
		list = append(list, l)
	}
	switch what {
	case "pipe":
		for _, role := range []string{"opener", "worker"} {
			for _, mode := range []string{"w", "r"} {
				if _, open := w.Holds(role, "pipe", mode); open || role == "opener" && mode == "w" {
					add(role, mode)
				}
			}
		}
		return list
	case "file":
		add("opener", "r")
		add("worker", "r")
	default:
		add("opener", "rw")
		add("worker", "rw")
	}
	for i := range list { // the thing stands between the two, under the line
		if list[i].From == what {
			list[i].From, list[i].To = list[i].To, list[i].From
		}
		list[i].Both = true
	}
	if m := w.Last("worker", "tried"); m != nil && what == "file" && !opened(w, "worker", "file") {
		l := scene.Link{From: "worker", To: "file", Through: orElse(m.S["errno"], "may open it"), State: scene.Broken, Both: true}
		if m.S["errno"] == "" {
			l.State = scene.Idle
		}
		list = append(list, l)
	}
	if a := w.Actor("caller"); what == "door" && a.Births > 0 {
		l := scene.Link{From: "caller", To: "door", Label: "connect", State: scene.Idle, Both: true}
		switch m := w.Last("caller", "welcomed"); {
		case m != nil && m.At >= a.Born:
			l.Label, l.Through = "", "was served"
		case !a.Life.Alive():
			l.Label, l.Through, l.State = "", "was not served", scene.Broken
		}
		list = slices.Insert(list, min(1, max(len(list)-1, 0)), l) // on the opener's side of it
	}
	return list
}

func passFigures(w *sims.World) []scene.Figure {
	var list []scene.Figure
	o := w.Object("file")
	what := subject(w)
	for _, role := range []string{"opener", "worker"} {
		mode := ""
		if what == "pipe" {
			mode = "w" // the end that is handed over first
		}
		fd, open := w.Holds(role, what, mode)
		if !open {
			continue
		}
		if n := pos(w, role); what == "file" && n >= 0 {
			list = append(list, scene.Count("pos-"+role, "offset, asked at the "+role, n, "", scene.Kernel).
				From("pos in /proc/PID/fdinfo/FD", fmt.Sprintf("cat /proc/%d/fdinfo/%d", w.Actor(role).PID, fd)).Of(role))
		}
		list = append(list, scene.Count("fd-"+role, "number in the "+role, int64(fd), "", scene.Kernel).From("/proc/PID/fd", fmt.Sprintf("ls -l /proc/%d/fd", w.Actor(role).PID)).Of(role))
	}
	switch {
	case w.Object(what).Level("descriptions") >= 0 && (opened(w, "opener", what) || opened(w, "worker", what)):
		list = append(list, scene.Count("descriptions", map[bool]string{false: "open file descriptions", true: "descriptions of both ends"}[what == "pipe"], w.Object(what).Level("descriptions"), "", scene.Kernel).
			From("kcmp(2) with KCMP_FILE, for each pair of descriptors of the thing in the picture", ""))
	case len(o.N) > 0 && (opened(w, "opener", what) || opened(w, "worker", what)):
		list = append(list, scene.Missing("descriptions", "open file descriptions", "kcmp(2) is not allowed here; the offsets tell the same"))
	}
	if n := w.Object("worker's end").Level("flying"); !w.Actor("worker").Life.Alive() {
		list = append(list, scene.Missing("flying", "in flight", "the worker's end of the line is gone, with all that was in it"))
	} else if n >= 0 {
		fd, _ := w.Holds("worker", "worker's end", "")
		list = append(list, scene.Count("flying", "in flight", n, "", scene.Kernel).From("scm_fds in /proc/PID/fdinfo of the worker's socket", fmt.Sprintf("cat /proc/%d/fdinfo/%d", w.Actor("worker").PID, fd)))
	} else {
		list = append(list, scene.Missing("flying", "in flight", "fdinfo of a socket has no scm_fds on this kernel"))
	}
	if m := w.Last("worker", "tried"); m != nil && what == "file" {
		list = append(list, scene.Figure{ID: "tried", Label: "the worker's open", Text: orElse(m.S["errno"], "a descriptor"), Origin: scene.Child}.From("errno of open(2) on the path", ""))
	}
	switch what {
	case "pipe":
		list = append(list, w.QueuedFigure("pipe"))
	case "memory":
		list = append(list, scene.Count("word", "the first word", max(w.Object("memory").Level("word"), 0), "", scene.Kernel).From("pread(2) on the tour's own descriptor of the memfd", ""))
	case "door":
		if w.Object("door").Level("holders") > 0 {
			list = append(list, w.WaitingFigure("door", doorFile))
		}
	}
	return list
}

func passSentence(w *sims.World) string {
	opener, worker := w.Actor("opener"), w.Actor("worker")
	m, ended := news(w)
	switch {
	case opener.Ended() != "" && worker.Ended() != "":
		return "Both are gone, and with the last descriptor each thing that nobody else has open."
	case worker.Ended() != "" && (ended == "worker" || m == nil):
		text := "The worker is gone (" + worker.Ended() + "), and its descriptors with it"
		if len(inFlight(w)) > 0 {
			text += ", and what was in flight to it"
		}
		return text + ". The opener's are untouched."
	case ended == "opener" && len(inFlight(w)) > 0:
		return "The opener is gone (" + opener.Ended() + "). What it sent is still in flight: " + thingName(inFlight(w)[0]) + "."
	case ended == "opener":
		return "The opener is gone (" + opener.Ended() + "). The worker keeps what it was given."
	case stopped(w) != "":
		return "The " + stopped(w) + " is stopped."
	case ended == "caller" && m != nil && m.Name != "welcomed" && m.Name != "accepted":
		return "The caller is gone (" + w.Actor("caller").Ended() + ")."
	case w.Asleep("worker", "") && contains(worker.Syscall, "recvmsg"):
		return "The worker sleeps in recvmsg(2): nothing is in flight."
	case w.Asleep("worker", "") && contains(worker.Syscall, "accept"):
		return "The worker sleeps in accept(2) on a socket that another process made."
	case w.Actor("caller").Life.Alive() && (m == nil || m.At < w.Actor("caller").Born):
		return "The caller has connected to the old path. It waits until somebody accepts it."
	case m == nil:
		return "The opener opens the file."
	}
	return passNews(w, m)
}

// whyNotPassed is what an errno of sendmsg(2) means here (sendmsg(2), unix(7)).
func whyNotPassed(errno string) string {
	switch errno {
	case "EBADF":
		return "it has no descriptor of that any more"
	case "EPIPE", "ECONNRESET", "ECONNREFUSED":
		return "the worker's end of the line is gone, and nobody can receive"
	}
	return "nothing was sent"
}

// passNews tells the latest moment.
func passNews(w *sims.World, m *sims.Moment) string {
	who, thing := "The "+m.Who, thingName(m.S["what"])
	switch m.Name {
	case "opened":
		return "The opener has the file open. Its mode is 000 by now: nobody can open it any more."
	case "tried":
		if m.S["errno"] == "" {
			return "The worker could open the path itself."
		}
		return "open(2) gave the worker " + m.S["errno"] + ": it may not open the path."
	case "passed":
		return "In flight: " + thing + ". The opener has sent it, and the worker has not received it yet."
	case "pass failed":
		return "sendmsg(2) gave the opener " + m.S["errno"] + ": " + whyNotPassed(m.S["errno"]) + "."
	case "received":
		return fmt.Sprintf("The worker has got %s, as its descriptor %d.", thing, m.N["fd"])
	case "read":
		if m.N["bytes"] == 0 {
			return who + " is at the end of the file."
		}
		if both := opened(w, "opener", "file") && opened(w, "worker", "file"); both {
			return fmt.Sprintf("%s has read %q, and the offset has moved for both.", who, m.S["text"])
		}
		return fmt.Sprintf("%s has read %q.", who, m.S["text"])
	case "read failed":
		return "read(2) gave the " + m.Who + " " + m.S["errno"] + ": it has closed its descriptor."
	case "closed":
		return "The opener has closed its own descriptor of " + thing + "."
	case "has none":
		return "The worker has not been given " + thing + "."
	case "wrote":
		return "The worker has written " + scene.Bytes(m.N["bytes"]) + " into a pipe that the opener made."
	case "write failed":
		return "write(2) gave the worker " + m.S["errno"] + ": no read end is left."
	case "emptied":
		return "The worker has read " + scene.Bytes(m.N["bytes"]) + " out of the pipe."
	case "stored":
		return "The worker has stored 42 in memory that has no name."
	case "accepted":
		return "The worker has accepted a caller on a socket that the opener made."
	case "welcomed":
		return "The caller was welcomed, and has not noticed who served it."
	case "refused":
		return "connect gave the caller " + m.S["errno"] + "."
	case "left alone":
		return "Nobody served the caller: the listening socket is gone."
	case "end":
		return "recvmsg(2) gave the worker 0: the opener is gone, and nothing is in flight."
	}
	return who + ": " + m.Name + "."
}
