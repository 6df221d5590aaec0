package share

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"ipctour/sims/sys"
)

// The test binary plays the other Go process: with this variable it is a peer on
// the file that it names.
const peerFile = "IPCTOUR_SHARE_TEST_FILE"

// Offsets in the file: a lock, a second one, and the record that the first guards,
// whose two halves are equal whenever nobody is inside.
const (
	lockAt   = 0
	secondAt = 64
	halfAt   = 128
	otherAt  = 136
	roundsAt = 144
)

// patience is how long a test waits for what must come soon.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	if file := os.Getenv(peerFile); file != "" {
		runtime.LockOSThread()
		if err := peer(file, os.Args[len(os.Args)-1]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// peer does what the last argument says, and then waits to be killed.
func peer(file, what string) error {
	memory, err := mapFile(file)
	if err != nil {
		return err
	}
	if play := peers[what]; play != nil {
		return play(memory)
	}
	l, err := NewRobustList()
	if err != nil {
		return err
	}
	first, err := l.Mutex(memory[lockAt:])
	if err != nil {
		return err
	}
	switch what {
	case "hold":
		err = lockCleanly(first)
	case "hold two":
		var second *Robust
		if second, err = l.Mutex(memory[secondAt:]); err == nil {
			err = errors.Join(lockCleanly(first), lockCleanly(second))
		}
	case "work":
		return work(first, memory, func() bool { return false })
	}
	if err != nil {
		return err
	}
	fmt.Println("held")
	for {
		_ = unix.Pause()
	}
}

func lockCleanly(r *Robust) error {
	died, err := r.Lock()
	if died {
		return errors.New("lock: its last owner died")
	}
	return err
}

// work changes the record under the lock for as long as it lives, and repairs it
// after the dead.
func work(r *Robust, memory []byte, enough func() bool) error {
	half, other, rounds := word(memory, halfAt), word(memory, otherAt), word(memory, roundsAt)
	for !enough() {
		died, err := r.LockWithin(patience)
		if err != nil {
			return err
		}
		if died {
			other.Store(half.Load())
			if err := r.Consistent(); err != nil {
				return err
			}
		}
		if half.Load() != other.Load() {
			return fmt.Errorf("record torn: %d and %d", half.Load(), other.Load())
		}
		half.Add(1)
		rounds.Add(1)
		other.Add(1)
		if err := r.Unlock(); err != nil {
			return err
		}
	}
	return nil
}

func word(memory []byte, at int) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&memory[at])) }

func mapFile(file string) ([]byte, error) {
	fd, err := unix.Open(file, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	return unix.Mmap(fd, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

// shared is a file of one page with two locks in it, mapped here.
func shared(t *testing.T) (file string, memory []byte) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "page")
	if err := os.WriteFile(file, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	memory, err := mapFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(memory) })
	for _, at := range []int{lockAt, secondAt} {
		if err := InitRobust(memory[at:]); err != nil {
			t.Fatal(err)
		}
	}
	return file, memory
}

// mine locks the test to its thread and gives its view of a lock.
func mine(t *testing.T, memory []byte) (*RobustList, *Robust) {
	t.Helper()
	runtime.LockOSThread()
	l, err := NewRobustList()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		runtime.UnlockOSThread()
	})
	r, err := l.Mutex(memory)
	if err != nil {
		t.Fatal(err)
	}
	return l, r
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

func futexWord(memory []byte) uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&memory[RobustWord])).Load()
}

func hasWaiters(memory []byte) func() bool {
	return func() bool { return futexWord(memory)&sys.FutexWaiters != 0 }
}

func expect(t *testing.T, r *Robust, died bool, errno error) {
	t.Helper()
	got, err := r.LockWithin(patience)
	if got != died || !errors.Is(err, errno) || (errno == nil && err != nil) {
		t.Fatalf("lock: owner died %v, error %v; want %v, %v", got, err, died, errno)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLayout(t *testing.T) {
	var m pthreadMutex
	for _, f := range []struct {
		name      string
		got, want uintptr
	}{
		{"__lock", unsafe.Offsetof(m.word), RobustWord}, {"__owner", unsafe.Offsetof(m.owner), RobustOwner},
		{"__kind", unsafe.Offsetof(m.kind), 16}, {"__list", unsafe.Offsetof(m.list), 24},
		{"__list.__next", unsafe.Offsetof(m.list) + unsafe.Offsetof(m.list.next), 32}, {"size", unsafe.Sizeof(m), 40},
		{"robust_head", unsafe.Offsetof(threadHead{}.list), 8},
		{"robust_head size", unsafe.Sizeof(threadHead{}) - 8, unsafe.Sizeof(sys.RobustListHead{})},
	} {
		if f.got != f.want {
			t.Errorf("%s at %d, want %d", f.name, f.got, f.want)
		}
	}
}

func TestLockAndErrors(t *testing.T) {
	_, memory := shared(t)
	_, r := mine(t, memory)
	if err := r.Unlock(); !errors.Is(err, unix.EPERM) {
		t.Errorf("unlock of what is not held: %v, want EPERM", err)
	}
	expect(t, r, false, nil)
	if got := futexWord(memory); got != uint32(unix.Gettid()) {
		t.Errorf("word %#x, want the thread id %#x", got, unix.Gettid())
	}
	if _, err := r.Lock(); !errors.Is(err, unix.EDEADLK) {
		t.Errorf("lock of one's own: %v, want EDEADLK", err)
	}
	if err := r.Consistent(); !errors.Is(err, unix.EINVAL) {
		t.Errorf("consistent without a dead owner: %v, want EINVAL", err)
	}
	must(t, r.Unlock())
	if got := futexWord(memory); got != 0 {
		t.Errorf("word %#x after unlock, want 0", got)
	}
}

func TestWaitEndsAtItsTime(t *testing.T) {
	file, memory := shared(t)
	startPeer(t, file, "hold").says("held")
	_, r := mine(t, memory)
	if _, err := r.LockWithin(10 * time.Millisecond); !errors.Is(err, unix.ETIMEDOUT) {
		t.Fatalf("lock of what is held: %v, want ETIMEDOUT", err)
	}
}

func TestOwnerKilled(t *testing.T) {
	file, memory := shared(t)
	l, first := mine(t, memory)
	second, err := l.Mutex(memory[secondAt:])
	must(t, err)
	p := startPeer(t, file, "hold two")
	p.says("held")
	p.kill()
	for _, at := range []int{lockAt, secondAt} {
		if got := futexWord(memory[at:]); got != sys.FutexOwnerDied {
			t.Errorf("word at %d is %#x, want OWNER_DIED and no more", at, got)
		}
	}
	expect(t, first, true, nil)
	expect(t, second, true, nil)
	must(t, first.Consistent())
	must(t, first.Unlock()) // the older one: out of the middle of the list
	must(t, second.Consistent())
	must(t, second.Unlock())
	expect(t, first, false, nil)
	must(t, first.Unlock())
}

func TestOwnerKilledWhileSomebodySleeps(t *testing.T) {
	file, memory := shared(t)
	_, r := mine(t, memory)
	p := startPeer(t, file, "hold")
	p.says("held")
	done := make(chan struct{})
	go func() { // a thread of its own, so that this one can be asleep
		defer close(done)
		waits(t, "somebody waits", hasWaiters(memory))
		p.kill()
	}()
	expect(t, r, true, nil)
	<-done
	must(t, r.Consistent())
	must(t, r.Unlock())
}

func TestNotMadeConsistent(t *testing.T) {
	file, memory := shared(t)
	_, r := mine(t, memory)
	p := startPeer(t, file, "hold")
	p.says("held")
	p.kill()
	expect(t, r, true, nil)
	must(t, r.Unlock())
	for range 2 {
		expect(t, r, false, unix.ENOTRECOVERABLE)
	}
}

// TestThreadEnds: not the process, the thread counts.
func TestThreadEnds(t *testing.T) {
	_, memory := shared(t)
	_, r := mine(t, memory)
	held := make(chan error)
	go endHolding(memory, held)
	must(t, <-held)
	expect(t, r, true, nil)
	must(t, r.Consistent())
	must(t, r.Unlock())
}

// endHolding takes the lock and ends its thread with it: the goroutine ends while it
// is locked to it.
func endHolding(memory []byte, held chan<- error) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() { // Go never ends the main thread: let another take this on meanwhile
		done := make(chan error)
		go endHolding(memory, done)
		held <- <-done
		runtime.UnlockOSThread()
		return
	}
	l, err := NewRobustList()
	if err == nil {
		var r *Robust
		if r, err = l.Mutex(memory); err == nil {
			err = lockCleanly(r)
		}
	}
	held <- err
}

// TestKilledAnywhere kills workers at whatever instruction they are: with the lock
// and not yet in the list, out of the list and still with it, woken and gone. The
// others must never be left asleep, and never find a record that nobody repaired.
func TestKilledAnywhere(t *testing.T) {
	kills := 60
	if testing.Short() {
		kills = 10
	}
	file, memory := shared(t)
	_, r := mine(t, memory)
	rounds := word(memory, roundsAt)
	workers := []*process{startPeer(t, file, "work"), startPeer(t, file, "work")}
	for i := range kills {
		seen := rounds.Load()
		waits(t, "the workers work", func() bool { return rounds.Load() > seen+uint64(i*7) })
		workers[i%2].kill()
		n := 0
		must(t, work(r, memory, func() bool { n++; return n > 20 }))
		workers[i%2] = startPeer(t, file, "work")
	}
	for _, w := range workers {
		w.kill()
		if line, _ := w.out.ReadString('\n'); line != "" { // nothing is said but errors
			t.Error(line)
		}
	}
}

// cPeer is the other side in C: pthread_mutex_t of the C library.
const cPeer = `
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *word(int e) {
	return e == 0 ? "ok" : e == EOWNERDEAD ? "EOWNERDEAD" : e == ENOTRECOVERABLE ? "ENOTRECOVERABLE" : strerror(e);
}

int main(int argc, char **argv) {
	(void)argc;
	int fd = open(argv[1], O_RDWR);
	pthread_mutex_t *m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || m == MAP_FAILED)
		return 2;
	setbuf(stdout, NULL);
	for (char **what = argv + 2; *what; what++) {
		if (!strcmp(*what, "init")) {
			pthread_mutexattr_t a;
			pthread_mutexattr_init(&a);
			pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
			pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
			printf("init %s\n", word(pthread_mutex_init(m, &a)));
		} else if (!strcmp(*what, "lock"))
			printf("lock %s\n", word(pthread_mutex_lock(m)));
		else if (!strcmp(*what, "consistent"))
			printf("consistent %s\n", word(pthread_mutex_consistent(m)));
		else if (!strcmp(*what, "unlock"))
			printf("unlock %s\n", word(pthread_mutex_unlock(m)));
		else if (!strcmp(*what, "pause"))
			pause();
	}
	return 0;
}
`

// compiled is the program in C, or the test is skipped with the reason.
func compiled(t *testing.T) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		if cc, err = exec.LookPath("gcc"); err != nil {
			t.Skipf("no C compiler on this machine (cc, gcc): %v", err)
		}
	}
	dir := t.TempDir()
	source, program := filepath.Join(dir, "peer.c"), filepath.Join(dir, "peer")
	must(t, os.WriteFile(source, []byte(cPeer), 0o600))
	cmd := exec.Command(cc, "-O2", "-D_GNU_SOURCE", "-pthread", "-o", program, source)
	if out, err := cmd.CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("pthread.h")) || bytes.Contains(out, []byte("cannot find")) {
			t.Skipf("the C compiler has no C library with threads here: %s", out)
		}
		t.Fatalf("cc: %v\n%s", err, out)
	}
	return program
}

func TestOneLockWithC(t *testing.T) {
	program := compiled(t)
	c := func(t *testing.T, file string, what ...string) *process {
		t.Helper()
		return start(t, exec.Command(program, append([]string{file}, what...)...))
	}
	t.Run("a killed Go owner, a waiter in C", func(t *testing.T) {
		file, memory := shared(t) // made here, used there
		_, r := mine(t, memory)
		owner := startPeer(t, file, "hold")
		owner.says("held")
		waiter := c(t, file, "lock", "consistent", "unlock")
		waits(t, "C waits", hasWaiters(memory))
		owner.kill()
		waiter.says("lock EOWNERDEAD")
		waiter.says("consistent ok")
		waiter.says("unlock ok")
		expect(t, r, false, nil)
		must(t, r.Unlock())
	})
	t.Run("a killed C owner, a waiter in Go", func(t *testing.T) {
		file, memory := shared(t)
		clear(memory)
		owner := c(t, file, "init", "lock", "pause") // made there, used here
		owner.says("init ok")
		owner.says("lock ok")
		_, r := mine(t, memory)
		done := make(chan struct{})
		go func() {
			defer close(done)
			waits(t, "Go waits", hasWaiters(memory))
			owner.kill()
		}()
		expect(t, r, true, nil)
		<-done
		must(t, r.Consistent())
		must(t, r.Unlock())
		next := c(t, file, "lock", "unlock")
		next.says("lock ok")
		next.says("unlock ok")
	})
	t.Run("C does not make it consistent", func(t *testing.T) {
		file, memory := shared(t)
		_, r := mine(t, memory)
		owner := startPeer(t, file, "hold")
		owner.says("held")
		owner.kill()
		waiter := c(t, file, "lock", "unlock")
		waiter.says("lock EOWNERDEAD")
		waiter.says("unlock ok")
		expect(t, r, false, unix.ENOTRECOVERABLE)
	})
	t.Run("Go does not make it consistent", func(t *testing.T) {
		file, memory := shared(t)
		_, r := mine(t, memory)
		owner := c(t, file, "lock", "pause")
		owner.says("lock ok")
		owner.kill()
		expect(t, r, true, nil)
		must(t, r.Unlock())
		c(t, file, "lock").says("lock ENOTRECOVERABLE")
	})
	t.Run("C waits for Go, and Go for C, while all live", func(t *testing.T) {
		file, memory := shared(t)
		_, r := mine(t, memory)
		expect(t, r, false, nil)
		other := c(t, file, "lock", "unlock", "lock", "pause")
		waits(t, "C waits", hasWaiters(memory))
		must(t, r.Unlock())
		other.says("lock ok")
		other.says("unlock ok")
		other.says("lock ok")
		if _, err := r.LockWithin(time.Millisecond); !errors.Is(err, unix.ETIMEDOUT) {
			t.Fatalf("lock of what C holds: %v, want ETIMEDOUT", err)
		}
	})
}
