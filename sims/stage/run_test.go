package stage_test

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/simtest"
	"ipctour/sims/stage"
)

// echo is a cast of two: one passes what it is told to the other through a pipe.
var echo = sims.Sim{
	ID: "test/echo",
	Roles: []sims.Role{
		{Name: "speaker", Run: speak, Counters: []string{"spoken"}, Settings: []string{"loud"}, Gates: []string{"before", "after"}},
		{Name: "hearer", Run: hear, Counters: []string{"heard"}},
		{Name: "late", Run: speak, Counters: []string{"spoken"}, Settings: []string{"loud"}, Gates: []string{"before", "after"}, Late: true},
	},
	Options: []sims.Option{{Name: "fail", Values: []string{"no", "wire", "role"}}},
	Wire: func(w *sims.Wiring) error {
		p := w.Pipe("pipe", 0)
		w.Give("speaker", "out", p.W)
		w.Give("hearer", "in", p.R)
		w.Give("late", "out", p.W)
		if w.Option("fail") == "wire" {
			return errors.New("no wire today")
		}
		return nil
	},
	Draw: func(w *sims.World) *scene.Scene { return &scene.Scene{Sentence: "Two talk."} },
}

func speak(a *sims.Actor) error {
	if unix.Gettid() != os.Getpid() {
		return errors.New("a role is not on the main thread")
	}
	if a.Arg("fail") == "role" {
		return errors.New("stage fright")
	}
	for {
		c := a.Next()
		a.Gate("before")
		if _, err := unix.Write(a.FD("out"), []byte(c.Text+"\n")); err != nil {
			a.Say("failed", sims.Err(err))
			continue
		}
		a.Gate("after")
		a.Counter("spoken").Add(1)
		a.Say("spoke", sims.Num("loud", int(a.Setting("loud"))))
	}
}

func hear(a *sims.Actor) error {
	buf := make([]byte, 100)
	for {
		n, err := unix.Read(a.FD("in"), buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			a.Say("end", sims.Err(err))
			return nil
		}
		a.Counter("heard").Add(1)
		a.Say("heard", sims.Word("text", string(buf[:n])))
	}
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == appWord {
		os.Exit(app())
	}
	simtest.Main(m, []*sims.Sim{&echo, &family})
}

// watch is a run with the world that its events make.
type watch struct {
	t       *testing.T
	run     *stage.Run
	journal *stage.Journal
	world   *sims.World
}

func start(t *testing.T, options map[string]string) (*watch, error) {
	t.Helper()
	house := simtest.House(t)
	j := stage.NewJournal()
	run, err := house.Start(stage.Spec{Lesson: echo.ID, Roles: echo.Roles, Wire: echo.Wire, Options: options,
		Journal: j, Sample: 2 * time.Millisecond})
	return &watch{t, run, j, sims.NewWorld(&echo)}, err
}

func (w *watch) until(what string, met func(*sims.World) bool) {
	w.t.Helper()
	deadline := time.After(simtest.Patience)
	for !met(w.world) {
		select {
		case <-w.journal.Ready():
			for _, e := range w.journal.Drain() {
				w.world.Apply(e)
			}
		case <-deadline:
			w.t.Fatalf("waited in vain until %s\n%s", what, simtest.Describe(w.world))
		}
	}
}

func (w *watch) tell(role, text string) {
	w.t.Helper()
	if err := w.run.Tell(role, stage.Command{Name: "say", Text: text}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *watch) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *watch) stop() {
	w.t.Helper()
	first := w.run.Stop("test over")
	if again := w.run.Stop("again"); again.String() != first.String() {
		w.t.Errorf("the second Stop says %q, the first %q", again, first)
	}
	if len(first.Left) > 0 {
		w.t.Errorf("left: %v", first.Left)
	}
}

func TestMomentsCountersAndSettings(t *testing.T) {
	w, err := start(t, nil)
	w.must(err)
	defer w.stop()
	w.must(w.run.Set("speaker", "loud", 7))
	w.tell("speaker", "hello")
	w.until("hello was heard", func(x *sims.World) bool { return x.Count("hearer", "heard") == 1 && x.Last("hearer", "heard") != nil })
	if text := w.world.Last("hearer", "heard").S["text"]; text != "hello\n" {
		t.Errorf("heard %q", text)
	}
	w.until("the speaker told of it", func(x *sims.World) bool { return x.Last("speaker", "spoke") != nil })
	if loud := w.world.Last("speaker", "spoke").N["loud"]; loud != 7 {
		t.Errorf("the setting arrived as %d", loud)
	}
}

func TestGatesHoldUntilReleased(t *testing.T) {
	w, err := start(t, nil)
	w.must(err)
	defer w.stop()
	at := func(gate string) func(*sims.World) bool {
		return func(x *sims.World) bool { return x.Actor("speaker").Gate == gate }
	}
	w.run.Step(true)
	w.tell("speaker", "one")
	w.until("it is at the first gate", at("before"))
	w.must(w.run.Release("speaker"))
	w.until("it is at the second gate", at("after"))
	if n := w.world.Count("speaker", "spoken"); n != 0 {
		t.Errorf("it went past the gate: %d", n)
	}
	w.run.Step(false)
	w.until("it runs free", func(x *sims.World) bool { return x.Count("speaker", "spoken") == 1 && x.Actor("speaker").Idle })
	if err := w.run.Release("speaker"); err == nil {
		t.Error("a process that is at no gate was released")
	}
	w.must(w.run.StopAt("speaker", "after"))
	w.tell("speaker", "two")
	w.until("it is at that gate alone", at("after"))
	w.must(w.run.Release("speaker"))
	w.until("it has gone on", func(x *sims.World) bool { return x.Count("speaker", "spoken") == 2 })
}

func TestFaults(t *testing.T) {
	w, err := start(t, nil)
	w.must(err)
	defer w.stop()
	w.must(w.run.Break(stage.StopIt, "speaker", ""))
	w.until("the kernel says stopped", func(x *sims.World) bool { return x.Actor("speaker").Life == scene.Stopped })
	w.must(w.run.Break(stage.Continue, "speaker", ""))
	w.until("it goes on", func(x *sims.World) bool { return x.Actor("speaker").Life == scene.Waiting })
	// Its write end is not the last: the tour keeps one for the late role.
	w.until("the kernel shows the end", func(x *sims.World) bool { _, open := x.Holds("speaker", "pipe", "w"); return open })
	w.must(w.run.Break(stage.CloseEnd, "speaker", "pipe w"))
	w.until("the end is closed", func(x *sims.World) bool { _, open := x.Holds("speaker", "pipe", "w"); return !open })
	if err := w.run.Break(stage.CloseEnd, "speaker", "pipe w"); err == nil {
		t.Error("an end was closed twice")
	}
	w.tell("speaker", "lost")
	w.until("the write fails", func(x *sims.World) bool { return x.Last("speaker", "failed") != nil })
	if e := w.world.Last("speaker", "failed").S["errno"]; e != "EBADF" {
		t.Errorf("errno %s", e)
	}
	w.must(w.run.StartRole("late"))
	w.must(w.run.Break(stage.Kill, "late", ""))
	w.until("the reader sees the end of file", func(x *sims.World) bool { return x.Last("hearer", "end") != nil })
	w.until("it is reaped", func(x *sims.World) bool { return x.Actor("late").Life == scene.Killed })
	if s := w.world.Actor("late").Signal; s != int(unix.SIGKILL) {
		t.Errorf("wait status: signal %d", s)
	}
	if err := w.run.Tell("late", stage.Command{}); err == nil {
		t.Error("a dead process was told something")
	}
}

func TestTroubleIsTold(t *testing.T) {
	w, err := start(t, map[string]string{"fail": "role"})
	w.must(err)
	defer w.stop()
	w.until("the error is told", func(x *sims.World) bool { return len(x.Trouble) > 0 })
	if text := w.world.Trouble[0].Text; text != "stage fright" {
		t.Errorf("told: %q", text)
	}
	w.until("it has ended", func(x *sims.World) bool { return x.Actor("speaker").Life == scene.Exited })
	if err := w.run.StartRole("speaker"); err == nil {
		t.Error("a role whose descriptors are gone was started again")
	}
}

func TestPartialStartLeavesNothing(t *testing.T) {
	w, err := start(t, map[string]string{"fail": "wire"})
	if err == nil {
		w.stop()
		t.Fatal("a failed wiring started")
	}
	if !strings.Contains(err.Error(), "no wire today") || !strings.Contains(err.Error(), echo.ID) {
		t.Errorf("the error does not say what and where: %v", err)
	}
}

func TestChildrenHaveLeastPrivilege(t *testing.T) {
	w, err := start(t, nil)
	w.must(err)
	defer w.stop()
	w.until("it plays its role", func(x *sims.World) bool { return x.Asleep("hearer", "pipe_read") })
	text, err := os.ReadFile("/proc/" + strconv.Itoa(w.world.Actor("hearer").PID) + "/status")
	w.must(err)
	for _, want := range []string{"NoNewPrivs:\t1", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "Name:\thearer"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("status lacks %q", want)
		}
	}
}
