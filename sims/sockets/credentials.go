package sockets

// What this lesson shows: who is calling is the kernel's word, and a server can admit
// some and turn others away by it. SO_PEERCRED names who connected, SCM_CREDENTIALS who
// sent this message, and a sender may claim nothing else: EPERM. Both name a process and
// its user, not a program (unix(7)).

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

//go:embed credentials.go
var credentialsSource string

var credentials = sims.Sim{
	ID:     "sockets/credentials",
	Needs:  []string{"unix-sockets"},
	Source: credentialsSource,
	Roles: []sims.Role{
		{Name: "honest", Run: callHonestly, Gates: []string{"connect", "send", "fork", "exec"}},
		{Name: "heir", Run: speakForAnother, By: "honest", Gates: []string{"send"}},
		{Name: "forger", Run: claimMuch, Gates: []string{"connect", "send"}},
		{Name: "server", Run: admitSome, Counters: []string{"admitted", "turned away"}, Settings: []string{listed}, Gates: []string{"poll", "accept", "recv"}},
	},
	Wire: func(w *sims.Wiring) error {
		path := filepath.Join(w.Dir(), doorFile)
		fd, err := listenAt(unix.SOCK_SEQPACKET, path)
		if err != nil {
			return err
		}
		door := w.Own("door", "socket", fd)
		w.Give("server", "door", door)
		for i := range lines {
			w.Promise(lineName(i+1), "socket")
		}
		for _, client := range callers {
			w.Promise(endName(client), "socket")
			w.Put(client, "end", endName(client))
			w.Put(client, "path", path)
		}
		echo, err := program("echo")
		w.Put("honest", "echo", echo)
		return err
	},
	Knobs: []sims.Knob{
		{Key: "w", Name: "list the honest client", Help: "the server admits the process with this pid, and no other", Act: sims.Do{Run: list("honest")}},
		{Key: "l", Name: "list the forger", Help: "the server admits the forger's process, and no other", Act: sims.Do{Run: list("forger")}},
		{Key: "1", Name: "honest says hello", Help: "a message that says its true pid", Act: sims.Tell{Role: "honest", Command: "hello"}},
		{Key: "2", Name: "forger lies in the text", Help: "a message that says: I am the honest client", Act: sims.Tell{Role: "forger", Command: "lie", Peer: "honest"}},
		{Key: "3", Name: "forger claims the pid", Help: "SCM_CREDENTIALS with the honest client's pid", Act: sims.Tell{Role: "forger", Command: "pid", Peer: "honest"}},
		{Key: "4", Name: "forger claims a uid", Help: "SCM_CREDENTIALS with another user's id", Act: sims.Tell{Role: "forger", Command: "uid"}},
		{Key: "5", Name: "forger claims the truth", Help: "SCM_CREDENTIALS with its own pid, uid and gid", Act: sims.Tell{Role: "forger", Command: "truth"}},
		{Key: "f", Name: "honest forks", Help: "its child sends over the same socket", Act: sims.Tell{Role: "honest", Command: "fork"}},
		{Key: "p", Name: "honest becomes echo", Help: "exec of another program, whose output is the socket", Act: sims.Tell{Role: "honest", Command: "exec"}},
		{Key: "i", Name: "heir speaks", Help: "the child sends once more", Act: sims.Tell{Role: "heir", Command: "hello"}},
	},
	Draw: drawCredentials,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("forged-pid")
		if a == nil {
			return "", false
		}
		switch m := lastClaim(a, "pid"); m.S["errno"] {
		case "EPERM":
			return "EPERM", true
		case "":
			if got := a.Last("server", "message"); got.N["pid"] == m.N["pid"] {
				return "believed", true
			}
			return "replaced", true
		}
		return "", false
	},
	Walk: []sims.Step{
		{ID: "met", Turn: sims.Press("list the honest client"), For: "the server has accepted both", Until: func(w *sims.World) bool {
			return w.Said("server", "accepted") == 2 && inConversation(w, "honest") && inConversation(w, "forger")
		}},
		{ID: "hello", From: "met", Turn: sims.Press("honest says hello"), For: "the honest client's message has arrived", Until: heard("honest", "honest")},
		{ID: "stranger", From: "met", Turn: sims.Press("forger claims the truth"), For: "the forger's true message has arrived", Until: heard("forger", "forger")},
		{ID: "lie", From: "met", Turn: sims.Press("forger lies in the text"), For: "the forger's lie has arrived", Until: heard("forger", "honest")},
		{ID: "forged-pid", From: "met", Turn: sims.Press("forger claims the pid"), For: "the kernel has answered the claim of another pid", Until: answered("pid", "lie")},
		{ID: "forged-uid", From: "met", Turn: sims.Press("forger claims a uid"), For: "the kernel has answered the claim of another user", Until: answered("uid", "forged-pid")},
		{ID: "heir", From: "met", Turn: sims.Press("honest forks"), For: "the child's message has arrived", Until: func(w *sims.World) bool {
			return messageFrom(w, "heir", "heir") != nil && opened(w, "heir", endName("honest"))
		}},
		{ID: "exec", From: "met", Turn: sims.Press("honest becomes echo"), For: "the program's message has arrived", Until: func(w *sims.World) bool {
			return heard("honest", "honest")(w) && w.Actor("honest").Program != "" && !w.Actor("honest").Life.Alive()
		}},
	},
	Claims: []sims.Claim{
		{ID: "peercred", Says: "SO_PEERCRED tells who connected, without a word from the client", After: "met", Check: func(a *sims.World) sims.Verdict {
			want := fmt.Sprintf("pids %d and %d, uid %d", a.Actor("honest").PID, a.Actor("forger").PID, a.Facts["uid"])
			var met []int64
			uid, said := int64(-1), 0
			for i := range a.Moments {
				switch m := &a.Moments[i]; m.Name {
				case "accepted":
					met, uid = append(met, m.N["pid"]), m.N["uid"]
				case "message":
					if len(met) < len(callers) {
						said++
					}
				}
			}
			if len(met) == 2 && met[0] != int64(a.Actor("honest").PID) {
				slices.Reverse(met)
			}
			got := fmt.Sprintf("pids %d and %d, uid %d", met[0], met[1], uid)
			return sims.Judge(got == want && said == 0, want+", after 0 messages", got+fmt.Sprintf(", after %s", scene.Many(int64(said), "message")), "getsockopt(SO_PEERCRED), and the pids that the tour started")
		}},
		{ID: "truth", Says: "the kernel puts the sender's own pid beside the message, and the one on the list is admitted", After: "hello", Check: checkAdmission("honest", true)},
		{ID: "not-listed", Says: "who is not on the list is turned away, even with the truth", After: "stranger", Check: checkAdmission("forger", false)},
		{ID: "text-lies", Says: "the text can lie; the kernel's word beside it does not", After: "lie", Check: func(a *sims.World) sims.Verdict {
			m, honest, forger := messageFrom(a, "forger", "honest"), a.Actor("honest").PID, a.Actor("forger").PID
			say := func(claims, pid any) string { return fmt.Sprintf("the text says %d, the kernel %d", claims, pid) }
			return sims.Judge(m.N["claims"] == int64(honest) && m.N["pid"] == int64(forger), say(honest, forger), say(m.N["claims"], m.N["pid"]), "SCM_CREDENTIALS in recvmsg(2)")
		}},
		{ID: "forged-pid", Says: "claiming another pid gives EPERM, and nothing is sent", After: "forged-pid", Check: checkForged("pid")},
		{ID: "forged-uid", Says: "claiming another user gives EPERM, and nothing is sent", After: "forged-uid", Check: checkForged("uid")},
		{ID: "two-words", Says: "SO_PEERCRED stays with who connected, SCM_CREDENTIALS names who sent", After: "heir", Check: func(a *sims.World) sims.Verdict {
			m, honest, heir := messageFrom(a, "heir", "heir"), a.Actor("honest").PID, a.Actor("heir").PID
			say := func(peer, pid any) string { return fmt.Sprintf("SO_PEERCRED %d, SCM_CREDENTIALS %d", peer, pid) }
			return sims.Judge(m.N["peer"] == int64(honest) && m.N["pid"] == int64(heir) && m.N["admitted"] == 0, say(honest, heir)+", turned away", say(m.N["peer"], m.N["pid"])+", "+verdictOf(m), "getsockopt(SO_PEERCRED), SCM_CREDENTIALS in recvmsg(2)")
		}},
		{ID: "not-the-program", Says: "credentials name a process, not the program it runs", After: "exec", Check: func(a *sims.World) sims.Verdict {
			m, honest := messageFrom(a, "honest", "honest"), a.Actor("honest")
			return sims.Judge(m.N["listed"] == int64(honest.PID) && m.N["pid"] == int64(honest.PID) && m.N["admitted"] == 1 && honest.Program == "echo",
				fmt.Sprintf("from echo, with pid %d, admitted", honest.PID), fmt.Sprintf("from %s, with pid %d, %s", honest.Program, m.N["pid"], verdictOf(m)), "SCM_CREDENTIALS in recvmsg(2), execve(2)")
		}},
	},
}

// listed is the setting that holds the one pid on the server's list.
const listed = "listed"

// list puts a client's pid on the server's list, in the place of the one that is there. The
// tour knows it without asking the client, for it has started it. A service manager is in
// the same position: it admits messages from the main process that it has started.
func list(client string) func(*stage.Run, string) error {
	return func(r *stage.Run, _ string) error {
		pid, err := r.PID(client)
		if err != nil {
			return err
		}
		return r.Set("server", listed, int64(pid))
	}
}

// callers are the roles that connect.
var callers = []string{"honest", "forger"}

// admitSome takes connections and messages as they come. It admits a message if its sender
// belongs to the server's own user, and is the process on its list.
func admitSome(a *sims.Actor) error {
	fds := []unix.PollFd{{Fd: int32(a.FD("door")), Events: unix.POLLIN}}
	for {
		a.Gate("poll")
		if _, err := unix.Poll(fds, -1); err != nil {
			if err == unix.EINTR {
				continue
			}
			return fmt.Errorf("poll: %w", err)
		}
		for n := len(fds) - 1; n > 0; n-- { // the line of fds[n] is n
			if fds[n].Fd < 0 || fds[n].Revents == 0 {
				continue
			}
			gone, err := hear(a, int(fds[n].Fd), n)
			if err != nil {
				return err
			}
			if gone {
				unix.Close(int(fds[n].Fd))
				fds[n].Fd = -1 // poll(2) leaves it out
			}
		}
		if fds[0].Revents != 0 {
			fd, err := meet(a, len(fds))
			if err != nil {
				return err
			}
			fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		}
	}
}

// meet accepts a connection and asks the kernel who made it. From now on it is to
// say of every message who sent it (SO_PASSCRED).
func meet(a *sims.Actor, line int) (int, error) {
	a.Gate("accept")
	fd, peer, err := accept(a.FD("door"))
	if err != nil {
		return -1, err
	}
	if line <= lines {
		a.Hold(lineName(line), fd)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
		return -1, fmt.Errorf("setsockopt(SO_PASSCRED): %w", err)
	}
	a.Say("accepted", sims.Num("line", line), sims.Num("fd", fd), sims.Num("pid", int(peer.Pid)), sims.Num("uid", int(peer.Uid)))
	return fd, nil
}

// hear receives one message and what the kernel has put beside it.
func hear(a *sims.Actor, fd, line int) (gone bool, err error) {
	buf, beside := make([]byte, 128), make([]byte, unix.CmsgSpace(unix.SizeofUcred))
	a.Gate("recv")
	n, m, _, _, err := unix.Recvmsg(fd, buf, beside, 0)
	if err == unix.EINTR {
		return false, nil
	}
	if err != nil || n == 0 {
		a.Say("end", sims.Num("line", line), sims.Err(err))
		return true, nil
	}
	messages, err := unix.ParseSocketControlMessage(beside[:m])
	if err != nil {
		return false, fmt.Errorf("what came beside the message: %w", err)
	}
	if len(messages) == 0 {
		return false, errors.New("a message without credentials, though SO_PASSCRED is set")
	}
	sender, err := unix.ParseUnixCredentials(&messages[0])
	if err != nil {
		return false, fmt.Errorf("SCM_CREDENTIALS: %w", err)
	}
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return false, fmt.Errorf("getsockopt(SO_PEERCRED): %w", err)
	}
	var claims int32
	fmt.Sscanf(string(buf[:n]), "I am pid %d", &claims) // 0 where it does not say
	admitted := 0
	onList := a.Setting(listed)
	if int(sender.Uid) == unix.Getuid() && int64(sender.Pid) == onList { // by the kernel's word alone
		admitted = 1
		a.Counter("admitted").Add(1)
	} else {
		a.Counter("turned away").Add(1)
	}
	a.Say("message", sims.Num("line", line), sims.Num("claims", int(claims)), sims.Num("pid", int(sender.Pid)), sims.Num("uid", int(sender.Uid)),
		sims.Num("gid", int(sender.Gid)), sims.Num("peer", int(peer.Pid)), sims.Num("listed", int(onList)), sims.Num("admitted", admitted))
	return false, nil
}

// connect is the way in for both clients.
func connect(a *sims.Actor) (fd int, err error) {
	if fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0); err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	a.Hold(a.Arg("end"), fd)
	a.Gate("connect")
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: a.Arg("path")}); err != nil {
		return -1, fmt.Errorf("connect: %w", err)
	}
	return fd, nil
}

// tell sends a text that says a pid, with credentials of the sender's choice or none.
func tell(a *sims.Actor, what string, fd, pid int, claim *unix.Ucred) {
	var beside []byte
	said := pid
	if claim != nil {
		beside, said = unix.UnixCredentials(claim), int(claim.Pid)
	}
	a.Gate("send")
	_, err := unix.SendmsgN(fd, fmt.Appendf(nil, "I am pid %d", pid), beside, nil, unix.MSG_NOSIGNAL)
	uid := unix.Getuid()
	if claim != nil {
		uid = int(claim.Uid)
	}
	a.Say("claimed", sims.Word("what", what), sims.Num("pid", said), sims.Num("uid", uid), sims.Err(err))
}

// callHonestly says who it is. It forks a child that speaks over its socket, and in the
// end it becomes another program whose output goes there.
func callHonestly(a *sims.Actor) error {
	fd, err := connect(a)
	if err != nil {
		return err
	}
	for {
		switch a.Next().Name {
		case "hello":
			tell(a, "hello", fd, os.Getpid(), nil)
		case "fork":
			a.Gate("fork")
			if _, err := a.Fork("heir", []string{"line"}, []int{fd}); err != nil {
				a.Say("has an heir") // one is enough
			}
		case "exec":
			if err := unix.Dup2(fd, 1); err != nil { // standard output, without close-on-exec
				return fmt.Errorf("dup2: %w", err)
			}
			a.Gate("exec")
			return a.Exec(a.Arg("echo"), []string{"echo", "I am pid", fmt.Sprint(os.Getpid())}, nil)
		}
	}
}

// speakForAnother sends over a socket that its parent has connected.
func speakForAnother(a *sims.Actor) error {
	for {
		tell(a, "hello", a.FD("line"), os.Getpid(), nil)
		a.Next()
	}
}

// claimMuch tries to pass for somebody else: in the text, which nobody checks, and in
// the credentials, which the kernel does.
func claimMuch(a *sims.Actor) error {
	fd, err := connect(a)
	if err != nil {
		return err
	}
	for {
		c := a.Next()
		me := unix.Ucred{Pid: int32(os.Getpid()), Uid: uint32(unix.Getuid()), Gid: uint32(unix.Getgid())}
		switch c.Name {
		case "lie":
			tell(a, c.Name, fd, int(c.N), nil)
		case "pid":
			me.Pid = int32(c.N)
			tell(a, c.Name, fd, int(c.N), &me)
		case "uid":
			me.Uid = somebodyElse(me.Uid)
			tell(a, c.Name, fd, os.Getpid(), &me)
		case "truth":
			tell(a, c.Name, fd, os.Getpid(), &me)
		}
	}
}

// somebodyElse is another user: root, or for root the next one.
func somebodyElse(uid uint32) uint32 {
	if uid == 0 {
		return 1
	}
	return 0
}

// program is the path of a program that every machine has.
func program(name string) (string, error) {
	for _, dir := range append([]string{"/bin", "/usr/bin"}, filepath.SplitList(os.Getenv("PATH"))...) {
		if path := filepath.Join(dir, name); filepath.IsAbs(path) && unix.Access(path, unix.X_OK) == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no program " + name + " in /bin, in /usr/bin or on PATH")
}
