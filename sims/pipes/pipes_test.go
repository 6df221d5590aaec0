package pipes

import (
	"testing"
	"time"

	"ipctour/sims"
	"ipctour/sims/simtest"
)

func TestMain(m *testing.M) { simtest.Main(m, Sims()) }

func TestWalks(t *testing.T) { simtest.Walks(t, Sims()) }

func TestKillEach(t *testing.T) { simtest.KillEach(t, Sims()) }

// TestAgainBeginsTheWalkAgain: new processes, in the same step mode, and the walk
// before its first step; which can be done whatever was chosen meanwhile.
func TestAgainBeginsTheWalkAgain(t *testing.T) {
	p, err := sims.StartPlay(simtest.House(t), &fullBuffer, sims.PlayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w := sims.NewWorld(&fullBuffer)
	until := func(what string, met func() bool) {
		t.Helper()
		for deadline := time.After(simtest.Patience); !met(); {
			select {
			case batch := <-p.Feed():
				for _, e := range batch {
					w.Apply(e)
				}
			case <-deadline:
				t.Fatalf("waited in vain until %s\n%s", what, simtest.Describe(w))
			}
		}
	}
	do := func(what string, act func() error) {
		t.Helper()
		answer := make(chan error, 1)
		go func() { answer <- act() }() // it may wait for the feed to be read
		until(what, func() bool { return len(answer) == 1 })
		if err := <-answer; err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	do("begin the walk", p.Next)
	until("the first step is done", func() bool { return w.After("fills") != nil })
	first := w.Actor("writer").PID
	do("choose a write size that fills the pipe otherwise: the walk begins with its own", func() error { return p.Turn("write size", "2049") })
	do("switch the step mode on", func() error { return p.Step(true) })
	do("start anew", p.Again)
	until("the writer waits at its gate", func() bool { return w.Casts == 3 && w.Actor("writer").Gate == "write" })
	if w.Step != "" || w.After("fills") != nil || w.Actor("writer").PID == first {
		t.Errorf("step %q, fills done %v, writer %d as before %d", w.Step, w.After("fills") != nil, w.Actor("writer").PID, first)
	}
	do("switch the step mode off", func() error { return p.Step(false) })
	do("begin the walk again", p.Next)
	until("the first step is done again", func() bool { return w.After("fills") != nil })
	if w.Options["write size"] != "4096" || w.Casts != 3 {
		t.Errorf("write size %s, cast %d", w.Options["write size"], w.Casts)
	}
	go func() {
		for range p.Feed() { // Stop waits until all is read
		}
	}()
	if r := p.Stop(); len(r.Left) > 0 {
		t.Errorf("left: %v", r.Left)
	}
}

// A learner who plays between the steps must not break the walk.
func TestPlayedBetween(t *testing.T) {
	for _, play := range []struct {
		name string
		sim  *sims.Sim
		knob map[string][]string
	}{
		{"hose, paces and rests", &hose, map[string][]string{"flows": {"writer rests", "reader's pace"}, "empty-blocks": {"reader rests", "writer's pace"},
			"order": {"writer goes on", "reader goes on", "reader rests"}, "eof": {"reader rests"}}},
		{"hose, closed", &hose, map[string][]string{"flows": {"close the write end"}, "empty-blocks": {"close the write end"}, "order": {"close the write end"}, "eof": {"close the write end"}}},
		{"full-buffer", &fullBuffer, map[string][]string{"fills": {"drain 1 byte"}, "one-byte": {"drain a page", "grow"}, "one-page": {"drain 1 byte", "reader reads on"},
			"nonblock": {"write size", "reader reads on", "reader pauses"}, "merge": {"grow"}, "grow": {"O_NONBLOCK", "grow"}, "limit": {"past the limit", "to the limit", "reader reads on"}}},
		{"full-buffer, grown", &fullBuffer, map[string][]string{"one-page": {"O_NONBLOCK"}, "limit": {"write size", "drain all", "shrink"}}},
		{"full-buffer, large", &fullBuffer, map[string][]string{"one-page": {"drain a page", "grow"}, "limit": {"to the limit"}}},
		{"inherit, closed", &inherit, map[string][]string{"closed": {"sibling closes w", "parent closes r"}, "writer-ends": {"parent ends"},
			"released": {"sibling closes w"}}},
		{"inherit, ended", &inherit, map[string][]string{"closed": {"sibling ends"}, "writer-ends": {"writer ends"}, "released": {"sibling ends"}}},
		{"inherit, none forgotten", &inherit, map[string][]string{"writer-ends": {"sibling closes w"}}},
		{"fifo, the reader first", &fifo, map[string][]string{"alone": {"start the reader", "chmod 000"}, "nonblock": {"chmod 000"}, "meets": {"send a newcomer", "chmod 000"},
			"second-writer": {"write a line", "read once", "send a newcomer"}, "denied": {"second writes a line"}, "nothing-stored": {"read once"}, "outlives": {"writer leaves", "second leaves"}}},
		{"fifo, all at once", &fifo, map[string][]string{"nonblock": {"start the reader", "start a second writer"}, "meets": {"send a newcomer"},
			"denied": {"chmod 000", "read once"}, "nothing-stored": {"chmod 600"}, "outlives": {"read once", "read once", "reader leaves"}}},
		{"framing, sent", &framing, map[string][]string{"merged": {"framing", "send three"}, "split": {"send three", "reader's buffer"}, "newline": {"send one"},
			"prefix": {"newline inside", "framing", "send one"}}},
		{"framing, sizes", &framing, map[string][]string{"merged": {"reader's buffer", "watch the reader"}, "split": {"framing", "record size", "send three"},
			"newline": {"record size", "framing"}, "prefix": {"watch the reader", "send one"}}},
		{"shell, on its own", &shell, map[string][]string{"before": {"spare ends"}, "after": {"run the programs"}, "runs": {"run the programs"}, "sigpipe": {"spare ends"}}},
		{"shell, other lines", &shell, map[string][]string{"before": {"edit the line"}, "after": {"edit the line", "pace"}, "runs": {"edit the line", "spare ends"}, "sigpipe": {"pace", "edit the line"}}},
		{"shell, rewired", &shell, map[string][]string{"after": {"rewire"}, "runs": {"pace"}}},
		{"shell, a stage killed", &shell, map[string][]string{"after": {"kill -9 stage2"}, "runs": {"kill -9 stage1"}}},
		{"full-buffer, a drain too many", &fullBuffer, map[string][]string{"one-page": {"drain all"}}},
		{"atomic", &atomicWrites, map[string][]string{"small": {"pace"}, "limit": {"record size", "pace"}, "just-over": {"record size"}, "large": {"pace"}}},
	} {
		t.Run(play.name, func(t *testing.T) { simtest.Between(t, play.sim, play.knob) })
	}
}
