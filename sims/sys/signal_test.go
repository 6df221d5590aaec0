package sys

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The test program plays the target as well: a process of its own, started with
// this word, that does on its main thread what its standard input says.
const targetWord = "signal-target"

func init() {
	if len(os.Args) == 2 && os.Args[1] == targetWord {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == targetWord {
		if err := target(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const realtime = unix.Signal(35)

// target obeys a line at a time and answers each with a line.
func target() error {
	memory, err := unix.Mmap(-1, 0, SignalLogSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return err
	}
	log := LogOf(memory)
	LogSignals(log)
	set := Signals(unix.SIGUSR1, realtime)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		err = nil
		answer := "done"
		switch in.Text() {
		case "handle":
			for s := range unix.Signal(64) {
				if s++; s != unix.SIGKILL && s != unix.SIGSTOP && err == nil {
					err = HandleSignal(s)
				}
			}
		case "refused":
			answer = fmt.Sprint(HandleSignal(unix.SIGKILL), " ", IgnoreSignal(unix.SIGSTOP))
		case "block":
			err = BlockInAllThreads(AllSignals)
		case "unblock":
			err = UnblockSignals(set)
		case "log":
			answer = fmt.Sprintf("usr1 %d realtime %d all %d order", log.Counts[unix.SIGUSR1].Load(), log.Counts[realtime].Load(), log.Arrived.Load())
			for _, a := range log.Order[:min(log.Arrived.Load(), 8)] {
				answer += fmt.Sprintf(" %d:%d:%d", a.Signal, a.Code, a.Value)
			}
		}
		if err != nil {
			return err
		}
		fmt.Println(answer)
	}
	return in.Err()
}

// peer is the target from the test's side.
type peer struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Scanner
}

func startTarget(t *testing.T) *peer {
	cmd := exec.Command("/proc/self/exe", targetWord)
	cmd.Env = append(os.Environ(), "GODEBUG=asyncpreemptoff=1")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return &peer{t, cmd, in, bufio.NewScanner(out)}
}

func (p *peer) ask(what string) string {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, what); err != nil {
		p.t.Fatal(err)
	}
	if !p.out.Scan() {
		p.t.Fatalf("%s: no answer: %v", what, p.out.Err())
	}
	return p.out.Text()
}

func (p *peer) want(what, answer string) {
	p.t.Helper()
	if got := p.ask(what); got != answer {
		p.t.Fatalf("%s: %q, want %q", what, got, answer)
	}
}

// Pending signals come in when they are unblocked: a standard one once, with the
// word of the first, realtime ones each, in the order of sending.
func TestHandlerCountsWhatTheKernelKept(t *testing.T) {
	p := startTarget(t)
	p.want("handle", "done")
	p.want("block", "done")
	for i := range int64(3) {
		for _, s := range []unix.Signal{realtime, unix.SIGUSR1} {
			if err := SendSignal(p.cmd.Process.Pid, s, i+1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := unix.Kill(p.cmd.Process.Pid, realtime); err != nil {
		t.Fatal(err)
	}
	p.want("log", "usr1 0 realtime 0 all 0 order")
	p.want("unblock", "done")
	p.want("log", "usr1 1 realtime 4 all 5 order 10:-1:1 35:-1:1 35:-1:2 35:-1:3 35:0:0")
}

// The signals that the Go runtime keeps open in each of its threads stay pending too.
func TestBlockedInAllThreads(t *testing.T) {
	p := startTarget(t)
	p.want("block", "done")
	for s := range unix.Signal(64) {
		if s++; s != unix.SIGKILL && s != unix.SIGSTOP && s != spareSignal && s != signalOfRuntime {
			if err := unix.Kill(p.cmd.Process.Pid, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.want("log", "usr1 0 realtime 0 all 0 order") // it lives, and nothing has come in
}

func TestHandlerRunsOnAnyThread(t *testing.T) {
	p := startTarget(t)
	p.want("handle", "done")
	const n = 20_000
	sent := 0
	for range n {
		err := SendSignal(p.cmd.Process.Pid, realtime, 0)
		if err == nil {
			sent++
		}
	}
	for {
		var usr1, rt, all int
		if _, err := fmt.Sscanf(p.ask("log"), "usr1 %d realtime %d all %d", &usr1, &rt, &all); err != nil {
			t.Fatal(err)
		}
		if rt == sent {
			return
		}
		if rt > sent {
			t.Fatalf("%d arrived, %d were sent", rt, sent)
		}
	}
}

func TestKillAndStopAreRefused(t *testing.T) {
	startTarget(t).want("refused", "rt_sigaction: invalid argument rt_sigaction: invalid argument")
}

func TestLogLayout(t *testing.T) { // the assembly knows these by number
	if SignalArrivedAt != 520 || SignalOrderAt != 528 || SignalOrderStep != 16 || SignalValueAt != 8 || SignalRing != 32 {
		t.Error(SignalArrivedAt, SignalOrderAt, SignalOrderStep, SignalValueAt, SignalRing)
	}
}
