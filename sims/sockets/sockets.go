// Package sockets holds the experiments on Unix domain sockets (unix(7)), a file a lesson.
package sockets

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
)

// Sims are the experiments of the chapter in the order of the course.
func Sims() []*sims.Sim {
	return []*sims.Sim{&stream, &flavoursSim, &passFD, &credentials}
}

// target is what a role's descriptor of an object leads to, by its link in /proc;
// "" when it has none.
func target(w *sims.World, role, object string) string {
	if object == "" {
		return ""
	}
	for _, f := range w.Actor(role).FDs {
		if f.Object == object {
			return f.Target
		}
	}
	return ""
}

// news is the latest moment of this cast, and who has ended since it was said ("" for
// nobody).
func news(w *sims.World) (m *sims.Moment, ended string) {
	if n := len(w.Moments); n > 0 {
		m = &w.Moments[n-1]
	}
	var at = -1 * w.Now
	if m != nil {
		at = m.At
	}
	for _, a := range w.Actors {
		if a.Ended() != "" && a.Since > at {
			ended, at = a.Role, a.Since
		}
	}
	return m, ended
}

// stopped is the first role that is stopped, "" for none.
func stopped(w *sims.World) string {
	for _, a := range w.Actors {
		if a.Life == scene.Stopped {
			return a.Role
		}
	}
	return ""
}

// listenAt makes a socket that listens on a path.
func listenAt(typ int, path string) (fd int, err error) {
	if fd, err = unix.Socket(unix.AF_UNIX, typ|unix.SOCK_CLOEXEC, 0); err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if err = os.NewSyscallError("bind", unix.Bind(fd, &unix.SockaddrUnix{Name: path})); err == nil {
		err = os.NewSyscallError("listen", unix.Listen(fd, backlog))
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// accept takes the first connection out of the queue of a listening socket, and asks the
// kernel who has made it. With none there it sleeps.
func accept(door int) (fd int, peer *unix.Ucred, err error) {
	for {
		fd, _, err = unix.Accept4(door, unix.SOCK_CLOEXEC)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return -1, nil, os.NewSyscallError("accept", err)
	}
	if peer, err = unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED); err != nil {
		unix.Close(fd)
		return -1, nil, os.NewSyscallError("getsockopt(SO_PEERCRED)", err)
	}
	return fd, peer, nil
}

func contains(s, part string) bool { return strings.Contains(s, part) }

// orElse is the error, or the word for success.
func orElse(errno, success string) string {
	if errno == "" {
		return success
	}
	return errno
}
