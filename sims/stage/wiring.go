package stage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

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
	made     []int    // descriptors to close
	names    []string // kernel-wide names to remove, as the folder keeps them
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
	bound   string   // the abstract name of a socket, with @ for its first byte
	targets []string // what /proc/PID/fd links say of descriptors that lead to it
	fd      int      // the tour's own descriptor to read its cells with, or -1
	mq      string   // the name of a message queue, as the system call takes it
	cells   []Cell
	// compared: the sampler asks whether those who hold it hold one open file description.
	compared bool
	// locked: the sampler asks who has a lock on it.
	locked bool
}

// Cell is a number in shared memory that the sampler reads: Size is 4 or 8 bytes,
// in the processor's order.
type Cell struct {
	Name   string
	Offset int64
	Size   int
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

// Socketpair makes two connected sockets of a type (SOCK_STREAM …, with
// SOCK_NONBLOCK if wanted), each an object of its own kind "socket" (unix(7)).
func (w *Wiring) Socketpair(one, other string, typ int) (End, End) {
	fds, err := unix.Socketpair(unix.AF_UNIX, typ|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		w.Fail(fmt.Errorf("sockets %s, %s: %w", one, other, os.NewSyscallError("socketpair", err)))
		return End{}, End{}
	}
	return w.Own(one, "socket", fds[0]), w.Own(other, "socket", fds[1])
}

// Memory makes shared memory without a name (memfd_create(2)) of size bytes, all
// zero. The sampler reads the cells in it.
func (w *Wiring) Memory(name string, size int64, cells ...Cell) End {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		w.Fail(fmt.Errorf("memory %s: %w", name, os.NewSyscallError("memfd_create", err)))
		return End{}
	}
	end := w.Own(name, "memory", fd)
	if err := unix.Ftruncate(fd, size); err != nil {
		w.Fail(fmt.Errorf("memory %s: %w", name, os.NewSyscallError("ftruncate", err)))
		return end
	}
	w.Cells(name, cells...)
	o := w.find(name)
	if o.fd, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0); err != nil {
		w.Fail(fmt.Errorf("memory %s: %w", name, os.NewSyscallError("fcntl(F_DUPFD_CLOEXEC)", err)))
	}
	return end
}

// Own takes over a descriptor that the lesson's wiring has made itself, such as an
// eventfd. Kind is one of those that the stage knows how to ask about (objects.go),
// or any other word.
func (w *Wiring) Own(name, kind string, fd int) End {
	w.made = append(w.made, fd)
	w.object(name, kind, "", fd)
	return End{fd, name}
}

// Cells names the numbers in an object of the kind "memory" for the sampler.
func (w *Wiring) Cells(name string, cells ...Cell) {
	if o := w.find(name); o != nil {
		o.cells = append(o.cells, cells...)
		return
	}
	w.Fail(fmt.Errorf("words of %s: no such object", name))
}

// Compare has the sampler ask whether the roles that hold an object hold one open
// file description, and where the offset of each stands.
func (w *Wiring) Compare(name string) {
	if o := w.find(name); o != nil {
		o.compared = true
		return
	}
	w.Fail(fmt.Errorf("compare %s: no such object", name))
}

// Locks has the sampler ask which roles have a lock on a file (flock(2), fcntl_locking(2)):
// "lock ROLE" is 1 for each that has, and "locks" counts them all. Where /proc/locks is
// not shown to us the numbers stay away.
func (w *Wiring) Locks(name string) {
	if o := w.find(name); o != nil {
		o.locked = true
		return
	}
	w.Fail(fmt.Errorf("locks of %s: no such object", name))
}

func (w *Wiring) find(name string) *object {
	for _, o := range w.objects {
		if o.name == name {
			return o
		}
	}
	return nil
}

// Queue gives a message queue a name that no other run has, without the slash that
// mq_open(3) puts before it. It does not exist until somebody makes it; it is
// removed with the run, and by the janitor.
func (w *Wiring) Queue(name string) string {
	mq := w.named("mq", name)
	w.objects = append(w.objects, &object{name: name, kind: "queue", fd: -1, mq: mq, targets: []string{"/" + mq}})
	return mq
}

// Shm gives POSIX shared memory a name that no other run has, and its path in
// /dev/shm (shm_open(3)). It does not exist until somebody makes it; it is removed
// with the run, and by the janitor.
func (w *Wiring) Shm(name string, cells ...Cell) string {
	path := shmFolder + w.named("shm", name)
	w.objects = append(w.objects, &object{name: name, kind: "memory", fd: -1, path: path, targets: []string{path}, cells: cells})
	return path
}

func (w *Wiring) named(kind, name string) string {
	full, err := w.run.house.folder.name(kind, name)
	if err != nil {
		w.Fail(fmt.Errorf("name %s: %w", name, err))
	}
	w.names = append(w.names, kind+":"+full)
	return full
}

// Promise names an object that the roles make themselves, such as a pipe made
// by the role that then forks, so that the tour knows it once a role holds it.
func (w *Wiring) Promise(name, kind string) {
	w.objects = append(w.objects, &object{name: name, kind: kind, fd: -1})
}

// maxSocketPath is sun_path without the zero at its end.
const maxSocketPath = 107

// Path names an object by a path in the private folder. It does not exist until
// somebody makes it.
func (w *Wiring) Path(name, kind, file string) string {
	dir, err := w.run.Dir()
	if err != nil {
		w.Fail(err)
		return ""
	}
	path := filepath.Join(dir, file)
	if kind == "socket" && len(path) > maxSocketPath {
		w.Fail(fmt.Errorf("the private folder's path is too long for a socket in it (unix(7): 108 bytes): set TMPDIR to a shorter one"))
	}
	w.objects = append(w.objects, &object{name: name, kind: kind, fd: -1, path: path, targets: []string{path}})
	return path
}

// Abstract names a socket by an abstract name that no other run has (unix(7)), with @ for
// its first byte. It does not exist until somebody binds it.
func (w *Wiring) Abstract(name, file string) string {
	dir, err := w.run.Dir()
	if err != nil {
		w.Fail(err)
		return ""
	}
	bound := "@" + filepath.Base(filepath.Dir(dir)) + "/" + filepath.Base(dir) + "/" + file // no run has the folder of another
	w.objects = append(w.objects, &object{name: name, kind: "socket", fd: -1, bound: bound})
	return bound
}

func (w *Wiring) object(name, kind, path string, fds ...int) {
	o := &object{name: name, kind: kind, fd: -1, path: path}
	for _, fd := range fds {
		target, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
		if err != nil {
			w.Fail(fmt.Errorf("%s %s: %w", kind, name, err))
			return
		}
		o.targets = append(o.targets, strings.TrimSuffix(target, deleted))
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

// drop gives back what the tour has kept to read with, and removes the names. It
// returns what is still there.
func (w *Wiring) drop() []string {
	var left []string
	for _, o := range w.objects {
		if o.fd >= 0 {
			unix.Close(o.fd)
			o.fd = -1
		}
	}
	for _, name := range w.names {
		if err := w.run.house.folder.unname(name); err != nil {
			left = append(left, err.Error())
		}
	}
	w.names = nil
	return left
}
