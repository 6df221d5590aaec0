package shm

// Where the roles of a lesson wait for each other, so that they begin together.

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/share"
	"ipctour/sims/stage"
	"ipctour/sims/sys"
)

// A meeting's words in shared memory, behind the number and its locks.
const (
	cameAt = 512
	openAt = 576
	metAt  = 640
	offAt  = 704
	pidsAt = 768 // mostRoles words
	upAt   = 832
)

const mostRoles = 8

// Why nobody is to be waited for any more.
var (
	errAlone  = errors.New("another process has ended")
	errBroken = errors.New("another process broke off")
)

// meeting is a barrier: all of its parties come before any goes on.
type meeting struct {
	memory  []byte
	number  uint64 // of its own, so that what a killed process has left there counts no more
	parties int
	times   uint64
	pids    []int // who lives as it begins
}

// callTogether tells those of the roles that live to do the same thing together.
func callTogether(command, text string, roles ...string) sims.Act {
	return sims.Do{Run: func(r *stage.Run, _ string) error { return tellTogether(r, command, text, roles...) }}
}

func tellTogether(r *stage.Run, command, text string, roles ...string) error {
	var living []string
	for _, role := range roles {
		if _, err := r.PID(role); err == nil {
			living = append(living, role)
		}
	}
	if len(living) == 0 {
		return errors.New("nobody is left")
	}
	number := time.Now().UnixMilli() & (1<<40 - 1)
	var errs []error
	for _, role := range living {
		errs = append(errs, r.Tell(role, stage.Command{Name: command, Text: text, N: number<<8 | int64(len(living))}))
	}
	return errors.Join(errs...)
}

// notes are what a moment carries that tells what came of a meeting: see results.
func (m *meeting) notes() []stage.Note {
	return []stage.Note{sims.Num("meeting", int(m.number)), sims.Num("parties", m.parties)}
}

// results are what came of the meetings of which all who took part have told in a
// moment of this name: for each way and number of parties the latest, the latest of
// all last.
func results(moments []sims.Moment, name string) (list [][]sims.Moment) {
	for _, m := range moments {
		if m.Name != name {
			continue
		}
		at := slices.IndexFunc(list, func(group []sims.Moment) bool {
			return group[0].S["how"] == m.S["how"] && group[0].N["parties"] == m.N["parties"]
		})
		if at >= 0 && list[at][0].N["meeting"] == m.N["meeting"] {
			list[at] = append(list[at], m)
			continue
		}
		if at >= 0 {
			list = slices.Delete(list, at, at+1)
		}
		list = append(list, []sims.Moment{m})
	}
	return slices.DeleteFunc(list, func(group []sims.Moment) bool { return int64(len(group)) < group[0].N["parties"] })
}

// resultOf is the latest result of a way in this cast, or nil.
func resultOf(w *sims.World, name, how string) (latest []sims.Moment) {
	for _, group := range results(w.Moments, name) {
		if group[0].S["how"] == how {
			latest = group
		}
	}
	return latest
}

// signIn puts the process's id where the others look whether it lives. The role's
// number is among the first mostRoles.
func signIn(memory []byte, number int) {
	share.Word64(memory, pidsAt+8*number).Store(uint64(os.Getpid()))
}

// newMeeting is the meeting that a command of callTogether names.
func newMeeting(memory []byte, c sims.Command) *meeting {
	m := &meeting{memory: memory, number: uint64(c.N >> 8), parties: int(c.N & 0xff)}
	for i := range mostRoles {
		if pid := int(share.Word64(memory, pidsAt+8*i).Load()); pid != 0 && unix.Kill(pid, 0) == nil {
			m.pids = append(m.pids, pid)
		}
	}
	return m
}

// meet waits until all have come. Whoever comes last does last, alone, before
// the others go on, and everybody gets what it gave.
func (m *meeting) meet(last func() (uint64, error)) (uint64, error) {
	m.times++
	seen := m.open().Load() // before this one is counted: the last may come in the next instant
	if m.arrive(cameAt) < m.parties {
		return m.await(seen)
	}
	value, err := last()
	if err != nil {
		return 0, err
	}
	share.Word64(m.memory, metAt).Store(value)
	m.open().Add(1)
	_, err = sys.FutexWake(m.open(), mostRoles)
	return value, err
}

// await sleeps until the last has come, and gives what it gave.
func (m *meeting) await(seen uint32) (uint64, error) {
	open := m.open()
	for wait := newSpinner(time.Millisecond, m.parties); open.Load() == seen; {
		if wait.again() {
			continue
		}
		_ = sys.FutexWait(open, seen, 50*time.Millisecond) // whatever it says: look again
		switch {
		case open.Load() != seen: // it has come after all
		case m.somebodyEnded():
			return 0, fmt.Errorf("meeting: %w", errAlone)
		case m.brokenOff().Load() == m.number:
			return 0, fmt.Errorf("meeting: %w", errBroken)
		}
	}
	return share.Word64(m.memory, metAt).Load(), nil
}

// abreast has all who met go on in the same instant. Who slept at the meeting, or is
// traced, may need longer to come out of it than the others need for all they do then.
// It waits awake, and not for long: somebody may have been stopped meanwhile.
func (m *meeting) abreast() {
	up, all := share.Word64(m.memory, upAt), m.id()<<8|uint64(m.parties)
	if m.arrive(upAt) == m.parties {
		return
	}
	for wait := newSpinner(250*time.Millisecond, m.parties); up.Load() != all && wait.again(); {
	}
}

// arrive counts this process among those who have come to a place (cameAt, upAt) for
// this meeting, and says how many they are.
func (m *meeting) arrive(place int) int {
	word, id := share.Word64(m.memory, place), m.id()
	for {
		v, n := word.Load(), uint64(1)
		if v>>8 == id {
			n = v&0xff + 1
		}
		if word.CompareAndSwap(v, id<<8|n) {
			return int(n)
		}
	}
}

// id is the number of this meeting and how often its parties have met.
func (m *meeting) id() uint64 { return m.number<<8 + m.times }

func (m *meeting) open() *atomic.Uint32 { return share.Word32(m.memory, openAt) }

// breakOff has those who wait for this process wait no longer.
func (m *meeting) breakOff() { m.brokenOff().Store(m.number) }

func (m *meeting) brokenOff() *atomic.Uint64 { return share.Word64(m.memory, offAt) }

func (m *meeting) somebodyEnded() bool {
	for _, pid := range m.pids {
		if unix.Kill(pid, 0) == unix.ESRCH {
			return true
		}
	}
	return false
}
