package stage

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pageSize is the size of the memfd that a child and the tour share: counters
// that only the child adds to, settings that only the tour writes, and the
// words of the gates. It can be read while the child is blocked, stopped or
// dead, and it costs neither side a system call.
const pageSize = 8192

// page is that memory. Counters are a cache line apart, so that two of them
// never share one.
type page struct {
	stepping atomic.Uint32 // 0 free · 1 wait at every gate · 2+i wait at gate i alone
	turns    atomic.Uint32 // futex word: the tour adds one to let the child go on
	gate     atomic.Int32  // 1+index of the gate the child waits at, 0 at none
	idle     atomic.Uint32 // the child waits for a command
	_        [48]byte
	settings [maxSettings]atomic.Int64
	counters [maxCounters]struct {
		n atomic.Int64
		_ [56]byte
	}
}

// newPage makes the memory and a descriptor of it to give to a child.
func newPage() (*page, int, error) {
	fd, err := unix.MemfdCreate("ipctour page", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, -1, fmt.Errorf("page of counters: memfd_create: %w", err)
	}
	if err := unix.Ftruncate(fd, pageSize); err != nil {
		unix.Close(fd)
		return nil, -1, fmt.Errorf("page of counters: ftruncate: %w", err)
	}
	p, err := mapPage(fd)
	if err != nil {
		unix.Close(fd)
		return nil, -1, err
	}
	return p, fd, nil
}

func mapPage(fd int) (*page, error) {
	b, err := unix.Mmap(fd, 0, pageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("page of counters: mmap: %w", err)
	}
	return (*page)(unsafe.Pointer(&b[0])), nil
}

func (p *page) unmap() {
	_ = unix.Munmap(unsafe.Slice((*byte)(unsafe.Pointer(p)), pageSize)) // it was mapped by mapPage: it cannot fail
}

// release lets a child that waits at a gate go on.
func (p *page) release() {
	p.turns.Add(1)
	futex(&p.turns, futexWake, 1<<30)
}

// step sets the mode of the gates and wakes whoever waits, to look at it.
func (p *page) step(mode uint32) {
	p.stepping.Store(mode)
	if mode != 1 {
		p.release()
	}
}

// Operations of futex(2), without FUTEX_PRIVATE_FLAG: the word is shared.
const (
	futexWait = 0
	futexWake = 1
)

// futex is futex(2) without a time-out on shared memory. Its errors (EAGAIN:
// the word has changed, EINTR) mean the same to the caller: look again.
func futex(word *atomic.Uint32, op int, value uint32) {
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), uintptr(op), uintptr(value), 0, 0, 0)
}
