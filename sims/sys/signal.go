package sys

// Signals past what the Go runtime lets a program do. The runtime installs a
// handler of its own for nearly every signal, and os/signal merges what comes in
// quick succession. A lesson that shows what the *kernel* does needs neither: here
// are dispositions set with a raw rt_sigaction(2), and a real asynchronous handler
// in assembly.

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// SignalLog is what the handler leaves behind. It is meant to lie in memory that
// others map or read: the handler tells nobody.
type SignalLog struct {
	// Counts are how often the handler ran, by the number of the signal.
	Counts [65]atomic.Int64
	// Arrived counts all of them; Order has the last SignalRing, at Arrived mod
	// SignalRing the next.
	Arrived atomic.Int64
	Order   [SignalRing]SignalArrival
}

// SignalRing is how many arrivals a log keeps.
const SignalRing = 32

// SignalArrival is one run of the handler.
type SignalArrival struct {
	Signal uint32 // its number; 0 while nothing has come here
	Code   int32  // si_code: 0 by kill(2), −1 by sigqueue(3)
	Value  int64  // si_value, as sigqueue(3) gave it
}

// The handler runs between any two instructions of the program, on whichever
// thread the kernel has chosen, so it calls nothing and takes no lock: it adds one
// to a word, notes who came in a ring, and returns through the kernel's own
// restorer (sigreturn(2)). It is async-signal-safe because it does nothing else.
//
// It needs no Go stack: with SA_ONSTACK it runs on the alternate stack that the
// runtime has given each of its threads, for goroutine stacks are small.

// signalLog is where the handler writes; 0 is nowhere. A uintptr, as the log is
// mapped memory that no collector moves.
var signalLog uintptr

// signalKeep are signals that stay blocked on a thread once the handler returns
// there: it adds them to the mask that sigreturn(2) restores.
var signalKeep uint64

// LogSignals has the handler write to log, which must be mapped memory (Mmap), or
// a variable of a package: it has to stay where it is.
func LogSignals(log *SignalLog) { atomic.StoreUintptr(&signalLog, addressOf(log)) }

// LogOf is the log at the start of mapped memory, which must be at least
// SignalLogSize long.
func LogOf(memory []byte) *SignalLog { return logOf(memory) }

// HandleSignal installs the handler for a signal. While it runs, every signal is
// blocked, so that one delivery ends before the next begins. EINVAL: the kernel
// lets nobody catch SIGKILL or SIGSTOP.
func HandleSignal(sig unix.Signal) error { return sigaction(sig, signalHandler()) }

// DefaultSignal gives a signal back its default action (SIG_DFL, signal(7)).
func DefaultSignal(sig unix.Signal) error { return sigaction(sig, 0) }

// IgnoreSignal has the kernel throw a signal away (SIG_IGN). EINVAL as above.
func IgnoreSignal(sig unix.Signal) error { return sigaction(sig, 1) }

// SignalSet is a set of signals as the kernel writes it: bit n−1 for signal n.
type SignalSet uint64

// Signals is the set of those given.
func Signals(list ...unix.Signal) (set SignalSet) {
	for _, s := range list {
		set |= 1 << (s - 1)
	}
	return set
}

// AllSignals is every signal there is. Nothing comes of blocking SIGKILL and
// SIGSTOP: the kernel takes them out of every mask and says nothing.
const AllSignals = ^SignalSet(0)

// Has reports whether a signal is in the set.
func (s SignalSet) Has(sig unix.Signal) bool { return sig > 0 && s&(1<<(sig-1)) != 0 }

// BlockSignals adds to the mask of the calling thread (lock it), UnblockSignals
// takes from it.
func BlockSignals(set SignalSet) error { return mask(unix.SIG_BLOCK, set) }

// UnblockSignals lets what is pending come in before it returns.
func UnblockSignals(set SignalSet) error { return mask(unix.SIG_UNBLOCK, set) }

func mask(how int, set SignalSet) error {
	var words unix.Sigset_t
	words.Val[0] = uint64(set)
	return os.NewSyscallError("rt_sigprocmask", unix.PthreadSigmask(how, &words, nil))
}

// SendSignal is sigqueue(3): a signal with one word, for the process pid. A
// realtime signal waits in a queue of its own, and EAGAIN says that the user has
// as many waiting as RLIMIT_SIGPENDING allows.
func SendSignal(pid int, sig unix.Signal, value int64) error {
	info := siginfo{Signo: int32(sig), Code: siQueue, PID: int32(unix.Getpid()), UID: uint32(unix.Getuid()), Value: value}
	return named("rt_sigqueueinfo", sigqueue(pid, sig, &info))
}

const siQueue = -1 // SI_QUEUE

// spareSignal is one that the runtime neither blocks nor uses. It blocks the other
// only for the moment in which a thread starts another.
const (
	spareSignal     = unix.Signal(32)
	signalOfRuntime = unix.Signal(33)
)

// spareThreads is how many threads are started beforehand, so that the runtime has
// idle ones to take and starts no more.
const spareThreads = 6

// settled is how many looks in a row, a millisecond apart, must find nothing to do:
// the runtime starts threads behind our back.
const (
	settled  = 4
	patience = 10_000
)

// BlockInAllThreads blocks a set in every thread of the process for good, also
// those signals that the Go runtime unblocks in each of its threads (SIGSEGV,
// SIGCHLD, SIGPROF and the like). A signal for the process goes to any thread that
// does not block it, so one that is to stay pending must be blocked in all. The
// handler does it: sent to a thread, it leaves the set in the mask that is
// restored. Call it once the process has all the threads it needs.
func BlockInAllThreads(set SignalSet) error {
	set &^= Signals(signalOfRuntime)
	startSpareThreads()
	if err := BlockSignals(set &^ Signals(spareSignal)); err != nil {
		return err
	}
	if err := HandleSignal(spareSignal); err != nil {
		return err
	}
	log := atomic.SwapUintptr(&signalLog, 0) // these are no signals of the lesson
	defer atomic.StoreUintptr(&signalLog, log)
	atomic.StoreUint64(&signalKeep, uint64(set))
	defer atomic.StoreUint64(&signalKeep, 0)
	for looks, clean := 0, 0; clean < settled; looks++ {
		open, err := threadsWithout(set)
		if err != nil {
			return err
		}
		if looks == patience {
			return fmt.Errorf("block signals: threads %v do not take the mask", open)
		}
		if clean++; len(open) > 0 {
			clean = 0
		}
		for _, tid := range open {
			if tid < 0 {
				continue // a second signal would stay queued behind the first
			}
			if err := unix.Tgkill(unix.Getpid(), tid, spareSignal); err != nil && err != unix.ESRCH {
				return os.NewSyscallError("tgkill", err)
			}
		}
		if err := unix.Nanosleep(&unix.Timespec{Nsec: 1e6}, nil); err != nil && err != unix.EINTR {
			return os.NewSyscallError("nanosleep", err)
		}
	}
	return nil
}

// threadsWithout are the threads whose mask lacks some of a set, or is about to be
// another: a thread that starts one blocks everything meanwhile. Those to whom the
// spare signal is on its way are −1. Nobody can block SIGKILL and SIGSTOP, and 32
// and 33 belong to the thread libraries.
func threadsWithout(set SignalSet) ([]int, error) {
	set &^= Signals(unix.SIGKILL, unix.SIGSTOP, spareSignal, signalOfRuntime)
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil, err
	}
	var open []int
	for _, t := range tasks {
		status, err := os.ReadFile("/proc/self/task/" + t.Name() + "/status")
		if err != nil {
			continue // it has ended
		}
		blocked, pending := setOf(string(status), "SigBlk:\t"), setOf(string(status), "SigPnd:\t")
		if set&^blocked == 0 && !blocked.Has(signalOfRuntime) {
			continue
		}
		tid, err := strconv.Atoi(t.Name())
		if err != nil || pending.Has(spareSignal) {
			tid = -1
		}
		open = append(open, tid)
	}
	return open, nil
}

// setOf is a signal set out of /proc/PID/status.
func setOf(status, key string) SignalSet {
	_, rest, _ := strings.Cut(status, key)
	text, _, _ := strings.Cut(rest, "\n")
	set, _ := strconv.ParseUint(text, 16, 64) // 0 on error: the thread counts as open
	return SignalSet(set)
}

// startSpareThreads starts goroutines that each hold a thread until all of them
// do. The threads stay, idle, when they are let go.
func startSpareThreads() {
	var held, done sync.WaitGroup
	held.Add(spareThreads)
	done.Add(spareThreads)
	for range spareThreads {
		go func() {
			defer done.Done()
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			held.Done()
			held.Wait()
		}()
	}
	done.Wait()
}
