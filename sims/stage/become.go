package stage

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A child is this program started again with a role in its arguments:
//
//	ipctour role LESSON ROLE DEPTH
//
// The depth counts exec upon exec and ends a chain that feeds itself.
const (
	roleWord    = "role"
	janitorWord = "janitor"
	maxDepth    = 2
)

func roleArgs(lesson, role string, depth int) []string {
	return []string{"ipctour", roleWord, lesson, role, strconv.Itoa(depth)}
}

// childEnv keeps the runtime of a child quiet: no preemption signals, no
// collection before it has grown, no files of cgroups held open, nothing of the
// learner's environment.
func childEnv() []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "LANG=C", "GOGC=off", "GOMEMLIMIT=48MiB",
		"GODEBUG=asyncpreemptoff=1,containermaxprocs=0,updatemaxprocs=0", "GOMAXPROCS=2", "GOTRACEBACK=single"}, raceEnv...)
}

// standardFiles are /dev/null twice and the given standard error.
func standardFiles(stderr uintptr) []uintptr { return []uintptr{0, 1, stderr} }

// withHouse puts the tour's own descriptors in their places, far above.
func withHouse(list []uintptr, link, page int) []uintptr {
	for len(list) < linkFD {
		list = append(list, ^uintptr(0)) // syscall.ForkExec closes these
	}
	return append(list, uintptr(link), uintptr(page))
}

// A role runs on the main thread, the one whose number is the pid: that is where
// the kernel is asked what it does. Only an init can hold the main goroutine there;
// by the time of main it may have moved to another.
func init() {
	if isRole(os.Args) {
		runtime.LockOSThread()
	}
}

func isRole(args []string) bool { return len(args) == 5 && args[1] == roleWord }

// Become turns this process into a role, if its arguments say so, and does not
// return then. Call it first in main.
func Become(args []string, find func(lesson, role string) *Role) {
	switch {
	case len(args) == 2 && args[1] == janitorWord:
		os.Exit(sweepForever())
	case isRole(args):
		os.Exit(play(args[2], args[3], args[4], find))
	}
}

func play(lesson, name, depth string, find func(lesson, role string) *Role) int {
	d, err := strconv.Atoi(depth)
	if err != nil || d > maxDepth {
		fmt.Fprintln(os.Stderr, "ipctour: a role may not start roles without end")
		return 2
	}
	role := find(lesson, name)
	if role == nil {
		fmt.Fprintf(os.Stderr, "ipctour: no role %s in %s\n", name, lesson)
		return 2
	}
	a, err := enter(lesson, *role, d)
	if err != nil {
		fmt.Fprintf(os.Stderr, "ipctour: this is a part of a lesson, started by the tour itself: %v\n", err)
		return 2
	}
	go a.obey()
	slim()
	if err := role.Run(a); err != nil {
		a.die(err)
	}
	return 0
}

// enter readies the process: name, death with its parent, limits, page, link.
func enter(lesson string, role Role, depth int) (*Actor, error) {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return nil, os.NewSyscallError("prctl(PR_SET_PDEATHSIG)", err)
	}
	if err := nameThread(role.Name); err != nil {
		return nil, err
	}
	if err := limit(); err != nil {
		return nil, err
	}
	debug.SetPanicOnFault(false)
	c, err := newClock()
	if err != nil {
		return nil, err
	}
	p, err := mapPage(pageFD)
	if err != nil {
		return nil, err
	}
	unix.Close(pageFD) // the mapping stays
	syscall.CloseOnExec(linkFD)
	a := &Actor{role: role, lesson: lesson, depth: depth, clock: c, page: p, commands: make(chan Command, 256)}
	ok, err := recvPacket(linkFD, make([]byte, maxPacket), &a.hello)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("link: the tour is gone")
	}
	for _, w := range a.hello.Wards { // they pass through a fork, not through an exec of another program
		syscall.CloseOnExec(w.Link)
		syscall.CloseOnExec(w.Page)
		syscall.CloseOnExec(w.Stderr)
	}
	return a, nil
}

func nameThread(name string) error {
	b, err := unix.BytePtrFromString(name)
	if err != nil {
		return fmt.Errorf("name %q: %w", name, err)
	}
	return os.NewSyscallError("prctl(PR_SET_NAME)", unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(b)), 0, 0, 0))
}

// The ceilings of one child: no core file, 256 descriptors, files of 256 MiB, and
// maxData bytes of data.
const (
	maxFile  = 256 << 20
	maxFiles = 256
)

func limit() error {
	for _, l := range []struct {
		what int
		max  uint64
	}{{unix.RLIMIT_CORE, 0}, {unix.RLIMIT_DATA, maxData}, {unix.RLIMIT_FSIZE, maxFile}, {unix.RLIMIT_NOFILE, maxFiles}} {
		var have unix.Rlimit
		if err := unix.Getrlimit(l.what, &have); err != nil {
			return os.NewSyscallError("getrlimit", err)
		}
		m := min(l.max, have.Max)
		if err := unix.Setrlimit(l.what, &unix.Rlimit{Cur: m, Max: m}); err != nil {
			return os.NewSyscallError("setrlimit", err)
		}
	}
	return nil
}
