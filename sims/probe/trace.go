package probe

// The tracer: the thread that makes the ptrace(2) calls for one traced child.

import (
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

type tracer struct {
	m         *Minder
	stops     chan unix.WaitStatus
	attached  chan error    // one answer: traced, or why not
	leaving   chan struct{} // closed: detach
	leaveOnce sync.Once
	ended     chan struct{} // closed: detached, or the child is no more
	listening atomic.Bool
}

func newTracer(m *Minder) *tracer {
	return &tracer{m: m, stops: make(chan unix.WaitStatus), attached: make(chan error, 1),
		leaving: make(chan struct{}), ended: make(chan struct{})}
}

func (t *tracer) leave() { t.leaveOnce.Do(func() { close(t.leaving) }) }

// handOver gives the tracer a stop of its child.
func (t *tracer) handOver(status unix.WaitStatus) {
	select {
	case t.stops <- status:
	case <-t.ended:
	}
}

func (t *tracer) run() {
	t.attached <- ErrGone
	t.m.tracer.Store(nil)
	close(t.ended)
}
