package stage

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims/probe"
	"ipctour/sims/sys"
)

// How the kernel is asked about each kind of object. A new kind is one line in
// readers and one function: it gives the numbers of the object, or nil when
// nothing can be said now; missing says why a figure cannot be had on this machine.

var readers = map[string]func(*Run, *object) (n map[string]int64, missing string){
	"pipe":     (*Run).readPipe,
	"fifo":     (*Run).readPipe,
	"socket":   (*Run).readSocket,
	"memory":   (*Run).readMemory,
	"queue":    (*Run).readQueue,
	"eventfd":  (*Run).readEventfd,
	"timerfd":  (*Run).readTimerfd,
	"signalfd": (*Run).readSignalfd,
	"epoll":    (*Run).readEpoll,
	"mapped":   (*Run).readMapped,
	"file":     func(*Run, *object) (map[string]int64, string) { return map[string]int64{}, "" },
}

func (r *Run) read(o *object) (n map[string]int64, missing string) {
	if reader := readers[o.kind]; reader != nil {
		n, missing = reader(r, o)
	}
	if o.path != "" && n != nil {
		readPath(o.path, n)
	}
	if o.bound != "" && n != nil {
		countBound(o.bound, n)
	}
	if o.compared && n != nil {
		r.compare(o, n)
	}
	if o.locked && n != nil {
		r.readLocks(o, n)
	}
	return n, missing
}

// readLocks says which of the run's processes have a lock on an object, by /proc/locks.
// Who waits for a lock has none. A process that holds two counts once.
func (r *Run) readLocks(o *object, n map[string]int64) {
	inode := uint64(max(n["inode"], 0))
	if o.fd >= 0 {
		var st unix.Stat_t
		if unix.Fstat(o.fd, &st) != nil {
			return
		}
		inode = st.Ino
	}
	list, err := probe.Locks()
	if err != nil {
		return // not shown to us
	}
	n["locks"] = 0
	for _, p := range r.procs {
		name := "lock " + p.role.Name
		n[name] = 0
		if !p.dead && slices.ContainsFunc(list, func(l probe.Lock) bool { return l.PID == p.pid && l.Inode == inode && inode != 0 && !l.Waits }) {
			n[name] = 1
			n["locks"]++
		}
	}
}

// compare says, for an object that the wiring had compared, where the offset of each
// descriptor stands ("pos ROLE", by fdinfo), and how many open file descriptions
// are behind them all ("descriptions", by kcmp(2), where it is allowed).
func (r *Run) compare(o *object, n map[string]int64) {
	all := r.holders(o)
	var kinds []holder // one descriptor for each description found
	for _, h := range all {
		if info, err := probe.FDInfo(h.p.pid, h.fd); err == nil {
			number(n, "pos "+h.p.role.Name, info["pos"], "%d")
		}
		known := false
		for _, k := range kinds {
			same, err := sys.SameFile(k.p.pid, k.fd, h.p.pid, h.fd)
			if err != nil {
				return // denied, or one of them has just been closed
			}
			known = known || same
		}
		if !known {
			kinds = append(kinds, h)
		}
	}
	n["descriptions"] = int64(len(kinds))
}

// holder is a process that has an object open, by its table as last read.
type holder struct {
	p    *process
	fd   int
	mode string
}

func (r *Run) holders(o *object) []holder {
	var list []holder
	for _, p := range r.procs {
		if p.dead {
			continue
		}
		for _, f := range p.last.fds {
			if f.Object == o.name {
				list = append(list, holder{p, f.N, f.Mode})
			}
		}
	}
	return list
}

// ask gives a duplicate of a holder's descriptor to f. The descriptor may have
// been closed, and its number used again, since the table was read: EBADF then.
func (r *Run) ask(h holder, o *object, f func(fd int) error) error {
	target, err := os.Readlink(fdPath(h.p.pid, h.fd))
	if err != nil || r.objectAt(h.p.role.Name, h.fd, target) != o.name {
		return unix.EBADF
	}
	return probe.WithFD(h.p.pid, h.p.pidfd, h.fd, f)
}

// why says what a failed question means: a reason that will stay, or "" where
// the object has just gone and the next beat will tell.
func why(err error) string {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) {
		return err.Error()
	}
	return ""
}

// readPipe counts the open ends of a pipe over all processes of the run and asks
// one of them for the level.
func (r *Run) readPipe(o *object) (map[string]int64, string) {
	n := map[string]int64{"writers": 0, "readers": 0, "queued": 0}
	var one *holder
	for _, h := range r.holders(o) {
		if h.mode != "r" {
			n["writers"]++
		}
		if h.mode != "w" {
			n["readers"]++
		}
		// A write end is asked where there is a choice: see probe.PipeLevel.
		if one == nil || h.mode == "w" {
			one = &h
		}
	}
	if one == nil {
		return n, "" // nobody holds it: an anonymous pipe is gone, bytes and all
	}
	err := r.ask(*one, o, func(fd int) (err error) {
		n["queued"], n["capacity"], err = probe.PipeLevel(fd)
		return err
	})
	if err != nil {
		if why(err) == "" {
			return nil, ""
		}
		delete(n, "queued")
	}
	return n, why(err)
}

// readSocket asks one holder of a socket how many bytes wait in its receive
// buffer (in: SIOCINQ) and how much of what it sent has not been taken yet (out:
// SIOCOUTQ, with the kernel's overhead), in bytes, and for the buffers' limits;
// how many descriptors are in flight to it (flying); and of one that listens how many
// connections nobody has accepted yet (waiting).
func (r *Run) readSocket(o *object) (map[string]int64, string) {
	all := r.holders(o)
	n := map[string]int64{"holders": int64(len(all))}
	if len(all) == 0 {
		return n, ""
	}
	err := r.ask(all[0], o, func(fd int) error {
		for _, q := range []struct {
			name  string
			level int
			opt   int
		}{{"sndbuf", unix.SOL_SOCKET, unix.SO_SNDBUF}, {"rcvbuf", unix.SOL_SOCKET, unix.SO_RCVBUF},
			{"type", unix.SOL_SOCKET, unix.SO_TYPE}, {"listens", unix.SOL_SOCKET, unix.SO_ACCEPTCONN}} {
			v, err := unix.GetsockoptInt(fd, q.level, q.opt)
			if err != nil {
				return os.NewSyscallError("getsockopt", err)
			}
			n[q.name] = int64(v)
		}
		if n["listens"] != 0 {
			return nil // it has no bytes, only connections
		}
		number(n, "flying", r.info(o)["scm_fds"], "%d")
		in, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
		if err != nil {
			return os.NewSyscallError("ioctl(SIOCINQ)", err)
		}
		out, err := unix.IoctlGetInt(fd, unix.TIOCOUTQ)
		if err != nil {
			return os.NewSyscallError("ioctl(SIOCOUTQ)", err)
		}
		n["in"], n["out"] = int64(in), int64(out)
		return nil
	})
	if why(err) != "" { // the machine lends nobody a descriptor
		err = diagSocket(all[0], n, err)
		number(n, "flying", r.info(o)["scm_fds"], "%d")
	}
	if err != nil && why(err) == "" {
		return nil, ""
	}
	if n["listens"] != 0 {
		countWaiting(o, n)
	}
	return n, why(err)
}

// diagSocket asks for a socket by its inode (sock_diag(7)). Where that is denied too,
// the error stays that of the first attempt.
func diagSocket(h holder, n map[string]int64, denied error) error {
	target, err := os.Readlink(fdPath(h.p.pid, h.fd))
	if err != nil {
		return err
	}
	var inode uint32
	if _, err := fmt.Sscanf(target, "socket:[%d]", &inode); err != nil {
		return denied
	}
	l, err := probe.SocketByInode(inode)
	if err != nil {
		return denied
	}
	n["type"], n["sndbuf"], n["rcvbuf"], n["listens"] = int64(l.Type), l.SndBuf, l.RcvBuf, 0
	if l.Listens {
		n["listens"] = 1
		return nil
	}
	n["in"], n["out"] = l.In, l.Out
	return nil
}

// countWaiting counts the connections in the queue of a socket that listens: they
// bear its name, and have no inode before accept(2) gives them one.
func countWaiting(o *object, n map[string]int64) {
	list, err := probe.UnixSockets()
	if err != nil {
		return // /proc/net is not shown to us: the number stays unknown
	}
	at := slices.IndexFunc(list, func(s probe.UnixSocket) bool {
		return s.Inode != 0 && slices.Contains(o.targets, fmt.Sprintf("socket:[%d]", s.Inode))
	})
	if at < 0 {
		return
	}
	n["waiting"] = 0
	for _, s := range list {
		if s.Path == list[at].Path && s.Inode == 0 && s.Connected {
			n["waiting"]++
		}
	}
}

// countBound counts the sockets that are bound to an abstract name (bound).
func countBound(name string, n map[string]int64) {
	list, err := probe.UnixSockets()
	if err != nil {
		return // as above
	}
	n["bound"] = 0
	for _, s := range list {
		if s.Path == name && s.Inode != 0 {
			n["bound"]++
		}
	}
}

// readMemory reads the words that the wiring named out of shared memory, by
// pread(2): it takes no part in what the processes do there.
func (r *Run) readMemory(o *object) (map[string]int64, string) {
	n := map[string]int64{}
	if o.fd < 0 && o.path != "" {
		fd, err := unix.Open(o.path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
		if err != nil {
			return n, "" // not made yet, or removed
		}
		defer unix.Close(fd)
		return readCells(fd, o.cells, n)
	}
	return readCells(o.fd, o.cells, n)
}

// mostMapped is how many pages of a file are told one by one.
const mostMapped = 1024

// readMapped looks at a file that processes map: which of its pages the kernel
// has in memory ("page N" is 1 or 0, by mincore(2), and resident counts them), and
// the words in it that the wiring named. To read a word brings its page in.
func (r *Run) readMapped(o *object) (map[string]int64, string) {
	n := map[string]int64{}
	fd, err := unix.Open(o.path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return n, "" // not made yet, or removed
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Size == 0 {
		return n, ""
	}
	page := int64(os.Getpagesize())
	b, err := unix.Mmap(fd, 0, int(min(st.Size, mostMapped*page)), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return n, os.NewSyscallError("mmap", err).Error()
	}
	in, err := sys.Resident(b, int(page))
	_ = unix.Munmap(b) // it has just been mapped, and none of it was touched
	if err != nil {    // the words are there all the same
		n, _ = readCells(fd, o.cells, n)
		return n, err.Error()
	}
	n["pages"], n["resident"] = (st.Size+page-1)/page, 0
	for i, resident := range in {
		name := fmt.Sprintf("page %d", i)
		n[name] = 0
		if resident {
			n[name] = 1
			n["resident"]++
		}
	}
	return readCells(fd, o.cells, n)
}

func readCells(fd int, cells []Cell, n map[string]int64) (map[string]int64, string) {
	var b [8]byte
	for _, w := range cells {
		got, err := unix.Pread(fd, b[:w.Size], w.Offset)
		if err != nil || got < w.Size {
			continue // beyond the end: not sized yet
		}
		var v uint64
		for i := w.Size - 1; i >= 0; i-- { // both processors that we build for are little-endian
			v = v<<8 | uint64(b[i])
		}
		n[w.Name] = int64(v)
	}
	return n, ""
}

// readQueue opens a message queue by its name and asks for its attributes
// (mq_getattr(3)). It takes no message. A queue whose name was removed is asked
// through whichever process still has it open.
func (r *Run) readQueue(o *object) (map[string]int64, string) {
	all := r.holders(o)
	n := map[string]int64{"exists": 0, "holders": int64(len(all)), "messages": 0}
	ask := func(mqd int) error {
		a, err := sys.MqAttributes(mqd)
		if err == nil {
			n["messages"], n["depth"], n["size"] = a.CurMsgs, a.MaxMsg, a.MsgSize
		}
		return err
	}
	mqd, err := sys.MqOpen(o.mq, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0, nil)
	switch {
	case err == nil:
		n["exists"] = 1
		defer unix.Close(mqd)
		err = ask(mqd)
	case errors.Is(err, unix.ENOENT) && len(all) > 0:
		err = r.ask(all[0], o, ask)
	case errors.Is(err, unix.ENOENT):
		err = nil // not made yet, or gone
	}
	if err == nil {
		return n, ""
	}
	if why(err) == "" {
		return nil, ""
	}
	delete(n, "messages")
	return n, why(err)
}

// info reads the fdinfo of whichever process holds the object; nil when none does.
func (r *Run) info(o *object) map[string]string {
	for _, h := range r.holders(o) {
		if info, err := probe.FDInfo(h.p.pid, h.fd); err == nil {
			return info
		}
	}
	return nil
}

// number parses a number of fdinfo into n; what is not there is left out.
func number(n map[string]int64, name, text, format string) {
	var v uint64
	if _, err := fmt.Sscanf(strings.TrimSpace(text), format, &v); err == nil {
		n[name] = int64(v)
	}
}

// readEventfd gives count (eventfd-count) and semaphore (1 or 0).
func (r *Run) readEventfd(o *object) (map[string]int64, string) {
	n, info := map[string]int64{"holders": int64(len(r.holders(o)))}, r.info(o)
	number(n, "count", info["eventfd-count"], "%x")
	number(n, "semaphore", info["eventfd-semaphore"], "%d")
	return n, ""
}

// readTimerfd gives ticks (expirations not read yet), and left and interval in ns.
// A periodic timer that has expired stands still until somebody asks: fdinfo would
// say 1 for ever. timerfd_gettime(2) has the kernel count what went by since and set
// the timer going again; nothing is taken from who reads.
func (r *Run) readTimerfd(o *object) (map[string]int64, string) {
	all := r.holders(o)
	n, missing := map[string]int64{"holders": int64(len(all))}, ""
	if len(all) > 0 {
		err := r.ask(all[0], o, func(fd int) error {
			var now unix.ItimerSpec
			return os.NewSyscallError("timerfd_gettime", unix.TimerfdGettime(fd, &now))
		})
		missing = why(err) // then ticks are 0, or 1 for "one at least"
	}
	info := r.info(o)
	number(n, "ticks", info["ticks"], "%d")
	for name, key := range map[string]string{"left": "it_value", "interval": "it_interval"} {
		var s, ns int64
		if _, err := fmt.Sscanf(strings.TrimSpace(info[key]), "(%d, %d)", &s, &ns); err == nil {
			n[name] = s*1e9 + ns
		}
	}
	return n, missing
}

// readSignalfd gives mask: bit n−1 for signal n.
func (r *Run) readSignalfd(o *object) (map[string]int64, string) {
	n, info := map[string]int64{"holders": int64(len(r.holders(o)))}, r.info(o)
	number(n, "mask", info["sigmask"], "%x")
	return n, ""
}

// readEpoll gives watched, how many descriptors are in the interest list, and
// "tfd N", the events (EPOLLIN …) asked for on descriptor N of the process.
func (r *Run) readEpoll(o *object) (map[string]int64, string) {
	n, info := map[string]int64{"holders": int64(len(r.holders(o)))}, r.info(o)
	n["watched"] = 0
	for line := range strings.Lines(info["tfd"]) {
		var fd int
		var events int64
		if _, err := fmt.Sscanf(strings.TrimSpace(line), "%d events: %x", &fd, &events); err == nil {
			n["watched"]++
			n[fmt.Sprintf("tfd %d", fd)] = events
		}
	}
	return n, ""
}

// readMapping says what a process's page tables and the kernel's account of its
// mapping say about an address, for a role that told of it with Mapped.
func (r *Run) readMapping(p *process, object string) {
	m := p.maps[object]
	n, err := probe.Mapping(p.pid, m.address)
	if err != nil {
		return // it is ending, or has unmapped it: the last reading stands
	}
	n["length"] = m.length
	if maps.Equal(n, m.last) {
		return
	}
	m.last = n
	p.maps[object] = m
	r.journal.Add(Event{Who: object + "@" + p.role.Name, Source: FromKernel, Kind: Reading, Name: "mapping", N: n})
}

// readPath says what the file system knows of a name.
func readPath(path string, n map[string]int64) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		n["exists"] = 0
		return
	}
	n["exists"], n["size"], n["mode"], n["inode"] = 1, st.Size, int64(st.Mode), int64(st.Ino)
}

func fdPath(pid, fd int) string { return fmt.Sprintf("/proc/%d/fd/%d", pid, fd) }
