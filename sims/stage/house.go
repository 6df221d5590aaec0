// Package stage puts real processes on: it starts and wires them, watches over
// them, breaks them on request and leaves nothing behind. What happens comes out
// as one ordered stream of events. The child's side of it is Actor.
package stage

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// House is what all runs of one tour share: the thread that starts children,
// the janitor that cleans up if the tour dies, and the private folder. One
// process has one house.
type House struct {
	spawner *spawner
	janitor *janitor
	folder  *folder
	null    int // /dev/null, for the standard streams of children
	mu      sync.Mutex
	runs    map[*Run]bool
	receipt Receipt
	closed  bool
}

// NewHouse starts the janitor and the spawner, and sweeps up what tours that
// were killed have left. Close it in the end.
func NewHouse() (*House, error) {
	h := &House{null: -1, runs: map[*Run]bool{}}
	var err error
	if h.null, err = unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
		return nil, os.NewSyscallError("open /dev/null", err)
	}
	_, _ = Sweep() // what cannot be removed is no reason not to start: `ipctour clean` tells
	if h.janitor, err = startJanitor(h.null); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if h.folder, err = newFolder(h.janitor.order); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if h.spawner, err = newSpawner(); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// GuardTerminal has the janitor note how the terminal behind fd is set now, to
// put it back if the tour is killed. Call it before anything changes the terminal.
func (h *House) GuardTerminal(fd int) error { return h.janitor.guard(fd) }

// Start puts a cast on: it wires, starts and watches. The error names what
// could not be made or started; nothing is left behind then.
func (h *House) Start(spec Spec) (*Run, error) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, errors.New("the house is closed")
	}
	r := newRun(h, spec)
	h.runs[r] = true
	h.mu.Unlock()
	if err := r.start(); err != nil {
		r.Stop("could not start")
		return nil, fmt.Errorf("%s: %w", spec.Lesson, err)
	}
	return r, nil
}

func (h *House) forget(r *Run, receipt Receipt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.runs[r] {
		delete(h.runs, r)
		h.receipt.Add(receipt)
	}
}

// Receipt says what all ended runs have made, and what of it is left.
func (h *House) Receipt() Receipt {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.receipt
}

// Close ends all runs, removes the folder and sends the janitor home. It may be
// called twice.
func (h *House) Close() error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	var open []*Run
	for r := range h.runs {
		open = append(open, r)
	}
	h.mu.Unlock()
	for _, r := range open {
		r.Stop("the tour ended")
	}
	var errs []error
	if h.spawner != nil {
		h.spawner.close()
	}
	if h.folder != nil {
		errs = append(errs, h.folder.remove())
	}
	if h.janitor != nil {
		errs = append(errs, h.janitor.dismiss())
	}
	if h.null >= 0 {
		errs = append(errs, os.NewSyscallError("close", unix.Close(h.null)))
	}
	return errors.Join(errs...)
}
