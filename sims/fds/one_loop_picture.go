package fds

// How fds/one-loop looks, and what is said of it as it runs.

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ipctour/sims"
	"ipctour/sims/scene"
)

func drawOneLoop(w *sims.World) *scene.Scene {
	s := &scene.Scene{
		Sentence:  oneLoopSentence(w),
		Processes: []scene.Process{w.Process("poker"), w.Process("child"), w.Process("server")},
		Figures:   []scene.Figure{w.CountFigure("server", "wakes", "wake-ups", ""), pipeLeft(w), threadsFigure(w)},
		Tables:    []scene.Table{table(w)},
	}
	if w.Object("epoll").Level("watched") < 0 { // the server has not made it yet
		return s
	}
	l := loopOf(w)
	s.Objects = []scene.Object{l}
	s.Links = append(s.Links, w.Link("server", "epoll", "r"))
	if w.Actor("poker").Births > 0 {
		poker := scene.Link{From: "poker", To: "epoll", State: scene.Idle}
		if m := w.Last("poker", "poked"); m != nil {
			poker.Through = pokes[m.S["what"]]
			if m.N["n"] > 1 {
				poker.Through = fmt.Sprintf("%d bytes", m.N["n"])
			}
		}
		if w.Actor("poker").Ended() != "" || l.Gone {
			poker.State, poker.Through = scene.Cut, ""
		}
		s.Links = append(s.Links, poker)
	}
	if w.Actor("child").Births > 0 {
		child := scene.Link{From: "child", To: "epoll", State: scene.Idle}
		if w.Actor("child").Ended() != "" || l.Gone {
			child.State = scene.Cut
		}
		s.Links = append(s.Links, child)
	}
	return s
}

// loopOf is the epoll with what waits in each source, and with those taken out.
func loopOf(w *sims.World) scene.Loop {
	wakes := map[string]int64{}
	for _, name := range sources {
		wakes[name] = w.Count("server", name)
	}
	l := w.Loop("epoll", "server", wakes)
	l.Wakes = w.Count("server", "wakes")
	l.Gone = l.Gone || w.Actor("server").Ended() != ""
	waits := map[string]bool{
		"socket": w.Object("socket").Level("in") > 0, "pipe": w.Object("pipe").Level("queued") > 0, "eventfd": w.Object("eventfd").Level("count") > 0,
		"timerfd": w.Object("timerfd").Level("ticks") > 0, "signalfd": w.Actor("server").Numbers["ShdPnd"]&sigusr1 != 0, "pidfd": w.Actor("child").Ended() != "",
	}
	for i := range l.Watches {
		l.Watches[i].Ready = waits[l.Watches[i].Name]
	}
	for _, name := range sources {
		watched := slices.ContainsFunc(l.Watches, func(f scene.Watch) bool { return f.Name == name })
		if m := took(w, name); m != nil && m.N["out"] != 0 && !watched {
			l.Watches = append(l.Watches, scene.Watch{FD: int(m.N["out"]), Name: name, Wakes: wakes[name], Cut: true})
		}
	}
	slices.SortFunc(l.Watches, func(x, y scene.Watch) int { return x.FD - y.FD })
	return l
}

func pipeLeft(w *sims.World) scene.Figure {
	f := w.QueuedFigure("pipe")
	f.Label = "left in the pipe"
	return f
}

func threadsFigure(w *sims.World) scene.Figure {
	f := scene.Figure{ID: "threads", Label: "threads in epoll", Text: "not looked yet", Origin: scene.Kernel}
	if m := w.Last("poker", "threads"); m != nil {
		f.Text = fmt.Sprintf("%d of %d", m.N["in epoll"], m.N["threads"])
	}
	return f.From("/proc/PID/task/TID/wchan of every thread of the server, read by the poker", fmt.Sprintf("grep -H . /proc/%d/task/*/wchan", w.Actor("server").PID))
}

// table is what the learner has asked for last: who wakes each source, the threads,
// or what the two triggers did with one write of three bytes.
func table(w *sims.World) scene.Table {
	looked, taken := w.Last("poker", "threads"), w.Last("server", "took")
	if looked != nil && (taken == nil || looked.At > taken.At) {
		return threadsTable(w, looked)
	}
	if t := triggerTable(w); len(t.Rows) > 0 {
		return t
	}
	t := scene.Table{Title: "wake-ups by source", Columns: sources, Rows: [][]string{nil}, Origin: scene.Child}
	for i, name := range sources {
		t.Rows[0] = append(t.Rows[0], scene.Thousands(w.Count("server", name)))
		t.Right = append(t.Right, i)
	}
	return t
}

// threadsTable is the main thread, and how many others sleep in each place.
func threadsTable(w *sims.World, m *sims.Moment) scene.Table {
	t := scene.Table{Title: "threads of the server", Columns: []string{"threads", "whose", "asleep in"}, Origin: scene.Kernel, Right: []int{0}}
	var places []string
	others := map[string]int64{}
	for line := range strings.Lines(m.S["list"]) {
		tid, where, _ := strings.Cut(strings.TrimSpace(line), " ")
		if tid == strconv.Itoa(w.Actor("server").PID) {
			t.Rows = append(t.Rows, []string{"1", "the main thread, tid " + tid, where})
			continue
		}
		if others[where]++; others[where] == 1 {
			places = append(places, where)
		}
	}
	for _, where := range places {
		t.Rows = append(t.Rows, []string{scene.Thousands(others[where]), "the Go runtime and the tour's link", where})
	}
	return t
}

// pokes are what the poker sends to each source.
var pokes = map[string]string{"socket": "a byte", "pipe": "a byte", "eventfd": "the number 1", "timerfd": "a timeout", "signalfd": "SIGUSR1", "inotify": "a file"}

func triggerTable(w *sims.World) scene.Table {
	t := scene.Table{Title: "what woke the loop for the pipe", Columns: []string{"trigger, and what came", "wake-ups", "left in the pipe"}, Origin: scene.Child, Right: []int{1, 2}}
	row := func(trigger string, wakes int64, left int64) {
		t.Now = []int{len(t.Rows)}
		t.Rows = append(t.Rows, []string{trigger, scene.Thousands(wakes), scene.Thousands(left) + " B"})
	}
	if a, b := w.After("threads"), w.After("level"); b != nil {
		row("level: 3 bytes, takes 1 at a time", b.Count("server", "pipe")-a.Count("server", "pipe"), b.Object("pipe").Level("queued"))
	}
	if a := w.After("edge"); a != nil {
		row("edge: 3 bytes, takes 1 at a time", a.Count("server", "pipe"), a.Object("pipe").Level("queued"))
	}
	if a, b := w.After("late"), w.After("drained"); b != nil {
		row("edge: 1 byte more, takes till EAGAIN", b.Count("server", "pipe")-a.Count("server", "pipe"), b.Object("pipe").Level("queued"))
	}
	return t
}

func oneLoopSentence(w *sims.World) string {
	server, poker := w.Actor("server"), w.Actor("poker")
	left := w.Object("pipe").Level("queued")
	switch {
	case server.Ended() != "":
		return "The server is gone (" + server.Ended() + "), and its epoll with it. Nobody waits any more."
	case server.Life == scene.Stopped:
		return "The server is stopped: what happens waits in its sources."
	case w.Last("server", "ready") == nil:
		return "The server opens its sources and puts them into one epoll."
	case poker.Ended() != "":
		return "The poker is gone (" + poker.Ended() + "). The ends of its socket and pipe were events too: the server has taken both out."
	case inEpoll(w) && left > 0 && w.Options["trigger"] == "edge" && w.ReadSince(w.Last("server", "took")):
		return bytesLie(left) + " in the pipe and the loop sleeps: edge-triggered, it is woken only by what is new."
	}
	return wokenSentence(w)
}

func bytesLie(n int64) string {
	if n == 1 {
		return "1 byte lies"
	}
	return scene.Thousands(n) + " bytes lie"
}

// wokenSentence is what happened last while all goes well.
func wokenSentence(w *sims.World) string {
	m := w.Last("server", "took")
	if t := w.Last("poker", "threads"); t != nil && (m == nil || t.At > m.At) {
		return fmt.Sprintf("The server has %d threads, and %d of them waits in epoll_wait: the main one.", t.N["threads"], t.N["in epoll"])
	}
	if f := w.Last("poker", "poke failed"); f != nil && (m == nil || f.At > m.At) {
		return "The poke at the " + f.S["what"] + " failed: " + f.S["errno"] + "."
	}
	if m == nil {
		return "Seven sources, one epoll: the main thread sleeps in epoll_wait for all of them."
	}
	switch n := m.N["n"]; m.S["what"] {
	case "socket", "pipe":
		if n != 1 {
			return fmt.Sprintf("The %s woke the loop, which has taken %d bytes.", m.S["what"], n)
		}
		return "The " + m.S["what"] + " woke the loop, which has taken 1 byte."
	case "eventfd":
		return fmt.Sprintf("The eventfd woke the loop, which has read %d.", n)
	case "timerfd":
		return "The timer woke the loop: time is up."
	case "signalfd":
		return "A signal woke the loop, which has read it: number " + fmt.Sprint(n) + ", SIGUSR1."
	case "inotify":
		return "A file was written in the folder, and inotify woke the loop."
	}
	if m.N["out"] == 0 {
		return "The child has ended. Its pidfd woke the loop, which has left it in the list."
	}
	return "The child has ended. Its pidfd woke the loop a second time, which has taken it out."
}
