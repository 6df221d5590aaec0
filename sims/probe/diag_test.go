package probe

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// sock_diag says the same of a socket as the calls on its descriptor do.
func TestSocketByInode(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[1])
	defer unix.Close(pair[0])
	if _, err := unix.Write(pair[0], []byte("seven b")); err != nil {
		t.Fatal(err)
	}
	for _, fd := range pair {
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			t.Fatal(err)
		}
		got, err := SocketByInode(uint32(st.Ino))
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.EPERM) {
			t.Skip(err)
		} else if err != nil {
			t.Fatal(err)
		}
		want := SocketLevel{Type: unix.SOCK_STREAM}
		for _, q := range []struct {
			into *int64
			ask  func() (int, error)
		}{
			{&want.In, func() (int, error) { return unix.IoctlGetInt(fd, unix.TIOCINQ) }},
			{&want.Out, func() (int, error) { return unix.IoctlGetInt(fd, unix.TIOCOUTQ) }},
			{&want.SndBuf, func() (int, error) { return unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF) }},
			{&want.RcvBuf, func() (int, error) { return unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF) }},
		} {
			n, err := q.ask()
			if err != nil {
				t.Fatal(err)
			}
			*q.into = int64(n)
		}
		if got != want {
			t.Errorf("sock_diag says %+v, the descriptor %+v", got, want)
		}
	}
	if _, err := SocketByInode(0); err == nil {
		t.Error("an inode that no socket has got an answer")
	}
}

func FuzzParseSocketLevel(f *testing.F) {
	f.Add(make([]byte, unix.SizeofNlMsghdr+diagAnswer))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = parseSocketLevel(b) }) // whatever comes, no panic
}
