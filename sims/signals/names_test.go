package signals

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseSignal(t *testing.T) {
	for text, want := range map[string]unix.Signal{
		"SIGUSR1": unix.SIGUSR1, "usr1": unix.SIGUSR1, " Term ": unix.SIGTERM, "9": unix.SIGKILL, "64": 64,
		"RTMIN": 34, "SIGRTMIN+1": 35, "rtmin+30": 64, "RTMAX-1": 63, "SIGCHLD": unix.SIGCHLD,
	} {
		if got, err := parseSignal(text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "32", "33", "65", "-1", "NOSUCH", "RTMIN+31", "RTMIN-1", "RTMAX+1", "RTMIN+x", "SIG"} {
		if got, err := parseSignal(text); err == nil {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
	for s := unix.Signal(1); s <= rtMax; s++ {
		if s == 32 || s == 33 {
			continue
		}
		if got, err := parseSignal(signalName(s)); err != nil || got != s {
			t.Errorf("%s: %d, %v; want %d", signalName(s), got, err, s)
		}
	}
}
