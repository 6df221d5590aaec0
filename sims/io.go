package sims

import (
	"os"

	"golang.org/x/sys/unix"

	"ipctour/sims/stage"
)

// These make the moments of a role short to write.

// Num is a number of a moment.
func Num(key string, n int) stage.Note { return stage.Num(key, n) }

// Word is a text of a moment.
func Word(key, text string) stage.Note { return stage.Word(key, text) }

// Err is the name of the kernel's error, as "errno".
func Err(err error) stage.Note { return stage.Err(err) }

// WaitWritable sleeps in poll(2) until fd can be written to.
func WaitWritable(fd int) error { return wait(fd, unix.POLLOUT) }

// WaitReadable sleeps in poll(2) until fd can be read from.
func WaitReadable(fd int) error { return wait(fd, unix.POLLIN) }

func wait(fd int, events int16) error {
	fds := []unix.PollFd{{Fd: int32(fd), Events: events}}
	for {
		_, err := unix.Poll(fds, -1)
		if err == nil {
			return nil
		}
		if err != unix.EINTR {
			return os.NewSyscallError("poll", err)
		}
	}
}
