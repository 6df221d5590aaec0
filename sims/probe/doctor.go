package probe

// The doctor: what this machine allows, found out by doing it.

import (
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sys/unix"
)

// Capability is one thing that a lesson may need.
type Capability struct {
	ID, Name string
	OK       bool
	// Detail says what was tried and what came back, with the errno.
	Detail string
	// Advice says what to do about it; "" when OK.
	Advice string
}

// Capabilities tries everything, the first time it is called: some tens of
// milliseconds, two short-lived children, and nothing left behind. main and
// TestMain must have called Become before, or what needs a child is reported as
// not possible.
func Capabilities() []Capability {
	return append([]Capability(nil), capabilities()...)
}

// Has says whether this machine allows something, and why not.
func Has(id string) (bool, string) {
	for _, c := range capabilities() {
		if c.ID == id {
			return c.OK, c.Detail
		}
	}
	return false, "no such capability: " + id
}

// capabilities keeps the answer: it does not change while we run.
var capabilities = sync.OnceValue(examine)

// trial is one thing to be tried. It gives what was found, or why not.
type trial struct {
	id, name string
	try      func(*patient) (string, error)
	advice   string
}

func examine() []Capability {
	p := admit()
	defer p.discharge()
	var all []Capability
	for _, t := range trials {
		detail, err := t.try(p)
		c := Capability{ID: t.id, Name: t.name, OK: err == nil, Detail: detail}
		if err != nil {
			c.Detail, c.Advice = explainErrno(err), t.advice
			if t.id == "ptrace" && !errors.Is(err, errNoHelper) {
				c.Advice = ptraceAdvice()
			}
		}
		all = append(all, c)
	}
	return all
}

// explainErrno writes an error with the name of its errno: "mq_open: function not
// implemented (ENOSYS)".
func explainErrno(err error) string {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return fmt.Sprintf("%v (%s)", err, errnoName(errno))
	}
	return err.Error()
}

// The advice that several trials share.
const (
	newerKernel  = "the lesson shows less without it; a newer kernel has it"
	container    = "a container's system call filter forbids it; run outside the container, or with --security-opt seccomp=unconfined"
	shmAdvice    = "mount it: sudo mount -t tmpfs -o mode=1777 tmpfs /dev/shm"
	usernsAdvice = "allow user namespaces: sudo sysctl user.max_user_namespaces=10000, and where AppArmor restricts them (Ubuntu 24.04) sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0; a container needs another seccomp profile"
)

var trials = []trial{
	{"ptrace", "the x-ray: tracing a child's system calls", (*patient).ptrace, ""},
	{"syscall-info", "system calls told in the same way on every processor", (*patient).syscallInfo, "the x-ray needs Linux 5.3 or later"},
	{"pidfd", "a descriptor that stands for a process", (*patient).pidfdOpen, "Linux 5.3 or later has it; " + container},
	{"pidfd-getfd", "a look at a child's descriptor from outside", (*patient).pidfdGetfd, "Linux 5.6 or later has it; " + container},
	{"socket-levels", "how full a socket is, seen from outside", (*patient).socketLevels, "a kernel with CONFIG_UNIX_DIAG tells it without pidfd_getfd (sudo modprobe unix_diag); " + container},
	{"proc-syscall", "the call that a child is blocked in", (*patient).procSyscall, "the kernel was built without CONFIG_HAVE_ARCH_TRACEHOOK, or /proc is restricted; wchan and the x-ray serve instead"},
	{"wchan", "the kernel function that a child sleeps in", (*patient).wchan, "the kernel hides it (kernel.kptr_restrict, or no CONFIG_KALLSYMS); the call it is blocked in serves instead"},
	{"proc-io", "the kernel's account of a child's reads and writes", tryIO, "the kernel was built without CONFIG_TASK_IO_ACCOUNTING, or /proc is restricted; the x-ray counts calls too"},
	{"proc-locks", "who has a file locked", tryLocks, "the kernel was built without CONFIG_FILE_LOCKING, or the container does not show /proc/locks: run outside of it"},
	{"process-vm-readv", "reading the memory of a child", (*patient).processVM, container},
	{"kcmp", "proof that two descriptors are one open file", (*patient).kcmp, container + "; the inode numbers in /proc serve instead"},
	{"userns", "namespaces without root, made and used", (*patient).userns, usernsAdvice},
	{"memfd", "memory files with seals", tryMemfd, "Linux 3.17 or later has it"},
	{"socketpair", "pairs of sockets, by which the tour and its children talk", trySocketpair, container},
	{"mq", "POSIX message queues", tryMq, "the kernel was built without CONFIG_POSIX_MQUEUE, fs.mqueue.msg_max is below 5 (sudo sysctl fs.mqueue.msg_max=10), or the limit of RLIMIT_MSGQUEUE is used up (ulimit -q)"},
	{"mq-limits", "the limits of message queues", tryMqLimits, "the kernel was built without CONFIG_POSIX_MQUEUE_SYSCTL, or a container hides /proc/sys/fs; the lesson leaves two of its claims out"},
	{"sysv", "System V queues, semaphores and shared memory", trySysV, "the kernel was built without CONFIG_SYSVIPC, or a limit is used up: ipcs -l"},
	{"mqueue-fs", "message queues as files", tryMqueueFS, "mount it: sudo mkdir -p /dev/mqueue && sudo mount -t mqueue none /dev/mqueue. Without it a queue's descriptor tells the same"},
	{"shm", "POSIX shared memory in /dev/shm", tryShm, shmAdvice},
	{"io-uring", "io_uring", tryIoUring, "sudo sysctl kernel.io_uring_disabled=0; " + container},
	{"landlock", "Landlock: a process takes rights from itself", tryLandlock, "Linux 5.13 or later, with landlock among the modules of the lsm= boot parameter"},
	{"so-peerpidfd", "a pidfd of the peer of a socket", tryPeerPidfd, newerKernel + " (6.5)"},
	{"pagemap-frames", "the numbers of page frames", tryPagemap, "only root (CAP_SYS_ADMIN) sees them; bit 56 of pagemap and Pss in smaps prove the same without"},
	{"pipe-size", "pipes of another size", tryPipeSize, "fs.pipe-user-pages-soft is used up: end other programs that hold many pipes"},
	{"rwf-nosignal", "a write to a pipe without SIGPIPE", tryNoSignal, newerKernel + " (6.18)"},
	{"futex-robust", "locks that survive the death of their owner", tryRobust, container},
	{"timerfd", "timers as descriptors", tryTimerfd, "the kernel was built without CONFIG_TIMERFD; " + container},
	{"signalfd", "signals as descriptors", trySignalfd, "the kernel was built without CONFIG_SIGNALFD; " + container},
	{"inotify", "files that change, as a descriptor", tryInotify, "the kernel was built without CONFIG_INOTIFY_USER, or a limit is used up: sudo sysctl fs.inotify.max_user_instances=1024; " + container},
	{"unix-sockets", "Unix sockets that listen and connect", tryUnixSockets, container},
	{"scm-fds", "descriptors in flight, counted", tryInFlight, newerKernel},
	{"signal-queue", "signals that wait in a queue", (*patient).signalQueue, "raise the limit (ulimit -i), or end the programs of this user that have signals waiting; " + container},
	{"cpus", "two processors or more", tryCPUs, "lessons about races show less on one processor; give the machine or the container two"},
	{"affinity", "a process kept on one processor", tryAffinity, container + "; the processes run where the kernel puts them"},
}
