package stage

import (
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// Fault is a way to break a process.
type Fault string

const (
	Kill     Fault = "kill"     // SIGKILL
	StopIt   Fault = "stop"     // SIGSTOP
	Continue Fault = "continue" // SIGCONT
	CloseEnd Fault = "close"    // close one of its descriptors
)

// Break causes a fault in a role's process, whichever it is. Object is for
// CloseEnd: the object whose descriptor to close, "object r" or "object w" for
// one end of it, or a descriptor's number.
func (r *Run) Break(f Fault, role, object string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, err := r.living(role)
	if err != nil && (f == CloseEnd || f == Kill) && r.procs[role] != nil && r.procs[role].dead {
		return Already{err.Error()} // and the kernel has closed all that it held
	}
	if err != nil {
		return err
	}
	note := Event{Who: role, Source: FromLearner, Kind: Faulted, Name: string(f)}
	switch f {
	case Kill:
		p.asked = true
		err = p.signal(unix.SIGKILL)
	case StopIt:
		err = p.signal(unix.SIGSTOP)
	case Continue:
		err = p.signal(unix.SIGCONT)
	case CloseEnd:
		var fd int
		if fd, err = r.descriptor(p, object); errors.As(err, new(Already)) {
			return err
		} else if err == nil {
			note.N = map[string]int64{"fd": int64(fd)}
			note.S = map[string]string{"object": object}
			err = sendPacket(p.link, message{Kind: "close", N: map[string]int64{"fd": int64(fd)}})
		}
	default:
		err = fmt.Errorf("no fault %q", f)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", f, role, err)
	}
	r.journal.Add(note)
	return nil
}

// descriptor finds the number in a process of what is to be closed.
func (r *Run) descriptor(p *process, object string) (int, error) {
	if p.foreign {
		return 0, fmt.Errorf("it has become another program, which closes its descriptors itself")
	}
	want, mode := object, ""
	if n := len(object); n > 2 && object[n-2] == ' ' {
		want, mode = object[:n-2], object[n-1:]
	}
	number, err := strconv.Atoi(object)
	for _, fd := range r.table(p) {
		if (err == nil && fd.N == number) || (fd.Object == want && (mode == "" || fd.Mode == mode)) {
			return fd.N, nil
		}
	}
	return 0, Already{"the " + p.role.Name + " has no " + spoken(want, mode, err == nil) + " open"}
}

// spoken is what was to be closed, in words.
func spoken(object, mode string, number bool) string {
	switch {
	case number:
		return "descriptor " + object
	case mode == "r":
		return "descriptor that reads from the " + object
	case mode == "w":
		return "descriptor that writes to the " + object
	}
	return "descriptor of the " + object
}

// Already says that what was asked for is so already: a learner is told, and a walk
// goes on.
type Already struct{ Says string }

func (e Already) Error() string { return e.Says }

// SignalName is the name of a signal as in signal(7): SIGPIPE, SIGRTMIN+1.
func SignalName(n int) string {
	if s := unix.SignalName(unix.Signal(n)); s != "" {
		return s
	}
	if n == 34 {
		return "SIGRTMIN" // as the C library counts: the kernel's first two are its own
	}
	if n > 34 && n <= 64 {
		return "SIGRTMIN+" + strconv.Itoa(n-34)
	}
	return "signal " + strconv.Itoa(n)
}
