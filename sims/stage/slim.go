package stage

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// slim gives back the pages of the program's file that only its start has touched:
// the initialisation of packages that a role never uses. What is needed again is
// mapped again from the page cache. It is a matter of a child's size alone, so an
// error changes nothing.
func slim() {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	for line := range strings.Lines(selfMaps()) {
		f := strings.Fields(line) // 00400000-00800000 r-xp 00000000 00:1f 4711 /path
		if len(f) < 6 || f[5] != exe || strings.Contains(f[1], "w") {
			continue // what can be written to may have been
		}
		from, to, _ := strings.Cut(f[0], "-")
		a, err := strconv.ParseUint(from, 16, 64)
		b, err2 := strconv.ParseUint(to, 16, 64)
		if err == nil && err2 == nil {
			giveBack(uintptr(a), uintptr(b-a))
		}
	}
}

// selfMaps reads /proc/self/maps by plain calls: package os would open an epoll for
// it, and a lesson's descriptors are to be the only ones.
func selfMaps() string {
	fd, err := unix.Open("/proc/self/maps", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	var text []byte
	for buf := make([]byte, 16<<10); ; {
		n, err := unix.Read(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return string(text)
		}
		text = append(text, buf[:n]...)
	}
}

// giveBack is madvise(MADV_DONTNEED) on a range of pages of a file that nobody
// writes to: the next access finds the same bytes there.
func giveBack(address, length uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, address, length, unix.MADV_DONTNEED)
}
