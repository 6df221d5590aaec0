package probe

// What a process holds open: /proc/PID/fd and fdinfo, and the level of a pipe.

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// FD is one open descriptor of a process.
type FD struct {
	N int
	// Target is what the link says: a path, "pipe:[123]", "anon_inode:[eventpoll]".
	Target string
	// Flags are the status flags of the open file description (O_ACCMODE,
	// O_NONBLOCK …) and O_CLOEXEC of the descriptor.
	Flags int
	Pos   int64
}

// Reads and Writes say what the descriptor is open for.
func (f FD) Reads() bool  { return f.Flags&unix.O_ACCMODE != unix.O_WRONLY }
func (f FD) Writes() bool { return f.Flags&unix.O_ACCMODE != unix.O_RDONLY }

// FDs lists what a process has open, by number. A descriptor that is closed
// while the list is made is left out.
func FDs(pid int) ([]FD, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	entries, err := os.ReadDir(dir + "/fd")
	if err != nil {
		return nil, err
	}
	var fds []FD
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		target, err := os.Readlink(dir + "/fd/" + e.Name())
		if errors.Is(err, os.ErrNotExist) {
			continue // closed, or the descriptor that read this very directory
		}
		if err != nil {
			return nil, err
		}
		info, err := FDInfo(pid, n)
		if err != nil {
			if Gone(err) {
				continue
			}
			return nil, err
		}
		flags, _ := strconv.ParseInt(info["flags"], 8, 64)
		pos, _ := strconv.ParseInt(info["pos"], 10, 64)
		fds = append(fds, FD{N: n, Target: target, Flags: int(flags), Pos: pos})
	}
	slices.SortFunc(fds, func(a, b FD) int { return a.N - b.N })
	return fds, nil
}

// FDInfo is /proc/PID/fdinfo/FD as keys and values ("flags", "pos",
// "eventfd-count" …). Lines that repeat a key, as epoll's tfd, are joined by
// newlines.
func FDInfo(pid, fd int) (map[string]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", pid, fd))
	if err != nil {
		return nil, err
	}
	info := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if before, again := info[key]; again {
			value = before + "\n" + value
		}
		info[key] = value
	}
	return info, nil
}

// WithFD gives f a duplicate of a process's descriptor (pidfd_getfd(2)) and closes
// it when f returns. For those few microseconds the tour holds the object too,
// which has consequences: if the process closes the last write end of a pipe
// meanwhile, its reader sees end of file when the duplicate is closed; if it closes
// the last read end, a write in that instant succeeds into nothing instead of failing
// with EPIPE. Give the write end where there is a choice.
//
// Where the machine forbids pidfd_getfd, as containers may, a pipe is opened once
// more through /proc/PID/fd instead: the same buffer, with the same consequences. A
// socket cannot be had that way.
func WithFD(pid, pidfd, fd int, f func(fd int) error) error {
	dup, err := unix.PidfdGetfd(pidfd, fd, 0)
	if err == unix.EPERM || err == unix.ENOSYS || pidfd < 0 {
		path := fmt.Sprintf("/proc/%d/fd/%d", pid, fd)
		if link, _ := os.Readlink(path); !strings.HasPrefix(link, "socket:") { // "" is refused by open as well
			if again, refused := openRead(path); refused == nil {
				dup, err = again, nil
			}
		}
	}
	if err != nil {
		return os.NewSyscallError("pidfd_getfd", err)
	}
	defer unix.Close(dup)
	return f(dup)
}

// PipeLevel measures how many bytes wait in a pipe, and how many it can hold.
func PipeLevel(fd int) (queued, capacity int64, err error) {
	n, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
	if err != nil {
		return 0, 0, os.NewSyscallError("ioctl(FIONREAD)", err)
	}
	size, err := unix.FcntlInt(uintptr(fd), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		return int64(n), 0, os.NewSyscallError("fcntl(F_GETPIPE_SZ)", err)
	}
	return int64(n), int64(size), nil
}
