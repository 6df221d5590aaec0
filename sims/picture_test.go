package sims_test

import (
	"testing"
	"time"

	"ipctour/sims"
	"ipctour/sims/stage"
)

// Where a process sleeps is a name and no phrase: the screen shows it alone, and
// the plain mode puts "in" before it.
func TestWhereAProcessSleeps(t *testing.T) {
	for _, test := range []struct{ wchan, call, where, figure string }{
		{"anon_pipe_read", "read", "anon_pipe_read", "asleep 2.0 s in anon_pipe_read"},
		{"futex_wait.constprop.0", "futex", "futex_wait", "asleep 2.0 s in futex_wait"},
		{"", "read", "read", "asleep 2.0 s in read"}, // a kernel that does not show wchan
		{"", "", "", "asleep 2.0 s"},
	} {
		w := sims.NewWorld(&sims.Sim{ID: "test/asleep", Roles: []sims.Role{{Name: "reader"}}})
		w.Apply(sims.Event{Who: "reader", Kind: stage.Born, N: map[string]int64{"pid": 7}})
		w.Apply(sims.Event{At: time.Second, Who: "reader", Kind: stage.Reading, Name: "process",
			S: map[string]string{"state": "S", "wchan": test.wchan, "call": test.call}})
		w.Apply(sims.Event{At: 3 * time.Second, Kind: stage.Beat})
		if where, figure := w.Process("reader").Where, w.SleepFigure("reader").Text; where != test.where || figure != test.figure {
			t.Errorf("wchan %q, call %q: %q and %q; want %q and %q", test.wchan, test.call, where, figure, test.where, test.figure)
		}
	}
}
