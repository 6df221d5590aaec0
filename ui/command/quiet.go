package command

import (
	"errors"
	"io"
	"syscall"

	"ipctour/ui/draw"
)

// errBrokenPipe is why a command was cut short: nobody reads its output any more.
var errBrokenPipe = errors.New("the output is closed")

// quietWriter swallows what nobody reads any more (`ipctour list | head -1`),
// and says so once, so that a long command can end.
type quietWriter struct {
	to     io.Writer
	broken func()
	closed bool
}

// asciiWriter replaces what a terminal without UTF-8 cannot show.
type asciiWriter struct{ to io.Writer }

func (a asciiWriter) Write(p []byte) (int, error) {
	if _, err := io.WriteString(a.to, draw.ASCII(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (q *quietWriter) Write(p []byte) (int, error) {
	if q.closed {
		return len(p), nil
	}
	n, err := q.to.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		q.closed = true
		q.broken()
		return len(p), nil
	}
	return n, err
}
