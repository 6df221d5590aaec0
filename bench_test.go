package main

// The targets of speed, as benchmarks: go test -bench . -run ^$

import (
	"bytes"
	"os"
	"os/exec"
	"syscall"
	"testing"

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
