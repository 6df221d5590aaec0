package command

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"ipctour/ui/draw"
)

// errBrokenPipe is why a command was cut short: nobody reads its output any more.
var errBrokenPipe = errors.New("the output is closed")

// errOutput is why one was cut short whose words cannot be written.
var errOutput = errors.New("not all could be printed")

// output is standard output. What nobody reads any more it swallows (`ipctour list
// | head -1`). Any other failure it keeps: most of what is printed is printed
// without a look at the error, and the exit status must tell of it.
type output struct {
	to     io.Writer
	broken func(error) // told once, so that a long command can end
	closed bool
	failed error
}

// asciiWriter replaces what a terminal without UTF-8 cannot show.
type asciiWriter struct{ to io.Writer }

func (a asciiWriter) Write(p []byte) (int, error) {
	if _, err := io.WriteString(a.to, draw.ASCII(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (o *output) Write(p []byte) (int, error) {
	switch {
	case o.closed:
		return len(p), nil
	case o.failed != nil:
		return 0, o.failed
	}
	n, err := o.to.Write(p)
	switch {
	case errors.Is(err, syscall.EPIPE):
		o.closed = true
		o.broken(errBrokenPipe)
		return len(p), nil
	case err != nil:
		o.failed = fmt.Errorf("%w: %w", errOutput, bareError(err))
		o.broken(errOutput)
		return n, o.failed
	}
	return n, nil
}
