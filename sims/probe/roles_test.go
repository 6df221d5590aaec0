package probe

// What the helper children do. Each has its pipe at descriptor 3, and calls the
// kernel raw, as the roles of lessons do.

import (
	"bytes"
	"encoding/binary"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

var roles = map[string]func(){
	"fill":  roleFill,
	"read":  roleRead,
	"busy":  roleBusy,
	"exec":  roleExec,
	"eintr": roleEintr,
	"futex": roleFutex,
	"tour":  roleTour,
}

// forkExec starts a program with fd as its descriptor 3 and nothing else of ours.
func forkExec(argv []string, fd int) (int, error) {
	return syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{
		Env: append(os.Environ(), "GOGC=off", "GODEBUG=asyncpreemptoff=1",
			"GORACE=atexit_sleep_ms=0"), // the race detector sleeps a second at the end
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

// roleBusy writes the numbers from 0, eight bytes each, for ever: a call that
// was lost, or made twice, shows in the stream. An EINTR ends it. The pipe is
// made small, a page, so that what is read is what was just written.
func roleBusy() {
	unix.FcntlInt(3, unix.F_SETPIPE_SZ, os.Getpagesize())
	var n [8]byte
	for i := uint64(0); ; i++ {
		binary.LittleEndian.PutUint64(n[:], i)
		if got, err := unix.Write(3, n[:]); got != 8 || err != nil {
			os.Exit(3)
		}
	}
}

// roleExec reads a byte and becomes the role "fill".
func roleExec() {
	var b [1]byte
	unix.Read(3, b[:])
	unix.Exec("/proc/self/exe", []string{"/proc/self/exe", roleMark, "read"}, os.Environ())
}

// roleEintr waits for data with a timeout, in a call that is never restarted,
// and ends with status 7 at the first EINTR.
func roleEintr() {
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		os.Exit(3)
	}
	unix.SetsockoptTimeval(p[0], unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 600})
	var b [1]byte
	if _, _, err := unix.Recvfrom(p[0], b[:], 0); err == unix.EINTR {
		os.Exit(7)
	}
}

// roleFutex sleeps on a futex for as long as it is let, and ends with status 7 at
// EINTR.
func roleFutex() {
	var word uint32
	timeout := unix.Timespec{Sec: 600}
	_, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&word)), 0, 0, uintptr(unsafe.Pointer(&timeout)), 0, 0)
	if errno == unix.EINTR {
		os.Exit(7)
	}
}

// roleTour waits for a byte, and then makes one call of each kind that is to be
// put into words.
func roleTour() {
	r, w, err := os.Pipe() // Go's poller takes its descriptors now, and none in between
	if err != nil {
		os.Exit(3)
	}
	defer runtime.KeepAlive([]*os.File{r, w})
	var b [1]byte
	unix.Read(3, b[:])
	var p [2]int
	unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK)
	unix.Write(p[1], []byte("hello\n"))
	buf := make([]byte, 100)
	unix.Read(p[0], buf)
	unix.Read(p[0], buf)
	unix.Write(p[1], make([]byte, 1000))
	unix.FcntlInt(uintptr(p[0]), unix.F_SETPIPE_SZ, 65536)
	unix.FcntlInt(uintptr(p[0]), unix.F_SETFL, unix.O_NONBLOCK)
	unix.IoctlGetInt(p[0], unix.TIOCINQ)
	unix.Open("/no/such/file", unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o600)
	unix.Open("/no/such/file", unix.O_RDONLY, 0)
	s, _ := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	unix.Sendto(s[0], []byte("hi"), unix.MSG_NOSIGNAL, &unix.SockaddrUnix{Name: "@ipctour-no-such"})
	unix.Close(s[0])
	unix.Kill(1<<30, unix.SIGUSR1)
	var word uint32
	unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&word)), futexWake, 1, 0, 0, 0)
	unix.MemfdCreate("words", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	runtime.GC() // the runtime's own calls are not shown
	unix.Mkdirat(unix.AT_FDCWD, "/no/such/folder", 0o700)
}
