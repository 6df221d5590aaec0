package probe

// The Unix sockets of this machine: /proc/net/unix (proc_net_unix(5)).

import (
	"os"
	"strconv"
	"strings"
)

// UnixSocket is one line of /proc/net/unix.
type UnixSocket struct {
	Type    int // SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET
	Listens bool
	// Connected: it has a peer. One without an inode is the far end of a connection
	// that nobody has accepted yet.
	Connected bool
	Inode     uint64
	Path      string // as it was bound; @name for an abstract one; "" for none
}

// UnixSockets lists the Unix sockets of this network namespace.
func UnixSockets() ([]UnixSocket, error) {
	text, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		return nil, err
	}
	return parseUnixSockets(string(text)), nil
}

// parseUnixSockets leaves out what is no line of a socket, such as the heading. A
// path that holds a line break comes out cut; nothing more can be made of it.
func parseUnixSockets(text string) []UnixSocket {
	const accepts, connecting, connected = 1 << 16, 2, 3 // __SO_ACCEPTCON, SS_CONNECTING, SS_CONNECTED
	var list []UnixSocket
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 7 {
			continue
		}
		flags, bad := strconv.ParseUint(f[3], 16, 64)
		if bad != nil {
			continue // the heading
		}
		kind, _ := strconv.ParseUint(f[4], 16, 16)
		state, _ := strconv.ParseUint(f[5], 16, 16)
		inode, _ := strconv.ParseUint(f[6], 10, 64)
		s := UnixSocket{Type: int(kind), Listens: flags&accepts != 0, Connected: state == connecting || state == connected, Inode: inode}
		if len(f) > 7 { // the rest of the line: a path may hold spaces
			s.Path = strings.TrimSuffix(line[strings.Index(line, f[6]+" "+f[7])+len(f[6])+1:], "\n")
		}
		list = append(list, s)
	}
	return list
}
