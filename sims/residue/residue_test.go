package residue

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A finder that finds nothing would pass every test: it must see each kind of thing.
func TestNowSeesWhatIsLeft(t *testing.T) {
	before := Now()
	file, err := os.CreateTemp(t.TempDir(), "left")
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for thing := range Now() {
		if !before[thing] {
			seen = append(seen, thing)
		}
	}
	all := strings.Join(seen, "\n")
	for _, want := range []string{"descriptor", filepath.Base(file.Name()), "process", "(sleep)"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not among what was found: %q", want, all)
		}
	}
	path, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(Running(path), "\n"), "(sleep)") {
		t.Errorf("Running(%s) does not see the child", path)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Error("a killed child ended well")
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	Since(t, before)
}

// Shared memory of this process counts, and of one that is dead; that of another
// process that lives is somebody else's run.
func TestWhoseSharedMemoryCounts(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err != nil {
		t.Skip("there is no /dev/shm here: " + err.Error())
	}
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	const name = "/dev/shm/ipctour-%d-residue-test"
	ours, theirs := fmt.Sprintf(name, os.Getpid()), fmt.Sprintf(name, child.Process.Pid)
	for _, path := range []string{ours, theirs} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(path)
	}
	if all := Now(); !all["shared memory "+ours] || all["shared memory "+theirs] {
		t.Errorf("ours is seen: %t, that of another who lives: %t", all["shared memory "+ours], all["shared memory "+theirs])
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Error("a killed child ended well")
	}
	if !Now()["shared memory "+theirs] {
		t.Error("what a dead process has left is not seen")
	}
}
