package main

// The program in a terminal: played by keys, quit, and killed. A pseudo-terminal
// (pty(7)) is as real to it as any other.

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"ipctour/sims/residue"
)

// session is the program in a terminal of its own.
type session struct {
	t      *testing.T
	place  place
	cmd    *exec.Cmd
	ptmx   *os.File // the terminal's far side: keys in, drawing out
	tty    *os.File
	screen *screen
	read   chan error // the end of what is drawn
	before *unix.Termios
}

// open starts the program in a terminal of 120 × 36.
func open(t *testing.T, args ...string) *session {
	t.Helper()
	return openAt(t, 120, 36, args...)
}

func openAt(t *testing.T, w, h int, args ...string) *session {
	t.Helper()
	ptmx, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(ptmx, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)}); err != nil {
		t.Fatal(err)
	}
	before, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, place: newPlace(t, 0o755), ptmx: ptmx, tty: tty, screen: newScreen(w, h), read: make(chan error, 1), before: before}
	s.cmd = s.place.command(context.Background(), args...)
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = tty, tty, tty
	s.cmd.SysProcAttr.Setsid, s.cmd.SysProcAttr.Setctty = true, true
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, err := io.Copy(s.screen, ptmx)
		s.read <- err
	}()
	t.Cleanup(s.close)
	return s
}

// close ends what a failed test has left running.
func (s *session) close() {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill() // it may have ended just now
		_ = s.cmd.Wait()         // the kill is its status
	}
	if err := errors.Join(s.tty.Close(), s.ptmx.Close()); err != nil {
		s.t.Errorf("closing the terminal: %v", err)
	}
	<-s.read // EIO or a closed file: the end of a pseudo-terminal
	if s.t.Failed() {
		s.t.Logf("the screen at the end:\n%s", s.screen)
	}
}

// press types keys.
func (s *session) press(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.ptmx, keys); err != nil {
		s.t.Fatal(err)
	}
}

// see waits till words are on the screen; line breaks and columns between them
// do not count.
func (s *session) see(words string) {
	s.t.Helper()
	residue.Wait(s.t, "the screen shows "+words, func() (bool, string) {
		text := s.screen.String()
		return strings.Contains(text, words), "\n" + text
	})
	if s.t.Failed() {
		s.t.FailNow()
	}
}

// next presses n and waits till words are on the screen. Where n came before the step
// was done, because half a picture looked as if it were, it is pressed once more.
func (s *session) next(words string) {
	s.t.Helper()
	s.press("n")
	again := false
	residue.Wait(s.t, "the screen shows "+words, func() (bool, string) {
		text := s.screen.String()
		if !again && strings.Contains(text, "Still waiting until") && !strings.Contains(text, "Waiting until") {
			again = true
			s.press("n")
		}
		return strings.Contains(text, words), "\n" + text
	})
	if s.t.Failed() {
		s.t.FailNow()
	}
}

// gone waits till words are no more on the screen.
func (s *session) gone(words string) {
	s.t.Helper()
	residue.Wait(s.t, "the screen shows no more "+words, func() (bool, string) {
		text := s.screen.String()
		return !strings.Contains(text, words), "\n" + text
	})
	if s.t.Failed() {
		s.t.FailNow()
	}
}

// restored waits till the terminal is as it was before the program.
func (s *session) restored() {
	s.t.Helper()
	residue.Wait(s.t, "the terminal is as it was", func() (bool, string) {
		after, err := unix.IoctlGetTermios(int(s.tty.Fd()), unix.TCGETS)
		if err != nil {
			return false, err.Error()
		}
		diff := cmp.Diff(s.before, after)
		text := s.screen.written()
		if strings.LastIndex(text, "\x1b[?1049l") <= strings.LastIndex(text, "\x1b[?1049h") {
			diff += " the full screen is still on"
		}
		if strings.LastIndex(text, "\x1b[?25h") <= strings.LastIndex(text, "\x1b[?25l") {
			diff += " the cursor is still hidden"
		}
		return diff == "", diff
	})
}

// raw waits till the program has taken the terminal over.
func (s *session) raw() {
	s.t.Helper()
	residue.Wait(s.t, "the program has the whole screen", func() (bool, string) {
		now, err := unix.IoctlGetTermios(int(s.tty.Fd()), unix.TCGETS)
		if err != nil {
			return false, err.Error()
		}
		return now.Lflag&unix.ICANON == 0 && strings.Contains(s.screen.written(), "\x1b[?1049h"), s.screen.String()
	})
}

// play goes to the middle of the lesson: predicted, running, two steps on.
func (s *session) play() {
	s.t.Helper()
	s.raw()
	s.see("How many bytes go in")
	s.press("2")
	s.press("\r")
	s.see("65,536 of 65,536")
	s.see("You said 65,536: right.")
	s.press("n")
	s.see("65,535")
}

func TestLessonPlayedByKeysAndQuit(t *testing.T) {
	s := open(t, lesson)
	s.play()
	if running := residue.Running(program); len(running) < 4 { // the tour, its janitor, writer, reader
		t.Errorf("while the lesson runs there are only %q", running)
	}
	s.press("q")
	err := s.cmd.Wait()
	if err != nil {
		t.Errorf("it ended with %v", err)
	}
	s.restored()
	s.see("All of it is gone.")
	nothingLeft(t, s.place)
	if len(s.screen.unknown) > 0 {
		t.Errorf("the test's terminal does not know the sequences %v", s.screen.unknown)
	}
}

func TestKilledInTheMiddle(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			s := open(t, lesson)
			s.play()
			if err := s.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			err := s.cmd.Wait()
			if sig == syscall.SIGKILL && err == nil {
				t.Error("a killed program ended well")
			}
			s.restored()
			nothingLeft(t, s.place)
		})
	}
}
