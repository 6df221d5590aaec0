package signals

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims/stage"
)

// The numbers of the realtime signals as the C library counts them: the kernel's
// first two are its own.
const (
	rtMin = 34
	rtMax = 64
)

// parseSignal takes a signal as people write it: SIGUSR1, usr1, 10, RTMIN+1.
func parseSignal(text string) (unix.Signal, error) {
	name := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(text)), "SIG")
	if n, err := strconv.Atoi(name); err == nil {
		if n < 1 || n > rtMax || n == 32 || n == 33 {
			return 0, fmt.Errorf("signals are 1 to 31 and %d to %d, not %d", rtMin, rtMax, n)
		}
		return unix.Signal(n), nil
	}
	base, from := 0, ""
	switch {
	case strings.HasPrefix(name, "RTMIN"):
		base, from = rtMin, name[len("RTMIN"):]
	case strings.HasPrefix(name, "RTMAX"):
		base, from = rtMax, name[len("RTMAX"):]
	default:
		if s := unix.SignalNum("SIG" + name); s != 0 {
			return s, nil
		}
		return 0, fmt.Errorf("no signal is called %q: write SIGUSR1, TERM, 15, RTMIN+2", text)
	}
	offset := 0
	if from != "" {
		var err error
		if offset, err = strconv.Atoi(from); err != nil {
			return 0, fmt.Errorf("no signal is called %q: write RTMIN+2 or RTMAX-1", text)
		}
	}
	if n := base + offset; n >= rtMin && n <= rtMax {
		return unix.Signal(n), nil
	}
	return 0, fmt.Errorf("%s is not among the realtime signals, %d to %d", text, rtMin, rtMax)
}

// signalName is the name of a signal as signal(7) has it.
func signalName(n unix.Signal) string { return stage.SignalName(int(n)) }
