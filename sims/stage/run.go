package stage

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims/probe"
)

// Spec is a cast to put on.
type Spec struct {
	Lesson  string
	Roles   []Role
	Wire    func(*Wiring) error
	Options map[string]string
	Journal *Journal
	// Sample is the time between two looks at the kernel; 0 is 50 ms.
	Sample time.Duration
	// Stepping starts every process in step mode.
	Stepping bool
	// Anew marks a cast with which the walk begins again too.
	Anew bool
	// Why says to the learner why there is a new cast; empty where they asked for it.
	Why string
}

// Run is a cast on stage. Its methods may be called from any goroutine.
type Run struct {
	house   *House
	spec    Spec
	journal *Journal

	mu       sync.Mutex
	wiring   *Wiring
	procs    map[string]*process // by role; a role that ended keeps its last
	wards    map[string]*process // made, but not forked by their role yet
	group    int                 // process group of the latest process started
	groups   map[int]bool        // all that there were
	seats    map[seat]string     // the object behind a descriptor, where the kernel's link does not tell
	stepping bool
	dir      string
	stopped  bool
	receipt  Receipt

	poke    chan struct{}
	quit    chan struct{} // closed by Stop
	sampled chan struct{} // closed when the sampler has ended; nil before it began
	links   sync.WaitGroup
}

const defaultSample = 50 * time.Millisecond

func newRun(h *House, spec Spec) *Run {
	if spec.Sample == 0 {
		spec.Sample = defaultSample
	}
	spec.Options = maps.Clone(spec.Options)
	spec.Roles = Cast(spec.Roles, spec.Options)
	return &Run{house: h, spec: spec, journal: spec.Journal, stepping: spec.Stepping,
		procs: map[string]*process{}, wards: map[string]*process{}, groups: map[int]bool{}, seats: map[seat]string{},
		poke: make(chan struct{}, 1), quit: make(chan struct{})}
}

func (r *Run) start() error {
	n := facts()
	if r.spec.Anew {
		n["anew"] = 1
	}
	r.journal.Add(Event{Source: FromKernel, Kind: Begin, N: n, S: r.beginning()})
	w := &Wiring{run: r, options: r.spec.Options, grants: map[string][]grant{},
		args: map[string]map[string]string{}, settings: map[string]map[string]int64{}}
	r.wiring = w
	if r.spec.Wire != nil {
		w.Fail(r.spec.Wire(w))
	}
	for _, o := range w.objects {
		r.count(o)
	}
	if w.err != nil {
		return errors.Join(w.err, w.closeMade(nil))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sampled = make(chan struct{})
	go r.sample()
	err := r.startCast()
	r.Poke() // the first picture comes at once, not at the next beat
	return errors.Join(err, w.closeMade(r.lateRoles()))
}

// lateRoles are the roles that may still be started, whose descriptors the tour
// keeps until then.
func (r *Run) lateRoles() []string {
	var late []string
	for _, role := range r.spec.Roles {
		if role.Late && r.procs[role.Name] == nil {
			late = append(late, role.Name)
		}
	}
	return late
}

// startCast starts the roles that are there from the beginning: first the wards'
// links, which the roles that fork them carry.
func (r *Run) startCast() error {
	if len(r.spec.Roles) > maxProcesses {
		return fmt.Errorf("a run has at most %d processes", maxProcesses)
	}
	for i := range r.spec.Roles {
		if role := &r.spec.Roles[i]; role.By != "" {
			p, err := r.newProcess(role)
			if err != nil {
				return err
			}
			r.wards[role.Name] = p
		}
	}
	for i := range r.spec.Roles {
		if role := &r.spec.Roles[i]; role.By == "" && !role.Late {
			if err := r.startRole(role); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Run) beginning() map[string]string {
	s := map[string]string{}
	if r.spec.Why != "" {
		s["why"] = r.spec.Why
	}
	for k, v := range r.spec.Options {
		s["option "+k] = v
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err == nil {
		s["kernel"] = unix.ByteSliceToString(u.Release[:])
	}
	return s
}

func (r *Run) count(o *object) {
	switch o.kind {
	case "pipe", "fifo":
		r.receipt.Pipes++
	case "file", "mapped": // they go with their folder
	default: // those that a role makes count as well: they are to be gone in the end
		r.receipt.Objects++
	}
}

// Dir is the run's private folder; it is made when first asked for.
func (r *Run) Dir() (string, error) {
	if r.dir != "" {
		return r.dir, nil
	}
	r.house.mu.Lock()
	defer r.house.mu.Unlock()
	dir, err := r.house.folder.sub()
	if err != nil {
		return "", err
	}
	r.dir = dir
	r.receipt.Folders++
	return dir, nil
}

func (r *Run) role(name string) (*Role, error) {
	for i := range r.spec.Roles {
		if r.spec.Roles[i].Name == name {
			return &r.spec.Roles[i], nil
		}
	}
	return nil, fmt.Errorf("no role %q", name)
}

// living finds the process of a role that is alive.
func (r *Run) living(role string) (*process, error) {
	p := r.procs[role]
	if p == nil {
		return nil, fmt.Errorf("%s has not been started", role)
	}
	if p.dead {
		return nil, fmt.Errorf("%s (pid %d) has ended", role, p.pid)
	}
	return p, nil
}

// StartRole starts a late role, or starts one again that has ended.
func (r *Run) StartRole(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return errors.New("the run has ended")
	}
	role, err := r.role(name)
	if err != nil {
		return err
	}
	if _, err := r.living(name); err == nil {
		return Already{name + " is running already"}
	}
	if len(r.wiring.grants[name]) > 0 && r.procs[name] != nil {
		return fmt.Errorf("%s cannot be started again alone: its descriptors went with it; start the whole cast again", name)
	}
	if err := r.startRole(role); err != nil {
		return err
	}
	return r.wiring.closeMade(r.lateRoles())
}

// Tell sends a command to a role.
func (r *Run) Tell(role string, c Command) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, err := r.living(role)
	if err != nil {
		return err
	}
	if p.foreign {
		return fmt.Errorf("%s has become another program: it takes no commands", role)
	}
	return sendPacket(p.link, message{Kind: "do", Name: c.Name, N: map[string]int64{"n": c.N}, S: map[string]string{"text": c.Text}})
}

// Ended reports whether a role was started and has ended.
func (r *Run) Ended(role string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.procs[role]
	return p != nil && p.dead
}

// PID is the process id of a living role.
func (r *Run) PID(role string) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, err := r.living(role)
	if err != nil {
		return 0, err
	}
	return p.pid, nil
}

// Alive reports whether a role has a process now.
func (r *Run) Alive(role string) bool {
	_, err := r.PID(role)
	return err == nil
}

// Set gives a setting of a role a value, which it sees at its next look.
func (r *Run) Set(role, setting string, value int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, err := r.living(role)
	if err != nil {
		return err
	}
	i := index(p.role.Settings, setting)
	if i < 0 {
		return fmt.Errorf("role %s declares no setting %q", role, setting)
	}
	p.page.settings[i].Store(value)
	return nil
}

// Traced reports whether the x-ray of a role is on.
func (r *Run) Traced(role string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, err := r.living(role)
	return err == nil && p.minder.Traced()
}

// Trace switches the x-ray of a role on or off. Where the machine denies it,
// the reason becomes an event, the lesson goes on, and the error is returned.
func (r *Run) Trace(role string, on bool) error {
	r.mu.Lock()
	p, err := r.living(role)
	r.mu.Unlock()
	if err != nil {
		return err
	}
	err = p.minder.Trace(on)
	e := Event{Who: role, Source: FromStage, Kind: Traced, N: map[string]int64{"on": 0}}
	if p.minder.Traced() {
		e.N["on"] = 1
	}
	if err != nil && !errors.Is(err, probe.ErrGone) {
		e.S = map[string]string{"reason": err.Error()}
	}
	r.journal.Add(e)
	return err
}

// Choose gives an option of the run another value while the cast plays. No role sees
// it; the lesson's own acts do, with Option.
func (r *Run) Choose(option, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spec.Options[option] = value
}

// Option is the value that an option of the run has now.
func (r *Run) Option(name string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.spec.Options[name]
}

// Step switches the step mode of all processes on or off.
func (r *Run) Step(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stepping = on
	var mode uint32
	if on {
		mode = 1
	}
	for _, p := range r.procs {
		p.page.step(mode)
	}
	for _, p := range r.wards {
		p.page.step(mode)
	}
	r.journal.Add(Event{Source: FromLearner, Kind: Stepping, N: map[string]int64{"on": int64(mode)}})
}

// Stepping reports whether the step mode is on.
func (r *Run) Stepping() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stepping
}

// Sample is the time between two looks at the kernel.
func (r *Run) Sample() time.Duration { return r.spec.Sample }

// StopAt makes a role wait at one of its gates, and at no other.
func (r *Run) StopAt(role, gate string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, err := r.living(role)
	if err != nil {
		return err
	}
	if p.foreign {
		return fmt.Errorf("%s has become another program: it has no gates", role)
	}
	i := index(p.role.Gates, gate)
	if i < 0 {
		return fmt.Errorf("role %s declares no gate %q", role, gate)
	}
	p.page.step(uint32(i + 2))
	return nil
}

// Release lets a role that waits at a gate go on to its next.
func (r *Run) Release(role string) error {
	r.mu.Lock()
	p, err := r.living(role)
	r.mu.Unlock()
	if err != nil {
		return err
	}
	if p.page.gate.Load() == 0 {
		return fmt.Errorf("%s does not wait at a gate", role)
	}
	p.page.release()
	r.Poke()
	return nil
}

// Poke has the kernel asked at once instead of at the next beat.
func (r *Run) Poke() {
	select {
	case r.poke <- struct{}{}:
	default:
	}
}

// Stop ends all processes of the run, waits for them, removes what was made and
// looks whether it is gone. It is idempotent, and the one way out of a full and
// of a partial start alike.
func (r *Run) Stop(why string) Receipt {
	r.mu.Lock()
	if r.stopped {
		defer r.mu.Unlock()
		return r.receipt
	}
	r.stopped = true
	r.journal.Add(Event{Source: FromStage, Kind: Clearing, S: map[string]string{"why": why}})
	close(r.quit)
	procs := make([]*process, 0, len(r.procs))
	for _, p := range r.procs {
		procs = append(procs, p)
	}
	for _, p := range r.wards {
		p.discard()
	}
	r.mu.Unlock()
	if r.sampled != nil {
		<-r.sampled
	}
	for _, p := range procs {
		p.kill()
	}
	for _, p := range procs {
		<-p.gone
	}
	r.links.Wait()
	r.reapStrays()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.wiring.closeMade(nil); err != nil {
		r.receipt.Left = append(r.receipt.Left, err.Error())
	}
	r.receipt.Left = append(r.receipt.Left, r.wiring.drop()...)
	for _, p := range procs {
		if p.alive() {
			r.receipt.Left = append(r.receipt.Left, fmt.Sprintf("process %d (%s)", p.pid, p.role.Name))
		}
		p.discard()
	}
	if r.dir != "" {
		if err := removeTree(r.dir); err != nil {
			r.receipt.Left = append(r.receipt.Left, "folder "+r.dir)
		} else if _, err := os.Lstat(r.dir); !errors.Is(err, os.ErrNotExist) {
			r.receipt.Left = append(r.receipt.Left, "folder "+r.dir)
		}
	}
	r.house.forget(r, r.receipt)
	return r.receipt
}

// reapStrays waits for processes that a role forked but did not live to tell of.
// They are our children by CLONE_PARENT, in a group of this run.
func (r *Run) reapStrays() {
	for group := range r.groups {
		options := unix.WALL | unix.WNOHANG
		for {
			pid, err := unix.Wait4(-group, nil, options, nil)
			if err != nil && err != unix.EINTR {
				break // ECHILD: none left
			}
			if pid == 0 { // one lives: then the group is still ours and may be killed
				_ = unix.Kill(-group, unix.SIGKILL) // ESRCH: it has ended just now
				options = unix.WALL
			}
		}
	}
}
