// Package probe asks the kernel about processes, descriptors and the machine:
// what a process is doing, which calls it makes (the x-ray), what it holds, and
// what this machine allows. It changes nothing that it looks at.
package probe

// Watcher: the state of one process, cheap enough to read many times a second.

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Status is what the kernel says of a process at one moment. The files are read
// one after the other, so a process that is on the move may be seen between two
// states: believe a blocked call only when it is seen twice.
type Status struct {
	// State is the letter of /proc/PID/stat: R running, S asleep, D asleep and
	// not to be disturbed, T stopped, t held by a tracer, Z dead and not waited
	// for, X gone. A child under the x-ray is t for an instant at every call, and
	// t instead of T when it is stopped: see Minder.Stopped.
	State string
	// Wchan is the kernel function it sleeps in; "" when awake or not readable.
	Wchan string
	// Syscall, SyscallNr and Args are the call it is blocked in, of
	// /proc/PID/syscall: "" and −1 when running, not in a call, or denied.
	Syscall   string
	SyscallNr int
	Args      [6]uint64
	// Start is the start time in clock ticks since boot: with the pid, the
	// identity of the process.
	Start uint64
	// VoluntarySwitches and InvoluntarySwitches count how often the main thread
	// gave up the processor, and how often it was taken away.
	VoluntarySwitches, InvoluntarySwitches int64
	// Processor is the number of the one that the main thread runs on, or ran on last.
	Processor int
	// Threads counts its threads.
	Threads int
}

// Watcher reads one process. It keeps the files of /proc open and reads them
// anew from the start, which proc(5) allows; they stay tied to that process,
// whatever becomes of the number. Not for use by several goroutines at a time.
type Watcher struct {
	pid                         int
	stat, wchan, syscall, state int // descriptors, −1 when they could not be opened
	buf                         [8192]byte
}

// Watch opens the files of a process. Close gives them back.
func Watch(pid int) (*Watcher, error) {
	w := &Watcher{pid: pid, stat: -1, wchan: -1, syscall: -1, state: -1}
	dir := "/proc/" + strconv.Itoa(pid) + "/"
	for _, f := range []struct {
		fd   *int
		name string
		must bool
	}{{&w.stat, "stat", true}, {&w.state, "status", true}, {&w.wchan, "wchan", false}, {&w.syscall, "syscall", false}} {
		fd, err := openRead(dir + f.name)
		if err != nil && f.must {
			w.Close()
			return nil, err
		}
		*f.fd = fd
	}
	return w, nil
}

// Close gives the descriptors back. It may be called twice.
func (w *Watcher) Close() {
	for _, fd := range []*int{&w.stat, &w.wchan, &w.syscall, &w.state} {
		if *fd >= 0 {
			unix.Close(*fd)
		}
		*fd = -1
	}
}

// Read asks for the present state. Once the process is gone and waited for, the
// error is ESRCH; Gone recognises it.
func (w *Watcher) Read() (Status, error) {
	s := Status{SyscallNr: -1}
	text, err := w.pread(w.stat, "stat")
	if err != nil {
		return s, err
	}
	if err := s.parseStat(text); err != nil {
		return s, err
	}
	if text, err = w.pread(w.state, "status"); err != nil {
		return s, err
	}
	s.VoluntarySwitches = statusInt(text, "voluntary_ctxt_switches:")
	s.InvoluntarySwitches = statusInt(text, "nonvoluntary_ctxt_switches:")
	switch s.State {
	case "R", "Z", "X": // neither sleeps in a call: two reads saved
		return s, nil
	}
	if text, err := w.pread(w.wchan, "wchan"); err == nil && string(text) != "0" {
		s.Wchan = string(text)
	}
	if text, err := w.pread(w.syscall, "syscall"); err == nil {
		s.parseSyscall(text)
	}
	return s, nil
}

// BlockedFD is the descriptor that the process sleeps on: the first argument of the
// call it is blocked in, where that is one; else -1. Known is false where the kernel
// does not show the call.
func (s *Status) BlockedFD() (fd int, known bool) {
	if s.SyscallNr < 0 {
		return -1, false
	}
	if firstIsFD(s.SyscallNr) {
		return int(int32(s.Args[0])), true
	}
	return -1, true
}

// Signals reads the signal masks of the main thread (SigBlk, SigPnd), of the
// process (SigIgn, SigCgt, ShdPnd), and how many signals its user has queued of
// how many allowed. Bit n−1 stands for signal n.
func (w *Watcher) Signals() (SigBlk, SigIgn, SigCgt, SigPnd, ShdPnd uint64, queued, limit int64, err error) {
	text, err := w.pread(w.state, "status")
	if err != nil {
		return
	}
	hex := func(key string) uint64 {
		n, _ := strconv.ParseUint(statusField(text, key), 16, 64)
		return n
	}
	SigBlk, SigIgn, SigCgt = hex("SigBlk:"), hex("SigIgn:"), hex("SigCgt:")
	SigPnd, ShdPnd = hex("SigPnd:"), hex("ShdPnd:")
	used, of, _ := bytes.Cut([]byte(statusField(text, "SigQ:")), []byte("/"))
	queued, _ = strconv.ParseInt(string(used), 10, 64)
	limit, _ = strconv.ParseInt(string(of), 10, 64)
	return
}

// Gone says whether an error means that the process is no more.
func Gone(err error) bool {
	return errors.Is(err, unix.ESRCH) || errors.Is(err, os.ErrNotExist)
}

// pread reads a whole file of /proc from its start. The answer is valid until
// the next call.
func (w *Watcher) pread(fd int, name string) ([]byte, error) {
	if fd < 0 {
		return nil, os.NewSyscallError("pread "+w.file(name), unix.EBADF)
	}
	n, err := unix.Pread(fd, w.buf[:], 0)
	for err == unix.EINTR {
		n, err = unix.Pread(fd, w.buf[:], 0)
	}
	if err != nil {
		return nil, os.NewSyscallError("pread "+w.file(name), err)
	}
	if n == 0 && name == "stat" { // what some kernels say instead of ESRCH
		return nil, os.NewSyscallError("pread "+w.file(name), unix.ESRCH)
	}
	return bytes.TrimRight(w.buf[:n], "\n"), nil
}

func (w *Watcher) file(name string) string {
	return filepath.Join("/proc", strconv.Itoa(w.pid), name)
}

// openRead opens a file for reading, without blocking and without passing it on
// to children.
func openRead(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	for err == unix.EINTR {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	}
	if err != nil {
		return -1, os.NewSyscallError("open "+path, err)
	}
	return fd, nil
}
