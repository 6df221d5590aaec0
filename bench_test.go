package main

// The targets of speed, as benchmarks: go test -bench . -run ^$

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// BenchmarkFirstFrame is from the start of the program to the first screen in
// its terminal.
func BenchmarkFirstFrame(b *testing.B) {
	for b.Loop() {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), "TERM=xterm-256color", "XDG_STATE_HOME="+b.TempDir())
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 36, Cols: 120})
		if err != nil {
			b.Fatal(err)
		}
		var seen []byte
		buf := make([]byte, 32<<10)
		for !bytes.Contains(seen, []byte("Why IPC exists")) {
			n, err := tty.Read(buf)
			if err != nil {
				b.Fatalf("the program ended: %v\n%s", err, seen)
			}
			seen = append(seen, buf[:n]...)
		}
		b.StopTimer()
		if err := cmd.Process.Kill(); err != nil {
			b.Fatal(err)
		}
		_ = cmd.Wait() // it was killed: that is its status
		if err := tty.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// tour starts the program in a terminal, opens a lesson and waits till it is drawn.
func tour(b *testing.B, lesson, until string) *exec.Cmd {
	cmd := exec.Command(program)
	if lesson != "" {
		cmd.Args = append(cmd.Args, lesson)
	}
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "XDG_STATE_HOME="+b.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 36, Cols: 120})
	if err != nil {
		b.Fatal(err)
	}
	drawn := make(chan bool, 1)
	go func() {
		var seen []byte
		buf := make([]byte, 32<<10)
		for told := false; ; {
			n, err := tty.Read(buf)
			if err != nil {
				return
			}
			if seen = append(seen, buf[:n]...); !told && bytes.Contains(seen, []byte(until)) {
				told = true
				drawn <- true
			}
		}
	}()
	b.Cleanup(func() {
		_ = cmd.Process.Kill() // its janitor clears up
		_ = cmd.Wait()
		_ = tty.Close()
	})
	if lesson != "" {
		if _, err := tty.Write([]byte("s")); err != nil { // without a prediction
			b.Fatal(err)
		}
	}
	select {
	case <-drawn:
	case <-time.After(20 * time.Second):
		b.Fatalf("%s was not drawn", until)
	}
	return cmd
}

// BenchmarkMemory is what the program and one of its idle children have resident,
// VmRSS of proc(5).
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		cmd := tour(b, "pipes/full-buffer", "16 of 16 pages")
		b.ReportMetric(resident(b, cmd.Process.Pid), "MB/app")
		for _, child := range children(b, cmd.Process.Pid) {
			if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", child)); string(name) == "reader\n" {
				b.ReportMetric(resident(b, child), "MB/child")
			}
		}
	}
}

// BenchmarkProcessor is the share of one processor that the program takes while a
// lesson's processes are asleep, while they work, and on the course page.
func BenchmarkProcessor(b *testing.B) {
	for _, c := range []struct{ name, lesson, until string }{
		{"asleep", "pipes/full-buffer", "16 of 16 pages"}, {"busy", "pipes/atomic", "records"}, {"course", "", "Why IPC exists"},
	} {
		b.Run(c.name, func(b *testing.B) {
			cmd := tour(b, c.lesson, c.until)
			for b.Loop() {
				before, begun := ticks(b, cmd.Process.Pid), time.Now()
				<-time.After(4 * time.Second) // the time over which it is measured
				share := float64(ticks(b, cmd.Process.Pid)-before) / 100 / time.Since(begun).Seconds()
				b.ReportMetric(100*share, "%cpu")
			}
		})
	}
}

// BenchmarkBinary is the size of the program without its symbols.
func BenchmarkBinary(b *testing.B) {
	path := filepath.Join(b.TempDir(), "ipctour")
	for b.Loop() {
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/1e6, "MB")
	}
}

// resident is VmRSS in MB.
func resident(b *testing.B, pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(kb), " kB"))
			if err != nil {
				b.Fatal(err)
			}
			return float64(n) / 1000
		}
	}
	b.Fatalf("no VmRSS of %d", pid)
	return 0
}

// ticks is the processor time of a process, in hundredths of a second (proc(5)).
func ticks(b *testing.B, pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, err := strconv.Atoi(f[11])
	system, err2 := strconv.Atoi(f[12])
	if err != nil || err2 != nil {
		b.Fatal(err, err2)
	}
	return user + system
}

// children are the pids whose parent is this process.
func children(b *testing.B, parent int) []int {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	var pids []int
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended meanwhile
		}
		f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		if err == nil && len(f) > 1 && f[1] == strconv.Itoa(parent) {
			pids = append(pids, pid)
		}
	}
	return pids
}
