package fds

// What this lesson shows: seven kinds of events behind seven descriptors, and one
// epoll (epoll(7)) in one thread that waits for all of them. Level-triggered it
// returns as long as something is there, edge-triggered only for what is new.

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
)

//go:embed one_loop.go
var oneLoopSource string

// sources are what the loop waits for, in the order of its descriptors.
var sources = []string{"socket", "pipe", "eventfd", "timerfd", "signalfd", "inotify", "pidfd"}

var oneLoop = sims.Sim{
	ID:     "fds/one-loop",
	Needs:  []string{"pidfd", "timerfd", "signalfd", "inotify"},
	Source: oneLoopSource,
	Roles: []sims.Role{
		{Name: "poker", Run: poke, Gates: []string{"poke"}},
		{Name: "child", Run: liveUntilTold, By: "server"},
		{Name: "server", Run: serveAll, Counters: append([]string{"wakes", "interrupted"}, sources...), Settings: []string{"drain"}, Gates: []string{"wait", "take"},
			Blocked: []unix.Signal{unix.SIGUSR1}, Masks: true}, // a signal that is not blocked in every thread never reaches the signalfd
	},
	Options: []sims.Option{{Name: "trigger", Values: []string{"level", "edge"}}},
	Wire:    wireOneLoop,
	Knobs: []sims.Knob{
		{Key: "1", Name: "socket", Help: "the poker sends 1 byte through the socket", Act: sims.Tell{Role: "poker", Command: "socket"}},
		{Key: "2", Name: "pipe", Help: "the poker writes 1 byte into the pipe", Act: sims.Tell{Role: "poker", Command: "pipe", N: 1}},
		{Key: "3", Name: "eventfd", Help: "the poker writes the number 1 to the eventfd", Act: sims.Tell{Role: "poker", Command: "eventfd"}},
		{Key: "4", Name: "timer", Help: "the poker sets the timerfd: once, in a millisecond", Act: sims.Tell{Role: "poker", Command: "timerfd"}},
		{Key: "5", Name: "signal", Help: "the poker sends SIGUSR1 with kill(2)", Act: sims.Tell{Role: "poker", Command: "signalfd", Peer: "server"}},
		{Key: "6", Name: "file", Help: "the poker writes a file in the folder that inotify watches", Act: sims.Tell{Role: "poker", Command: "inotify"}},
		{Key: "7", Name: "child ends", Help: "the server's child exits: its pidfd becomes readable", Act: sims.Tell{Role: "child", Command: "end", Ends: true}},
		{Key: "w", Name: "3 bytes at once", Help: "the poker writes 3 bytes into the pipe with one write(2)", Act: sims.Tell{Role: "poker", Command: "pipe", N: 3}},
		{Key: "g", Name: "look at the threads", Help: "the poker reads /proc/PID/task of the server: which threads there are, and where they sleep", Act: sims.Tell{Role: "poker", Command: "threads", Peer: "server"}},
		{Key: "m", Name: "EPOLLET", Help: "level-triggered or edge-triggered; the cast starts anew", Act: sims.Choose{Option: "trigger"}},
		{Key: "d", Name: "takes", Help: "what the server takes when a pipe or socket wakes it", Act: sims.Set{Role: "server", Setting: "drain", Values: []int64{0, 1}, Names: []string{"1 byte", "all, till EAGAIN"}}},
	},
	Draw: drawOneLoop,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("threads")
		if a == nil {
			return "", false
		}
		return fmt.Sprint(a.Last("poker", "threads").N["in epoll"]), true
	},
	Walk: []sims.Step{
		{ID: "watches", Turn: []sims.Turn{{Knob: "EPOLLET", Value: "level"}}, For: "seven descriptors are watched and the server sleeps", Until: func(w *sims.World) bool {
			return w.Last("server", "ready") != nil && len(w.Loop("epoll", "server", nil).Watches) == len(sources) && w.Object("epoll").Level("watched") == int64(len(sources)) && inEpoll(w) && w.Actor("child").Life.Alive()
		}},
		{ID: "seven", From: "watches", Turn: oneByOne("socket", "pipe", "eventfd", "timer", "signal", "file", "child ends"), For: "each of the seven has woken the loop", Until: func(w *sims.World) bool {
			told := !slices.ContainsFunc(sources, func(s string) bool { return took(w, s) == nil })
			return told && len(silent(w)) == 0 && inEpoll(w) && w.Object("epoll").Level("watched") == int64(len(sources))-1 && !w.Actor("child").Life.Alive()
		}},
		{ID: "threads", From: "watches", Turn: sims.Press("look at the threads"), For: "the poker has looked", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("poker", "threads"))
		}},
		{ID: "level", From: "watches", Turn: sims.Press("3 bytes at once"), For: "the three bytes are taken and the server sleeps", Until: func(w *sims.World) bool {
			return grown(w, "server", "pipe") >= 3 && w.Object("pipe").Level("queued") == 0 && inEpoll(w)
		}},
		{ID: "edge", Turn: []sims.Turn{{Knob: "EPOLLET", Value: "edge"}, {Knob: "3 bytes at once"}}, For: "the server sleeps again, and the kernel was asked what is left", Until: func(w *sims.World) bool {
			return w.Since(w.Last("poker", "poked")) >= 4 && w.Count("server", "pipe") >= 1 && w.Object("pipe").Level("queued") >= 0 && inEpoll(w) && len(w.Loop("epoll", "server", nil).Watches) == len(sources)
		}},
		{ID: "late", From: "edge", Turn: sims.Press("pipe"), For: "one more byte has come, and one was taken", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("server", "took")) && inEpoll(w) && w.Since(w.Last("poker", "poked")) >= 4
		}},
		{ID: "drained", From: "edge", Turn: []sims.Turn{{Knob: "takes", Value: "all, till EAGAIN"}, {Knob: "pipe"}}, For: "the pipe is empty", Until: func(w *sims.World) bool {
			return w.Object("pipe").Level("queued") == 0 && inEpoll(w) && w.ReadSince(w.News("server", "took"))
		}},
	},
	Claims: []sims.Claim{
		{ID: "seven", Says: "one epoll watches seven kinds of descriptors", After: "watches", Check: func(a *sims.World) sims.Verdict {
			var names []string
			for _, f := range a.Loop("epoll", "server", nil).Watches {
				names = append(names, f.Name)
			}
			return sims.Judge(slices.Equal(names, sources) && inEpoll(a), "tfd lines for "+strings.Join(sources, ", ")+"; the server sleeps in epoll", "tfd lines for "+strings.Join(names, ", ")+"; "+sleeps(a, "server"),
				"tfd in /proc/PID/fdinfo of the epoll descriptor, /proc/PID/wchan")
		}},
		{ID: "all-woke", Says: "each of the seven wakes the same epoll_wait", After: "seven", Check: func(a *sims.World) sims.Verdict {
			left := switches(a) - switches(a.After("watches"))
			return sims.Judge(len(silent(a)) == 0 && left >= int64(len(sources)) && inEpoll(a), "7 of 7 sources woke it; it left the processor 7 times or more, and sleeps now",
				fmt.Sprintf("%d of 7 sources woke it; it left the processor %d times; now %s", len(sources)-len(silent(a)), left, sleeps(a, "server")),
				"the server's counters; voluntary_ctxt_switches and nonvoluntary_ctxt_switches in /proc/PID/status, /proc/PID/wchan")
		}},
		{ID: "one-thread", Says: "one thread, the main one, waits for all of them", After: "threads", Check: func(a *sims.World) sims.Verdict {
			m := a.Last("poker", "threads")
			return sims.Judge(m.N["in epoll"] == 1 && m.N["tid"] == int64(a.Actor("server").PID), "1 thread in epoll, its tid is the pid",
				fmt.Sprintf("%d of %d threads in epoll, tid %d, pid %d", m.N["in epoll"], m.N["threads"], m.N["tid"], a.Actor("server").PID), "/proc/PID/task/TID/wchan of every thread")
		}},
		{ID: "signal", Says: "a blocked signal becomes something to read, and interrupts nothing", After: "seven", Check: func(a *sims.World) sims.Verdict {
			blocked, mask := a.Actor("server").Numbers["SigBlk"]&sigusr1 != 0, a.Object("signalfd").Level("mask")
			m := took(a, "signalfd")
			return sims.Judge(blocked && mask == sigusr1 && m != nil && m.N["n"] == int64(unix.SIGUSR1) && m.N["interrupted"] == 0 && a.Actor("server").Life.Alive(), "SIGUSR1 in SigBlk and alone in the signalfd's mask; signal 10 was read; EINTR: 0",
				fmt.Sprintf("SIGUSR1 in SigBlk: %v; mask %#x; signal %d was read; EINTR: %d", blocked, mask, m.N["n"], m.N["interrupted"]),
				"SigBlk in /proc/PID/status, sigmask in /proc/PID/fdinfo, signalfd_siginfo, the returns of that epoll_wait")
		}},
		{ID: "pidfd", Says: "the end of a process is an event too, and its descriptor stays ready until it is taken out", After: "seven", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(a.Actor("child").Ended() != "" && a.Count("server", "pidfd") == 2 && a.Object("epoll").Level("watched") == 6 && inEpoll(a), "the child has ended, wake-ups by its pidfd: 2, 6 are watched",
				fmt.Sprintf("the child: %s, wake-ups by its pidfd: %d, %d are watched", a.Actor("child").Ended(), a.Count("server", "pidfd"), a.Object("epoll").Level("watched")), "wait status, tfd in /proc/PID/fdinfo")
		}},
		{ID: "level", Says: "level-triggered, epoll_wait returns as long as something is there", After: "level", Check: func(b *sims.World) sims.Verdict {
			a := b.Before
			n, left := b.Count("server", "pipe")-a.Count("server", "pipe"), b.Object("pipe").Level("queued")
			return sims.Judge(n == 3 && left == 0, "3 wake-ups for 3 bytes of one write, 0 B left", fmt.Sprintf("%d wake-ups for 3 bytes of one write, %d B left", n, left), "the server's counter, ioctl(FIONREAD)")
		}},
		{ID: "edge", Says: "edge-triggered, it returns once for what is new, and the rest lies there", After: "edge", Check: func(a *sims.World) sims.Verdict {
			n, left := a.Count("server", "pipe"), a.Object("pipe").Level("queued")
			return sims.Judge(n == 1 && left == 2 && inEpoll(a) && edges(a) == len(sources), "wake-ups for 3 bytes of one write: 1, 2 B left, the server asleep; EPOLLET on 7 descriptors",
				fmt.Sprintf("wake-ups for 3 bytes of one write: %d, %d B left, %s; EPOLLET on %d descriptors", n, left, sleeps(a, "server"), edges(a)), "the server's counter, ioctl(FIONREAD), events in /proc/PID/fdinfo")
		}},
		{ID: "drain", Says: "who reads until EAGAIN leaves nothing behind, edge-triggered too", After: "drained", Check: func(b *sims.World) sims.Verdict {
			a := b.Before
			n := b.Count("server", "pipe") - a.Count("server", "pipe")
			was, left := a.Object("pipe").Level("queued"), b.Object("pipe").Level("queued")
			return sims.Judge(n == 1 && was == 2 && left == 0, fmt.Sprintf("%d B lay there; 1 more byte, wake-ups: 1, 0 B left", was), fmt.Sprintf("%d B lay there; 1 more byte, wake-ups: %d, %d B left", was, n, left), "the server's counter, ioctl(FIONREAD)")
		}},
	},
}

// oneByOne turns knobs one at a time, each when the loop has dealt with the one before
// and sleeps again.
func oneByOne(knobs ...string) []sims.Turn {
	turns := sims.Press(knobs...)
	for i := range turns {
		turns[i].When = func(w *sims.World) bool {
			return inEpoll(w) && len(silent(w)) == len(sources)-i && (len(w.Moments) == 0 || w.ReadSince(&w.Moments[len(w.Moments)-1]))
		}
	}
	return turns
}

// sigusr1 is the bit of SIGUSR1 in a signal mask.
const sigusr1 = 1 << (int64(unix.SIGUSR1) - 1)

func wireOneLoop(w *sims.Wiring) error {
	near, far := w.Socketpair("socket", "poker's end", unix.SOCK_STREAM|unix.SOCK_NONBLOCK)
	p := w.Pipe("pipe", unix.O_NONBLOCK)
	counter, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	bell := w.Own("eventfd", "eventfd", counter)
	timer, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return fmt.Errorf("timerfd_create: %w", err)
	}
	clock := w.Own("timerfd", "timerfd", timer)
	for _, kind := range []string{"signalfd", "inotify", "pidfd", "epoll"} {
		w.Promise(kind, kind) // the server makes them: a signalfd is about the process that reads it
	}
	w.Give("server", "socket", near)
	w.Give("server", "pipe", p.R)
	w.Give("server", "eventfd", bell)
	w.Give("server", "timerfd", clock)
	w.Give("poker", "socket", far)
	w.Give("poker", "pipe", p.W)
	w.Give("poker", "eventfd", bell)
	w.Give("poker", "timerfd", clock)
	inbox := w.Dir() + "/inbox"
	w.Put("server", "inbox", inbox)
	w.Put("poker", "inbox", inbox)
	if err := unix.Mkdir(inbox, 0o700); err != nil {
		return fmt.Errorf("mkdir inbox: %w", err)
	}
	return nil
}

// serveAll opens its sources, puts them into one epoll and serves them, in this one thread.
func serveAll(a *sims.Actor) error {
	fds := map[string]int{}
	for _, name := range []string{"socket", "pipe", "eventfd", "timerfd"} {
		fds[name] = a.FD(name)
	}
	if err := openOthers(a, fds); err != nil {
		return err
	}
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("epoll_create1: %w", err)
	}
	a.Hold("epoll", ep)
	names := map[int32]string{}
	for _, name := range sources {
		event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fds[name])}
		if a.Arg("trigger") == "edge" {
			event.Events |= unix.EPOLLET
		}
		if err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fds[name], &event); err != nil {
			return fmt.Errorf("epoll_ctl(ADD, %s): %w", name, err)
		}
		names[event.Fd] = name
	}
	a.Say("ready")
	events := make([]unix.EpollEvent, 2*len(sources))
	for interrupted := 0; ; {
		a.Gate("wait")
		n, err := unix.EpollWait(ep, events, -1) // sleeps here, for all of them
		if err == unix.EINTR {                   // a stop, or a tracer that comes or goes
			interrupted++
			a.Counter("interrupted").Add(1)
			continue
		}
		if err != nil {
			a.Say("ended", sims.Err(err)) // EBADF: you have closed the epoll
			return nil
		}
		a.Counter("wakes").Add(1)
		for _, e := range events[:n] {
			name := names[e.Fd]
			woken := a.Counter(name).Add(1)
			a.Gate("take")
			got, more := take(name, int(e.Fd), a.Setting("drain") != 0)
			out := 0
			switch {
			case more:
			case name == "pidfd" && woken == 1: // left in the list once, to see whether it stays ready
			default: // else it would be ready for ever, and the loop never sleep
				out = int(e.Fd)
				_ = unix.EpollCtl(ep, unix.EPOLL_CTL_DEL, out, nil) // EBADF: you have closed it
				_ = unix.Close(out)
			}
			a.Say("took", sims.Word("what", name), sims.Num("n", got), sims.Num("out", out), sims.Num("interrupted", interrupted))
		}
		interrupted = 0
	}
}

// openOthers makes the sources that only this process can make.
func openOthers(a *sims.Actor, fds map[string]int) error {
	child, err := a.Fork("child", nil, nil)
	if err != nil {
		return err
	}
	if fds["signalfd"], err = unix.Signalfd(-1, signalSet(unix.SIGUSR1), unix.SFD_CLOEXEC|unix.SFD_NONBLOCK); err != nil {
		return fmt.Errorf("signalfd: %w", err)
	}
	if fds["inotify"], err = unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK); err != nil {
		return fmt.Errorf("inotify_init1: %w", err)
	}
	if _, err = unix.InotifyAddWatch(fds["inotify"], a.Arg("inbox"), unix.IN_CLOSE_WRITE); err != nil {
		return fmt.Errorf("inotify_add_watch: %w", err)
	}
	if fds["pidfd"], err = unix.PidfdOpen(child, 0); err != nil {
		return fmt.Errorf("pidfd_open: %w", err)
	}
	for _, name := range []string{"signalfd", "inotify", "pidfd"} {
		a.Hold(name, fds[name])
	}
	return nil
}

// signalSet is a set of one signal.
func signalSet(s unix.Signal) *unix.Sigset_t {
	var set unix.Sigset_t
	bits := int(8 * binary.Size(set.Val[0]))
	set.Val[(int(s)-1)/bits] |= 1 << ((int(s) - 1) % bits)
	return &set
}

// take takes what a source has: a byte, a number, a signal. More is false when it
// has nothing to give ever again.
func take(name string, fd int, drain bool) (n int, more bool) {
	buf := make([]byte, 512)
	switch name {
	case "socket", "pipe":
		for {
			got, err := unix.Read(fd, buf[:1])
			switch {
			case err == unix.EINTR:
				continue
			case got <= 0 && err == nil: // the end of file
				return n, false
			case err != nil: // EAGAIN: that was all
				return n, err == unix.EAGAIN
			}
			if n++; !drain {
				return n, true
			}
		}
	case "eventfd", "timerfd":
		if _, err := unix.Read(fd, buf[:8]); err != nil {
			return 0, true // EAGAIN: it was set anew meanwhile
		}
		return int(binary.NativeEndian.Uint64(buf)), true
	case "signalfd":
		if _, err := unix.Read(fd, buf[:128]); err != nil {
			return 0, true
		}
		return int(binary.NativeEndian.Uint32(buf)), true // ssi_signo comes first
	case "inotify":
		got, err := unix.Read(fd, buf)
		for at := 0; err == nil && at+unix.SizeofInotifyEvent <= got; n++ {
			at += unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(buf[at+12:])) // the length of the name
		}
		return n, true
	}
	return 1, false // a pidfd: the process has ended, and that does not change
}

// poke does something to one of the server's sources whenever it is told to.
func poke(a *sims.Actor) error {
	for {
		c := a.Next()
		if c.Name == "threads" {
			if err := lookAtThreads(a, int(c.N)); err != nil {
				a.Say("poke failed", sims.Word("what", c.Name), sims.Err(err))
			}
			continue
		}
		a.Gate("poke")
		if err := pokeOne(a, c); err != nil {
			a.Say("poke failed", sims.Word("what", c.Name), sims.Err(err)) // EPIPE, ESRCH: the server is gone
			continue
		}
		a.Say("poked", sims.Word("what", c.Name), sims.Num("n", bytesOf(c)))
	}
}

// bytesOf is how many bytes a poke is about; 0 where it is about none.
func bytesOf(c sims.Command) int {
	if c.Name == "pipe" {
		return int(c.N)
	}
	return 0
}

func pokeOne(a *sims.Actor, c sims.Command) (err error) {
	switch c.Name {
	case "socket":
		_, err = unix.Write(a.FD("socket"), []byte("s"))
	case "pipe":
		_, err = unix.Write(a.FD("pipe"), []byte("pppp")[:c.N])
	case "eventfd":
		_, err = unix.Write(a.FD("eventfd"), binary.NativeEndian.AppendUint64(nil, 1))
	case "timerfd":
		err = unix.TimerfdSettime(a.FD("timerfd"), 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(time.Millisecond))}, nil)
	case "signalfd":
		err = unix.Kill(int(c.N), unix.SIGUSR1)
	case "inotify":
		var fd int
		if fd, err = unix.Open(a.Arg("inbox")+"/letter", unix.O_WRONLY|unix.O_CREAT|unix.O_CLOEXEC, 0o600); err == nil {
			err = unix.Close(fd) // what inotify waits for: a file that was open for writing is closed
		}
	}
	return err
}

// lookAtThreads reads where each thread of a process sleeps.
func lookAtThreads(a *sims.Actor, pid int) error {
	dir := fmt.Sprintf("/proc/%d/task/", pid)
	tasks, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var list []string
	in, tid := 0, 0
	for _, t := range tasks {
		where := word(dir + t.Name() + "/wchan")
		if where == "" || where == "0" { // hidden here: the call then
			where = callName(word(dir + t.Name() + "/syscall"))
		}
		if strings.Contains(where, "epoll") || strings.Contains(where, "ep_poll") {
			in++
			tid, _ = strconv.Atoi(t.Name())
		}
		list = append(list, t.Name()+" "+where)
	}
	a.Say("threads", sims.Num("threads", len(tasks)), sims.Num("in epoll", in), sims.Num("tid", tid), sims.Word("list", strings.Join(list, "\n")))
	return nil
}

// word is the first word of a file, "" when it cannot be read.
func word(path string) string {
	text, _ := os.ReadFile(path) // a thread that has just ended is told as nowhere
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	return first
}

// callName knows the calls that matter here by their number.
func callName(number string) string {
	switch {
	case number == strconv.Itoa(unix.SYS_EPOLL_PWAIT), number == "232" && runtime.GOARCH == "amd64":
		return "epoll_wait"
	case number == strconv.Itoa(unix.SYS_FUTEX):
		return "futex"
	case number == "running":
		return "running"
	}
	return "call " + number
}

// liveUntilTold is a process whose end is the event.
func liveUntilTold(a *sims.Actor) error {
	for a.Next().Name != "end" {
	}
	return nil
}

// inEpoll is the server's main thread asleep in epoll_wait.
func inEpoll(w *sims.World) bool {
	return w.Asleep("server", "ep_poll") || asleepIn(w, "server", "epoll")
}

// switches are how often the server has left its processor. Who is pushed off it on its
// way to sleep has not gone of its own will, so both kinds count.
func switches(w *sims.World) int64 {
	n := w.Actor("server").Numbers
	return n["voluntary"] + n["involuntary"]
}

// silent are the sources that have not woken the loop yet.
func silent(w *sims.World) []string {
	return slices.DeleteFunc(slices.Clone(sources), func(s string) bool { return w.Count("server", s) > 0 })
}

// edges counts the descriptors that are watched with EPOLLET.
func edges(w *sims.World) (n int) {
	for _, f := range w.Loop("epoll", "server", nil).Watches {
		if f.Edge {
			n++
		}
	}
	return n
}

// took is the latest moment in which the server took something from a source, or nil.
func took(w *sims.World, what string) *sims.Moment {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		if m := &w.Moments[i]; m.Name == "took" && m.S["what"] == what {
			return m
		}
	}
	return nil
}
