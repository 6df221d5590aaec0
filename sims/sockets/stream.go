package sockets

// What this lesson shows: the calls of a network server on a path. The listening
// socket and each conversation are different sockets, connect is answered by the
// kernel and not by the server, and a path is a name that outlives its socket (unix(7)).

import (
	_ "embed"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/stage"
	"ipctour/sims/sys"
)

//go:embed stream.go
var streamSource string

const (
	backlog   = 3 // what listen(2) is asked for: one more than that may wait
	doorFile  = "kitchen.sock"
	pathBytes = 108 // of sun_path in struct sockaddr_un
	lines     = 12  // conversations that the server can tell apart
)

var stream = sims.Sim{
	ID:     "sockets/stream",
	Source: streamSource,
	Needs:  []string{"unix-sockets", "socket-levels"},
	Roles: []sims.Role{
		{Name: "guest", Run: dine, Late: true, Gates: []string{"connect", "send", "recv"}},
		{Name: "second", Run: dine, Late: true, Gates: []string{"connect", "send", "recv"}},
		{Name: "stranger", Run: knock, Gates: []string{"connect", "bind"}},
		{Name: "server", Run: serve, Counters: []string{"accepted"}, Gates: []string{"bind", "listen", "accept", "send", "recv"}},
	},
	Options: []sims.Option{{Name: "name", Values: []string{"path", "abstract"}}},
	Wire: func(w *sims.Wiring) error {
		var name string
		if w.Option("name") == "abstract" {
			name = w.Abstract("door", doorFile)
		} else {
			name = w.Path("door", "socket", doorFile)
		}
		for i := range lines {
			w.Promise(lineName(i+1), "socket")
		}
		for _, client := range clients {
			w.Promise(endName(client), "socket")
			w.Put(client, "end", endName(client))
		}
		for _, role := range []string{"guest", "second", "stranger", "server"} {
			w.Put(role, "name", name)
		}
		w.Put("stranger", "folder", w.Dir())
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "start the guest", Help: "socket, connect", Act: sims.Start{Role: "guest"}},
		{Key: "2", Name: "start the second", Help: "one more client: socket, connect", Act: sims.Start{Role: "second"}},
		{Key: "a", Name: "accept", Help: "the server calls accept(2) once", Act: sims.Tell{Role: "server", Command: "accept"}},
		{Key: "o", Name: "guest orders", Help: "the guest sends a line", Act: sims.Tell{Role: "guest", Command: "send"}},
		{Key: "w", Name: "server calls", Help: "the server sends a line to each of its guests", Act: sims.Tell{Role: "server", Command: "send"}},
		{Key: "g", Name: "guest reads", Help: "the guest calls recv(2) once", Act: sims.Tell{Role: "guest", Command: "recv"}},
		{Key: "r", Name: "server reads", Help: "the server calls recv(2) once on each connection", Act: sims.Tell{Role: "server", Command: "recv"}},
		{Key: "d", Name: "server hangs up", Help: "the server closes its end of each conversation", Act: sims.Tell{Role: "server", Command: "close"}},
		{Key: "f", Name: "guest leaves", Help: "the guest exits", Act: sims.Tell{Role: "guest", Command: "leave", Ends: true}},
		{Key: "i", Name: "second leaves", Help: "the second client exits", Act: sims.Tell{Role: "second", Command: "leave", Ends: true}},
		{Key: "k", Name: "kill the server", Help: "kill -9", Act: sims.Break{Fault: stage.Kill, Role: "server"}},
		{Key: "b", Name: "start the server", Help: "socket, bind, listen once more", Act: sims.Start{Role: "server"}},
		{Key: "u", Name: "remove the path", Help: "unlink(2) of the socket's name", Act: sims.Do{Run: removeDoor}},
		{Key: "s", Name: "knock", Help: "the stranger connects, tells what it got and closes", Act: sims.Tell{Role: "stranger", Command: "knock"}},
		{Key: "l", Name: "try long paths", Help: "the stranger binds a path of 108 bytes and one of 109", Act: sims.Tell{Role: "stranger", Command: "long"}},
		{Key: "m", Name: "kind of name", Help: "a path, or an abstract name; the cast starts anew", Act: sims.Choose{Option: "name"}},
	},
	Draw: drawStream,
	Measured: func(w *sims.World) (string, bool) {
		if a := w.After("refused"); a != nil {
			return knockedAt(a), true
		}
		return "", false
	},
	Walk: []sims.Step{
		{ID: "listening", Turn: []sims.Turn{{Knob: "kind of name", Value: "path"}}, For: "the server listens", Until: func(w *sims.World) bool {
			return w.Options["name"] == "path" && listening(w) && w.Object("door").Level("exists") == 1 && w.Object("door").Level("waiting") == 0
		}},
		{ID: "queued", From: "listening", Turn: sims.Press("start the guest"), For: "connect has returned and the guest waits in the queue", Until: func(w *sims.World) bool {
			return w.ReadSince(w.Last("guest", "connected")) && (w.Object("door").Level("waiting") == 1)
		}},
		{ID: "accepted", From: "listening", Turn: sims.Press("accept"), For: "the server has a descriptor for the guest", Until: func(w *sims.World) bool {
			return inConversation(w, "guest")
		}},
		{ID: "duplex", From: "listening", Turn: sims.Press("guest orders", "server calls"), For: "bytes lie in both buffers", Until: func(w *sims.World) bool {
			line := lineOf(w, "guest")
			return line != "" && w.Object(line).Level("in") > 0 && w.Object(endName("guest")).Level("in") > 0 &&
				w.News("guest", "sent") != nil && w.News("server", "sent") != nil // the kernel may tell of the bytes before they do
		}},
		{ID: "outlives", From: "listening", Turn: sims.Press("guest reads", "server reads", "guest leaves", "start the second", "accept"), For: "the guest has left and the second is in", Until: func(w *sims.World) bool {
			return !w.Actor("guest").Life.Alive() && inConversation(w, "second")
		}},
		{ID: "killed", From: "listening", Turn: sims.Press("kill the server"), For: "the server is dead, and its path is still there", Until: func(w *sims.World) bool {
			return !w.Actor("server").Life.Alive() && w.Object("door").Level("holders") == 0
		}},
		{ID: "refused", From: "listening", Turn: sims.Press("knock"), For: "the stranger has its answer at the path of a dead server", Until: knocked},
		{ID: "in-use", From: "listening", Turn: sims.Press("start the server"), For: "the new server has tried to bind", Until: func(w *sims.World) bool {
			return w.News("server", "bind failed") != nil && !w.Actor("server").Life.Alive()
		}},
		{ID: "missing", From: "listening", Turn: sims.Press("remove the path", "knock"), For: "the stranger has its answer where there is no path", Until: func(w *sims.World) bool {
			return knocked(w) && w.Object("door").Level("exists") == 0
		}},
		{ID: "long", From: "long", Turn: sims.Press("try long paths"), For: "the kernel has answered twice", Until: func(w *sims.World) bool {
			m := w.News("stranger", "bound")
			return m != nil && m.N["length"] == pathBytes+1
		}},
		{ID: "abstract", Turn: []sims.Turn{{Knob: "kind of name", Value: "abstract"}}, For: "a server listens under an abstract name", Until: func(w *sims.World) bool {
			return w.Options["name"] == "abstract" && listening(w) && w.Object("door").Level("waiting") == 0
		}},
		{ID: "vanishes", From: "abstract", Turn: sims.Press("kill the server"), For: "the server is dead, and its abstract name with it", Until: func(w *sims.World) bool {
			return w.ReadSinceEnd("server") && w.Object("door").Level("holders") == 0
		}},
		{ID: "nobody", From: "abstract", Turn: sims.Press("knock"), For: "the stranger has its answer at an abstract name without a server", Until: knocked},
		{ID: "rebinds", From: "abstract", Turn: sims.Press("start the server"), For: "a server listens again", Until: listening},
	},
	Claims: []sims.Claim{
		{ID: "queue", Says: "connect returns before anybody has accepted", After: "queued", Check: func(a *sims.World) sims.Verdict {
			n, accepted := a.Object("door").Level("waiting"), a.Count("server", "accepted")
			say := func(n, accepted int64) string {
				return fmt.Sprintf("connect returned; in the queue: %d, accepted: %d", n, accepted)
			}
			return sims.Judge(a.Last("guest", "connected") != nil && n == 1 && accepted == 0, say(1, 0), say(n, accepted), "the return of connect(2), /proc/net/unix")
		}},
		{ID: "own-socket", Says: "accept gives a new socket, and the listening one stays", After: "accepted", Check: func(a *sims.World) sims.Verdict {
			door, one := target(a, "server", "door"), target(a, "server", lineOf(a, "guest"))
			return sims.Judge(door != "" && one != "" && door != one, "2 different sockets in the server's table", fmt.Sprintf("%s listens, %s is the guest's", door, one), "/proc/PID/fd")
		}},
		{ID: "duplex", Says: "bytes lie in both directions at the same time", After: "duplex", Check: func(a *sims.World) sims.Verdict {
			in, out := a.Object(lineOf(a, "guest")).Level("in"), a.Object(endName("guest")).Level("in")
			want := func(role string) int64 { // all that it has sent and the other has not received
				other := map[string]string{"guest": "server", "server": "guest"}[role]
				sent, received := exchanged(a, "guest", role, other, lineOf(a, "guest"))
				return sum(sent) - received
			}
			return sims.Judge(in == want("guest") && out == want("server") && in > 0 && out > 0, fmt.Sprintf("%d B and %d B", want("guest"), want("server")), fmt.Sprintf("%d B and %d B", in, out), "ioctl(SIOCINQ) on both ends")
		}},
		{ID: "outlives", Says: "the listening socket outlives its clients", After: "outlives", Check: func(b *sims.World) sims.Verdict {
			a := b.After("queued")
			same, in, ended := target(a, "server", "door") == target(b, "server", "door"), inConversation(b, "second"), b.Actor("guest").Ended()
			second, door := "has a conversation", "the same socket listens"
			if !in {
				second = "has none"
			}
			if !same {
				door = "another socket listens"
			}
			return sims.Judge(same && in && ended != "", "the guest has ended, the second has a conversation, the same socket listens",
				fmt.Sprintf("the guest: %s, the second %s, %s", orElse(ended, "not ended"), second, door), "/proc/PID/fd, wait status")
		}},
		{ID: "refused", Says: "with the name there and nobody listening, connect gives ECONNREFUSED", After: "refused", Check: func(a *sims.World) sims.Verdict {
			there := a.Object("door").Level("exists") == 1
			return sims.Judge(knockedAt(a) == "ECONNREFUSED" && there, "ECONNREFUSED, the name is there", fmt.Sprintf("%s, the name is %s", knockedAt(a), map[bool]string{true: "there", false: "gone"}[there]), "errno of connect(2), lstat(2)")
		}},
		{ID: "in-use", Says: "bind to a name that is there gives EADDRINUSE, even if its server is dead", After: "in-use", Check: func(a *sims.World) sims.Verdict {
			errno := a.Last("server", "bind failed").S["errno"]
			return sims.Judge(errno == "EADDRINUSE", "EADDRINUSE", errno, "errno of bind(2)")
		}},
		{ID: "missing", Says: "without the name connect gives ENOENT", After: "missing", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(knockedAt(a) == "ENOENT", "ENOENT", knockedAt(a), "errno of connect(2)")
		}},
		{ID: "path-limit", Says: "a path may have 108 bytes and not one more", After: "long", Check: func(a *sims.World) sims.Verdict {
			got := boundAt(a, pathBytes) + " with 108 bytes, " + boundAt(a, pathBytes+1) + " with 109"
			return sims.Judge(got == "bound with 108 bytes, EINVAL with 109", "bound with 108 bytes, EINVAL with 109", got, "the answers of bind(2)")
		}},
		{ID: "abstract", Says: "an abstract name is the kernel's alone and goes with its socket", After: "rebinds", Check: func(b *sims.World) sims.Verdict {
			bound := func(w *sims.World) int64 { return w.Object("door").Level("bound") }
			before, after, again, errno := bound(b.After("abstract")), bound(b.After("vanishes")), bound(b), knockedAt(b.After("nobody"))
			say := func(before, after int64, errno string, again int64) string {
				return fmt.Sprintf("sockets of that name: %d, after the kill %d; connect: %s; bound again: %d", before, after, errno, again)
			}
			return sims.Judge(before == 1 && after == 0 && again == 1 && errno == "ECONNREFUSED", say(1, 0, "ECONNREFUSED", 1), say(before, after, errno, again),
				"lines of /proc/net/unix with the @ name, errno of connect(2)")
		}},
	},
}

// serve makes the socket that listens, and then does one thing at a time as it is told.
func serve(a *sims.Actor) error {
	door, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	a.Gate("bind")
	if err := unix.Bind(door, &unix.SockaddrUnix{Name: a.Arg("name")}); err != nil { // here the name appears
		a.Say("bind failed", sims.Err(err))
		return nil
	}
	a.Hold("door", door)
	a.Gate("listen")
	if err := unix.Listen(door, backlog); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	a.Say("listens")
	guests := map[int]int{} // descriptors by the number of their line
	for {
		switch a.Next().Name {
		case "accept":
			if err := admit(a, door, guests); err != nil {
				return err
			}
		case "send":
			for _, n := range numbers(guests) {
				a.Gate("send")
				send(a, guests[n], "soup is ready", sims.Num("line", n))
			}
		case "recv":
			for _, n := range numbers(guests) {
				a.Gate("recv")
				if gone := receive(a, guests[n], sims.Num("line", n)); gone {
					part(a, n, guests)
				}
			}
		case "close":
			for _, n := range numbers(guests) {
				part(a, n, guests)
				a.Say("hung up", sims.Num("line", n))
			}
		}
	}
}

// part closes the server's end of one conversation.
func part(a *sims.Actor, n int, guests map[int]int) {
	unix.Close(guests[n])
	delete(guests, n)
	a.Hold(lineName(n), -1)
}

// admit takes the first connection out of the queue; with none there it sleeps. It
// gets a descriptor of its own, and door stays as it is.
func admit(a *sims.Actor, door int, guests map[int]int) error {
	a.Gate("accept")
	fd, peer, err := accept(door)
	if err != nil {
		return err
	}
	n := 1
	for guests[n] != 0 {
		n++
	}
	guests[n] = fd
	if n <= lines {
		a.Hold(lineName(n), fd)
	}
	a.Counter("accepted").Add(1)
	a.Say("accepted", sims.Num("line", n), sims.Num("fd", fd), sims.Num("pid", int(peer.Pid)))
	return nil
}

// dine is a client: it connects, and then sends, receives and leaves as it is told.
func dine(a *sims.Actor) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	a.Hold(a.Arg("end"), fd)
	a.Gate("connect")
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: a.Arg("name")}); err != nil {
		a.Say("refused", sims.Err(err))
		return nil
	}
	a.Say("connected") // whether or not anybody has accepted
	for {
		switch a.Next().Name {
		case "send":
			a.Gate("send")
			send(a, fd, "one soup", sims.Num("line", 0))
		case "recv":
			a.Gate("recv")
			receive(a, fd, sims.Num("line", 0))
		case "leave":
			return nil
		}
	}
}

// send is send(2). Without MSG_NOSIGNAL a peer that is gone would mean SIGPIPE.
func send(a *sims.Actor, fd int, text string, line stage.Note) {
	n, err := unix.SendmsgN(fd, []byte(text), nil, nil, unix.MSG_NOSIGNAL)
	if err != nil {
		a.Say("send failed", sims.Err(err), line)
		return
	}
	a.Say("sent", sims.Num("bytes", n), sims.Word("text", text[:n]), line)
}

// receive is recv(2) of what is there, without sleeping. It reports whether the peer
// is gone: 0 bytes are the end, ECONNRESET an end with something left unread there.
func receive(a *sims.Actor, fd int, line stage.Note) (gone bool) {
	buf := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, buf, unix.MSG_DONTWAIT)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		a.Say("nothing there", line)
		return false
	case err != nil || n == 0:
		a.Say("end", sims.Err(err), line)
		return true
	}
	a.Say("received", sims.Num("bytes", n), line)
	return false
}

// knock connects, tells the kernel's answer and leaves it at that; or it tries how
// long a path may be.
func knock(a *sims.Actor) error {
	for {
		if a.Next().Name == "long" {
			if err := tryLong(a); err != nil {
				return err
			}
			continue
		}
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return fmt.Errorf("socket: %w", err)
		}
		a.Gate("connect")
		err = unix.Connect(fd, &unix.SockaddrUnix{Name: a.Arg("name")}) // EAGAIN: the queue is full
		unix.Close(fd)
		a.Say("knocked", sims.Err(err))
	}
}

// tryLong binds paths of 108 and 109 bytes, relative to the folder.
func tryLong(a *sims.Actor) error {
	if err := unix.Chdir(a.Arg("folder")); err != nil {
		return fmt.Errorf("chdir: %w", err)
	}
	for _, n := range []int{pathBytes, pathBytes + 1} {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("socket: %w", err)
		}
		name := strings.Repeat("a", n)
		a.Gate("bind")
		err = sys.BindUnix(fd, name)
		if err == nil {
			unix.Unlink(name)
		}
		unix.Close(fd)
		a.Say("bound", sims.Num("length", n), sims.Err(err))
	}
	return nil
}

func removeDoor(r *stage.Run, _ string) error {
	dir, err := r.Dir()
	if err != nil {
		return err
	}
	if err := unix.Unlink(filepath.Join(dir, doorFile)); err != nil {
		return fmt.Errorf("unlink: %w", err)
	}
	return nil
}

// clients are the roles that connect and stay, in the order of the picture.
var clients = []string{"guest", "second"}

func endName(client string) string { return client + "'s end" }

func lineName(n int) string { return fmt.Sprintf("line %d", n) }

// numbers are the lines in use, in order.
func numbers(guests map[int]int) []int {
	var list []int
	for n := range guests {
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}
