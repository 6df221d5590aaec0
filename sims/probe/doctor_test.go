package probe

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// residue is what the doctor could leave behind.
func residue(t *testing.T) (left string) {
	t.Helper()
	for _, file := range []string{"/proc/sysvipc/shm", "/proc/sysvipc/msg", "/proc/sysvipc/sem"} {
		text, _ := os.ReadFile(file)
		for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			if f := strings.Fields(line); i > 0 && len(f) > 5 && (f[4] == strconv.Itoa(os.Getpid()) || f[5] == strconv.Itoa(os.Getpid())) {
				left += line + "\n"
			}
		}
	}
	names, _ := os.ReadDir("/dev/shm")
	for _, name := range names {
		if strings.HasSuffix(name.Name(), "-"+strconv.Itoa(os.Getpid())) {
			left += name.Name() + "\n"
		}
	}
	return left
}

func TestCapabilities(t *testing.T) {
	examine() // what is made once and kept (the poller of os.Pipe) is there now
	descriptors := countFDs(t)
	all := examine()
	if n := countFDs(t); n != descriptors {
		t.Errorf("%d descriptors, %d before", n, descriptors)
	}
	if left := residue(t); left != "" {
		t.Errorf("left behind: %s", left)
	}
	if _, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, nil); err != unix.ECHILD {
		t.Errorf("a child is left: %v", err)
	}
	seen := map[string]bool{}
	for _, c := range all {
		t.Logf("%-18s %-5v %s", c.ID, c.OK, c.Detail)
		if seen[c.ID] || c.Name == "" || c.Detail == "" || c.OK != (c.Advice == "") {
			t.Errorf("not well formed: %+v", c)
		}
		if strings.Contains(c.Detail, errNoHelper.Error()) {
			t.Errorf("no helper: %+v", c)
		}
		seen[c.ID] = true
	}
	for id := range strings.FieldsSeq(`ptrace syscall-info pidfd pidfd-getfd proc-syscall wchan memfd mq sysv userns kcmp
		io-uring landlock so-peerpidfd pagemap-frames proc-io proc-locks process-vm-readv pipe-size rwf-nosignal futex-robust shm mqueue-fs mq-limits cpus timerfd signalfd inotify socketpair unix-sockets signal-queue scm-fds`) {
		if !seen[id] {
			t.Errorf("%s was not tried", id)
		}
	}
	if ok, why := Has("unheard-of"); ok || why == "" {
		t.Error("a capability nobody has heard of is there")
	}
}

func TestMachine(t *testing.T) {
	f := Machine()
	if f.Kernel == "" || f.PageSize < 4096 || f.CPUs < 1 || f.PipeMaxSize < int64(f.PageSize) || f.UID != os.Getuid() {
		t.Errorf("%+v", f)
	}
}

func BenchmarkCapabilities(b *testing.B) {
	for b.Loop() {
		examine()
	}
}
