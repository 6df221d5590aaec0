package share

// A mutex that outlives its owner: the kernel's robust list (get_robust_list(2),
// Documentation/locking/robust-futexes.rst) under glibc's layout of pthread_mutex_t,
// so that one lock can be shared with a program in C.

import (
	"fmt"
	"math"
	"os"
	"slices"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"ipctour/sims/sys"
)

// RobustSize is the room for a Robust: pthread_mutex_t has 40 bytes on amd64, and
// on arm64 8 more that are never used.
const RobustSize = 48

// Offsets of words in a Robust's memory, for who wants to look at them from outside.
const (
	RobustWord  = 0 // uint32: the owner's thread id | FUTEX_WAITERS | FUTEX_OWNER_DIED
	RobustOwner = 8 // int32: the owner's thread id, or one of the two values below
)

const (
	robustKind     = 0x90              // PTHREAD_MUTEX_ROBUST_NORMAL_NP | the bit for process-shared
	inconsistent   = math.MaxInt32     // PTHREAD_MUTEX_INCONSISTENT: the last owner died
	notRecoverable = math.MaxInt32 - 1 // PTHREAD_MUTEX_NOTRECOVERABLE
)

// pthreadMutex is struct __pthread_mutex_s of glibc, 64-bit (bits/struct_mutex.h).
type pthreadMutex struct {
	word   atomic.Uint32 // __lock, the futex
	count  uint32
	owner  int32
	nusers uint32
	kind   int32
	_      int32 // spins, elision
	list   link
}

// link is __pthread_list_t. The kernel follows next alone; prev is there so that a
// lock can be taken out of the middle. Both are addresses in the owner's memory and
// mean nothing in another process, so nobody here follows one that it reads.
type link struct {
	prev uintptr
	next atomic.Uintptr
}

// threadHead is what glibc keeps in struct pthread: the kernel's list head, and a
// prev before it, so that the head can be written to like any other link.
type threadHead struct {
	prev    uintptr
	list    atomic.Uintptr // struct robust_list_head begins here
	offset  int64
	pending atomic.Uintptr
}

// RobustList is the list of the robust locks that one thread holds. When the
// thread ends, however it ends, the kernel walks it and marks each lock. It is for
// the thread that made it, which must be locked (runtime.LockOSThread).
type RobustList struct {
	tid    uint32
	memory []byte // mapped: the Go heap is no place for what the kernel keeps the address of
	head   *threadHead
	held   []*pthreadMutex
}

// NewRobustList registers a list for the calling thread with set_robust_list(2), in
// place of the one it had. A thread of the Go runtime has none; one that the C
// library has made has its own, and must not hold a robust lock of C then.
func NewRobustList() (*RobustList, error) {
	memory, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("robust list: %w", os.NewSyscallError("mmap", err))
	}
	l := &RobustList{tid: uint32(unix.Gettid()), memory: memory, head: (*threadHead)(unsafe.Pointer(&memory[0]))}
	l.head.list.Store(address(&l.head.list)) // empty: it leads to itself
	l.head.offset = int64(unsafe.Offsetof(pthreadMutex{}.word)) - int64(unsafe.Offsetof(pthreadMutex{}.list)+unsafe.Offsetof(link{}.next))
	if err := sys.SetRobustList(address(&l.head.list)); err != nil {
		_ = unix.Munmap(memory) // it was just mapped: it cannot fail
		return nil, fmt.Errorf("robust list: %w", err)
	}
	return l, nil
}

// Close takes the list away from the kernel. The thread must hold no lock.
func (l *RobustList) Close() error {
	if len(l.held) > 0 {
		return fmt.Errorf("robust list: %d locks are still held", len(l.held))
	}
	if err := sys.SetRobustList(0); err != nil {
		return fmt.Errorf("robust list: %w", err)
	}
	l.head = nil
	return os.NewSyscallError("munmap", unix.Munmap(l.memory))
}

// Robust is a lock as one thread sees it. Other threads, of this process or of
// others, have theirs on the same memory.
type Robust struct {
	m *pthreadMutex
	l *RobustList
}

// InitRobust makes a lock in memory, in the way of pthread_mutex_init(3) with
// PTHREAD_PROCESS_SHARED and PTHREAD_MUTEX_ROBUST. Once, before anybody uses it.
func InitRobust(memory []byte) error {
	m, err := mutexIn(memory)
	if err != nil {
		return err
	}
	clear(memory[:unsafe.Sizeof(*m)])
	m.kind = robustKind
	return nil
}

// Mutex is the lock that InitRobust or a program in C has made in memory, for the
// thread of this list.
func (l *RobustList) Mutex(memory []byte) (*Robust, error) {
	m, err := mutexIn(memory)
	if err != nil {
		return nil, err
	}
	if m.kind != robustKind {
		return nil, fmt.Errorf("robust mutex: kind %#x in memory, want %#x: robust and process-shared", m.kind, robustKind)
	}
	return &Robust{m, l}, nil
}

func mutexIn(memory []byte) (*pthreadMutex, error) {
	if len(memory) < RobustSize || uintptr(unsafe.Pointer(unsafe.SliceData(memory)))%8 != 0 {
		return nil, fmt.Errorf("robust mutex: want %d bytes at a multiple of 8, have %d", RobustSize, len(memory))
	}
	return (*pthreadMutex)(unsafe.Pointer(unsafe.SliceData(memory))), nil
}

// Lock takes the lock and sleeps while another thread has it. With ownerDied the
// lock is held, but its last owner ended inside (EOWNERDEAD): repair what it
// guards and call Consistent before Unlock. Errors: ENOTRECOVERABLE, when
// somebody did not; EDEADLK, when the caller has it.
func (r *Robust) Lock() (ownerDied bool, err error) { return r.LockWithin(-1) }

// LockWithin is Lock that gives up after a time with ETIMEDOUT (below 0: never).
func (r *Robust) LockWithin(most time.Duration) (ownerDied bool, err error) {
	// From here on the kernel knows which lock is being taken, should the thread end
	// between having it and having it in the list.
	r.l.head.pending.Store(address(&r.m.list.next))
	defer r.l.head.pending.Store(0)
	ownerDied, err = r.acquire(deadline(most))
	switch {
	case err != nil:
		return false, err
	case ownerDied:
		r.m.count, r.m.owner = 1, inconsistent
		r.l.put(r.m)
		return true, nil // nusers still counts the dead
	case r.m.owner == notRecoverable:
		r.m.count = 0
		return false, errnoOf("lock", unix.ENOTRECOVERABLE, r.letGo())
	}
	r.m.count = 1
	r.l.put(r.m)
	r.m.owner = int32(r.l.tid)
	r.m.nusers++
	return false, nil
}

// acquire makes the futex word hold the caller's thread id.
func (r *Robust) acquire(until time.Time) (ownerDied bool, err error) {
	var others uint32 // FUTEX_WAITERS once we have slept: others may be asleep beside us
	for {
		v := r.m.word.Load()
		switch {
		case v == 0:
			if r.m.word.CompareAndSwap(0, r.l.tid|others) {
				return false, nil
			}
		case v&sys.FutexOwnerDied != 0:
			if r.m.word.CompareAndSwap(v, r.l.tid|v&sys.FutexWaiters|others) {
				return true, nil
			}
		case v&sys.FutexTIDMask == r.l.tid:
			return false, os.NewSyscallError("lock", unix.EDEADLK)
		case v&sys.FutexWaiters != 0 || r.m.word.CompareAndSwap(v, v|sys.FutexWaiters):
			others = sys.FutexWaiters
			if err := sleep(&r.m.word, v|sys.FutexWaiters, until); err != nil {
				return false, err
			}
		}
	}
}

// Consistent says that what the lock guards is in order again
// (pthread_mutex_consistent(3)). EINVAL: the owner had not died.
func (r *Robust) Consistent() error {
	if r.m.owner != inconsistent {
		return os.NewSyscallError("consistent", unix.EINVAL)
	}
	r.m.owner = int32(r.l.tid)
	return nil
}

// Unlock gives the lock back and wakes one who waits. Where the owner had died and
// nobody has called Consistent, the lock is lost to all from then on: ENOTRECOVERABLE.
// EPERM: the caller does not have it.
func (r *Robust) Unlock() error {
	if r.m.word.Load()&sys.FutexTIDMask != r.l.tid {
		return os.NewSyscallError("unlock", unix.EPERM)
	}
	r.l.head.pending.Store(address(&r.m.list.next))
	defer r.l.head.pending.Store(0)
	r.l.take(r.m)
	if r.m.owner == inconsistent {
		r.m.owner = notRecoverable
	} else {
		r.m.owner = 0
	}
	r.m.nusers--
	return r.letGo()
}

// letGo makes the word 0, and wakes one who waits if there may be one.
func (r *Robust) letGo() error {
	if r.m.word.Swap(0)&sys.FutexWaiters == 0 {
		return nil
	}
	_, err := sys.FutexWake(&r.m.word, 1)
	return err
}

// put puts a lock at the front of the list. The order matters: the thread may end
// after each store, and the kernel must find a list that leads somewhere.
func (l *RobustList) put(m *pthreadMutex) {
	first := l.head.list.Load()
	*l.prevOf(first) = address(&m.list.next)
	m.list.prev = address(&l.head.list)
	m.list.next.Store(first)
	l.head.list.Store(address(&m.list.next))
	l.held = append(l.held, m)
}

// take takes a lock out of the list, wherever in it it is.
func (l *RobustList) take(m *pthreadMutex) {
	next, prev := m.list.next.Load(), m.list.prev
	*l.prevOf(next) = prev
	l.nextOf(prev).Store(next)
	m.list.prev = 0
	m.list.next.Store(0)
	l.held = slices.DeleteFunc(l.held, func(h *pthreadMutex) bool { return h == m })
}

// prevOf and nextOf are the words of the link that an entry of the list is the
// address of. It is the head or a lock that this thread holds: none else is in it.
func (l *RobustList) prevOf(entry uintptr) *uintptr {
	if m := l.holding(entry); m != nil {
		return &m.list.prev
	}
	return &l.head.prev
}

func (l *RobustList) nextOf(entry uintptr) *atomic.Uintptr {
	if m := l.holding(entry); m != nil {
		return &m.list.next
	}
	return &l.head.list
}

func (l *RobustList) holding(entry uintptr) *pthreadMutex {
	for _, m := range l.held {
		if address(&m.list.next) == entry {
			return m
		}
	}
	return nil
}

func address(p *atomic.Uintptr) uintptr { return uintptr(unsafe.Pointer(p)) }
