package probe

// What the helper children do. Each has its pipe at descriptor 3, and calls the
// kernel raw, as the roles of lessons do.

import (
	"bytes"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

var roles map[string]func()

func init() {
	roles = map[string]func(){
		"fill": roleFill,
		"read": roleRead,
	}
}

// forkExec starts a program with fd as its descriptor 3 and nothing else of ours.
func forkExec(argv []string, fd int) (int, error) {
	return syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{
		Env:   append(os.Environ(), "GOGC=off", "GODEBUG=asyncpreemptoff=1"),
		Files: []uintptr{0, 1, 2, uintptr(fd)},
	})
}

// roleFill writes until the pipe is full, and then sleeps in write.
func roleFill() {
	page := bytes.Repeat([]byte("abcd"), 1024)
	for {
		if _, err := unix.Write(3, page); err != nil && err != unix.EINTR {
			os.Exit(3)
		}
	}
}

// roleRead reads until end of file.
func roleRead() {
	buf := make([]byte, 4096)
	for {
		n, err := unix.Read(3, buf)
		if err != nil {
			os.Exit(4)
		}
		if n == 0 {
			return
		}
	}
}
