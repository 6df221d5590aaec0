package stage

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The janitor is a process of its own, started before the terminal is touched.
// It sleeps on the end of a socket whose other end only the tour holds. If the
// tour dies in any way, SIGKILL included, the janitor wakes, puts the terminal
// back as it was and removes what the tour had made. Its orders are lines:
//
//	guard        note how the terminal at descriptor 3 is set; answered "ok"
//	remove PATH  to be removed if the tour dies; given before the path is made
//	forget PATH  it was not made after all
//	bye          the tour has ended well: do nothing
//
// Processes need no janitor: they die with the thread that started them.
type janitor struct {
	pid  int
	sock *os.File
	in   *bufio.Reader
}

func startJanitor(null int) (*janitor, error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("janitor: %w", os.NewSyscallError("socketpair", err))
	}
	defer unix.Close(ends[1])
	pid, err := syscall.ForkExec("/proc/self/exe", []string{"ipctour", janitorWord}, &syscall.ProcAttr{
		Env: childEnv(), Files: []uintptr{uintptr(ends[1]), uintptr(null), uintptr(null)},
		Sys: &syscall.SysProcAttr{Setpgid: true}})
	if err != nil {
		unix.Close(ends[0])
		return nil, fmt.Errorf("janitor: %w", err)
	}
	sock := os.NewFile(uintptr(ends[0]), "janitor")
	return &janitor{pid: pid, sock: sock, in: bufio.NewReader(sock)}, nil
}

// order sends a line and waits for the answer, so that what follows is covered.
func (j *janitor) order(line string) error {
	if _, err := io.WriteString(j.sock, line+"\n"); err != nil {
		return fmt.Errorf("janitor: %w", err)
	}
	return j.answered(line)
}

func (j *janitor) answered(line string) error {
	answer, err := j.in.ReadString('\n')
	if err != nil {
		return fmt.Errorf("janitor: %s: %w", line, err)
	}
	if answer != "ok\n" {
		return fmt.Errorf("janitor: %s: %s", line, strings.TrimSpace(answer))
	}
	return nil
}

// guard hands the terminal's descriptor over with the order.
func (j *janitor) guard(tty int) error {
	raw, err := j.sock.SyscallConn()
	if err != nil {
		return fmt.Errorf("janitor: %w", err)
	}
	var sent error
	err = raw.Control(func(fd uintptr) {
		sent = unix.Sendmsg(int(fd), []byte("guard\n"), unix.UnixRights(tty), nil, unix.MSG_NOSIGNAL)
	})
	if err := errors.Join(err, sent); err != nil {
		return fmt.Errorf("janitor: guard: %w", err)
	}
	return j.answered("guard")
}

// dismiss sends the janitor home and waits for it.
func (j *janitor) dismiss() error {
	_, sent := io.WriteString(j.sock, "bye\n")
	err := errors.Join(sent, j.sock.Close())
	for {
		_, e := unix.Wait4(j.pid, nil, 0, nil)
		if e == unix.EINTR {
			continue
		}
		if e != nil {
			return errors.Join(err, os.NewSyscallError("wait4 janitor", e))
		}
		return err
	}
}

// restore ends every mode that a full-screen program may have set: alternate
// screen, hidden cursor, mouse, bracketed paste, focus events, key protocols,
// synchronised output, colours.
const restore = "\x1b[?2026l\x1b[<u\x1b[>4;0m\x1b[?1000;1002;1003;1004;1006l\x1b[?2004l\x1b[?2031l\x1b[?2048l\x1b[?1049l\x1b[?25h\x1b[0m\r"

// sweepForever is the janitor's life, in its own process. It ends with the tour.
func sweepForever() int {
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGQUIT, unix.SIGTTOU, unix.SIGTTIN, unix.SIGTSTP, unix.SIGPIPE)
	if err := nameThread("janitor"); err != nil {
		return 1
	}
	slim()
	g := &guard{tty: -1, tour: unix.Getppid()}
	buf, oob := make([]byte, 4096), make([]byte, unix.CmsgSpace(4))
	var text string
	for {
		n, oobn, _, _, err := unix.Recvmsg(0, buf, oob, unix.MSG_CMSG_CLOEXEC)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return g.cleanUp()
		}
		g.receive(oob[:oobn])
		text += string(buf[:n])
		for {
			line, rest, whole := strings.Cut(text, "\n")
			if !whole {
				break
			}
			text = rest
			if line == "bye" {
				return 0
			}
			answer := "ok"
			if err := g.obey(line); err != nil {
				answer = err.Error()
			}
			if _, err := unix.Write(0, []byte(answer+"\n")); err != nil {
				return g.cleanUp()
			}
		}
	}
}

// guard is what the janitor knows.
type guard struct {
	tour   int // its pid
	tty    int
	saved  *unix.Termios
	remove []string
}

func (g *guard) receive(oob []byte) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return
	}
	for i := range messages {
		if fds, err := unix.ParseUnixRights(&messages[i]); err == nil && len(fds) > 0 {
			g.tty = fds[0]
		}
	}
}

func (g *guard) obey(line string) error {
	verb, path, _ := strings.Cut(line, " ")
	switch verb {
	case "guard":
		saved, err := unix.IoctlGetTermios(g.tty, unix.TCGETS)
		if err != nil {
			return fmt.Errorf("tcgetattr: %w", err)
		}
		g.saved = saved
	case "remove", "forget":
		if !filepath.IsAbs(path) || !strings.HasPrefix(filepath.Base(path), folderPrefix) {
			return fmt.Errorf("not a folder of the tour: %q", path)
		}
		g.remove = slices.DeleteFunc(g.remove, func(p string) bool { return p == path })
		if verb == "remove" {
			g.remove = append(g.remove, path)
		}
	default:
		return fmt.Errorf("no such order: %q", line)
	}
	return nil
}

// cleanUp is for a tour that died.
func (g *guard) cleanUp() int {
	status := 0
	if g.saved != nil {
		// TCSAFLUSH drops what the terminal answered to a program that is no more.
		_, err := unix.Write(g.tty, []byte(restore))
		if err2 := unix.IoctlSetTermios(g.tty, unix.TCSETSF, g.saved); err != nil || err2 != nil {
			status = 1
		}
	}
	g.orphaned()
	for _, path := range g.remove {
		if !own(path) {
			continue // not made yet
		}
		if err := removeTree(path); err != nil {
			status = 1
		}
	}
	return status
}

// orphaned waits till the tour is gone altogether: its files are closed, which woke
// us, a moment before its children are killed, and until then one of them could
// make a name that it was about to make. We are given to another parent in the same
// stroke in which they get their signal (prctl(2), PR_SET_PDEATHSIG).
func (g *guard) orphaned() {
	const looks = 2000 // of a millisecond; a tour that does not end even so is not waited for
	for range looks {
		if unix.Getppid() != g.tour {
			return
		}
		_, _ = unix.Poll(nil, 1)
	}
}
