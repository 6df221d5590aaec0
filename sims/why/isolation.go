package why

// What this lesson shows: what shares memory shares its fate. A wild store in one of
// three goroutines ends the whole process; in one of three processes it ends that one,
// and a supervisor puts another in its place.

import (
	_ "embed"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
	"ipctour/sims/sys"
)

//go:embed isolation.go
var isolationSource string

// workers are there from the beginning; spares are what the supervisor can put in
// the place of those that end.
const (
	workers = 3
	spares  = 3
)

var isolation = sims.Sim{
	ID:     "why/isolation",
	Source: isolationSource,
	Roles:  isolationRoles(),
	Needs:  []string{"pidfd"},
	Wire:   func(*sims.Wiring) error { return nil }, // they share nothing: that is the point
	Knobs: []sims.Knob{
		{Key: "1", Name: "crash a goroutine", Help: "goroutine 2 of the server stores at address 0", Act: sims.Do{Run: crashGoroutine}},
		{Key: "2", Name: "crash worker 2", Help: "worker 2 stores at address 0, or one that is left when it has ended", Act: sims.Do{Run: crashWorker}},
		{Key: "3", Name: "crash worker 1", Help: "worker 1 stores at address 0", Act: sims.Tell{Role: workerName(1), Command: "crash"}},
		{Key: "4", Name: "crash worker 3", Help: "worker 3 stores at address 0", Act: sims.Tell{Role: workerName(3), Command: "crash"}},
	},
	Draw:     drawIsolation,
	Measured: whoSurvived,
	Walk: []sims.Step{
		{ID: "work", For: "three goroutines and three processes have done their first jobs", Until: func(w *sims.World) bool {
			for i := 1; i <= workers; i++ {
				if w.Count("server", jobsOf(i)) == 0 || w.Count(workerName(i), "jobs") == 0 {
					return false
				}
			}
			return true
		}},
		{ID: "threads", From: "work", Turn: sims.Press("crash a goroutine"), For: "the server has ended", Until: func(w *sims.World) bool {
			return w.Actor("server").Life == scene.Killed
		}},
		{ID: "process", From: "work", Turn: sims.Press("crash worker 2"), For: "the worker has ended, and the others have gone on working", Until: func(w *sims.World) bool {
			fell, left := toll(w)
			return len(fell) > 0 && len(left) == len(staff(w.Before))-len(fell)
		}},
		{ID: "restarted", From: "work", For: "the supervisor has noticed, and a new worker works", Until: func(w *sims.World) bool {
			before := w.After("process").Before
			return w.Count("supervisor", "started") > before.Count("supervisor", "started") && w.Last("supervisor", "noticed") != nil && w.Count(newest(w), "jobs") > 0
		}},
	},
	Claims: []sims.Claim{
		{ID: "shared-fate", Says: "a wild store in one goroutine kills the process, and all three with it", After: "threads", Check: func(a *sims.World) sims.Verdict {
			s := a.Actor("server")
			return sims.Judge(s.Signal == int(unix.SIGSEGV), "killed by SIGSEGV", s.Ended(), "wait status of the server")
		}},
		{ID: "isolated", Says: "a wild store in one of three processes leaves two of them at work", After: "process", Check: func(a *sims.World) sims.Verdict {
			all := len(staff(a.Before))
			say := func(left int, how string) string {
				return fmt.Sprintf("%d of %d go on with their pids, the other: %s", left, all, how)
			}
			fell, left := toll(a)
			how := "lives"
			if len(fell) > 0 {
				how = a.Actor(fell[0]).Ended()
			}
			return sims.Judge(len(fell) == 1 && len(left) == all-1 && all >= 2 && a.Actor(fell[0]).Signal == int(unix.SIGSEGV), say(all-1, "killed by SIGSEGV"), say(len(left), how),
				"wait status of the one, pids and job counts of the others")
		}},
		{ID: "restarted", Says: "a supervisor puts a new process in the place of the dead one", After: "restarted", Check: func(a *sims.World) sims.Verdict {
			fell, _ := toll(a.After("process"))
			fresh, dead := a.Actor(newest(a)), a.Actor(fell[0])
			return sims.Judge(fresh.Life.Alive() && fresh.PID != dead.PID && a.Count(fresh.Role, "jobs") > 0 && a.Actor("supervisor").Life.Alive(),
				"another pid, at work", fmt.Sprintf("pid %d after %d, %d jobs", fresh.PID, dead.PID, a.Count(fresh.Role, "jobs")), "poll(2) on the pidfd of the dead one, /proc of the new one")
		}},
	},
}

// crashGoroutine has goroutine 2 store at address 0; where you have done that already,
// all that could crash is gone.
func crashGoroutine(r *stage.Run, _ string) error {
	if _, err := r.PID("server"); err != nil {
		return nil
	}
	return r.Tell("server", sims.Command{Name: "crash", N: 2})
}

// crashWorker has worker 2 store at address 0, or else the first that is left.
func crashWorker(r *stage.Run, _ string) error {
	for _, i := range []int{2, 1, 3, 4, 5, 6} {
		if _, err := r.PID(workerName(i)); err == nil {
			return r.Tell(workerName(i), sims.Command{Name: "crash"})
		}
	}
	return errors.New("no worker is left")
}

func isolationRoles() []sims.Role {
	roles := []sims.Role{
		{Name: "server", Run: serveWithGoroutines, Counters: []string{jobsOf(1), jobsOf(2), jobsOf(3)}, Gates: []string{"crash"}},
		{Name: "supervisor", Run: supervise, Counters: []string{"started"}, Gates: []string{"fork", "wait"}},
	}
	for i := 1; i <= workers+spares; i++ {
		roles = append(roles, sims.Role{Name: workerName(i), Run: work, By: "supervisor", Counters: []string{"jobs"}, Gates: []string{"job", "crash"}})
	}
	return roles
}

func workerName(i int) string { return "worker " + strconv.Itoa(i) }
func jobsOf(i int) string     { return "jobs " + strconv.Itoa(i) }

// serveWithGoroutines has three workers in one process. They share its memory, and
// so its end.
func serveWithGoroutines(a *sims.Actor) error {
	if err := sys.DefaultSignal(unix.SIGSEGV); err != nil { // as in a program in C: the runtime would catch it, and end the process too
		return err
	}
	var crash [workers + 1]atomic.Bool
	for i := 1; i <= workers; i++ {
		jobs := a.Counter(jobsOf(i))
		go func() {
			for ; ; jobs.Add(1) {
				job()
				if crash[i].Load() {
					storeAt(nil)
				}
				time.Sleep(lookEvery)
			}
		}()
	}
	for {
		if c := a.Next(); c.Name == "crash" && c.N >= 1 && c.N <= workers {
			a.Gate("crash")
			crash[c.N].Store(true)
		}
	}
}

// work is one worker in a process of its own.
func work(a *sims.Actor) error {
	if err := sys.DefaultSignal(unix.SIGSEGV); err != nil {
		return err
	}
	for jobs := a.Counter("jobs"); ; jobs.Add(1) {
		a.Gate("job")
		job()
		if c, ok := a.Asked(); ok && c.Name == "crash" {
			a.Gate("crash")
			storeAt(nil)
		}
		if err := rest(lookEvery); err != nil {
			return err
		}
	}
}

var block [4096]byte

// job is a piece of work.
func job() { crc32.ChecksumIEEE(block[:]) }

// storeAt stores where a pointer leads. Nothing is mapped at address 0: the processor
// faults, and the kernel answers with SIGSEGV (signal(7)).
//
//go:noinline
func storeAt(p *int64) { *p = 1 }

// supervise starts the workers, sleeps until one of them ends, and starts another.
// A descriptor that stands for a process becomes readable when it ends
// (pidfd_open(2)), whoever its parent is.
func supervise(a *sims.Actor) error {
	started := a.Counter("started")
	var watched []unix.PollFd
	var names []string
	start := func() error {
		name := workerName(int(started.Load()) + 1)
		a.Gate("fork")
		pid, err := a.Fork(name, nil, nil)
		if err != nil {
			return err
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			return os.NewSyscallError("pidfd_open", err)
		}
		started.Add(1)
		watched, names = append(watched, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}), append(names, name)
		return nil
	}
	for range workers {
		if err := start(); err != nil {
			return err
		}
	}
	for {
		a.Gate("wait")
		if _, err := unix.Poll(watched, -1); err != nil && err != unix.EINTR {
			return os.NewSyscallError("poll", err)
		}
		for i := range watched {
			if watched[i].Fd < 0 || watched[i].Revents&unix.POLLIN == 0 {
				continue
			}
			a.Say("noticed", sims.Word("worker", names[i]))
			unix.Close(int(watched[i].Fd))
			watched[i].Fd = -1 // poll(2) leaves it out
			if started.Load() == workers+spares {
				a.Say("no spare")
				continue
			}
			if err := start(); err != nil {
				return err
			}
		}
	}
}

// staff are the workers that live.
func staff(w *sims.World) (list []string) {
	for i := 1; i <= workers+spares; i++ {
		if w.Actor(workerName(i)).Life.Alive() {
			list = append(list, workerName(i))
		}
	}
	return list
}

// toll is who of those that lived before this step has been killed since, and who lives on
// with its pid and has done jobs since.
func toll(w *sims.World) (fell, left []string) {
	if w.Before == nil {
		return nil, nil
	}
	for _, role := range staff(w.Before) {
		was, is := w.Before.Actor(role), w.Actor(role)
		switch {
		case is.Life == scene.Killed:
			fell = append(fell, role)
		case is.PID == was.PID && w.Count(role, "jobs") > w.Before.Count(role, "jobs"):
			left = append(left, role)
		}
	}
	return fell, left
}

// newest is the worker that was started last.
func newest(w *sims.World) string { return workerName(int(w.Count("supervisor", "started"))) }

func whoSurvived(w *sims.World) (string, bool) {
	a := w.After("process")
	if a == nil {
		return "", false
	}
	goroutines := 0
	if a.Actor("server").Life.Alive() {
		goroutines = workers - 1
	}
	_, left := toll(a)
	return fmt.Sprintf("%d and %d", goroutines, len(left)), true
}

func drawIsolation(w *sims.World) *scene.Scene {
	server := w.Process("server")
	if server.Life.Alive() {
		done := int64(0)
		for i := 1; i <= workers; i++ {
			done += w.Count("server", jobsOf(i))
		}
		server.Note, server.Where = "3 goroutines, "+scene.Thousands(done)+" jobs", ""
	}
	supervisor := w.Process("supervisor")
	if strings.Contains(supervisor.Where, "poll") {
		supervisor.Where, supervisor.Note = "", "sleeps in poll"
	}
	s := &scene.Scene{Sentence: isolationSentence(w), Processes: []scene.Process{server, supervisor}}
	for i := 1; i <= workers+spares; i++ {
		a := w.Actor(workerName(i))
		if a.Births == 0 {
			continue // not needed yet
		}
		p := w.Process(a.Role)
		if p.Life.Alive() && p.Gate == "" {
			p.Note, p.Where = scene.Thousands(w.Count(a.Role, "jobs"))+" jobs", "" // that it sleeps between two is not the point
		}
		s.Processes = append(s.Processes, p)
		link := scene.Link{From: "supervisor", To: a.Role, State: scene.Idle, Plain: true}
		if !a.Life.Alive() || !w.Actor("supervisor").Life.Alive() {
			link.State = scene.Cut
		}
		s.Links = append(s.Links, link)
	}
	others := fmt.Sprintf("%s and %s", scene.Thousands(w.Count(workerName(1), "jobs")), scene.Thousands(w.Count(workerName(3), "jobs")))
	s.Figures = []scene.Figure{
		{ID: "goroutines", Label: "goroutines at work", Text: fmt.Sprintf("%d of %d", goroutinesLeft(w), workers), Origin: scene.Kernel},
		{ID: "processes", Label: "first processes at work", Text: fmt.Sprintf("%d of %d", processesLeft(w), workers), Origin: scene.Kernel},
		scene.Figure{ID: "others", Label: "jobs of workers 1 and 3", Text: others, Origin: scene.Child}.From("atomic counters in pages shared with the processes; they add, the tour reads", ""),
		w.CountFigure("supervisor", "started", "processes started", ""),
	}
	pids := []string{}
	for i := 1; i <= workers; i++ {
		pids = append(pids, strconv.Itoa(w.Actor(workerName(i)).PID))
	}
	s.Figures[0] = s.Figures[0].From("wait status of the server's process", fmt.Sprintf("ls -d /proc/%d", w.Actor("server").PID))
	s.Figures[1] = s.Figures[1].From("wait status of each process", "ps -o pid,stat,comm -p "+strings.Join(pids, ","))
	return s
}

func goroutinesLeft(w *sims.World) int {
	if a := w.Actor("server"); a.Life.Alive() && a.Life != scene.Stopped {
		return workers
	}
	return 0
}

func processesLeft(w *sims.World) (n int) {
	for i := 1; i <= workers; i++ {
		if a := w.Actor(workerName(i)); a.Life.Alive() && a.Life != scene.Stopped {
			n++
		}
	}
	return n
}

func isolationSentence(w *sims.World) string {
	supervisor, noticed := w.Actor("supervisor"), w.Last("supervisor", "noticed")
	threads := "Three goroutines work in one process"
	switch server := w.Actor("server"); {
	case server.Ended() != "":
		threads = "None of the three goroutines is left"
	case server.Life == scene.Stopped:
		threads = "The server is stopped, and all three goroutines with it"
	}
	switch {
	case supervisor.Births == 0:
		return "The two servers are starting."
	case supervisor.Ended() != "":
		return threads + ". The supervisor is gone: nobody replaces a worker now."
	case supervisor.Life == scene.Stopped:
		return threads + ". The supervisor is stopped: a crash waits until it goes on."
	case stoppedWorker(w) != "":
		return threads + ". " + capital(stoppedWorker(w)) + " is stopped: it has not ended, so nobody replaces it."
	case w.Last("supervisor", "no spare") != nil:
		return threads + ". The supervisor has no spare worker left: R starts anew."
	case noticed != nil:
		fresh := w.Actor(workerName(int(w.Count("supervisor", "started"))))
		if !fresh.Life.Alive() {
			return threads + ". The supervisor has seen " + noticed.S["worker"] + " end."
		}
		return threads + ". " + capital(fresh.Role) + " is in the place of " + noticed.S["worker"] + "."
	case processesLeft(w) < workers:
		return threads + fmt.Sprintf(". %d of the three processes work on.", processesLeft(w))
	case goroutinesLeft(w) == 0:
		return threads + ". The three processes work on."
	}
	return threads + ", three workers in a process each."
}

// stoppedWorker is the first worker that is stopped, "" for none.
func stoppedWorker(w *sims.World) string {
	for i := 1; i <= workers+spares; i++ {
		if a := w.Actor(workerName(i)); a.Life == scene.Stopped {
			return a.Role
		}
	}
	return ""
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
