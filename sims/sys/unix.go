package sys

import "golang.org/x/sys/unix"

// BindUnix is bind(2) of a Unix socket with a path of exactly these bytes, without
// a zero byte at the end. unix.Bind has an opinion of its own about long paths; here
// the kernel decides.
func BindUnix(fd int, path string) error {
	address := append([]byte{unix.AF_UNIX, 0}, path...) // the family is two bytes, the low one first
	return named("bind", bind(fd, address))
}
