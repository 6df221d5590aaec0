package share

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The other process of these tests is the test program itself, with the file that both
// map in this variable, and what it is to do as its last argument.
const peerFile = "IPCTOUR_SHARE_TEST_FILE"

// patience is how long a test waits for what must come soon.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	var play func() error
	said := os.Stdout // what is wrong, and for a peer whatever it says
	switch file, part := os.Getenv(peerFile), os.Getenv(ringPart); {
	case file != "":
		play = func() error { return peer(file, os.Args[len(os.Args)-1]) }
	case part != "":
		play, said = func() error { return playPart(strings.Fields(part)) }, os.Stderr
	default:
		os.Exit(m.Run())
	}
	runtime.LockOSThread()
	if err := play(); err != nil {
		fmt.Fprintln(said, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// peer does one of the things that the other process can do.
func peer(file, what string) error {
	memory, err := mapFile(file)
	if err != nil {
		return err
	}
	parts := maps.Clone(robustPeers)
	maps.Copy(parts, lockPeers)
	play := parts[what]
	if play == nil {
		return fmt.Errorf("no such part: %s", what)
	}
	return play(memory)
}

// holdOn says that something is held, and waits to be killed.
func holdOn() error {
	fmt.Println("held")
	for {
		_ = unix.Pause()
	}
}

func mapFile(file string) ([]byte, error) {
	fd, err := unix.Open(file, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	return unix.Mmap(fd, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

// page is a file of one page, all zero, mapped here.
func page(t *testing.T) (file string, memory []byte) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "page")
	must(t, os.WriteFile(file, make([]byte, 4096), 0o600))
	memory, err := mapFile(file)
	must(t, err)
	t.Cleanup(func() { _ = unix.Munmap(memory) })
	return file, memory
}

// process is another process on the file, ours or C's.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	out *bufio.Reader
}

func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t, cmd, bufio.NewReader(out)}
	t.Cleanup(p.kill)
	return p
}

func startPeer(t *testing.T, file, what string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], what)
	cmd.Env = append(os.Environ(), peerFile+"="+file)
	return start(t, cmd)
}

// says waits for the next line and compares it.
func (p *process) says(want string) {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		p.t.Fatal(err)
	}
	if got := strings.TrimSpace(line); got != want {
		p.t.Fatalf("%v says %q, want %q", p.cmd.Args, got, want)
	}
}

func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait() // killed, or ended before
	}
}

// waits lets other goroutines run until a condition holds.
func waits(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, patience)
		}
		runtime.Gosched()
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
