package probe

// Calls that amd64 has and arm64 has not, or has with another order of arguments.

import "golang.org/x/sys/unix"

var signaturesOfArch = map[int]signature{
	unix.SYS_CLONE:        {"clone", "flags:clone stack:ptr parent_tid:ptr child_tid:ptr tls:ptr"},
	unix.SYS_OPEN:         {"open", "path:path flags:open mode:mode"},
	unix.SYS_CREAT:        {"creat", "path:path mode:mode"},
	unix.SYS_PIPE:         {"pipe", "fds:outpair"},
	unix.SYS_DUP2:         {"dup2", "fd:fd newfd:fd"},
	unix.SYS_POLL:         {"poll", "fds:ptr nfds:uint timeout:int"},
	unix.SYS_SELECT:       {"select", "nfds:int readfds:ptr writefds:ptr exceptfds:ptr timeout:ptr"},
	unix.SYS_EPOLL_CREATE: {"epoll_create", "size:int"},
	unix.SYS_EPOLL_WAIT:   {"epoll_wait", "epfd:fd events:ptr maxevents:int timeout:int"},
	unix.SYS_EVENTFD:      {"eventfd", "initval:uint"},
	unix.SYS_SIGNALFD:     {"signalfd", "fd:fd mask:sigset size:size"},
	unix.SYS_INOTIFY_INIT: {"inotify_init", ""},
	unix.SYS_FORK:         {"fork", ""},
	unix.SYS_VFORK:        {"vfork", ""},
	unix.SYS_PAUSE:        {"pause", ""},
	unix.SYS_ALARM:        {"alarm", "seconds:uint"},
	unix.SYS_GETPGRP:      {"getpgrp", ""},
	unix.SYS_ARCH_PRCTL:   {"arch_prctl", "code:hex addr:ptr"},
	unix.SYS_STAT:         {"stat", "path:path stat:ptr"},
	unix.SYS_LSTAT:        {"lstat", "path:path stat:ptr"},
	unix.SYS_ACCESS:       {"access", "path:path mode:int"},
	unix.SYS_MKDIR:        {"mkdir", "path:path mode:mode"},
	unix.SYS_RMDIR:        {"rmdir", "path:path"},
	unix.SYS_MKNOD:        {"mknod", "path:path mode:filemode dev:hex"},
	unix.SYS_UNLINK:       {"unlink", "path:path"},
	unix.SYS_RENAME:       {"rename", "old:path new:path"},
	unix.SYS_LINK:         {"link", "old:path new:path"},
	unix.SYS_SYMLINK:      {"symlink", "target:path path:path"},
	unix.SYS_READLINK:     {"readlink", "path:path buf:out size:size"},
	unix.SYS_CHMOD:        {"chmod", "path:path mode:mode"},
	unix.SYS_CHOWN:        {"chown", "path:path uid:int gid:int"},
	unix.SYS_GETDENTS:     {"getdents", "fd:fd buf:ptr count:size"},
	unix.SYS_TIME:         {"time", "t:ptr"},
}
