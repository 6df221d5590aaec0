package probe

// Who has a file locked, as /proc/locks tells it (proc_locks(5)).

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Lock is a lock on a file that a process has, or waits for.
type Lock struct {
	Kind  string // FLOCK (flock(2)), POSIX (fcntl_locking(2)), OFDLCK
	Mode  string // READ or WRITE
	PID   int    // who made it; -1 for one that belongs to an open file (OFDLCK)
	Inode uint64
	Waits bool // it is asked for, and another one is in its way
}

// Locks are all file locks of the machine whose owners this process can see.
func Locks() ([]Lock, error) {
	text, err := os.ReadFile("/proc/locks")
	if err != nil {
		return nil, err
	}
	return parseLocks(string(text))
}

// parseLocks takes lines such as "1: FLOCK  ADVISORY  WRITE 812 00:1f:7731 0 EOF", with
// "->" before the kind of one that waits.
func parseLocks(text string) (list []Lock, err error) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		var l Lock
		if l.Waits = len(f) > 1 && f[1] == "->"; l.Waits {
			f = f[1:]
		}
		if len(f) < 6 {
			return nil, fmt.Errorf("/proc/locks: %q", line)
		}
		l.Kind, l.Mode = f[1], f[3]
		if l.PID, err = strconv.Atoi(f[4]); err != nil {
			return nil, fmt.Errorf("/proc/locks: pid in %q", line)
		}
		at := strings.LastIndexByte(f[5], ':')
		if l.Inode, err = strconv.ParseUint(f[5][at+1:], 10, 64); err != nil {
			return nil, fmt.Errorf("/proc/locks: inode in %q", line)
		}
		list = append(list, l)
	}
	return list, nil
}
