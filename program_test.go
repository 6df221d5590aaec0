package main

// The program itself, built once and run as a learner runs it: as an ordinary
// user, with a home that cannot be written to and a temporary folder of its own.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ipctour/sims/residue"
)

// program is the path of the built program.
var program string

// ordinary is the user that the program runs as where the tests run as root.
const ordinary = 65534

func TestMain(m *testing.M) {
	status, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func buildAndRun(m *testing.M) (status int, err error) {
	dir, err := os.MkdirTemp("", "ipctour-program-test-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil { // for the ordinary user
		return 1, err
	}
	program = filepath.Join(dir, "ipctour")
	build := exec.Command("go", "build", "-trimpath", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// place is where one test's program lives: a home and a temporary folder.
type place struct{ home, temp string }

// newPlace makes the two. A home that is not writable must not stop a learner.
func newPlace(t *testing.T, homeMode os.FileMode) place {
	t.Helper()
	// Not t.TempDir: the ordinary user may not go through its parents.
	dir, err := os.MkdirTemp(filepath.Dir(program), "place-")
	if err != nil {
		t.Fatal(err)
	}
	p := place{filepath.Join(dir, "home"), filepath.Join(dir, "temp")}
	for _, d := range []string{dir, p.home, p.temp} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		if os.Getuid() == 0 {
			if err := os.Chown(d, ordinary, ordinary); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Chmod(p.home, homeMode); err != nil {
		t.Fatal(err)
	}
	return p
}

// command readies the program with these arguments.
func (p place) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = p.temp
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.home, "TMPDIR=" + p.temp, "TERM=xterm-256color", "LANG=C.UTF-8"}
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: ordinary, Gid: ordinary}
	}
	return cmd
}

// ran is how a run of the program ended.
type ran struct {
	status         int
	stdout, stderr string
}

// run runs the program to its end, and checks that it leaves nothing behind.
func run(t *testing.T, args ...string) ran {
	t.Helper()
	return runIn(t, newPlace(t, 0o555), args...)
}

func runIn(t *testing.T, p place, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := p.command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("ipctour %s: %v", strings.Join(args, " "), err)
	}
	if ctx.Err() != nil {
		t.Fatalf("ipctour %s did not end:\n%s%s", strings.Join(args, " "), &stdout, &stderr)
	}
	nothingLeft(t, p)
	return ran{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// nothingLeft waits till no process of the program and no private folder is there.
func nothingLeft(t *testing.T, p place) {
	t.Helper()
	residue.Wait(t, "no process and no folder of the program is left", func() (bool, string) {
		left := residue.Running(program)
		return len(left) == 0, strings.Join(left, ", ")
	})
	folderGone(t, p)
}

// folderGone waits till no private folder is there.
func folderGone(t *testing.T, p place) {
	t.Helper()
	residue.Wait(t, "no folder of the program is left", func() (bool, string) {
		left, err := filepath.Glob(filepath.Join(p.temp, "*ipctour*"))
		return err == nil && len(left) == 0, strings.Join(left, ", ")
	})
}
