package stage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Wiring makes the kernel objects of a lesson and says who gets which end. What
// it makes is closed in the tour as soon as the cast has been started: a copy
// kept by mistake would break end of file and SIGPIPE. Its first error sticks
// and is returned when the cast starts.
type Wiring struct {
	run      *Run
	options  map[string]string
	grants   map[string][]grant           // by role
	args     map[string]map[string]string // by role
	settings map[string]map[string]int64
	objects  []*object
	made     []int // descriptors to close
	err      error
}

type grant struct {
	name string
	end  End
	at   int // the number in the child; 0 takes the next from 3
}

// End is one descriptor of the wiring.
type End struct {
	fd     int
	object string
}

// PipeEnds are the two ends of a pipe.
type PipeEnds struct{ R, W End }

// object is a thing of the kernel that the sampler asks about.
type object struct {
	name    string
	kind    string
	path    string
	targets []string // what /proc/PID/fd links say of descriptors that lead to it
}

// Fail makes the wiring fail with an error of the lesson's own; nil is no error.
func (w *Wiring) Fail(err error) {
	if w.err == nil && err != nil {
		w.err = err
	}
}

// Option is the value that the run was started with.
func (w *Wiring) Option(name string) string { return w.options[name] }

// Pipe makes an anonymous pipe (pipe2(2)); flags are O_NONBLOCK, O_DIRECT.
// O_CLOEXEC is added: no end reaches a process that it was not given to.
func (w *Wiring) Pipe(name string, flags int) PipeEnds {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|flags); err != nil {
		w.Fail(fmt.Errorf("pipe %s: %w", name, os.NewSyscallError("pipe2", err)))
		return PipeEnds{}
	}
	w.made = append(w.made, fds[0], fds[1])
	w.object(name, "pipe", "", fds[0])
	return PipeEnds{End{fds[0], name}, End{fds[1], name}}
}

// Promise names an object that the roles make themselves, such as a pipe made
// by the role that then forks, so that the tour knows it once a role holds it.
func (w *Wiring) Promise(name, kind string) {
	w.objects = append(w.objects, &object{name: name, kind: kind})
}

// Path names an object by a path in the private folder. It does not exist until
// somebody makes it.
func (w *Wiring) Path(name, kind, file string) string {
	dir, err := w.run.Dir()
	if err != nil {
		w.Fail(err)
		return ""
	}
	path := filepath.Join(dir, file)
	w.objects = append(w.objects, &object{name: name, kind: kind, path: path, targets: []string{path}})
	return path
}

func (w *Wiring) object(name, kind, path string, fds ...int) {
	o := &object{name: name, kind: kind, path: path}
	for _, fd := range fds {
		target, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
		if err != nil {
			w.Fail(fmt.Errorf("%s %s: %w", kind, name, err))
			return
		}
		o.targets = append(o.targets, target)
	}
	w.objects = append(w.objects, o)
}

// Give gives a role a descriptor under a name. They are numbered from 3 in the
// order in which they are given.
func (w *Wiring) Give(role, name string, e End) { w.GiveAt(role, name, e, 0) }

// GiveAt is Give with the number that the descriptor has in the child: 1, its
// standard output, or 3 to 99.
func (w *Wiring) GiveAt(role, name string, e End, at int) {
	if e.object == "" {
		w.Fail(fmt.Errorf("give %s to %s: no such end", name, role))
		return
	}
	w.grants[role] = append(w.grants[role], grant{name, e, at})
}

// Put gives a role a word under a name.
func (w *Wiring) Put(role, name, value string) {
	if w.args[role] == nil {
		w.args[role] = map[string]string{}
	}
	w.args[role][name] = value
}

// Set gives a setting of a role its first value; without it that is 0.
func (w *Wiring) Set(role, setting string, value int64) {
	if w.settings[role] == nil {
		w.settings[role] = map[string]int64{}
	}
	w.settings[role][setting] = value
}

// Dir is the run's private folder, mode 0700. It is removed when the run ends.
func (w *Wiring) Dir() string {
	dir, err := w.run.Dir()
	if err != nil {
		w.Fail(err)
	}
	return dir
}

// files lays out a role's descriptors and names them.
func (w *Wiring) files(role string, stderr int) (list []uintptr, names map[string]int, err error) {
	null := uintptr(w.run.house.null)
	list = []uintptr{null, null, uintptr(stderr)}
	names = map[string]int{}
	next := 3
	for _, g := range w.grants[role] {
		at := g.at
		if at == 0 {
			at = next
			next++
		}
		if at < 1 || at == 2 || at >= linkFD {
			return nil, nil, fmt.Errorf("give %s to %s: no descriptor %d", g.name, role, at)
		}
		for len(list) <= at {
			list = append(list, ^uintptr(0))
		}
		list[at] = uintptr(g.end.fd)
		names[g.name] = at
	}
	return list, names, nil
}

// closeMade closes what was made, in the tour, but for what the roles named are
// still to get. What is kept for them is an open end like any other: a pipe
// given to a late role has no end of file before that role has come and gone.
func (w *Wiring) closeMade(late []string) error {
	keep := map[int]bool{}
	for _, role := range late {
		for _, g := range w.grants[role] {
			keep[g.end.fd] = true
		}
	}
	var errs []error
	var kept []int
	for _, fd := range w.made {
		if keep[fd] {
			kept = append(kept, fd)
		} else if err := unix.Close(fd); err != nil {
			errs = append(errs, os.NewSyscallError("close", err))
		}
	}
	w.made = kept
	return errors.Join(errs...)
}
