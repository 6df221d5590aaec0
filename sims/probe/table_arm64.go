package probe

// Calls that arm64 has with another order of arguments. It was born without the
// old ones: open is openat here, and so on.

import "golang.org/x/sys/unix"

var signaturesOfArch = map[int]signature{
	unix.SYS_CLONE: {"clone", "flags:clone stack:ptr parent_tid:ptr tls:ptr child_tid:ptr"},
}
