package probe

// The doctor's helper children: the same binary, in one of two small roles.

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims/sys"
)

// helperMark is the first argument of a helper. helperEnv marks it once more, so
// that a binary that does not know the mark cannot start helpers without end.
const (
	helperMark = "ipctour-probe-helper"
	helperEnv  = "IPCTOUR_PROBE_HELPER"
)

// Become plays the role of a doctor's helper if args ask for one: true, and the
// caller should return. main calls it before anything else.
func Become(args []string) bool {
	if len(args) != 3 || args[1] != helperMark {
		return false
	}
	runtime.LockOSThread()
	switch args[2] {
	case "sleep":
		helpSleep()
	case "namespace":
		fmt.Println(helpNamespace())
	}
	return true
}

// secret is what the doctor reads out of the memory of its helper.
const secret = "read me"

// helpSleep says where its secret lies and which thread it is (a main that has
// not locked its thread in init may be on any), and then sleeps in read until
// its lifeline, standard input, is closed.
func helpSleep() {
	memory := []byte(secret)
	fmt.Printf("%d %d\n", sys.AddressOf(memory), unix.Gettid())
	var b [1]byte
	for {
		if _, err := unix.Read(0, b[:]); err != unix.EINTR {
			break
		}
	}
	runtime.KeepAlive(memory)
}

// helpNamespace uses the namespaces that it was started in: a mount, and the
// loopback interface. Ubuntu 24.04 gives namespaces in which nothing is allowed.
func helpNamespace() string {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return "error mount(MS_PRIVATE): " + explainErrno(err)
	}
	if err := unix.Mount("ipctour-probe", "/tmp", "tmpfs", 0, "size=64k"); err != nil {
		return "error mount(tmpfs): " + explainErrno(err)
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "error socket: " + explainErrno(err)
	}
	defer unix.Close(socket)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return "error lo: " + err.Error()
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, lo); err != nil {
		return "error ioctl(SIOCSIFFLAGS lo): " + explainErrno(err)
	}
	return "ok in new user, mount and network namespaces a tmpfs was mounted and lo raised"
}

// firstLine is the first line that a helper says; "" when it says nothing.
func firstLine(f *os.File) string {
	line, _ := bufio.NewReader(f).ReadString('\n')
	return strings.TrimSpace(line)
}
