package probe

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestParseLocks(t *testing.T) {
	got, err := parseLocks("1: FLOCK  ADVISORY  WRITE 812 00:1f:7731 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 813 00:1f:7731 0 EOF\n2: OFDLCK ADVISORY  READ  -1 08:01:12 0 0\n")
	want := []Lock{{"FLOCK", "WRITE", 812, 7731, false}, {"FLOCK", "WRITE", 813, 7731, true}, {"OFDLCK", "READ", -1, 12, false}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%s %v", d, err)
	}
	for _, bad := range []string{"1: FLOCK\n", "1: FLOCK ADVISORY WRITE x 00:1f:7731 0 EOF\n", "1: FLOCK ADVISORY WRITE 1 00:1f: 0 EOF\n"} {
		if _, err := parseLocks(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestLocks(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "locked"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	ours := func() []Lock {
		list, err := Locks()
		if err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(list, func(l Lock) bool { return l.Inode != st.Ino || l.PID != os.Getpid() })
	}
	if got := ours(); len(got) != 0 {
		t.Errorf("before flock: %v", got)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Lock{{"FLOCK", "WRITE", os.Getpid(), st.Ino, false}}, ours()); d != "" {
		t.Error(d)
	}
}
