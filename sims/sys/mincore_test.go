package sys

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestResident(t *testing.T) {
	page := os.Getpagesize()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, 3*page-1), 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	b, err := unix.Mmap(fd, 0, 3*page-1, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(b)
	touched := b[2*page] // brings the last page in, wherever it was
	in, err := Resident(b, page)
	if err != nil || len(in) != 3 || !in[2] || touched != 0 {
		t.Errorf("pages in memory: %v, %v", in, err)
	}
	if in, err := Resident(nil, page); in != nil || err != nil {
		t.Errorf("of nothing: %v, %v", in, err)
	}
}
