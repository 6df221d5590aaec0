package sys

// The unsafe half of signal.go.

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// SignalLogSize is the length of a SignalLog in bytes.
const SignalLogSize = int(unsafe.Sizeof(SignalLog{}))

// Where the numbers of a SignalLog lie in its memory, for those who read it from
// outside.
const (
	SignalArrivedAt = int64(unsafe.Offsetof(SignalLog{}.Arrived))
	SignalOrderAt   = int64(unsafe.Offsetof(SignalLog{}.Order))
	SignalOrderStep = int64(unsafe.Sizeof(SignalArrival{}))
	SignalValueAt   = int64(unsafe.Offsetof(SignalArrival{}.Value))
)

// SignalCountAt is where the count of a signal lies in the memory of a SignalLog.
func SignalCountAt(sig unix.Signal) int64 { return 8 * int64(sig) }

func addressOf(log *SignalLog) uintptr { return uintptr(unsafe.Pointer(log)) }

func logOf(memory []byte) *SignalLog {
	_ = memory[SignalLogSize-1]
	return (*SignalLog)(unsafe.Pointer(unsafe.SliceData(memory)))
}

// ksigaction is struct sigaction of the kernel, not of the C library: the same on
// amd64 and arm64.
type ksigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

const (
	saSiginfo  = 0x4
	saRestorer = 0x04000000
	saOnstack  = 0x08000000
	saRestart  = 0x10000000
)

// sigaction sets the disposition of one signal: 0 is SIG_DFL, 1 SIG_IGN, else the
// address of a handler.
func sigaction(sig unix.Signal, handler uintptr) error {
	act := ksigaction{handler: handler}
	if handler > 1 {
		act.flags = saSiginfo | saRestorer | saOnstack | saRestart
		act.restorer, act.mask = signalRestorer(), ^uint64(0)
	}
	_, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&act)), 0, unsafe.Sizeof(act.mask), 0, 0)
	return named("rt_sigaction", e)
}

// siginfo is siginfo_t as sigqueue(3) fills it in, 128 bytes.
type siginfo struct {
	Signo, Errno, Code int32
	_                  int32
	PID                int32
	UID                uint32
	Value              int64
	_                  [96]byte
}

func sigqueue(pid int, sig unix.Signal, info *siginfo) unix.Errno {
	_, _, e := unix.RawSyscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(sig), uintptr(unsafe.Pointer(info)))
	return e
}

// signalHandler and signalRestorer are the addresses of the assembly routines of
// signal_amd64.s and signal_arm64.s, as the kernel jumps to them.
func signalHandler() uintptr
func signalRestorer() uintptr
