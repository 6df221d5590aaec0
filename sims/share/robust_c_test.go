package share

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

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
