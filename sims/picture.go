package sims

import (
	"cmp"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

// This file has what the pictures of all lessons share: a process drawn from
// its state, a pipe from its readings, and the figures that go with them.

// Process is a role as the picture shows it.
func (w *World) Process(role string) scene.Process {
	a := w.Actor(role)
	p := scene.Process{ID: role, Name: role, PID: a.PID, Life: a.Life, Letter: a.Letter,
		End: a.Ended(), Traced: a.Traced, Gate: a.Gate, Calls: slices.Clone(a.Calls)}
	if n := len(p.Calls); n > 0 && p.Calls[n-1].Blocked {
		p.Calls[n-1].Took = w.Now - p.Calls[n-1].At
	}
	switch {
	case a.Paused || a.Life == scene.Stopped:
		p.Note = "stopped"
	case a.Idle:
		p.Note = "waits for you"
	case a.Life == scene.Asleep:
		p.Where = a.sleepsIn()
	}
	return p
}

// sleepsIn names what a sleeping process is held up in: the kernel's function, or
// the system call where that is not shown to us; "" where neither is.
func (a *ActorState) sleepsIn() string { return cmp.Or(kernelName(a.Wchan), a.Syscall) }

// kernelName is a function of the kernel without what its compiler added to the
// name: .constprop.0, .isra.0.
func kernelName(wchan string) string {
	name, _, _ := strings.Cut(wchan, ".")
	return name
}

// WithFDs adds the descriptor table to a process, the closed ones struck out.
func (w *World) WithFDs(p scene.Process) scene.Process {
	a := w.Actor(p.ID)
	for _, f := range a.FDs {
		p.FDs = append(p.FDs, scene.FD{N: f.N, Target: f.Target, Object: f.Object, End: endName(f.Mode)})
	}
	for _, f := range slices.Backward(a.closed) { // what a number led to last
		if !slices.ContainsFunc(p.FDs, func(g scene.FD) bool { return g.N == f.N }) {
			p.FDs = append(p.FDs, f)
		}
	}
	slices.SortFunc(p.FDs, func(x, y scene.FD) int { return x.N - y.N })
	return p
}

// Pipe is a pipe object as the picture shows it.
func (w *World) Pipe(name string) scene.Pipe {
	o := w.Object(name)
	p := scene.Pipe{ID: name, Label: name, Path: shortPath(o.S["path"]), Queued: o.Level("queued"), Page: w.Facts["page"],
		Writers: int(o.Level("writers")), Readers: int(o.Level("readers"))}
	if c := o.Level("capacity"); c > 0 {
		p.Capacity = c
	}
	p.Gone = p.Writers == 0 && p.Readers == 0
	return p
}

// File is the name of an object in the file system as the picture shows it: the
// name alone, as the folder is private to the run.
func (w *World) File(object string) scene.File {
	o := w.Object(object)
	return scene.File{ID: object + " name", Path: shortPath(o.S["path"]), Mode: modeString(o.Level("mode")), Size: max(o.Level("size"), 0),
		Inode: uint64(max(o.Level("inode"), 0)), Gone: o.Level("exists") == 0}
}

func shortPath(path string) string {
	if path == "" {
		return ""
	}
	return filepath.Base(path)
}

// modeString is a file's type and permissions as ls -l writes them; "" while not known.
func modeString(mode int64) string {
	if mode < 0 {
		return ""
	}
	kinds := map[int64]string{unix.S_IFIFO: "p", unix.S_IFSOCK: "s", unix.S_IFDIR: "d", unix.S_IFLNK: "l", unix.S_IFREG: "-"}
	return kinds[mode&unix.S_IFMT] + fs.FileMode(mode & 0o777).String()[1:]
}

// SizeFigure is the size of an object's name in the file system, by stat(2).
func (w *World) SizeFigure(object string) scene.Figure {
	o := w.Object(object)
	if o.Level("exists") != 1 {
		return scene.Missing("size", "size of the file", "there is no file of that name now")
	}
	return scene.Count("size", "size of the file", o.Level("size"), "B", scene.Kernel).From("lstat(2) on the path", "stat "+o.S["path"])
}

// Holds reports whether a role has a descriptor open on an object with that
// access ("r", "w" or "" for any), and its number.
func (w *World) Holds(role, object, mode string) (fd int, open bool) {
	for _, f := range w.Actor(role).FDs {
		if f.Object == object && (mode == "" || f.Mode == mode || f.Mode == "rw") {
			return f.N, true
		}
	}
	return -1, false
}

// Link joins a role to an object it writes to ("w"), reads from ("r"), or both
// ("rw"), with the state that the kernel's readings give it.
func (w *World) Link(role, object, mode string) scene.Link {
	l := scene.Link{From: role, To: object, State: scene.Idle, Both: mode == "rw"}
	if mode == "r" {
		l.From, l.To = object, role
	}
	a := w.Actor(role)
	fd, open := w.Holds(role, object, mode)
	switch {
	case !open:
		l.State = scene.Cut
		for _, f := range a.closed {
			if f.Object == object && f.End == endName(mode) && (l.FD == 0 || f.N < l.FD) {
				l.FD = f.N
			}
		}
	case a.Life == scene.Asleep && a.sleepsOn(fd):
		l.FD, l.State = fd, scene.Blocked
	case a.Life == scene.Running:
		l.FD, l.State = fd, scene.Moving
	default:
		l.FD = fd
	}
	return l
}

// sleepsOn reports whether a sleeping process is blocked on a descriptor. Where the
// kernel does not show on which, it may be any.
func (a *ActorState) sleepsOn(fd int) bool {
	on, read := a.Numbers["fd"]
	return !read || on == stage.UnknownFD || on == int64(fd)
}

// CountFigure is a role's own counter as a figure.
func (w *World) CountFigure(role, counter, label, unit string) scene.Figure {
	f := scene.Count(counter, label, w.Count(role, counter), unit, scene.Child)
	return f.From("an atomic counter in a page shared with the process; it adds, the tour reads", "")
}

// QueuedFigure is how many bytes lie in a pipe, by FIONREAD.
func (w *World) QueuedFigure(name string) scene.Figure {
	o := w.Object(name)
	if why := o.S["missing"]; why != "" {
		return scene.Missing("queued", "in the "+name, why)
	}
	n := o.Level("queued")
	if n < 0 || nobodyHolds(o) {
		return scene.Missing("queued", "in the "+name, noHolder)
	}
	return scene.Count("queued", "in the "+name, n, "B", scene.Kernel).
		From("ioctl(FIONREAD) on a duplicate of the descriptor, taken with pidfd_getfd(2) and closed at once", "")
}

// CapacityFigure is how many bytes a pipe may hold, by F_GETPIPE_SZ.
func (w *World) CapacityFigure(name string) scene.Figure {
	o := w.Object(name)
	if n := o.Level("capacity"); n > 0 && !nobodyHolds(o) {
		return scene.Count("capacity", "capacity", n, "B", scene.Kernel).
			From("fcntl(F_GETPIPE_SZ) on a duplicate of the descriptor", "")
	}
	why := o.S["missing"]
	if why == "" {
		why = noHolder
	}
	return scene.Missing("capacity", "capacity", why)
}

const noHolder = "no process holds an end of it now"

// nobodyHolds reports whether the kernel says that a pipe has no open end: then there
// is nobody whose descriptor could be asked.
func nobodyHolds(o *ObjectState) bool { return o.Level("writers") == 0 && o.Level("readers") == 0 }

// SleepFigure is where a role sleeps and for how long.
func (w *World) SleepFigure(role string) scene.Figure {
	a := w.Actor(role)
	f := scene.Figure{ID: "asleep", Label: role, Origin: scene.Kernel, Text: "not asleep"}
	if a.Life == scene.Asleep {
		f.Text = fmt.Sprintf("asleep %.1f s", (w.Now - a.Since).Seconds())
		if where := a.sleepsIn(); where != "" {
			f.Text += " in " + where
		}
	} else if e := a.Ended(); e != "" {
		f.Text = e
		return f.From("the wait status that wait4(2) gives the tour", "")
	} else if a.Gate != "" {
		f.Text = "held at the gate " + a.Gate
	} else if a.Idle {
		f.Text = "waits for you"
	}
	return f.From("/proc/PID/stat (state) and /proc/PID/wchan", fmt.Sprintf("cat /proc/%d/wchan; cut -d' ' -f3 /proc/%d/stat", a.PID, a.PID))
}

// RateFigure is how fast a role's counter moves, with its line.
func (w *World) RateFigure(role, counter, label, unit string) scene.Figure {
	now, history := w.Rate(role, counter)
	f := scene.Figure{ID: counter + "-rate", Label: label, Text: rateText(now, unit), Origin: scene.Derived, History: history}
	return f.From("the counter's steps over the time between them", "")
}

// rateText is a rate in three or four digits: 291.9 MB/s.
func rateText(rate float64, unit string) string {
	if unit == "B" {
		switch {
		case rate >= 1e9:
			return fmt.Sprintf("%.1f GB/s", rate/1e9)
		case rate >= 1e6:
			return fmt.Sprintf("%.1f MB/s", rate/1e6)
		case rate >= 1e4:
			return fmt.Sprintf("%.1f kB/s", rate/1e3)
		}
	}
	return scene.Thousands(int64(rate)) + " " + unit + "/s"
}
