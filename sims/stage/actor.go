package stage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"ipctour/sims/sys"
)

// Actor is the child's side of the stage: what a role has in its hands. Its
// methods are for the role's own thread, the main thread of the process.
type Actor struct {
	role     Role
	lesson   string
	depth    int
	clock    clock
	page     *page
	hello    hello
	commands chan Command
}

// FD is the descriptor that the wiring gave under a name. A role that asks for
// one it was not given ends at once with a message that names both.
func (a *Actor) FD(name string) int {
	fd, ok := a.hello.FDs[name]
	if !ok {
		a.die(fmt.Errorf("role %s was given no descriptor %q", a.role.Name, name))
	}
	return fd
}

// Arg is a word that the wiring put under a name, "" when there is none. An
// option of the run is there under the option's name.
func (a *Actor) Arg(name string) string { return a.hello.Args[name] }

// Int is Arg as a whole number; what is not one is 0.
func (a *Actor) Int(name string) int {
	n, _ := strconv.Atoi(a.hello.Args[name]) // 0 on error, as documented
	return n
}

// Counter is a number that the tour reads while the role runs. Add and Store
// cost one atomic instruction and no system call.
func (a *Actor) Counter(name string) *atomic.Int64 {
	i := index(a.role.Counters, name)
	if i < 0 {
		a.die(fmt.Errorf("role %s declares no counter %q", a.role.Name, name))
	}
	return &a.page.counters[i].n
}

// Setting is the present value of a knob.
func (a *Actor) Setting(name string) int64 {
	i := index(a.role.Settings, name)
	if i < 0 {
		a.die(fmt.Errorf("role %s declares no setting %q", a.role.Name, name))
	}
	return a.page.settings[i].Load()
}

// Gate is a named point. Running free it is one atomic load. In step mode the
// process waits here, asleep on a futex, until the learner lets it go.
func (a *Actor) Gate(name string) {
	if a.page.stepping.Load() == 0 {
		return
	}
	a.wait(name)
}

func (a *Actor) wait(name string) {
	i := index(a.role.Gates, name)
	if i < 0 {
		a.die(fmt.Errorf("role %s declares no gate %q", a.role.Name, name))
	}
	seen := a.page.turns.Load()
	a.page.gate.Store(int32(i + 1))
	for a.page.turns.Load() == seen {
		if m := a.page.stepping.Load(); m != 1 && m != uint32(i+2) {
			break
		}
		futex(&a.page.turns, futexWait, seen)
	}
	a.page.gate.Store(0)
}

// Next waits for a command of the learner. The process is asleep meanwhile and
// the picture says that it waits for you. It is the only place where a role waits
// for the tour rather than for another process.
func (a *Actor) Next() Command {
	a.page.idle.Store(1)
	c := <-a.commands
	a.page.idle.Store(0)
	return c
}

// Asked takes a command if one has come, without waiting.
func (a *Actor) Asked() (Command, bool) {
	select {
	case c := <-a.commands:
		return c, true
	default:
		return Command{}, false
	}
}

// Note is one thing that a moment carries.
type Note struct {
	key  string
	text string
	n    int64
	word bool
}

// Num is a number of a moment.
func Num(key string, n int) Note { return Note{key: key, n: int64(n)} }

// Word is a text of a moment.
func Word(key, text string) Note { return Note{key: key, text: text, word: true} }

// Err is the kernel's name of an error under "errno".
func Err(err error) Note { return Word("errno", Errno(err)) }

func (a *Actor) at(kind string) message { return message{Kind: kind, At: a.clock.now()} }

// Errno is the kernel's name of an error, "" for nil: EPIPE, EAGAIN.
func Errno(err error) string {
	var e syscall.Errno
	if err == nil {
		return ""
	}
	if errors.As(err, &e) {
		return unix.ErrnoName(e)
	}
	return err.Error()
}

// Say tells the tour that something has happened: a moment. Moments are never
// dropped; they are for what is discrete, not for every operation of a hot loop.
func (a *Actor) Say(moment string, notes ...Note) {
	m := a.at("moment")
	m.Name = moment
	for _, n := range notes {
		if n.word {
			if m.S == nil {
				m.S = map[string]string{}
			}
			m.S[n.key] = n.text
		} else {
			if m.N == nil {
				m.N = map[string]int64{}
			}
			m.N[n.key] = n.n
		}
	}
	a.send(m)
}

// Hold tells the tour that an object of the wiring is open here at fd (or no
// more, with -1), so that the kernel can be asked about it.
func (a *Actor) Hold(object string, fd int) {
	m := a.at("hold")
	m.Name, m.N = object, map[string]int64{"fd": int64(fd)}
	if fd >= 0 { // looked up here: the tour may come too late, when it is closed again
		m.S = map[string]string{"target": target(fd)}
	}
	a.send(m)
}

// Mapped tells the tour where an object is mapped here, so that the kernel can be
// asked which frames are behind it: see World.Mapping. Memory is the mapping.
func (a *Actor) Mapped(object string, memory []byte) {
	m := a.at("mapped")
	m.Name, m.N = object, map[string]int64{"address": int64(sys.AddressOf(memory)), "length": int64(len(memory))}
	a.send(m)
}

// target is what a descriptor leads to, by its link in /proc. Another thread
// asks, so that the x-ray of the main one shows the lesson's calls alone.
func target(fd int) string {
	answer := make(chan string, 1)
	go func() {
		link, _ := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd)) // "" leaves the object unknown
		answer <- link
	}()
	return <-answer
}

// Fork starts the process of a role that this one forks (Role.By), and gives its pid. The child
// gets the descriptors in files under their names; everything else is closed in
// it. Go cannot fork without exec, so the child is this program once more; it is
// born a sibling (CLONE_PARENT), because only a parent may wait for it and that
// is the tour.
func (a *Actor) Fork(role string, names []string, files []int) (pid int, err error) {
	w, ok := a.hello.Wards[role]
	if !ok {
		return 0, fmt.Errorf("fork %s: role %s has no such ward, or has forked it already", role, a.role.Name)
	}
	list := standardFiles(uintptr(w.Stderr))
	for _, fd := range files {
		list = append(list, uintptr(fd))
	}
	list = withHouse(list, w.Link, w.Page)
	pid, err = syscall.ForkExec("/proc/self/exe", roleArgs(a.lesson, role, a.depth+1), &syscall.ProcAttr{
		Env: childEnv(), Files: list,
		Sys: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_PARENT},
	})
	if err != nil {
		return 0, fmt.Errorf("fork %s: %w", role, err)
	}
	delete(a.hello.Wards, role)
	for _, fd := range []int{w.Link, w.Page, w.Stderr} {
		unix.Close(fd) // the ward carries it now
	}
	m := a.at("forked")
	m.Name, m.N, m.S = role, map[string]int64{"pid": int64(pid)}, map[string]string{}
	for i, n := range names {
		m.S[n] = strconv.Itoa(3 + i)
	}
	a.send(m)
	return pid, nil
}

// Exec becomes another program, found on the path that the wiring gave, with
// descriptors as they are but for the tour's own, which are closed on exec: from
// then on it takes no commands and says no moments, and what it writes to its
// standard error becomes a moment "stderr" when it ends. A signal that is handled
// here, as the Go runtime does with SIGPIPE, has its default action there
// (execve(2)). It returns only on failure.
func (a *Actor) Exec(path string, argv []string, env []string) error {
	m := a.at("exec")
	m.Name, m.S = filepath.Base(path), map[string]string{"path": path, "line": strings.Join(argv, " ")}
	a.send(m)
	return fmt.Errorf("exec %s: %w", path, syscall.Exec(path, argv, env))
}

func (a *Actor) send(m message) {
	if err := sendPacket(linkFD, m); err != nil {
		a.leave(exitLink) // the tour is gone: nobody is left to tell
	}
}

// Exit statuses of a child that did not end by its role's own will.
const (
	exitTrouble = 70 // the role returned an error
	exitLink    = 71 // the tour is gone
)

func (a *Actor) die(err error) {
	m := a.at("trouble")
	m.S = map[string]string{"text": err.Error()}
	_ = sendPacket(linkFD, m) // if the tour is gone, the exit says enough
	a.leave(exitTrouble)
}

func (a *Actor) leave(status int) {
	unix.Exit(status)
}

// obey takes the tour's messages on a thread of its own: commands wait in the
// channel until the role asks; a descriptor is closed at once, even while the
// role's thread is blocked, as another thread of the process may do.
func (a *Actor) obey() {
	buf := make([]byte, maxPacket)
	for {
		var m message
		ok, err := recvPacket(linkFD, buf, &m)
		if !ok || err != nil {
			a.leave(exitLink)
		}
		switch m.Kind {
		case "do":
			a.commands <- Command{Name: m.Name, N: m.N["n"], Text: m.S["text"]}
		case "close":
			if err := unix.Close(int(m.N["fd"])); err != nil {
				e := a.at("trouble")
				e.S = map[string]string{"text": fmt.Sprintf("close(%d): %v", m.N["fd"], err)}
				_ = sendPacket(linkFD, e)
			}
		}
	}
}
