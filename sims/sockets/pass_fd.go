package sockets

// What this lesson shows: a descriptor sent over a Unix socket (SCM_RIGHTS) arrives as
// a new number for the same open file description: one offset, whoever reads. It lives
// on when the sender has closed its own, even while it is in flight (unix(7), cmsg(3)).

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
)

//go:embed pass_fd.go
var passFDSource string

// passed are the things that the opener can hand over, by the name of the object.
var passed = []string{"file", "pipe", "memory", "door", "pipe r"}

const lineBytes = 8 // of the file's lines, and of one read

var passFD = sims.Sim{
	ID:     "sockets/pass-fd",
	Needs:  []string{"unix-sockets", "socket-levels"},
	Source: passFDSource,
	Roles: []sims.Role{
		{Name: "opener", Run: openAndPass, Gates: []string{"open", "send", "read", "close"}},
		{Name: "worker", Run: takeAndUse, Gates: []string{"open", "recv", "read", "write", "accept"}},
		{Name: "caller", Run: callDoor, Late: true, Gates: []string{"connect", "recv"}},
	},
	Wire: func(w *sims.Wiring) error {
		out, in := w.Socketpair("opener's end", "worker's end", unix.SOCK_SEQPACKET)
		p := w.Pipe("pipe", 0)
		memory := w.Memory("memory", 4096, sims.Cell{Name: "word", Offset: 0, Size: 8})
		path, door := w.Path("file", "file", "recipe.txt"), w.Path("door", "socket", doorFile)
		for _, object := range []string{"file", "pipe", "memory", "door"} {
			w.Compare(object)
		}
		w.Give("opener", "line", out)
		w.Give("opener", "pipe r", p.R)
		w.Give("opener", "pipe", p.W)
		w.Give("opener", "memory", memory)
		w.Give("worker", "line", in)
		for _, role := range []string{"opener", "worker"} {
			w.Put(role, "path", path)
		}
		w.Put("opener", "door", door)
		w.Put("caller", "door", door)
		var text strings.Builder
		for n := range 8 {
			fmt.Fprintf(&text, "line %d.\n", n+1)
		}
		if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
			return fmt.Errorf("recipe: %w", err)
		}
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "o", Name: "worker tries the path", Help: "the worker calls open(2) on the file's path", Act: sims.Tell{Role: "worker", Command: "try"}},
		{Key: "1", Name: "pass the file", Help: "sendmsg(2) with SCM_RIGHTS", Act: sims.Tell{Role: "opener", Command: "pass", N: 0}},
		{Key: "2", Name: "pass a pipe end", Help: "the write end of the opener's pipe", Act: sims.Tell{Role: "opener", Command: "pass", N: 1}},
		{Key: "3", Name: "pass the memory", Help: "a memfd, memory without a name", Act: sims.Tell{Role: "opener", Command: "pass", N: 2}},
		{Key: "4", Name: "pass the listening socket", Help: "a socket that takes connections", Act: sims.Tell{Role: "opener", Command: "pass", N: 3}},
		{Key: "5", Name: "pass and leave", Help: "send the read end of the pipe, and exit at once", Act: sims.Tell{Role: "opener", Command: "leave", N: 4}},
		{Key: "r", Name: "worker receives", Help: "recvmsg(2): the next descriptor", Act: sims.Tell{Role: "worker", Command: "receive"}},
		{Key: "w", Name: "worker reads", Help: "8 bytes of the file", Act: sims.Tell{Role: "worker", Command: "read"}},
		{Key: "a", Name: "opener reads", Help: "8 bytes of the file", Act: sims.Tell{Role: "opener", Command: "read"}},
		{Key: "p", Name: "worker writes", Help: "a line into the pipe", Act: sims.Tell{Role: "worker", Command: "write"}},
		{Key: "g", Name: "worker empties the pipe", Help: "one read(2) from its read end", Act: sims.Tell{Role: "worker", Command: "empty"}},
		{Key: "m", Name: "worker stores", Help: "map the memory and store 42 in its first word", Act: sims.Tell{Role: "worker", Command: "store"}},
		{Key: "k", Name: "worker accepts", Help: "accept(2) on the listening socket", Act: sims.Tell{Role: "worker", Command: "accept"}},
		{Key: "u", Name: "start the caller", Help: "connect to the path, and wait for a welcome", Act: sims.Start{Role: "caller"}},
		{Key: "d", Name: "opener closes the file", Help: "close(2) of its own descriptor", Act: sims.Tell{Role: "opener", Command: "close", N: 0}},
		{Key: "f", Name: "opener closes the pipe end", Help: "close(2) of its own write end", Act: sims.Tell{Role: "opener", Command: "close", N: 1}},
		{Key: "i", Name: "opener closes the memory", Help: "close(2) of its own descriptor", Act: sims.Tell{Role: "opener", Command: "close", N: 2}},
		{Key: "l", Name: "opener closes the listening socket", Help: "close(2) of its own descriptor", Act: sims.Tell{Role: "opener", Command: "close", N: 3}},
	},
	Draw: drawPassFD,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("shared")
		if a == nil {
			return "", false
		}
		switch got := lineRead(a, "opener"); {
		case got == "line 1.":
			return "first", true
		case got == nextLine(a.Before): // where the worker's read had left the offset
			return "second", true
		}
		return "", false
	},
	Walk: []sims.Step{
		{ID: "open", For: "the opener has the file open", Until: func(w *sims.World) bool {
			return w.ReadSince(w.Last("opener", "opened")) && w.Object("file").Level("pos opener") == 0 && opened(w, "opener", "file")
		}},
		{ID: "alone", From: "open", Turn: sims.Press("worker tries the path"), For: "the worker has tried to open the path", Until: func(w *sims.World) bool { return w.News("worker", "tried") != nil }},
		{ID: "flying", From: "open", Turn: sims.Press("pass the file"), For: "the descriptor is in flight", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("opener", "passed")) && w.Object("worker's end").Level("in") > 0
		}},
		{ID: "received", From: "open", Turn: sims.Press("worker receives"), For: "both have the file open", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("worker", "received")) && opened(w, "worker", "file") && w.Object("file").Level("pos worker") >= 0
		}},
		{ID: "offset", From: "open", Turn: sims.Press("worker reads"), For: "the worker has read, and the offsets have been asked", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("worker", "read"))
		}},
		{ID: "shared", From: "open", Turn: sims.Press("opener reads"), For: "the opener has read, and the offsets have been asked", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("opener", "read"))
		}},
		{ID: "closed", From: "open", Turn: sims.Press("opener closes the file", "worker reads"), For: "the opener has closed, and the worker has read once more", Until: func(w *sims.World) bool {
			return !opened(w, "opener", "file") && w.ReadSince(w.News("worker", "read"))
		}},
		{ID: "pipe", From: "open", Turn: sims.Press("pass a pipe end", "worker receives", "worker writes"), For: "the worker's line lies in the pipe", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("worker", "wrote")) && w.Object("pipe").Level("queued") > 0 && w.Object("pipe").Level("writers") == 2
		}},
		{ID: "memory", From: "open", Turn: sims.Press("pass the memory", "worker receives", "worker stores"), For: "the word has been stored", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("worker", "stored")) && opened(w, "worker", "memory")
		}},
		{ID: "door", From: "open", Turn: sims.Press("pass the listening socket", "worker receives", "opener closes the listening socket", "start the caller", "worker accepts"),
			For: "the worker has served a caller", Until: func(w *sims.World) bool {
				return w.ReadSince(w.News("worker", "accepted")) && w.News("caller", "welcomed") != nil && !opened(w, "opener", "door")
			}},
		{ID: "orphan", From: "open", Turn: sims.Press("pass and leave"), For: "the opener is gone, and the descriptor is in flight", Until: func(w *sims.World) bool {
			return !w.Actor("opener").Life.Alive() && w.Object("worker's end").Level("in") > 0 && w.Object("pipe").Level("readers") == 0
		}},
		{ID: "alive", From: "open", Turn: sims.Press("worker writes", "worker receives", "worker empties the pipe"), For: "the worker has read what lay in the pipe", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("worker", "emptied")) && w.Object("pipe").Level("queued") == 0
		}},
	},
	Claims: []sims.Claim{
		{ID: "no-path", Says: "the worker may not open the file by its path", After: "alone", Check: func(a *sims.World) sims.Verdict {
			errno := a.Last("worker", "tried").S["errno"]
			return sims.Judge(errno == "EACCES", "EACCES", orElse(errno, "a descriptor"), "errno of open(2)")
		}},
		{ID: "in-flight", Says: "between send and receive the descriptor is in the socket", Needs: []string{"scm-fds"}, After: "flying", Check: func(a *sims.World) sims.Verdict {
			n := a.Object("worker's end").Level("flying")
			want := int64(a.Said("opener", "passed") - a.Said("worker", "received"))
			return sims.Judge(n == want && n > 0, fmt.Sprintf("passed and not received: %d; in flight: %d", want, want), fmt.Sprintf("passed and not received: %d; in flight: %d", want, n), "scm_fds in /proc/PID/fdinfo of the worker's socket")
		}},
		{ID: "new-number", Says: "the worker gets a new number for the same file", After: "received", Check: func(a *sims.World) sims.Verdict {
			mine, _ := a.Holds("opener", "file", "r")
			theirs, open := a.Holds("worker", "file", "r")
			same := target(a, "opener", "file") == target(a, "worker", "file")
			return sims.Judge(open && same && mine != theirs, "2 numbers, and both links lead to the same file", fmt.Sprintf("%d and %d, and %s", mine, theirs, map[bool]string{true: "both links lead to the same file", false: "the links lead to different things"}[same]), "/proc/PID/fd")
		}},
		{ID: "one-description", Says: "both numbers are one open file description", Needs: []string{"kcmp"}, After: "received", Check: func(a *sims.World) sims.Verdict {
			n := a.Object("file").Level("descriptions")
			return sims.Judge(n == 1, "2 descriptors, 1 description", fmt.Sprintf("2 descriptors, %s", scene.Many(n, "description")), "kcmp(2) with KCMP_FILE")
		}},
		{ID: "one-offset", Says: "there is one offset: what one reads the other does not", After: "shared", Check: func(b *sims.World) sims.Verdict {
			a := b.After("offset")
			say := func(n ...any) string {
				return fmt.Sprintf("after the worker's read %d and %d, after the opener's %d and %d; they got %q and %q", n...)
			}
			one, two := pos(a.Before, "worker")+lineBytes, pos(b.Before, "opener")+lineBytes
			want := say(one, one, two, two, nextLine(a.Before), nextLine(b.Before))
			got := say(pos(a, "opener"), pos(a, "worker"), pos(b, "opener"), pos(b, "worker"), lineRead(a, "worker"), lineRead(b, "opener"))
			return sims.Judge(got == want, want, got, "pos in /proc/PID/fdinfo of both, read(2)")
		}},
		{ID: "outlives-close", Says: "it lives on when the sender has closed its own", After: "closed", Check: func(a *sims.World) sims.Verdict {
			got := fmt.Sprintf("%s, the worker reads %q", openersOwn(a, "file"), lineRead(a, "worker"))
			want := fmt.Sprintf("the opener has closed it, the worker reads %q", nextLine(a.Before))
			return sims.Judge(got == want, want, got, "/proc/PID/fd, read(2)")
		}},
		{ID: "pipe-end", Says: "a pipe end can be handed over", After: "pipe", Check: func(a *sims.World) sims.Verdict {
			o := a.Object("pipe")
			n := a.Last("worker", "wrote").N["bytes"]
			n += max(a.Before.Object("pipe").Level("queued"), 0)
			return sims.Judge(o.Level("queued") == n && o.Level("writers") == 2, fmt.Sprintf("2 write ends, %s in the pipe", scene.Bytes(n)), fmt.Sprintf("%d write ends, %s in the pipe", o.Level("writers"), scene.Bytes(o.Level("queued"))), "/proc/PID/fd, ioctl(FIONREAD)")
		}},
		{ID: "memory", Says: "memory without a name can be handed over", After: "memory", Check: func(a *sims.World) sims.Verdict {
			had := max(a.Before.Object("memory").Level("word"), 0) // 42 where the learner had it stored before
			want := fmt.Sprintf("the word was %d and is 42", had)
			return sims.Judge(a.Object("memory").Level("word") == 42, want, fmt.Sprintf("the word was %d and is %d", had, a.Object("memory").Level("word")), "pread(2) on the tour's own descriptor of the memfd")
		}},
		{ID: "listening", Says: "a listening socket can be handed over, and no caller notices", After: "door", Check: func(a *sims.World) sims.Verdict {
			who, want := "somebody else", "the opener has closed it, the worker accepted the caller"
			if a.Last("worker", "accepted").N["pid"] == int64(a.Actor("caller").PID) {
				who = "the caller"
			}
			got := fmt.Sprintf("%s, the worker accepted %s", openersOwn(a, "door"), who)
			return sims.Judge(got == want, want, got, "/proc/PID/fd, SO_PEERCRED of the accepted socket")
		}},
		{ID: "outlives-sender", Says: "a descriptor in flight outlives the process that sent it", After: "alive", Check: func(b *sims.World) sims.Verdict {
			a := b.After("orphan")
			wrote, emptied := saidBytes(b, "wrote"), saidBytes(b, "emptied")
			return sims.Judge(a.Actor("opener").Ended() != "" && a.Object("pipe").Level("readers") == 0 && b.Last("worker", "write failed") == nil && emptied == wrote && wrote > 0,
				fmt.Sprintf("the sender ended, no process held the read end, no EPIPE, %s read", scene.Bytes(wrote)),
				fmt.Sprintf("the sender: %s, %s held, %d EPIPE, %s read", a.Actor("opener").Ended(), scene.Many(a.Object("pipe").Level("readers"), "read end"), b.Said("worker", "write failed"), scene.Bytes(emptied)),
				"wait status, /proc/PID/fd, write(2), read(2)")
		}},
	},
}

// openAndPass opens a file, and from then on nobody may open it any more; it makes a
// socket that listens; and it hands over whatever it is told to.
func openAndPass(a *sims.Actor) error {
	door, err := listenAt(unix.SOCK_STREAM, a.Arg("door"))
	if err != nil {
		return err
	}
	a.Hold("door", door)
	a.Gate("open")
	file, err := unix.Open(a.Arg("path"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	if err := unix.Fchmod(file, 0); err != nil { // ---------- from here on, for everybody
		return fmt.Errorf("fchmod: %w", err)
	}
	a.Say("opened", sims.Num("fd", file))
	fds := []int{file, a.FD("pipe"), a.FD("memory"), door, a.FD("pipe r")}
	for {
		c := a.Next()
		switch c.Name {
		case "pass", "leave":
			what := passed[c.N]
			a.Gate("send")
			// The bytes say what it is; the descriptor travels beside them.
			_, err := unix.SendmsgN(a.FD("line"), []byte(what), unix.UnixRights(fds[c.N]), nil, unix.MSG_NOSIGNAL)
			if err != nil {
				a.Say("pass failed", sims.Word("what", what), sims.Err(err)) // EBADF: it is closed here
				continue
			}
			a.Say("passed", sims.Word("what", what), sims.Num("fd", fds[c.N]))
			if c.Name == "leave" {
				return nil
			}
		case "read":
			a.Gate("read")
			readLine(a, file)
		case "close":
			a.Gate("close")
			if fds[c.N] < 0 {
				continue // it is closed already
			}
			unix.Close(fds[c.N])
			if c.N == 0 {
				file = -1 // the number may be used again for something else
			}
			fds[c.N] = -1
			a.Say("closed", sims.Word("what", passed[c.N]))
		}
	}
}

// readLine reads on from wherever the offset stands.
func readLine(a *sims.Actor, fd int) {
	buf := make([]byte, lineBytes)
	n, err := unix.Read(fd, buf)
	if err != nil {
		a.Say("read failed", sims.Word("what", "file"), sims.Err(err))
		return
	}
	a.Say("read", sims.Word("what", "file"), sims.Num("bytes", n), sims.Word("text", strings.TrimSpace(string(buf[:n]))))
}

// takeAndUse receives descriptors and uses them. It never opens anything: the one
// attempt that it makes is refused.
func takeAndUse(a *sims.Actor) error {
	have := map[string]int{}
	for {
		c := a.Next()
		switch c.Name {
		case "try":
			a.Gate("open")
			fd, err := unix.Open(a.Arg("path"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err == nil {
				unix.Close(fd)
			}
			a.Say("tried", sims.Word("what", "file"), sims.Err(err))
		case "receive":
			if err := take(a, have); err != nil {
				return err
			}
		default:
			if err := use(a, c.Name, have); err != nil {
				return err
			}
		}
	}
}

// take receives one message and the descriptor that comes with it. The kernel has
// put it under the lowest number that was free here.
func take(a *sims.Actor, have map[string]int) error {
	buf, beside := make([]byte, 64), make([]byte, unix.CmsgSpace(4))
	a.Gate("recv")
	n, m, _, _, err := unix.Recvmsg(a.FD("line"), buf, beside, unix.MSG_CMSG_CLOEXEC)
	for err == unix.EINTR {
		n, m, _, _, err = unix.Recvmsg(a.FD("line"), buf, beside, unix.MSG_CMSG_CLOEXEC)
	}
	if err != nil {
		return fmt.Errorf("recvmsg: %w", err)
	}
	if n == 0 {
		a.Say("end") // the opener is gone, and nothing is left
		return nil
	}
	messages, err := unix.ParseSocketControlMessage(beside[:m])
	if err != nil {
		return fmt.Errorf("what came beside the message: %w", err)
	}
	if len(messages) == 0 { // MSG_CTRUNC: this process had no room for another descriptor
		a.Say("without descriptor", sims.Word("what", string(buf[:n])))
		return nil
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return fmt.Errorf("SCM_RIGHTS: %w", err)
	}
	if old, twice := have[string(buf[:n])]; twice {
		unix.Close(old) // the same thing again: a second descriptor of the same description
	}
	have[string(buf[:n])] = fds[0]
	a.Say("received", sims.Word("what", string(buf[:n])), sims.Num("fd", fds[0]))
	return nil
}

// use does with a descriptor what one does with its kind.
func use(a *sims.Actor, how string, have map[string]int) error {
	what := map[string]string{"read": "file", "write": "pipe", "store": "memory", "accept": "door", "empty": "pipe r"}[how]
	fd, ok := have[what]
	if !ok {
		a.Say("has none", sims.Word("what", what))
		return nil
	}
	switch how {
	case "read":
		a.Gate("read")
		readLine(a, fd)
	case "write":
		a.Gate("write")
		n, err := unix.Write(fd, []byte("from the worker\n"))
		if err != nil {
			a.Say("write failed", sims.Word("what", what), sims.Err(err))
			return nil
		}
		a.Say("wrote", sims.Word("what", what), sims.Num("bytes", n))
	case "empty":
		buf := make([]byte, 4096)
		a.Gate("read")
		n, err := unix.Read(fd, buf)
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		a.Say("emptied", sims.Word("what", what), sims.Num("bytes", n))
	case "store":
		page, err := unix.Mmap(fd, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			return fmt.Errorf("mmap: %w", err)
		}
		binary.NativeEndian.PutUint64(page, 42)
		a.Say("stored", sims.Word("what", what), sims.Num("value", 42))
		return unix.Munmap(page)
	case "accept":
		return welcome(a, fd)
	}
	return nil
}

// welcome takes one connection from a socket that another process made.
func welcome(a *sims.Actor, door int) error {
	a.Gate("accept")
	fd, peer, err := accept(door)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = unix.SendmsgN(fd, []byte("welcome"), nil, nil, unix.MSG_NOSIGNAL)
	a.Say("accepted", sims.Word("what", "door"), sims.Num("pid", int(peer.Pid)), sims.Err(err))
	return nil
}

// callDoor connects to the path, as it would have done before, and waits for an answer.
func callDoor(a *sims.Actor) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	a.Gate("connect")
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: a.Arg("door")}); err != nil {
		a.Say("refused", sims.Word("what", "door"), sims.Err(err))
		return nil
	}
	buf := make([]byte, 64)
	a.Gate("recv")
	n, err := unix.Read(fd, buf)
	for err == unix.EINTR {
		n, err = unix.Read(fd, buf)
	}
	if err != nil || n == 0 { // nobody has the listening socket any more
		a.Say("left alone", sims.Word("what", "door"), sims.Err(err))
		return nil
	}
	a.Say("welcomed", sims.Word("what", "door"))
	return nil
}
