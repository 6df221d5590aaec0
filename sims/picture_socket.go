package sims

import (
	"fmt"

	"ipctour/sims/scene"
)

// What the pictures of sockets share: a connection drawn from the readings of its
// two ends, and the links to it.

// SocketEnd is one end of a connection: the role that holds it and the object
// that the wiring or the role has named.
type SocketEnd struct{ Role, Object string }

var socketTypes = map[int64]string{1: "STREAM", 2: "DGRAM", 5: "SEQPACKET"} // unix.SOCK_…

// Connection is two connected sockets as the picture shows them: a buffer for each
// way, filled as the receiver's own socket says.
func (w *World) Connection(id, label string, one, other SocketEnd) scene.Socket {
	a, b := w.Object(one.Object), w.Object(other.Object)
	s := scene.Socket{ID: id, Label: label, Type: socketTypes[max(a.Level("type"), b.Level("type"))],
		Ways: []scene.Way{w.way(one, other), w.way(other, one)}}
	s.Gone = a.Level("holders") == 0 && b.Level("holders") == 0
	return s
}

func (w *World) way(from, to SocketEnd) scene.Way {
	sender, receiver := w.Object(from.Object), w.Object(to.Object)
	way := scene.Way{From: from.Role, To: to.Role, Queued: receiver.Level("in"), Limit: max(sender.Level("sndbuf"), 0)}
	if receiver.Level("holders") == 0 {
		way.Queued = 0 // the buffer went with the socket
		return way
	}
	for range min(receiver.Level("flying"), 16) {
		way.Flying = append(way.Flying, "descriptor")
	}
	return way
}

// Unread is what is left of messages when the first bytes of them have been received.
func Unread(sent []scene.Segment, received int64) []scene.Segment {
	for len(sent) > 0 && received > 0 {
		first := sent[0]
		if received < first.Bytes {
			rest := append([]scene.Segment{first}, sent[1:]...)
			rest[0].Bytes -= received
			if int64(len(first.Text)) == first.Bytes {
				rest[0].Text = first.Text[received:]
			}
			return rest
		}
		received -= first.Bytes
		sent = sent[1:]
	}
	return sent
}

// SocketLink joins a role to a connection, or to a socket that listens, by the
// descriptor that it has open on an object. It is blocked while the role sleeps in one
// of the calls.
func (w *World) SocketLink(role, object, id string, calls ...string) scene.Link {
	l := w.Link(role, object, "rw")
	l.From, l.To = role, id
	if l.State == scene.Blocked {
		l.State = scene.Idle
		for _, c := range calls {
			if contains(w.Actor(role).Syscall, c) {
				l.State = scene.Blocked
			}
		}
	}
	if l.State == scene.Moving {
		l.State = scene.Idle // these roles run for moments only
	}
	return l
}

// WaitingFigure is how many connections wait in the queue of a socket that listens.
func (w *World) WaitingFigure(object, path string) scene.Figure {
	o := w.Object(object)
	if n := o.Level("waiting"); n >= 0 && o.Level("holders") > 0 {
		return scene.Count("waiting", "waiting for accept", n, "", scene.Kernel).
			From("lines of /proc/net/unix that bear the name and have no inode yet", fmt.Sprintf("grep -F '%s' /proc/net/unix", path))
	}
	return scene.Missing("waiting", "waiting for accept", "nobody listens under that name now")
}

// BufferFigure is how many bytes wait in the receive buffer of a socket.
func (w *World) BufferFigure(id, label, object string) scene.Figure {
	o := w.Object(object)
	if why := o.S["missing"]; why != "" {
		return scene.Missing(id, label, why)
	}
	if n := o.Level("in"); n >= 0 && o.Level("holders") > 0 {
		return scene.Count(id, label, n, "B", scene.Kernel).
			From("ioctl(SIOCINQ) on a duplicate of the receiver's descriptor, taken with pidfd_getfd(2) and closed at once; where that is denied, sock_diag(7)", "")
	}
	return scene.Missing(id, label, "there is no such end of a connection now")
}
