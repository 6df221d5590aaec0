package stage

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"ipctour/sims/probe"
)

// process is one child, from the parent's side.
type process struct {
	run      *Run
	role     *Role
	pid      int
	pidfd    int
	minder   *probe.Minder
	watcher  *probe.Watcher
	page     *page
	link     int // our end
	theirs   int // the child's end, until it has been started; then -1
	pageFD   int
	stderr   int // our end of its standard error
	errors   int // its end of that, until it has been started; then -1
	last     looked
	maps     map[string]mapped // what the role said it has mapped, by object; under run.mu
	calls    calls
	dead     bool // reaped; under run.mu
	foreign  bool // it has become another program; under run.mu
	asked    bool // killed by the stage on purpose; under run.mu
	unlinked chan struct{}
	gone     chan struct{} // closed when it is reaped and all it said was taken
	once     sync.Once
}

// mapped is where an object lies in the memory of a process.
type mapped struct {
	address uint64
	length  int64 // bytes
	last    map[string]int64
}

// newProcess makes the page and the link of a child to be.
func (r *Run) newProcess(role *Role) (*process, error) {
	p := &process{run: r, role: role, pidfd: -1, link: -1, theirs: -1, pageFD: -1, stderr: -1, errors: -1,
		maps: map[string]mapped{}, unlinked: make(chan struct{}), gone: make(chan struct{})}
	var err error
	if p.page, p.pageFD, err = newPage(); err != nil {
		return nil, err
	}
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		p.discard()
		return nil, fmt.Errorf("link of %s: %w", role.Name, os.NewSyscallError("socketpair", err))
	}
	p.link, p.theirs = ends[0], ends[1]
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		p.discard()
		return nil, fmt.Errorf("standard error of %s: %w", role.Name, os.NewSyscallError("pipe2", err))
	}
	p.stderr, p.errors = pipe[0], pipe[1]
	for setting, v := range r.wiring.settings[role.Name] {
		i := index(role.Settings, setting)
		if i < 0 {
			p.discard()
			return nil, fmt.Errorf("role %s declares no setting %q", role.Name, setting)
		}
		p.page.settings[i].Store(v)
	}
	if r.stepping {
		p.page.stepping.Store(1)
	}
	return p, nil
}

// startRole starts a role's process. The caller holds r.mu.
func (r *Run) startRole(role *Role) error {
	p, err := r.newProcess(role)
	if err != nil {
		return err
	}
	files, names, err := r.wiring.files(role.Name, p.errors)
	if err != nil {
		p.discard()
		return err
	}
	files = withHouse(files, p.theirs, p.pageFD)
	wards := map[string]ward{}
	next := pageFD + 1
	for i := range r.spec.Roles {
		name := r.spec.Roles[i].Name
		if w := r.wards[name]; w != nil && r.spec.Roles[i].By == role.Name {
			files = append(files, uintptr(w.theirs), uintptr(w.pageFD), uintptr(w.errors))
			wards[name] = ward{next, next + 1, next + 2}
			next += 3
		}
	}
	if err := p.greet(names, wards); err != nil {
		p.discard()
		return err
	}
	p.pid, p.pidfd, err = r.house.spawner.start(roleArgs(r.spec.Lesson, role.Name, 0), files, r.group, role.Blocked)
	if err != nil {
		p.discard()
		return err
	}
	if r.group, err = unix.Getpgid(p.pid); err != nil || r.group == 0 {
		r.group = p.pid
	}
	r.groups[r.group] = true
	r.seat(role.Name, names)
	for name := range wards {
		r.wards[name].closeTheirs() // the parent-to-be carries them now
	}
	r.adopt(p, "")
	return nil
}

// seat notes which of the wiring's objects a role was given at which number.
func (r *Run) seat(role string, names map[string]int) {
	for _, g := range r.wiring.grants[role] {
		r.seats[seat{role, names[g.name]}] = g.end.object
	}
}

// greet sends the child its first packet; it waits in the socket until it is read.
func (p *process) greet(names map[string]int, wards map[string]ward) error {
	args := map[string]string{}
	for k, v := range p.run.wiring.options {
		args[k] = v
	}
	for k, v := range p.run.wiring.args[p.role.Name] {
		args[k] = v
	}
	return sendPacket(p.link, hello{FDs: names, Args: args, Wards: wards})
}

// adopt begins to look after a process that has been started. The caller holds r.mu.
func (r *Run) adopt(p *process, parent string) {
	p.closeTheirs()
	if old := r.procs[p.role.Name]; old != nil {
		old.discard()
	}
	r.procs[p.role.Name] = p
	r.receipt.Processes++
	e := Event{Who: p.role.Name, Source: FromKernel, Kind: Born, N: map[string]int64{"pid": int64(p.pid)}}
	if parent != "" {
		e.S = map[string]string{"parent": parent}
	}
	r.journal.Add(e)
	if p.page.stepping.Load() == 0 && r.stepping {
		p.page.stepping.Store(1)
	}
	watcher, err := probe.Watch(p.pid)
	if err == nil { // a process that is gone already is not watched
		p.watcher = watcher
	}
	r.links.Add(1)
	go p.listen()
	errors := make(chan string, 1)
	go p.readErrors(errors)
	p.minder = probe.Mind(p.pid, p.pidfd, func(status unix.WaitStatus, _ unix.Rusage) { p.died(status, errors) }, p.called)
	p.minder.Ignore(ours)
}

// ours are calls that the tour's own part of the child makes.
func ours(nr int, args [6]uint64) bool {
	switch nr {
	case unix.SYS_READ, unix.SYS_WRITE, unix.SYS_SENDMSG, unix.SYS_RECVMSG, unix.SYS_CLOSE, unix.SYS_FCNTL:
		return args[0] == linkFD || args[0] == pageFD
	}
	return false
}

// listen takes what the child says until the end of its link.
func (p *process) listen() {
	defer p.run.links.Done()
	defer close(p.unlinked)
	buf := make([]byte, maxPacket)
	for {
		var m message
		ok, err := recvPacket(p.link, buf, &m)
		if err != nil {
			p.trouble(err.Error(), "")
			return
		}
		if !ok {
			return
		}
		p.heard(m)
	}
}

func (p *process) heard(m message) {
	r := p.run
	e := Event{Who: p.role.Name, Source: FromChild, At: r.journal.since(m.At), Name: m.Name, N: m.N, S: m.S}
	switch m.Kind {
	case "moment":
		e.Kind = Moment
		r.journal.Add(e)
	case "hold":
		e.Kind = Hold
		r.mu.Lock()
		r.hold(p.role.Name, m.Name, int(m.N["fd"]), m.S["target"])
		r.mu.Unlock()
		r.journal.Add(e)
	case "mapped":
		r.mu.Lock()
		p.maps[m.Name] = mapped{address: uint64(m.N["address"]), length: m.N["length"]}
		r.mu.Unlock()
	case "exec":
		r.mu.Lock()
		p.foreign = true
		r.mu.Unlock()
		e.Kind = Became
		r.journal.Add(e)
	case "forked":
		if err := r.forked(p, m); err != nil {
			p.trouble(err.Error(), "")
		}
	case "trouble":
		p.trouble(m.S["text"], "")
	default:
		p.trouble(fmt.Sprintf("unknown word %q on the link", m.Kind), "")
	}
	r.Poke()
}

// forked takes charge of a process that a role has forked.
func (r *Run) forked(parent *process, m message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return nil // Stop reaps it with the rest of the group
	}
	p := r.wards[m.Name]
	if p == nil {
		return fmt.Errorf("%s forked %s, which it was not to", parent.role.Name, m.Name)
	}
	names := map[string]int{}
	for name, fd := range m.S {
		n := 0
		if _, err := fmt.Sscan(fd, &n); err != nil {
			return fmt.Errorf("forked %s: descriptor %q: %w", m.Name, fd, err)
		}
		names[name] = n
	}
	delete(r.wards, m.Name)
	p.pid = int(m.N["pid"])
	var err error
	if p.pidfd, err = unix.PidfdOpen(p.pid, 0); err != nil {
		p.pidfd = -1 // older than Linux 5.3, or forbidden: the pid serves, it is ours to reap
	}
	r.adopt(p, parent.role.Name)
	return p.greet(names, nil)
}

const maxErrors = 8 << 10

// readErrors takes the child's standard error, where a crash is told.
func (p *process) readErrors(out chan<- string) {
	defer close(out)
	var text []byte
	buf := make([]byte, 4096)
	for {
		n, err := unix.Read(p.stderr, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			break
		}
		if room := maxErrors - len(text); room > 0 {
			text = append(text, buf[:min(n, room)]...)
		}
	}
	unix.Close(p.stderr)
	p.stderr = -1
	out <- strings.ToValidUTF8(string(text), "?")
}

// died is called once, when the kernel has given us the wait status.
func (p *process) died(status unix.WaitStatus, errors <-chan string) {
	<-p.unlinked // all it said comes before its end
	r := p.run
	p.flushCalls()
	text := <-errors
	r.mu.Lock()
	r.look(p) // its last counters
	p.dead = true
	asked, cleared := p.asked, r.stopped
	foreign := p.foreign
	r.mu.Unlock()
	e := Event{Who: p.role.Name, Source: FromKernel, Kind: Died, N: map[string]int64{}}
	if cleared {
		e.N["cleared"] = 1
	}
	if status.Signaled() {
		e.N["signal"] = int64(status.Signal())
	} else {
		e.N["code"] = int64(status.ExitStatus())
	}
	if text = strings.TrimSpace(text); text != "" {
		if foreign {
			r.journal.Add(Event{Who: p.role.Name, Source: FromChild, Kind: Moment, Name: "stderr", S: map[string]string{"text": text}})
		} else if !asked {
			p.trouble("it crashed: "+firstLines(text, 3), "this is a fault of the tour, not yours: please report it with a run file (--record)")
		}
	}
	r.journal.Add(e)
	close(p.gone)
	r.Poke()
}

func firstLines(s string, n int) string {
	lines := strings.SplitN(s, "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], " · ")
}

func (p *process) trouble(text, advice string) {
	p.run.journal.Add(Event{Who: p.role.Name, Source: FromStage, Kind: Trouble, S: map[string]string{"text": text, "advice": advice}})
}

// kill ends the process for good. It may be dead already.
func (p *process) kill() {
	p.run.mu.Lock()
	p.asked = true
	dead := p.dead
	p.run.mu.Unlock()
	if !dead {
		_ = p.signal(unix.SIGKILL) // ESRCH: it died just now
	}
}

func (p *process) signal(s unix.Signal) error {
	if p.pidfd >= 0 {
		err := unix.PidfdSendSignal(p.pidfd, s, nil, 0)
		if err != unix.EPERM && err != unix.ENOSYS { // a container's filter may forbid it
			return os.NewSyscallError("pidfd_send_signal", err)
		}
	}
	// The number cannot have gone to another process: we have not waited for it yet.
	return os.NewSyscallError("kill", unix.Kill(p.pid, s))
}

// alive asks the kernel whether the process is still there.
func (p *process) alive() bool {
	if p.pidfd < 0 {
		return p.pid != 0 && !p.dead
	}
	return unix.PidfdSendSignal(p.pidfd, 0, nil, 0) == nil
}

func (p *process) closeTheirs() {
	for _, fd := range []*int{&p.theirs, &p.pageFD, &p.errors} {
		if *fd >= 0 {
			unix.Close(*fd)
			*fd = -1
		}
	}
}

// discard gives back what the tour holds of a process that is over, or that
// never began.
func (p *process) discard() {
	p.once.Do(func() {
		if p.minder != nil {
			<-p.minder.Done()
		}
		p.closeTheirs()
		if p.watcher != nil {
			p.watcher.Close()
		}
		if p.pid == 0 && p.stderr >= 0 {
			unix.Close(p.stderr)
		}
		if p.link >= 0 {
			unix.Close(p.link)
		}
		if p.pidfd >= 0 {
			unix.Close(p.pidfd)
		}
		p.page.unmap()
	})
}
