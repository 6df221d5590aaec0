package probe

// How full a Unix socket is, asked by its inode and not by a descriptor: sock_diag(7).

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// SocketLevel is what the kernel says of a Unix socket.
type SocketLevel struct {
	Type    int // SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET
	Listens bool
	// In and Out are what SIOCINQ and SIOCOUTQ say, in bytes; of a socket that listens
	// they are the connections that nobody has accepted, and how many may wait.
	In, Out int64
	// SndBuf and RcvBuf are the limits of the buffers, in bytes.
	SndBuf, RcvBuf int64
}

// Of <linux/sock_diag.h> and <linux/unix_diag.h>.
const (
	sockDiagByFamily = 20
	showRQLen        = 1 << 4
	showMemInfo      = 1 << 5
	attrRQLen        = 4
	attrMemInfo      = 5
	tcpListen        = 10
	diagRequest      = 24 // bytes of struct unix_diag_req
	diagAnswer       = 16 // bytes of struct unix_diag_msg
)

// SocketByInode asks for the Unix socket of this network namespace that has that
// inode, with no descriptor of it. The kernel answers only where it has unix_diag.
func SocketByInode(inode uint32) (SocketLevel, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return SocketLevel{}, os.NewSyscallError("socket(NETLINK_SOCK_DIAG)", err)
	}
	defer unix.Close(fd)
	ask, order := make([]byte, unix.SizeofNlMsghdr+diagRequest), binary.NativeEndian
	order.PutUint32(ask[0:], uint32(len(ask)))
	order.PutUint16(ask[4:], sockDiagByFamily)
	order.PutUint16(ask[6:], unix.NLM_F_REQUEST)
	req := ask[unix.SizeofNlMsghdr:]
	req[0] = unix.AF_UNIX
	order.PutUint32(req[4:], 1<<32-1) // in any state
	order.PutUint32(req[8:], inode)
	order.PutUint32(req[12:], showRQLen|showMemInfo)
	order.PutUint64(req[16:], 1<<64-1) // no cookie: INET_DIAG_NOCOOKIE
	if err := unix.Sendto(fd, ask, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return SocketLevel{}, os.NewSyscallError("sock_diag", err)
	}
	buf := make([]byte, os.Getpagesize())
	n, _, err := unix.Recvfrom(fd, buf, unix.MSG_DONTWAIT) // the answer is there when the question has returned
	if err != nil {
		return SocketLevel{}, os.NewSyscallError("sock_diag", err)
	}
	return parseSocketLevel(buf[:n])
}

var errShortAnswer = errors.New("sock_diag gave an answer that was cut short")

func parseSocketLevel(b []byte) (SocketLevel, error) {
	order := binary.NativeEndian
	if len(b) < unix.SizeofNlMsghdr+diagAnswer {
		return SocketLevel{}, errShortAnswer
	}
	kind, rest := order.Uint16(b[4:]), b[unix.SizeofNlMsghdr:]
	if kind == unix.NLMSG_ERROR {
		return SocketLevel{}, os.NewSyscallError("sock_diag", unix.Errno(-int32(order.Uint32(rest))))
	}
	l := SocketLevel{Type: int(rest[1]), Listens: rest[2] == tcpListen}
	var seen []uint16
	for rest = rest[diagAnswer:]; len(rest) >= unix.SizeofRtAttr; {
		length, attr := int(order.Uint16(rest)), order.Uint16(rest[2:])
		if length < unix.SizeofRtAttr || length > len(rest) {
			return SocketLevel{}, errShortAnswer
		}
		switch value := rest[unix.SizeofRtAttr:length]; {
		case attr == attrRQLen && len(value) >= 8:
			l.In, l.Out = int64(order.Uint32(value)), int64(order.Uint32(value[4:]))
			seen = append(seen, attr)
		case attr == attrMemInfo && len(value) >= 16:
			l.RcvBuf, l.SndBuf = int64(order.Uint32(value[4:])), int64(order.Uint32(value[12:]))
			seen = append(seen, attr)
		}
		rest = rest[min((length+3)&^3, len(rest)):]
	}
	if !slices.Contains(seen, attrRQLen) || !slices.Contains(seen, attrMemInfo) {
		return SocketLevel{}, errShortAnswer
	}
	return l, nil
}
