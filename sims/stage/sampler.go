package stage

import (
	"maps"
	"slices"
	"strings"
	"time"

	"ipctour/sims/probe"
)

// The sampler looks at the pages and the kernel at a steady beat and turns what
// has changed into events. It writes to no page and sends nothing to a child.

// looked is what was last seen of a process.
type looked struct {
	counts      map[string]int64
	gate        int32
	idle        uint32
	state       string
	wchan, call string
	switches    int64
	preempted   int64
	processor   int
	ran         bool // processor has been read
	fds         []FD
	tabled      bool // fds has been read
	masks       map[string]int64
	io          map[string]int64
}

// tableEvery is how many beats lie between two readings of descriptor tables,
// which cost more than the rest; a poke reads them too.
const tableEvery = 4

func (r *Run) sample() {
	defer close(r.sampled)
	tick := time.NewTicker(r.spec.Sample)
	defer tick.Stop()
	objects := map[string]map[string]int64{}
	for beat := int64(1); ; beat++ {
		poked := false
		select {
		case <-r.quit:
			return
		case <-tick.C:
			select { // a poke never waits behind a beat: two beats after it, all is fresh
			case <-r.poke:
				poked = true
			default:
			}
		case <-r.poke:
			poked = true
		}
		r.mu.Lock()
		tables := poked || beat%tableEvery == 0
		for _, p := range r.procs {
			if !p.dead {
				r.look(p)
				r.lookKernel(p, tables)
				p.tellBlocked()
			}
		}
		r.lookObjects(objects)
		r.mu.Unlock()
		r.journal.Add(Event{Source: FromStage, Kind: Beat, N: map[string]int64{"beat": beat}})
	}
}

// look reads the page of a process. It works on the dead as well.
func (r *Run) look(p *process) {
	name := p.role.Name
	changed := map[string]int64{}
	for i, c := range p.role.Counters {
		n := p.page.counters[i].n.Load()
		if was, seen := p.last.counts[c]; !seen && n != 0 || was != n {
			changed[c] = n
		}
	}
	if len(changed) > 0 {
		if p.last.counts == nil {
			p.last.counts = map[string]int64{}
		}
		maps.Copy(p.last.counts, changed)
		r.journal.Add(Event{Who: name, Source: FromChild, Kind: Counts, N: changed})
	}
	if g := p.page.gate.Load(); g != p.last.gate {
		p.last.gate = g
		e := Event{Who: name, Source: FromChild, Kind: AtGate}
		if g > 0 && int(g) <= len(p.role.Gates) {
			e.Name = p.role.Gates[g-1]
		}
		r.journal.Add(e)
	}
	if i := p.page.idle.Load(); i != p.last.idle {
		p.last.idle = i
		r.journal.Add(Event{Who: name, Source: FromChild, Kind: Idle, N: map[string]int64{"waits": int64(i)}})
	}
}

// lookKernel reads what the kernel says of a process.
func (r *Run) lookKernel(p *process, tables bool) {
	if p.watcher == nil {
		return
	}
	s, err := p.watcher.Read()
	if err != nil {
		return // it has just ended: its death comes as an event of its own
	}
	state := s.State
	if state == "t" && p.minder.Stopped() {
		state = "T" // the kernel shows any stop of a traced process as t
	}
	if !p.last.ran || s.Processor != p.last.processor { // by itself: it is nothing to stop at in the history
		p.last.processor, p.last.ran = s.Processor, true
		r.journal.Add(Event{Who: p.role.Name, Source: FromKernel, Kind: Reading, Name: "process", N: map[string]int64{"processor": int64(s.Processor)}})
	}
	if state != p.last.state || s.Wchan != p.last.wchan || s.Syscall != p.last.call ||
		s.VoluntarySwitches != p.last.switches || s.InvoluntarySwitches != p.last.preempted {
		p.last.state, p.last.wchan, p.last.call = state, s.Wchan, s.Syscall
		p.last.switches, p.last.preempted = s.VoluntarySwitches, s.InvoluntarySwitches
		r.journal.Add(Event{Who: p.role.Name, Source: FromKernel, Kind: Reading, Name: "process",
			S: map[string]string{"state": state, "wchan": s.Wchan, "call": s.Syscall},
			N: map[string]int64{"voluntary": s.VoluntarySwitches, "involuntary": s.InvoluntarySwitches, "fd": blockedFD(&s)}})
	}
	if p.role.Masks {
		r.lookMasks(p)
	}
	if p.role.IO && tables {
		r.lookIO(p)
	}
	if tables {
		for object := range p.maps {
			r.readMapping(p, object)
		}
	}
	if !tables && p.last.tabled {
		return // the first look at a process reads its table: the pictures begin with it
	}
	p.last.tabled = true
	if fds := r.table(p); !slices.Equal(fds, p.last.fds) {
		p.last.fds = fds
		r.journal.Add(Event{Who: p.role.Name, Source: FromKernel, Kind: Table, FDs: fds})
	}
}

// lookIO reads the kernel's account of a process's bytes. It is not there on a
// kernel without CONFIG_TASK_IO_ACCOUNTING; then the numbers stay away.
func (r *Run) lookIO(p *process) {
	n, err := probe.IO(p.pid)
	if err != nil || maps.Equal(n, p.last.io) {
		return
	}
	p.last.io = n
	r.journal.Add(Event{Who: p.role.Name, Source: FromKernel, Kind: Reading, Name: "process", N: n})
}

// blockedFD is the descriptor a process sleeps on, -1 for a sleep on none, and
// UnknownFD where the kernel does not show it.
func blockedFD(s *probe.Status) int64 {
	fd, known := s.BlockedFD()
	if !known {
		return UnknownFD
	}
	return int64(fd)
}

// lookMasks reads the signal sets of a process: bit n−1 stands for signal n.
func (r *Run) lookMasks(p *process) {
	blocked, ignored, caught, pending, shared, queued, limit, err := p.watcher.Signals()
	if err != nil {
		return // it has just ended
	}
	n := map[string]int64{"SigBlk": int64(blocked), "SigIgn": int64(ignored), "SigCgt": int64(caught),
		"SigPnd": int64(pending), "ShdPnd": int64(shared), "SigQ": queued, "SigQ limit": limit}
	if maps.Equal(n, p.last.masks) {
		return
	}
	p.last.masks = n
	r.journal.Add(Event{Who: p.role.Name, Source: FromKernel, Kind: Reading, Name: "process", N: n})
}

// table is a process's descriptor table, without what is the tour's own and
// without standard streams that lead nowhere.
func (r *Run) table(p *process) []FD {
	all, err := probe.FDs(p.pid)
	if err != nil {
		return p.last.fds // it is ending; its table goes with it
	}
	var fds []FD
	for _, f := range all {
		fd := FD{N: f.N, Target: f.Target, Mode: mode(f), Object: r.objectAt(p.role.Name, f.N, f.Target)}
		if f.N >= linkFD || (f.N < 3 && fd.Object == "") {
			continue
		}
		fds = append(fds, fd)
	}
	return fds
}

func mode(f probe.FD) string {
	switch {
	case f.Reads() && f.Writes():
		return "rw"
	case f.Writes():
		return "w"
	default:
		return "r"
	}
}

// seat is one descriptor of one role.
type seat struct {
	role string
	fd   int
}

// objectAt is the object that a descriptor leads to, by its link in /proc; "" for
// none of ours. The links of eventfds, timers and epolls are all alike: which is
// which is known from what the wiring gave and the roles told.
func (r *Run) objectAt(role string, fd int, target string) string {
	if strings.HasPrefix(target, anonymous) {
		return r.seats[seat{role, fd}]
	}
	target = strings.TrimSuffix(target, deleted)
	for _, o := range r.wiring.objects {
		if slices.Contains(o.targets, target) {
			return o.name
		}
	}
	return ""
}

const (
	anonymous = "anon_inode:"
	deleted   = " (deleted)" // what a link says of a file without a name, a memfd always
)

// hold learns the identity of an object that a role has opened itself. The
// caller holds r.mu.
func (r *Run) hold(role, name string, fd int, target string) {
	if strings.HasPrefix(target, anonymous) {
		r.seats[seat{role, fd}] = name
		return
	}
	target = strings.TrimSuffix(target, deleted)
	for _, o := range r.wiring.objects {
		if o.name == name && target != "" && !slices.Contains(o.targets, target) {
			o.targets = append(o.targets, target)
		}
	}
}

// lookObjects asks the kernel about each object, through whichever process
// holds it.
func (r *Run) lookObjects(last map[string]map[string]int64) {
	for _, o := range r.wiring.objects {
		n, missing := r.read(o)
		if missing != "" {
			if _, told := last[o.name+" missing"]; !told {
				last[o.name+" missing"] = nil
				r.journal.Add(Event{Who: o.name, Source: FromKernel, Kind: Reading, Name: o.kind, S: map[string]string{"missing": missing}})
			}
		}
		if n == nil || maps.Equal(n, last[o.name]) {
			continue
		}
		if last[o.name] == nil {
			r.journal.Add(Event{Who: o.name, Source: FromStage, Kind: Reading, Name: o.kind, S: map[string]string{"path": o.path}})
		}
		last[o.name] = n
		r.journal.Add(Event{Who: o.name, Source: FromKernel, Kind: Reading, Name: o.kind, N: n})
	}
}
