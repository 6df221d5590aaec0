package stage_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/simtest"
	"ipctour/sims/stage"
)

// family is a parent that makes a pipe, forks two and lives on; a child that holds
// what it was given, and one that becomes cat.
var family = sims.Sim{
	ID: "test/family",
	Roles: []sims.Role{
		{Name: "parent", Run: beParent, Gates: []string{"fork"}},
		{Name: "child", Run: beChild, By: "parent", Counters: []string{"told"}},
		{Name: "changeling", Run: becomeCat, By: "parent", Gates: []string{"exec"}},
	},
	Options: []sims.Option{{Name: "program", Values: []string{"cat", "none", "missing"}}},
	Wire: func(w *sims.Wiring) error {
		w.Promise("pipe", "pipe")
		return nil
	},
	Draw: func(w *sims.World) *scene.Scene { return &scene.Scene{Sentence: "A family."} },
}

func beParent(a *sims.Actor) error {
	a.Next()
	var p [2]int
	if err := unix.Pipe2(p[:], 0); err != nil {
		return err
	}
	a.Hold("pipe", p[0])
	for _, name := range []string{"child", "changeling"} {
		a.Gate("fork")
		if _, err := a.Fork(name, []string{"in", "out"}, p[:]); err != nil {
			return err
		}
	}
	if _, err := a.Fork("child", nil, nil); err == nil {
		a.Say("twice")
	}
	unix.Close(p[0])
	unix.Close(p[1])
	a.Say("forked")
	a.Next()
	return nil
}

func beChild(a *sims.Actor) error {
	for {
		c := a.Next()
		a.Counter("told").Add(1)
		if _, err := unix.Write(a.FD("out"), []byte(c.Text)); err != nil {
			return err
		}
	}
}

func becomeCat(a *sims.Actor) error {
	a.Next()
	if err := unix.Dup2(a.FD("in"), 0); err != nil {
		return err
	}
	path := "/bin/cat"
	if a.Arg("program") == "missing" {
		path = "/nowhere/cat"
	}
	a.Gate("exec")
	return a.Exec(path, []string{"cat", "-", "nowhere"}, nil)
}

// raise starts a family and has the parent fork, where forks is set.
func raise(t *testing.T, forks bool, options map[string]string) *watch {
	t.Helper()
	house := simtest.House(t)
	j := stage.NewJournal()
	run, err := house.Start(stage.Spec{Lesson: family.ID, Roles: family.Roles, Wire: family.Wire, Options: options,
		Journal: j, Sample: 2 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	w := &watch{t, run, j, sims.NewWorld(&family)}
	if forks {
		w.tell("parent", "")
		w.until("both are born and wait", func(x *sims.World) bool {
			return x.ReadSince(x.Last("parent", "forked")) && x.Actor("child").Idle && x.Actor("changeling").Idle
		})
	}
	return w
}

func TestForkGivesItsDescriptors(t *testing.T) {
	w := raise(t, true, nil)
	defer w.stop()
	if w.world.Said("parent", "twice") > 0 {
		t.Error("a role was forked twice")
	}
	for _, role := range []string{"child", "changeling"} {
		w.until(role+" holds both ends, from 3 up", func(x *sims.World) bool {
			fds := x.Actor(role).FDs
			return len(fds) == 2 && fds[0].N == 3 && fds[0].Object == "pipe" && fds[0].Mode == "r" && fds[1].N == 4 && fds[1].Mode == "w"
		})
	}
	w.until("each end is held by the two alone", func(x *sims.World) bool {
		return x.Object("pipe").Level("writers") == 2 && x.Object("pipe").Level("readers") == 2
	})
	w.tell("child", "heard")
	w.until("it does what it is told", func(x *sims.World) bool {
		return x.Count("child", "told") == 1 && x.Object("pipe").Level("queued") == 5
	})
}

// TestParentKilled holds that a parent's end is told while its children live on:
// they do not share its standard error.
func TestParentKilled(t *testing.T) {
	w := raise(t, true, nil)
	defer w.stop()
	w.must(w.run.Break(stage.Kill, "parent", ""))
	w.until("it is reaped", func(x *sims.World) bool { return x.Actor("parent").Life == scene.Killed })
	w.tell("child", "x")
	w.until("its child lives", func(x *sims.World) bool { return x.Count("child", "told") == 1 })
}

func TestParentKilledBeforeItForks(t *testing.T) {
	w := raise(t, false, nil)
	w.must(w.run.Break(stage.Kill, "parent", ""))
	w.until("it is reaped", func(x *sims.World) bool { return x.Actor("parent").Life == scene.Killed })
	if err := w.run.Tell("child", stage.Command{}); err == nil {
		t.Error("a child that was never born took a command")
	}
	w.stop()
}

// TestParentKilledWhileItForks leaves nothing behind, whenever it comes.
func TestParentKilledWhileItForks(t *testing.T) {
	for range 6 {
		t.Run("", func(t *testing.T) {
			w := raise(t, false, nil)
			w.tell("parent", "")
			w.until("the first is born", func(x *sims.World) bool { return x.Actor("child").Births == 1 })
			w.must(w.run.Break(stage.Kill, "parent", ""))
			w.stop()
		})
	}
}

func TestStopWhileForking(t *testing.T) {
	for range 6 {
		t.Run("", func(t *testing.T) {
			w := raise(t, false, nil)
			w.tell("parent", "")
			w.stop()
		})
	}
}

func TestExecBecomesAnotherProgram(t *testing.T) {
	if _, err := os.Stat("/bin/cat"); err != nil {
		t.Skip("there is no /bin/cat")
	}
	w := raise(t, true, nil)
	defer w.stop()
	w.tell("changeling", "")
	w.until("it is cat, asleep in read", func(x *sims.World) bool {
		return x.Actor("changeling").Program == "cat" && x.Asleep("changeling", "pipe_read")
	})
	w.until("its standard input is the pipe", func(x *sims.World) bool {
		fd, open := x.Holds("changeling", "pipe", "r")
		return open && fd == 0
	})
	for what, err := range map[string]error{
		"a command":         w.run.Tell("changeling", stage.Command{}),
		"a close":           w.run.Break(stage.CloseEnd, "changeling", "pipe r"),
		"to stop at a gate": w.run.StopAt("changeling", "exec"),
	} {
		if err == nil || !strings.Contains(err.Error(), "another program") {
			t.Errorf("it took %s: %v", what, err)
		}
	}
	w.must(w.run.Break(stage.StopIt, "changeling", ""))
	w.until("it is stopped", func(x *sims.World) bool { return x.Actor("changeling").Life == scene.Stopped })
	w.must(w.run.Break(stage.Continue, "changeling", ""))
	w.until("it goes on", func(x *sims.World) bool { return x.Actor("changeling").Life == scene.Asleep })
	if err := w.run.Trace("changeling", true); err == nil { // where this machine allows the x-ray
		w.until("the x-ray shows its read", func(x *sims.World) bool {
			return slices.ContainsFunc(x.Actor("changeling").Calls, func(c scene.Call) bool { return c.Name == "read" && c.Blocked })
		})
	}
	w.must(w.run.Break(stage.Kill, "changeling", ""))
	w.until("it is reaped", func(x *sims.World) bool { return x.Actor("changeling").Life == scene.Killed })
}

func TestExecOfNothing(t *testing.T) {
	w := raise(t, true, map[string]string{"program": "missing"})
	defer w.stop()
	w.tell("changeling", "")
	w.until("it has ended", func(x *sims.World) bool { return x.Actor("changeling").Ended() != "" })
	if !slices.ContainsFunc(w.world.Trouble, func(tr sims.Trouble) bool { return strings.Contains(tr.Text, "/nowhere/cat") }) {
		t.Errorf("no word about it: %+v", w.world.Trouble)
	}
}

// TestExecKeepsDescriptors holds that a program inherits what was left open: here
// the write end of its own input, for which it waits in vain.
func TestExecKeepsDescriptors(t *testing.T) {
	if _, err := os.Stat("/bin/cat"); err != nil {
		t.Skip("there is no /bin/cat")
	}
	w := raise(t, true, nil)
	defer w.stop()
	w.tell("changeling", "")
	w.until("it is cat", func(x *sims.World) bool { return x.Asleep("changeling", "pipe_read") })
	w.must(w.run.Break(stage.Kill, "child", ""))
	w.until("the child is reaped", func(x *sims.World) bool { return x.Actor("child").Life == scene.Killed })
	w.must(w.run.Tell("parent", stage.Command{})) // it ends; but cat holds the write end of its own input
	w.until("the parent has ended", func(x *sims.World) bool { return x.Actor("parent").Ended() == "exit 0" })
	if o := w.world.Actor("changeling"); o.Ended() != "" {
		t.Errorf("cat saw an end of file while it held the write end: %s", o.Ended())
	}
}
