package stage

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// The link is a seqpacket socketpair between the tour and one child: a message
// is one packet of JSON, and its end is the child's lifeline.
//
//	child → tour   moment · hold · forked · exec · trouble
//	tour → child   do (a command for the role) · close (a descriptor)

// These are the child's descriptors of the tour's own. They are high, so that a
// lesson's descriptors are numbered from 3 as in any other program.
const (
	linkFD = 100
	pageFD = 101
)

type message struct {
	Kind string            `json:"k"`
	At   int64             `json:"at,omitempty"` // CLOCK_MONOTONIC, ns
	Name string            `json:"name,omitempty"`
	N    map[string]int64  `json:"n,omitempty"`
	S    map[string]string `json:"s,omitempty"`
}

// hello is the first packet to a child: all it needs besides its descriptors.
type hello struct {
	FDs      map[string]int    `json:"fds"`  // descriptors by the names of the wiring
	Args     map[string]string `json:"args"` // words by name
	Stepping uint32            `json:"stepping"`
	Wards    map[string]ward   `json:"wards,omitempty"` // roles this one forks
}

// ward is the descriptors of the tour's own that a role passes to one it forks.
type ward struct {
	Link   int `json:"link"`
	Page   int `json:"page"`
	Stderr int `json:"stderr"` // its own: in its parent's, the one's end would wait for the other's
}

const maxPacket = 64 << 10

// Command is what a learner's knob tells a role.
type Command struct {
	Name string
	N    int64
	Text string
}

func sendPacket(fd int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("link: %w", err)
	}
	for {
		_, err = unix.SendmsgN(fd, b, nil, nil, unix.MSG_NOSIGNAL)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("link: sendmsg: %w", err)
	}
	return nil
}

// recvPacket reads one packet into v. It reports false at the end of the link.
func recvPacket(fd int, buf []byte, v any) (bool, error) {
	for {
		n, _, _, _, err := unix.Recvmsg(fd, buf, nil, 0)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.ECONNRESET || (err == nil && n == 0):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("link: recvmsg: %w", err)
		}
		if err := json.Unmarshal(buf[:n], v); err != nil {
			return false, fmt.Errorf("link: %w", err)
		}
		return true, nil
	}
}

// clock reads CLOCK_MONOTONIC. The runtime's own monotonic clock is the same
// one read without a system call, so it is asked once where the two meet.
type clock struct {
	start time.Time
	base  int64
}

// newClock takes the closest of a few pairs: a process that is set aside between the
// two readings would be late, or early, in all that it tells.
func newClock() (clock, error) {
	var best clock
	gap := time.Duration(math.MaxInt64)
	for range 16 {
		var ts unix.Timespec
		before := time.Now()
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			return clock{}, fmt.Errorf("clock_gettime: %w", err)
		}
		if took := time.Since(before); took < gap {
			best, gap = clock{before.Add(took / 2), ts.Nano()}, took
		}
		if gap < 5*time.Microsecond {
			break
		}
	}
	return best, nil
}

func (c clock) now() int64 { return c.base + int64(time.Since(c.start)) }
