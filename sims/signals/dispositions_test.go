package signals

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/simtest"
)

// Any signal can be chosen, also those that the Go runtime keeps for itself: the
// handler runs, the mask holds, and what is left to the default does it.
func TestOtherSignals(t *testing.T) {
	house := simtest.House(t)
	for _, test := range []struct {
		signal unix.Signal
		fate   string // of the target that leaves the default
	}{
		{unix.SIGSEGV, "killed by SIGSEGV"}, {unix.SIGPROF, "killed by SIGPROF"}, {unix.SIGCHLD, "nothing happened"},
		{unix.SIGURG, "nothing happened"}, {unix.SIGTSTP, "stopped"}, {rtMin, "killed by SIGRTMIN"}, {rtMax, "killed by SIGRTMIN+30"},
	} {
		t.Run(signalName(test.signal), func(t *testing.T) {
			p, err := sims.StartPlay(house, &dispositions, sims.PlayOptions{Options: map[string]string{"signal": signalName(test.signal)}, Sample: 4 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			w := sims.NewWorld(&dispositions)
			until := func(met func() bool) {
				deadline := time.After(simtest.Patience)
				for !met() {
					select {
					case batch := <-p.Feed():
						for _, e := range batch {
							w.Apply(e)
						}
					case <-deadline:
						t.Fatalf("waited in vain\n%s", simtest.Describe(w))
					}
				}
			}
			defer func() {
				go func() {
					for range p.Feed() {
					}
				}()
				p.Stop()
			}()
			until(func() bool { return targetsReady(w) })
			turned := make(chan error, 1)
			go func() { turned <- p.Turn("send to all", "") }()
			until(func() bool {
				return w.Said("sender", "sent") >= 4 && w.Since(w.Last("sender", "sent")) >= 4 && ran(w, test.signal) == 1 &&
					fate(w, "default") == test.fate && fate(w, "blocked") == "pending"
			})
			if err := <-turned; err != nil {
				t.Error(err)
			}
			if got := fate(w, "ignored"); got != "thrown away" || w.Actor("ignored").Life == scene.Stopped {
				t.Errorf("ignored: %s", got)
			}
		})
	}
}
