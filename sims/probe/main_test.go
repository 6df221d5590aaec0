package probe

// The test binary is its own helper child: TestMain becomes a role when argv
// says so.

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const roleMark = "probe-test-role"

// A role runs on the main thread, so that its tid is its pid. After init it is too
// late to ask for that one.
func init() {
	if len(os.Args) > 2 && os.Args[1] == roleMark {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == roleMark {
		role, ok := roles[os.Args[2]]
		if !ok {
			fmt.Fprintln(os.Stderr, "no role", os.Args[2])
			os.Exit(2)
		}
		role()
		os.Exit(0)
	}
	if Become(os.Args) {
		return
	}
	os.Exit(m.Run())
}

// child is a helper: descriptor 3 is the pipe it writes to, or reads from.
type child struct {
	pid, pidfd int
	end        int // our end of the pipe
}

// start runs a role with one end of a new pipe as its descriptor 3; give says
// which: 1 the write end, 0 the read end.
func start(t testing.TB, role string, give int) *child {
	t.Helper()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	c := &child{pidfd: -1, end: p[1-give]}
	pid, err := forkExec([]string{"/proc/self/exe", roleMark, role}, p[give])
	unix.Close(p[give])
	if err != nil {
		t.Fatal(err)
	}
	c.pid = pid
	if c.pidfd, err = unix.PidfdOpen(pid, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

func (c *child) close() {
	unix.PidfdSendSignal(c.pidfd, unix.SIGKILL, nil, 0)
	unix.Close(c.pidfd)
	unix.Close(c.end)
}

// until waits for a condition with a generous deadline.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for: %s", what)
		}
		runtime.Gosched()
	}
}
