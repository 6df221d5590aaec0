package stage_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"ipctour/sims/simtest"
	"ipctour/sims/stage"
)

// appWord makes the test binary a tour that waits to be killed.
const appWord = "app"

// app guards its terminal, changes it, starts a cast and says its pids and its folder.
func app() int {
	house, err := stage.NewHouse()
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	if err := house.GuardTerminal(0); err != nil {
		fmt.Println("error", err)
		return 1
	}
	raw, err := unix.IoctlGetTermios(0, unix.TCGETS)
	if err != nil {
		return 1
	}
	raw.Lflag &^= unix.ECHO | unix.ICANON | unix.ISIG
	if err := unix.IoctlSetTermios(0, unix.TCSETS, raw); err != nil {
		return 1
	}
	var dir string
	j := stage.NewJournal()
	if _, err := house.Start(stage.Spec{Lesson: echo.ID, Roles: echo.Roles, Journal: j, Wire: func(w *stage.Wiring) error {
		dir = w.Dir()
		return echo.Wire(w)
	}}); err != nil {
		fmt.Println("error", err)
		return 1
	}
	line := "up " + filepath.Dir(dir)
	for born := 0; born < 2; {
		<-j.Ready()
		for _, e := range j.Drain() {
			if e.Kind == stage.Born {
				born++
				line += " " + strconv.FormatInt(e.N["pid"], 10)
			}
		}
	}
	fmt.Println(line)
	select {} // until it is killed
}

func TestNothingIsLeftAfterTheTourIsKilled(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, appWord)
	tty, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	before, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(tty)
	up, err := lines.ReadString('\n')
	if err != nil || !strings.HasPrefix(up, "up ") {
		t.Fatalf("the tour did not start: %q, %v", up, err)
	}
	words := strings.Fields(up)
	folder, pids := words[1], words[2:]
	if _, err := os.Stat(folder); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed: that is its status
	rest, _ := lines.ReadString('h')
	if !strings.Contains(rest, "\x1b[?") {
		t.Errorf("the janitor wrote no restoring sequence: %q", rest)
	}
	eventually(t, "the terminal is as it was", func() bool {
		now, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
		return err == nil && now.Lflag&(unix.ECHO|unix.ICANON|unix.ISIG) == unix.ECHO|unix.ICANON|unix.ISIG && before != nil
	})
	eventually(t, "the folder is gone", func() bool { _, err := os.Stat(folder); return os.IsNotExist(err) })
	for _, pid := range pids {
		eventually(t, "process "+pid+" is gone", func() bool {
			text, err := os.ReadFile("/proc/" + pid + "/stat")
			return err != nil || strings.Contains(string(text), ") Z ")
		})
	}
}

func TestSweepRemovesWhatTheDeadLeft(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("XDG_RUNTIME_DIR", "")
	dead := filepath.Join(tmp, "ipctour-"+strconv.Itoa(os.Getpid())+"-1") // our pid, another start time
	others := []string{filepath.Join(tmp, "ipctour-notes"), filepath.Join(tmp, "ipctour-0-0"), filepath.Join(tmp, "else")}
	for _, dir := range append(others, dead) {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dead, "fifo"), nil, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dead, "shut"), 0); err != nil { // root may look into it all the same
		t.Fatal(err)
	}
	if err := os.Symlink("/", filepath.Join(tmp, "ipctour-"+strconv.Itoa(os.Getpid())+"-2")); err != nil {
		t.Fatal(err)
	}
	removed, err := stage.Sweep()
	if err != nil {
		t.Fatal(err)
	}
	if len(removed) != 1 || removed[0] != dead {
		t.Errorf("removed %v, want %s alone", removed, dead)
	}
	for _, dir := range others {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func eventually(t *testing.T, what string, met func() bool) {
	t.Helper()
	deadline := time.Now().Add(simtest.Patience)
	for !met() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
