package probe

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestParseUnixSockets(t *testing.T) {
	const text = `Num       RefCount Protocol Flags    Type St Inode Path
000000000d64a14b: 00000002 00000000 00010000 0001 01  1282 /run/a kitchen.sock
000000007412b41b: 00000002 00000000 00000000 0001 02     0 /run/a kitchen.sock
000000007412b41c: 00000003 00000000 00000000 0005 03  77
000000007412b41d: 00000003 00000000 00000000 0002 01  78 @hidden
nonsense
`
	want := []UnixSocket{
		{Type: unix.SOCK_STREAM, Listens: true, Inode: 1282, Path: "/run/a kitchen.sock"},
		{Type: unix.SOCK_STREAM, Connected: true, Path: "/run/a kitchen.sock"},
		{Type: unix.SOCK_SEQPACKET, Connected: true, Inode: 77},
		{Type: unix.SOCK_DGRAM, Inode: 78, Path: "@hidden"},
	}
	if diff := cmp.Diff(want, parseUnixSockets(text)); diff != "" {
		t.Error(diff)
	}
}

// A connection that nobody has accepted is in the list without an inode.
func TestUnixSocketsShowsWhoWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "door")
	door := newSocket(t)
	if err := unix.Bind(door, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(door, 2); err != nil {
		t.Fatal(err)
	}
	if err := unix.Connect(newSocket(t), &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	list, err := UnixSockets()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		if s.Path == path {
			got = append(got, fmt.Sprintf("listens %v, connected %v, inode %v", s.Listens, s.Connected, s.Inode != 0))
		}
	}
	slices.Sort(got)
	want := []string{"listens false, connected true, inode false", "listens true, connected false, inode true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func newSocket(t *testing.T) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}
