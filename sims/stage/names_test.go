package stage_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ipctour/sims/probe"
	"ipctour/sims/residue"
	"ipctour/sims/stage"
	"ipctour/sims/sys"
)

// abandoned is the folder of a tour that died: our own pid with the start time
// of another process. The notes in it are empty files.
func abandoned(t *testing.T, notes ...string) (folder string) {
	t.Helper()
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("XDG_RUNTIME_DIR", "")
	folder = filepath.Join(tmp, deadTour())
	if err := os.MkdirAll(filepath.Join(folder, "names"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, note := range notes {
		if err := os.WriteFile(filepath.Join(folder, "names", note), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func deadTour() string { return fmt.Sprintf("ipctour-%d-1", os.Getpid()) }

// queue makes a message queue that the test removes in the end.
func queue(t *testing.T, name string) {
	t.Helper()
	if ok, why := probe.Has("mq"); !ok {
		t.Logf("no message queue can be made here: %s", why)
		return
	}
	mqd, err := sys.MqOpen(name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o600, &sys.MqAttr{MaxMsg: 1, MsgSize: 8})
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(mqd)
	t.Cleanup(func() {
		if err := sys.MqUnlink(name); err != nil && !errors.Is(err, unix.ENOENT) {
			t.Error(err)
		}
	})
}

// thereIs looks for a message queue of a name.
func thereIs(name string) bool {
	mqd, err := sys.MqOpen(name, unix.O_RDONLY|unix.O_CLOEXEC, 0, nil)
	if err != nil {
		return false
	}
	unix.Close(mqd)
	return true
}

// memory makes shared memory that the test removes in the end.
func memory(t *testing.T, name string) (path string) {
	t.Helper()
	path = "/dev/shm/" + name
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			t.Error(err)
		}
	})
	return path
}

func TestSweepRemovesTheNamesThatTheDeadNoted(t *testing.T) {
	residue.Check(t)
	mq, shm := deadTour()+"-1-letters", deadTour()+"-2-page"
	folder := abandoned(t, "mq:"+mq, "shm:"+shm, "mq:"+deadTour()+"-3-never-made", "shm:"+deadTour()+"-4-never-made")
	queue(t, mq)
	path := memory(t, shm)
	removed, err := stage.Sweep()
	if err != nil {
		t.Fatal(err)
	}
	if len(removed) != 1 || removed[0] != folder {
		t.Errorf("removed %v, want %s alone", removed, folder)
	}
	if thereIs(mq) {
		t.Errorf("the queue %s is still there", mq)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", path, err)
	}
}

// A note that names what the dead tour cannot have made removes nothing.
func TestSweepLeavesAloneWhatANoteMayNotName(t *testing.T) {
	stranger, neighbour := fmt.Sprintf("else-%d", os.Getpid()), fmt.Sprintf("ipctour-%d-12-1-letters", os.Getpid())
	for _, test := range []struct{ note, thing string }{
		{"mq:" + stranger, stranger},
		{"shm:" + stranger, stranger},
		{"mq:" + neighbour, neighbour}, // another tour's, which may be alive: start time 12, not 1
		{"shm:" + neighbour, neighbour},
		{"mq:", ""},
		{"shm:" + deadTour(), deadTour()},
		{"file:" + deadTour() + "-1-x", deadTour() + "-1-x"},
		{"no-kind-at-all", ""},
	} {
		t.Run(test.note, func(t *testing.T) {
			residue.Check(t)
			folder := abandoned(t, test.note)
			outside := filepath.Join(filepath.Dir(folder), "outside")
			if err := os.WriteFile(outside, []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
			var path string
			if test.thing != "" {
				queue(t, test.thing)
				path = memory(t, test.thing)
			}
			removed, err := stage.Sweep()
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", test.note)) {
				t.Errorf("the error names the note: %v", err)
			}
			if len(removed) != 0 {
				t.Errorf("told as removed without trouble: %v", removed)
			}
			if ok, _ := probe.Has("mq"); ok && test.thing != "" && !thereIs(test.thing) {
				t.Errorf("the queue %s was removed", test.thing)
			}
			if path != "" {
				if _, err := os.Stat(path); err != nil {
					t.Errorf("the memory was removed: %v", err)
				}
			}
			if _, err := os.Stat(outside); err != nil {
				t.Errorf("a file beside the folder was removed: %v", err)
			}
		})
	}
}

// A slash cannot be in a file's name, and so in no note; a folder of notes that
// leads elsewhere gives the names there, and they are judged like any other.
func TestSweepFollowsNoLinkOutOfTheFolder(t *testing.T) {
	residue.Check(t)
	folder := abandoned(t)
	elsewhere := t.TempDir()
	note := filepath.Join(elsewhere, "shm:else")
	if err := os.WriteFile(note, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	names := filepath.Join(folder, "names")
	if err := errors.Join(os.Remove(names), os.Symlink(elsewhere, names)); err != nil {
		t.Fatal(err)
	}
	if _, err := stage.Sweep(); err == nil {
		t.Error("a name that is not the tour's own gives an error")
	}
	if _, err := os.Stat(note); err != nil {
		t.Errorf("a file outside of the folder was removed: %v", err)
	}
	if _, err := os.Lstat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}
