package probe

// Origin: who made a call, the lesson's code or the Go runtime around it.

import (
	"bufio"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// origin knows the program that a traced child runs.
type origin struct {
	kind  originKind
	shift uint64 // our address = the child's address + shift
}

type originKind int

const (
	unknown originKind = iota // not readable: go by the names of calls
	ourself                   // the tour's own binary: go by the code that calls
	foreign                   // another program: every call is its own
)

// originOf looks at the program of a process. A binary of fixed addresses, as Go
// links by default, has shift 0; a position independent one is loaded at a
// random address in each process.
func originOf(pid int) origin {
	var its, ours unix.Stat_t
	exe := "/proc/" + strconv.Itoa(pid) + "/exe"
	if unix.Stat(exe, &its) != nil || unix.Stat("/proc/self/exe", &ours) != nil {
		return origin{kind: unknown}
	}
	if its.Dev != ours.Dev || its.Ino != ours.Ino {
		return origin{kind: foreign}
	}
	theirs, ok := loadBase(pid, its.Ino)
	mine, okToo := ourBase(ours.Ino)
	if !ok || !okToo {
		return origin{kind: unknown}
	}
	return origin{kind: ourself, shift: mine - theirs}
}

// ourBase is where this process is loaded; that never changes.
var ourBase = func() func(ino uint64) (uint64, bool) {
	var once sync.Once
	var base uint64
	var ok bool
	return func(ino uint64) (uint64, bool) {
		once.Do(func() { base, ok = loadBase(os.Getpid(), ino) })
		return base, ok
	}
}()

// loadBase is the lowest address at which a process maps a file, by
// /proc/PID/maps: "start-end perms offset dev inode path".
func loadBase(pid int, ino uint64) (uint64, bool) {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/maps")
	if err != nil {
		return 0, false
	}
	defer f.Close()
	want := strconv.FormatUint(ino, 10)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 6 || fields[4] != want {
			continue
		}
		start, _, _ := strings.Cut(fields[0], "-")
		base, err := strconv.ParseUint(start, 16, 64)
		return base, err == nil
	}
	return 0, false
}

// lesson says whether a call is worth showing: made by lesson code, as far as
// can be told.
func (o origin) lesson(nr int, args [6]uint64, ip uint64) bool {
	switch o.kind {
	case foreign:
		return true
	case unknown:
		return !runtimeHabit[nr] && !netpoll(nr, args)
	}
	if nr == unix.SYS_EXIT_GROUP {
		return true // made by runtime.exit, and still the end of the lesson's process
	}
	f := runtime.FuncForPC(uintptr(ip + o.shift - 1)) // ip is behind the instruction
	return f != nil && lessonCode(f.Name()) && !netpoll(nr, args)
}

// lessonCode knows the runtime's own calls by the function that makes them. The
// raw stub of package syscall lives in internal/runtime/syscall; it serves
// everybody who calls through syscall or x/sys/unix.
func lessonCode(function string) bool {
	if strings.HasPrefix(function, "internal/runtime/syscall") {
		return true
	}
	if !strings.Contains(function, ".") || strings.HasPrefix(function, "_") {
		return false // no package: the race detector's own library, in a program built with it
	}
	return !strings.HasPrefix(function, "runtime.") && !strings.HasPrefix(function, "internal/runtime/")
}

// netpoll recognises the runtime's network poller, which calls through the same
// stub as lessons: it alone asks for 128 events with no mask.
func netpoll(nr int, args [6]uint64) bool {
	return nr == unix.SYS_EPOLL_PWAIT && args[2] == 128 && args[4] == 0
}

// runtimeHabit are the calls that the Go runtime makes for itself, for when the
// calling code cannot be looked up.
var runtimeHabit = map[int]bool{
	unix.SYS_FUTEX: true, unix.SYS_EPOLL_PWAIT: true, unix.SYS_MADVISE: true, unix.SYS_NANOSLEEP: true,
	unix.SYS_RT_SIGACTION: true, unix.SYS_RT_SIGPROCMASK: true, unix.SYS_RT_SIGRETURN: true,
	unix.SYS_TGKILL: true, unix.SYS_SCHED_YIELD: true, unix.SYS_SIGALTSTACK: true, unix.SYS_GETTID: true,
	unix.SYS_SCHED_GETAFFINITY: true, unix.SYS_CLONE: true, unix.SYS_RESTART_SYSCALL: true,
	unix.SYS_TIMER_CREATE: true, unix.SYS_TIMER_SETTIME: true, unix.SYS_TIMER_DELETE: true,
}
