// Package residue finds what a test has left on this machine: descriptors,
// processes, shared memory, System V objects and private folders. It is for
// tests alone; the program does not link it.
package residue

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience is how long something may take to go away: other tests of this
// machine run at the same time, and a process ends a moment after its signal.
const patience = 20 * time.Second

// Check notes what there is now, and fails the test if something more is there
// when it has ended. Call it first in the test.
func Check(t testing.TB) {
	t.Helper()
	before := Now()
	t.Cleanup(func() { Since(t, before) })
}

// Since fails the test if something is there that was not there before.
func Since(t testing.TB, before map[string]bool) {
	t.Helper()
	Wait(t, "the test left nothing behind", func() (bool, string) {
		var left []string
		for thing := range Now() {
			if !before[thing] {
				left = append(left, thing)
			}
		}
		slices.Sort(left)
		return len(left) == 0, "still there: " + strings.Join(left, ", ")
	})
}

// Wait polls a condition till it holds; past the deadline the test fails with
// what the condition said last. It waits for a thing, never for a time.
func Wait(t testing.TB, what string, holds func() (ok bool, now string)) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		ok, now := holds()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("waited in vain until %s: %s", what, now)
			return
		}
		<-time.After(5 * time.Millisecond)
	}
}

// Now lists what this process has, and what the machine has that could be ours.
func Now() map[string]bool {
	found := map[string]bool{}
	for _, list := range [][]string{descriptors(), children(), sharedMemory(), systemV(), folders()} {
		for _, thing := range list {
			found[thing] = true
		}
	}
	return found
}

// descriptors are this process's own, without those that Go's runtime opens
// once for itself.
func descriptors() []string {
	var list []string
	entries, _ := os.ReadDir("/proc/self/fd") // always there on Linux; an empty list would fail the tests of this package
	for _, e := range entries {
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err != nil || strings.HasPrefix(target, "/proc/") || target == "anon_inode:[eventpoll]" || target == "anon_inode:[eventfd]" {
			continue
		}
		list = append(list, "descriptor "+e.Name()+" to "+target)
	}
	return list
}

// children are the processes whose parent is this one.
func children() []string {
	return processes(func(pid, parent int, _ string) bool { return parent == os.Getpid() })
}

// Running lists the processes that run a program, by the path of its file.
func Running(program string) []string {
	return processes(func(pid, _ int, exe string) bool {
		return exe == program || exe == program+" (deleted)"
	})
}

func processes(ours func(pid, parent int, exe string) bool) []string {
	var list []string
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well formed
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended meanwhile
		}
		dir := filepath.Dir(stat)
		pid, _ := strconv.Atoi(filepath.Base(dir))
		end := strings.LastIndexByte(string(text), ')')
		fields := strings.Fields(string(text[end+1:]))
		if len(fields) < 2 {
			continue
		}
		parent, _ := strconv.Atoi(fields[1])
		exe, _ := os.Readlink(dir + "/exe") // empty where it is not shown to us
		if ours(pid, parent, exe) {
			_, name, _ := strings.Cut(string(text[:end]), "(")
			list = append(list, fmt.Sprintf("process %d (%s), state %s", pid, name, fields[0]))
		}
	}
	return list
}

// sharedMemory lists what is in /dev/shm, but not what bears the number of another
// process that lives (stage/names.go): that is somebody else's run.
func sharedMemory() []string {
	var list []string
	paths, _ := filepath.Glob("/dev/shm/*") // no /dev/shm: no shared memory to find
	for _, path := range paths {
		var owner int
		if _, err := fmt.Sscanf(filepath.Base(path), "ipctour-%d-", &owner); err == nil && owner != os.Getpid() {
			if _, err := os.Stat(fmt.Sprintf("/proc/%d", owner)); err == nil {
				continue
			}
		}
		list = append(list, "shared memory "+path)
	}
	return list
}

// systemV lists the System V objects, but not those whose maker lives and is not
// this process: they belong to somebody else.
func systemV() []string {
	var list []string
	for _, kind := range []string{"shm", "msg", "sem"} {
		text, err := os.ReadFile("/proc/sysvipc/" + kind)
		if err != nil {
			continue // a kernel without System V objects has none
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		maker := slices.IndexFunc(strings.Fields(lines[0]), func(s string) bool { return s == "cpid" || s == "lspid" })
		for _, line := range lines[1:] {
			f := strings.Fields(line)
			if maker >= 0 && f[maker] != strconv.Itoa(os.Getpid()) {
				if _, err := os.Stat("/proc/" + f[maker]); err == nil {
					continue
				}
			}
			list = append(list, "System V "+kind+" with id "+f[1])
		}
	}
	return list
}

// folders are the private folders that name this process as their owner.
func folders() []string {
	var list []string
	for _, place := range []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir()} {
		if place == "" {
			continue
		}
		found, _ := filepath.Glob(filepath.Join(place, fmt.Sprintf("ipctour-%d-*", os.Getpid()))) // as above
		for _, path := range found {
			list = append(list, "folder "+path)
		}
	}
	return list
}
