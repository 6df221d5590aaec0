package stage

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"ipctour/sims/probe"
)

// How the kernel is asked about each kind of object. A new kind is one case in
// read and one function here.

// read gives the numbers of an object; nil when nothing can be said now. Missing
// says why a figure cannot be had on this machine.
func (r *Run) read(o *object) (n map[string]int64, missing string) {
	switch o.kind {
	case "pipe", "fifo":
		n, missing = r.readPipe(o)
	case "file":
		n = map[string]int64{}
	}
	if o.path != "" && n != nil {
		readPath(o.path, n)
	}
	return n, missing
}

// readPipe counts the open ends of a pipe over all processes of the run and asks
// one of them for the level.
func (r *Run) readPipe(o *object) (map[string]int64, string) {
	n := map[string]int64{"writers": 0, "readers": 0, "queued": 0}
	var holder *process
	fd, missing := -1, ""
	for _, p := range r.procs {
		if p.dead {
			continue
		}
		for _, f := range p.last.fds {
			if f.Object != o.name {
				continue
			}
			if f.Mode != "r" {
				n["writers"]++
			}
			if f.Mode != "w" {
				n["readers"]++
			}
			// A write end is asked where there is a choice: see probe.PipeLevel.
			if fd < 0 || f.Mode == "w" {
				holder, fd = p, f.N
			}
		}
	}
	if holder == nil {
		return n, "" // nobody holds it: an anonymous pipe is gone, bytes and all
	}
	queued, capacity, err := r.level(holder, fd, o)
	switch {
	case err == nil:
		n["queued"], n["capacity"] = queued, capacity
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS):
		missing = err.Error()
		delete(n, "queued")
	default: // closed between the two looks: next beat
		return nil, ""
	}
	return n, missing
}

// level makes sure that the descriptor still leads to the object before it asks.
func (r *Run) level(p *process, fd int, o *object) (queued, capacity int64, err error) {
	target, err := os.Readlink(fdPath(p.pid, fd))
	if err != nil || r.objectAt(target) != o.name {
		return 0, 0, unix.EBADF
	}
	return probe.PipeLevel(p.pidfd, fd)
}

// readPath says what the file system knows of a name.
func readPath(path string, n map[string]int64) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		n["exists"] = 0
		return
	}
	n["exists"], n["size"], n["mode"], n["inode"] = 1, st.Size, int64(st.Mode), int64(st.Ino)
}

func fdPath(pid, fd int) string { return fmt.Sprintf("/proc/%d/fd/%d", pid, fd) }
