package probe

// Words: the arguments of a system call, written for a reader.

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// shown is how many bytes of a buffer are written out.
const shown = 32

// wording is what a kind of argument may look at: the call, and the memory of
// the process that makes it.
type wording struct {
	*Call
	memory func(addr uint64, n int) []byte
	i      int // the argument at hand
}

// describe writes the arguments of a call. What the call fills in (a kind that
// begins with out) is left away at entry.
func describe(c *Call, memory func(addr uint64, n int) []byte) string {
	s, known := lookup(c.Nr)
	if !known {
		return fmt.Sprintf("%#x, %#x, %#x", c.Args[0], c.Args[1], c.Args[2])
	}
	w := wording{Call: c, memory: memory}
	var words []string
	for param := range strings.FieldsSeq(s.params) {
		name, kind, _ := strings.Cut(param, ":")
		if text, ok := w.argument(kind); ok {
			words = append(words, name+"="+text)
		}
		w.i++
	}
	return strings.Join(words, ", ")
}

// argument writes the argument at hand; false: it has nothing to say now.
func (w wording) argument(kind string) (string, bool) {
	v := w.Args[w.i]
	if strings.HasPrefix(kind, "out") {
		if w.Enter {
			return "", false
		}
		return w.filledIn(kind, v)
	}
	if flags, ok := flagKinds[kind]; ok {
		return flags.words(v), true
	}
	switch kind {
	case "fd":
		return fdWord(v), true
	case "int":
		return strconv.Itoa(int(int32(v))), true
	case "uint":
		return strconv.FormatUint(uint64(uint32(v)), 10), true
	case "size":
		return strconv.FormatUint(v, 10), true
	case "long":
		return strconv.FormatInt(int64(v), 10), true
	case "mode":
		return "0" + strconv.FormatUint(v&0o7777, 8), !w.modeIsIdle()
	case "in":
		return w.quote(v, w.Args[w.i+1]), true
	case "inmsg": // struct msgbuf: a long, and then the text
		return w.message(v, w.Args[w.i+1]), true
	case "path":
		return w.path(v), true
	case "sockaddr":
		return w.sockaddr(v, w.Args[w.i+1]), true
	case "sig":
		return signalName(v), true
	case "sigset":
		return w.sigset(v), true
	case "timespec":
		return w.timespec(v), true
	case "fcntlarg":
		return w.fcntlArg(v)
	case "futextime":
		return w.futexTime(v)
	case "key":
		if uint32(v) == unix.IPC_PRIVATE {
			return "IPC_PRIVATE", true
		}
		return fmt.Sprintf("%#x", uint32(v)), true
	case "filemode":
		return fileTypes.words(v&unix.S_IFMT) + "|0" + strconv.FormatUint(v&0o7777, 8), true
	case "ptr":
		return pointer(v), true
	}
	return fmt.Sprintf("%#x", v), true // hex
}

// filledIn writes what a call has put into memory.
func (w wording) filledIn(kind string, v uint64) (string, bool) {
	switch kind {
	case "out":
		return w.quote(v, uint64(max(w.Ret, 0))), true
	case "outmsg":
		return w.message(v, uint64(max(w.Ret, 0))), true
	case "outpair":
		if b := w.memory(v, 8); len(b) == 8 {
			return fmt.Sprintf("[%d %d]", int32(binary.NativeEndian.Uint32(b)), int32(binary.NativeEndian.Uint32(b[4:]))), true
		}
	case "outint":
		if b := w.memory(v, 4); len(b) == 4 {
			return strconv.Itoa(int(int32(binary.NativeEndian.Uint32(b)))), true
		}
	case "outioctl":
		switch w.Args[1] {
		case unix.TIOCINQ, unix.TIOCOUTQ:
			return w.filledIn("outint", v)
		}
	case "outstatus":
		if b := w.memory(v, 4); len(b) == 4 && w.Ret > 0 {
			return statusWord(unix.WaitStatus(binary.NativeEndian.Uint32(b))), true
		}
	}
	return pointer(v), true
}

// modeIsIdle says whether the mode of an open is not looked at: no file is made.
func (w wording) modeIsIdle() bool {
	if w.i == 0 || !strings.HasPrefix(w.Name, "open") && w.Name != "mq_open" {
		return false
	}
	return w.Args[w.i-1]&(unix.O_CREAT|unix.O_TMPFILE&^unix.O_DIRECTORY) == 0
}

func (w wording) quote(addr, length uint64) string {
	if addr == 0 {
		return "NULL"
	}
	b := w.memory(addr, int(min(length, shown)))
	if len(b) == 0 && length > 0 {
		return pointer(addr)
	}
	text := strconv.QuoteToASCII(string(b))
	if length > uint64(len(b)) {
		text += "…"
	}
	return text
}

func (w wording) message(addr, length uint64) string {
	b := w.memory(addr, 8)
	if len(b) < 8 {
		return pointer(addr)
	}
	return fmt.Sprintf("{type %d, %s}", int64(binary.NativeEndian.Uint64(b)), w.quote(addr+8, length))
}

// path reads a string that ends with a zero byte.
func (w wording) path(addr uint64) string {
	b := w.memory(addr, 256)
	if b == nil {
		return pointer(addr)
	}
	text, _, ended := strings.Cut(string(b), "\x00")
	if !ended {
		return strconv.Quote(text) + "…"
	}
	return strconv.Quote(text)
}

// sockaddr writes the address of a local or an internet socket: unix(7), ip(7).
func (w wording) sockaddr(addr, length uint64) string {
	b := w.memory(addr, int(min(length, 112)))
	if len(b) < 2 {
		return pointer(addr)
	}
	switch family := binary.NativeEndian.Uint16(b); {
	case family == unix.AF_UNIX && len(b) > 2 && b[2] == 0: // abstract: its length counts, not a zero byte
		return strconv.QuoteToASCII("@" + string(b[3:]))
	case family == unix.AF_UNIX:
		name, _, _ := strings.Cut(string(b[2:]), "\x00")
		return strconv.QuoteToASCII(name)
	case family == unix.AF_INET && len(b) >= 8:
		return fmt.Sprintf("%d.%d.%d.%d:%d", b[4], b[5], b[6], b[7], binary.BigEndian.Uint16(b[2:]))
	}
	return pointer(addr)
}

func (w wording) sigset(addr uint64) string {
	b := w.memory(addr, 8)
	if len(b) < 8 {
		return pointer(addr)
	}
	var names []string
	set := binary.NativeEndian.Uint64(b)
	if set == ^uint64(0) {
		return "[all]"
	}
	for n := uint64(1); n <= 64; n++ {
		if set&(1<<(n-1)) != 0 {
			names = append(names, signalName(n))
		}
	}
	return "[" + strings.Join(names, " ") + "]"
}

func (w wording) timespec(addr uint64) string {
	b := w.memory(addr, 16)
	if len(b) < 16 {
		return pointer(addr)
	}
	sec, nsec := binary.NativeEndian.Uint64(b), binary.NativeEndian.Uint64(b[8:])
	return (time.Duration(sec)*time.Second + time.Duration(nsec)).String()
}

func (w wording) fcntlArg(v uint64) (string, bool) {
	switch w.Args[1] {
	case unix.F_GETFD, unix.F_GETFL, unix.F_GETPIPE_SZ, unix.F_GET_SEALS, unix.F_GETOWN, unix.F_GETLEASE, unix.F_GETSIG:
		return "", false
	case unix.F_SETFD:
		return descriptorFlags.words(v), true
	case unix.F_SETFL:
		return flagKinds["open"].words(v), true
	case unix.F_ADD_SEALS:
		return seals.words(v), true
	case unix.F_SETSIG:
		return signalName(v), true
	case unix.F_GETLK, unix.F_SETLK, unix.F_SETLKW, unix.F_OFD_GETLK, unix.F_OFD_SETLK, unix.F_OFD_SETLKW:
		return pointer(v), true
	}
	return strconv.FormatInt(int64(v), 10), true
}

// futexTime: only the waiting operations have a time there; futex(2).
func (w wording) futexTime(v uint64) (string, bool) {
	switch w.Args[1] &^ (futexPrivate | futexRealtime) {
	case futexWait, futexWaitBitset, futexLockPI:
		return w.timespec(v), true
	case futexWake:
		return "", false
	}
	return fmt.Sprintf("%#x", v), true
}

func fdWord(v uint64) string {
	if int32(v) == unix.AT_FDCWD {
		return "AT_FDCWD"
	}
	return strconv.Itoa(int(int32(v)))
}

func pointer(v uint64) string {
	if v == 0 {
		return "NULL"
	}
	return "0x" + strconv.FormatUint(v, 16)
}

// signalName names a signal; those from 34 on have no names but their numbers.
func signalName(v uint64) string {
	if v == 0 {
		return "0"
	}
	if name := unix.SignalName(unix.Signal(v)); name != "" {
		return name
	}
	if v >= 34 && v <= 64 {
		return "SIGRTMIN+" + strconv.FormatUint(v-34, 10)
	}
	return strconv.FormatUint(v, 10)
}

func statusWord(s unix.WaitStatus) string {
	switch {
	case s.Exited():
		return "[exited " + strconv.Itoa(s.ExitStatus()) + "]"
	case s.Signaled():
		return "[killed by " + signalName(uint64(s.Signal())) + "]"
	case s.Stopped():
		return "[stopped by " + signalName(uint64(s.StopSignal())) + "]"
	}
	return "[continued]"
}
