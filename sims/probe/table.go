package probe

// The table of system calls: names, and what each argument is. The words behind
// the colon are the kinds of words.go.

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// signature is a system call as the x-ray writes it.
type signature struct {
	name   string
	params string // "fd:fd buf:in count:size"
}

// SyscallName names a system call of this architecture; "syscall_NNN" when the
// table has it not.
func SyscallName(nr int) string {
	if s, ok := lookup(nr); ok {
		return s.name
	}
	return "syscall_" + strconv.Itoa(nr)
}

func lookup(nr int) (signature, bool) {
	for _, table := range [...]map[int]signature{signatures, otherSignatures, signaturesOfArch} {
		if s, ok := table[nr]; ok {
			return s, true
		}
	}
	return signature{}, false
}

// firstIsFD says whether a call's first argument is a descriptor.
func firstIsFD(nr int) bool {
	s, _ := lookup(nr)
	_, kind, _ := strings.Cut(strings.SplitN(s.params, " ", 2)[0], ":")
	return kind == "fd"
}

// fillsIn says whether a call writes something that the x-ray shows at its exit.
func fillsIn(nr int) bool {
	s, _ := lookup(nr)
	return strings.Contains(s.params, ":out")
}

var signatures = map[int]signature{
	// Data through descriptors.
	unix.SYS_READ:            {"read", "fd:fd buf:out count:size"},
	unix.SYS_WRITE:           {"write", "fd:fd buf:in count:size"},
	unix.SYS_PREAD64:         {"pread64", "fd:fd buf:out count:size offset:long"},
	unix.SYS_PWRITE64:        {"pwrite64", "fd:fd buf:in count:size offset:long"},
	unix.SYS_READV:           {"readv", "fd:fd iov:ptr iovcnt:int"},
	unix.SYS_WRITEV:          {"writev", "fd:fd iov:ptr iovcnt:int"},
	unix.SYS_LSEEK:           {"lseek", "fd:fd offset:long whence:int"},
	unix.SYS_SPLICE:          {"splice", "fd_in:fd off_in:ptr fd_out:fd off_out:ptr len:size flags:splice"},
	unix.SYS_VMSPLICE:        {"vmsplice", "fd:fd iov:ptr nr_segs:size flags:splice"},
	unix.SYS_TEE:             {"tee", "fd_in:fd fd_out:fd len:size flags:splice"},
	unix.SYS_SENDFILE:        {"sendfile", "out_fd:fd in_fd:fd offset:ptr count:size"},
	unix.SYS_COPY_FILE_RANGE: {"copy_file_range", "fd_in:fd off_in:ptr fd_out:fd off_out:ptr len:size flags:hex"},

	// Descriptors.
	unix.SYS_OPENAT:      {"openat", "dirfd:fd path:path flags:open mode:mode"},
	unix.SYS_OPENAT2:     {"openat2", "dirfd:fd path:path how:ptr size:size"},
	unix.SYS_CLOSE:       {"close", "fd:fd"},
	unix.SYS_CLOSE_RANGE: {"close_range", "first:uint last:uint flags:hex"},
	unix.SYS_PIPE2:       {"pipe2", "fds:outpair flags:open"},
	unix.SYS_DUP:         {"dup", "fd:fd"},
	unix.SYS_DUP3:        {"dup3", "fd:fd newfd:fd flags:open"},
	unix.SYS_FCNTL:       {"fcntl", "fd:fd cmd:fcntl arg:fcntlarg"},
	unix.SYS_IOCTL:       {"ioctl", "fd:fd request:ioctl arg:outioctl"},
	unix.SYS_FLOCK:       {"flock", "fd:fd operation:flock"},
	unix.SYS_KCMP:        {"kcmp", "pid1:int pid2:int type:int a:uint b:uint"},
	unix.SYS_EVENTFD2:    {"eventfd2", "initval:uint flags:open"},
	unix.SYS_SIGNALFD4:   {"signalfd4", "fd:fd mask:sigset size:size flags:open"},

	unix.SYS_TIMERFD_CREATE:  {"timerfd_create", "clock:clock flags:open"},
	unix.SYS_TIMERFD_SETTIME: {"timerfd_settime", "fd:fd flags:tfd new:ptr old:ptr"},
	unix.SYS_TIMERFD_GETTIME: {"timerfd_gettime", "fd:fd curr:ptr"},
	unix.SYS_EPOLL_CREATE1:   {"epoll_create1", "flags:open"},
	unix.SYS_EPOLL_CTL:       {"epoll_ctl", "epfd:fd op:epollop fd:fd event:ptr"},
	unix.SYS_EPOLL_PWAIT:     {"epoll_pwait", "epfd:fd events:ptr maxevents:int timeout:int sigmask:sigset"},
	unix.SYS_EPOLL_PWAIT2:    {"epoll_pwait2", "epfd:fd events:ptr maxevents:int timeout:timespec sigmask:sigset"},
	unix.SYS_PPOLL:           {"ppoll", "fds:ptr nfds:uint timeout:timespec sigmask:sigset"},
	unix.SYS_PSELECT6:        {"pselect6", "nfds:int readfds:ptr writefds:ptr exceptfds:ptr timeout:timespec sigmask:ptr"},
	unix.SYS_INOTIFY_INIT1:   {"inotify_init1", "flags:open"},
	unix.SYS_IO_URING_SETUP:  {"io_uring_setup", "entries:uint params:ptr"},
	unix.SYS_IO_URING_ENTER:  {"io_uring_enter", "fd:fd to_submit:uint min_complete:uint flags:hex"},

	unix.SYS_INOTIFY_ADD_WATCH: {"inotify_add_watch", "fd:fd path:path mask:inotify"},
	unix.SYS_INOTIFY_RM_WATCH:  {"inotify_rm_watch", "fd:fd wd:int"},
	unix.SYS_IO_URING_REGISTER: {"io_uring_register", "fd:fd opcode:uint arg:ptr nr_args:uint"},

	// Sockets.
	unix.SYS_SOCKET:      {"socket", "domain:domain type:socktype protocol:int"},
	unix.SYS_SOCKETPAIR:  {"socketpair", "domain:domain type:socktype protocol:int fds:outpair"},
	unix.SYS_BIND:        {"bind", "fd:fd addr:sockaddr addrlen:uint"},
	unix.SYS_LISTEN:      {"listen", "fd:fd backlog:int"},
	unix.SYS_ACCEPT:      {"accept", "fd:fd addr:ptr addrlen:ptr"},
	unix.SYS_ACCEPT4:     {"accept4", "fd:fd addr:ptr addrlen:ptr flags:socktype0"},
	unix.SYS_CONNECT:     {"connect", "fd:fd addr:sockaddr addrlen:uint"},
	unix.SYS_SENDTO:      {"sendto", "fd:fd buf:in len:size flags:msg addr:sockaddr addrlen:uint"},
	unix.SYS_RECVFROM:    {"recvfrom", "fd:fd buf:out len:size flags:msg addr:ptr addrlen:ptr"},
	unix.SYS_SENDMSG:     {"sendmsg", "fd:fd msg:ptr flags:msg"},
	unix.SYS_RECVMSG:     {"recvmsg", "fd:fd msg:ptr flags:msg"},
	unix.SYS_SENDMMSG:    {"sendmmsg", "fd:fd msgvec:ptr vlen:uint flags:msg"},
	unix.SYS_RECVMMSG:    {"recvmmsg", "fd:fd msgvec:ptr vlen:uint flags:msg timeout:timespec"},
	unix.SYS_SHUTDOWN:    {"shutdown", "fd:fd how:shut"},
	unix.SYS_SETSOCKOPT:  {"setsockopt", "fd:fd level:level name:sockopt value:ptr len:uint"},
	unix.SYS_GETSOCKOPT:  {"getsockopt", "fd:fd level:level name:sockopt value:ptr len:ptr"},
	unix.SYS_GETSOCKNAME: {"getsockname", "fd:fd addr:ptr addrlen:ptr"},
	unix.SYS_GETPEERNAME: {"getpeername", "fd:fd addr:ptr addrlen:ptr"},

	// POSIX and System V queues, semaphores and memory. The queue's name has no
	// leading slash here: the C library takes it off.
	unix.SYS_MQ_OPEN:         {"mq_open", "name:path oflag:open mode:mode attr:ptr"},
	unix.SYS_MQ_UNLINK:       {"mq_unlink", "name:path"},
	unix.SYS_MQ_TIMEDSEND:    {"mq_timedsend", "mqd:fd msg:in len:size prio:uint timeout:timespec"},
	unix.SYS_MQ_TIMEDRECEIVE: {"mq_timedreceive", "mqd:fd msg:out len:size prio:outint timeout:timespec"},
	unix.SYS_MQ_NOTIFY:       {"mq_notify", "mqd:fd event:ptr"},
	unix.SYS_MQ_GETSETATTR:   {"mq_getsetattr", "mqd:fd new:ptr old:ptr"},
	unix.SYS_MSGGET:          {"msgget", "key:key flags:ipc"},
	unix.SYS_MSGSND:          {"msgsnd", "id:int msg:inmsg size:size flags:ipc"},
	unix.SYS_MSGRCV:          {"msgrcv", "id:int msg:outmsg size:size type:long flags:ipc"},
	unix.SYS_MSGCTL:          {"msgctl", "id:int cmd:ipccmd buf:ptr"},
	unix.SYS_SEMGET:          {"semget", "key:key nsems:int flags:ipc"},
	unix.SYS_SEMOP:           {"semop", "id:int sops:ptr nsops:size"},
	unix.SYS_SEMTIMEDOP:      {"semtimedop", "id:int sops:ptr nsops:size timeout:timespec"},
	unix.SYS_SEMCTL:          {"semctl", "id:int num:int cmd:semcmd arg:hex"},
	unix.SYS_SHMGET:          {"shmget", "key:key size:size flags:ipc"},
	unix.SYS_SHMAT:           {"shmat", "id:int addr:ptr flags:hex"},
	unix.SYS_SHMDT:           {"shmdt", "addr:ptr"},
	unix.SYS_SHMCTL:          {"shmctl", "id:int cmd:ipccmd buf:ptr"},

	// Memory.
	unix.SYS_MMAP:              {"mmap", "addr:ptr length:size prot:prot flags:map fd:fd offset:size"},
	unix.SYS_MUNMAP:            {"munmap", "addr:ptr length:size"},
	unix.SYS_MREMAP:            {"mremap", "addr:ptr old_size:size new_size:size flags:hex new_addr:ptr"},
	unix.SYS_MSYNC:             {"msync", "addr:ptr length:size flags:msync"},
	unix.SYS_MPROTECT:          {"mprotect", "addr:ptr length:size prot:prot"},
	unix.SYS_MADVISE:           {"madvise", "addr:ptr length:size advice:madvice"},
	unix.SYS_MINCORE:           {"mincore", "addr:ptr length:size vec:ptr"},
	unix.SYS_MLOCK:             {"mlock", "addr:ptr length:size"},
	unix.SYS_BRK:               {"brk", "addr:ptr"},
	unix.SYS_MEMFD_CREATE:      {"memfd_create", "name:path flags:memfd"},
	unix.SYS_PROCESS_VM_READV:  {"process_vm_readv", "pid:int local:ptr liovcnt:uint remote:ptr riovcnt:uint flags:hex"},
	unix.SYS_PROCESS_VM_WRITEV: {"process_vm_writev", "pid:int local:ptr liovcnt:uint remote:ptr riovcnt:uint flags:hex"},

	// Locks and signals.
	unix.SYS_FUTEX:             {"futex", "uaddr:ptr op:futex val:hex timeout:futextime uaddr2:ptr val3:hex"},
	unix.SYS_SET_ROBUST_LIST:   {"set_robust_list", "head:ptr len:size"},
	unix.SYS_GET_ROBUST_LIST:   {"get_robust_list", "pid:int head:ptr len:ptr"},
	unix.SYS_KILL:              {"kill", "pid:int sig:sig"},
	unix.SYS_TKILL:             {"tkill", "tid:int sig:sig"},
	unix.SYS_TGKILL:            {"tgkill", "tgid:int tid:int sig:sig"},
	unix.SYS_RT_SIGACTION:      {"rt_sigaction", "sig:sig new:ptr old:ptr size:size"},
	unix.SYS_RT_SIGPROCMASK:    {"rt_sigprocmask", "how:sighow set:sigset old:ptr size:size"},
	unix.SYS_RT_SIGPENDING:     {"rt_sigpending", "set:ptr size:size"},
	unix.SYS_RT_SIGSUSPEND:     {"rt_sigsuspend", "mask:sigset size:size"},
	unix.SYS_RT_SIGTIMEDWAIT:   {"rt_sigtimedwait", "set:sigset info:ptr timeout:timespec size:size"},
	unix.SYS_RT_SIGQUEUEINFO:   {"rt_sigqueueinfo", "tgid:int sig:sig info:ptr"},
	unix.SYS_RT_TGSIGQUEUEINFO: {"rt_tgsigqueueinfo", "tgid:int tid:int sig:sig info:ptr"},
	unix.SYS_RT_SIGRETURN:      {"rt_sigreturn", ""},
	unix.SYS_SIGALTSTACK:       {"sigaltstack", "new:ptr old:ptr"},
	unix.SYS_PIDFD_OPEN:        {"pidfd_open", "pid:int flags:hex"},
	unix.SYS_PIDFD_GETFD:       {"pidfd_getfd", "pidfd:fd targetfd:fd flags:hex"},
	unix.SYS_PIDFD_SEND_SIGNAL: {"pidfd_send_signal", "pidfd:fd sig:sig info:ptr flags:hex"},
}
