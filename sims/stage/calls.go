package stage

import (
	"strconv"
	"sync"
	"time"

	"ipctour/sims/probe"
)

// calls gathers what the tracer sees of one process. A fast program makes more
// calls than can be drawn, so of each beat only the first are told one by one,
// the rest are counted. A call that has not returned is always told.
type calls struct {
	mu      sync.Mutex
	open    *probe.Call      // entered, not returned
	told    bool             // open was told as blocked
	beat    int              // told in this beat
	skipped map[string]int64 // by name, since the last that was told
}

const callsPerBeat = 40

// called is called by the tracer's thread; the child stands still meanwhile.
func (p *process) called(c probe.Call) {
	k := &p.calls
	k.mu.Lock()
	defer k.mu.Unlock()
	if c.Enter {
		k.open, k.told = &c, false
		return
	}
	entered := c.At - int64(c.Took)
	wasTold := k.told
	if k.open != nil {
		entered = k.open.At
	}
	k.open, k.told = nil, false
	if k.beat >= callsPerBeat && !wasTold {
		if k.skipped == nil {
			k.skipped = map[string]int64{}
		}
		k.skipped[c.Name]++
		return
	}
	k.beat++
	p.tellCall(c, entered, false)
}

// tellBlocked ends a beat: it tells how many calls were not told, and a call that
// has been open since before.
func (p *process) tellBlocked() {
	k := &p.calls
	k.mu.Lock()
	defer k.mu.Unlock()
	k.beat = 0
	if len(k.skipped) > 0 {
		p.run.journal.Add(Event{Who: p.role.Name, Source: FromKernel, Kind: Skipped, N: k.skipped})
		k.skipped = nil
	}
	if k.open != nil && !k.told {
		k.told = true
		p.tellCall(*k.open, k.open.At, true)
	}
}

// flushCalls tells the last call of a process that has ended.
func (p *process) flushCalls() { p.tellBlocked() }

func (p *process) tellCall(c probe.Call, entered int64, blocked bool) {
	j := p.run.journal
	e := Event{Who: p.role.Name, Source: FromKernel, Kind: Call, Name: c.Name, At: j.since(c.At),
		N: map[string]int64{"entered": int64(j.since(entered))}, S: map[string]string{"args": c.Text}}
	if blocked {
		e.N["blocked"] = 1
		e.At = 0 // it is told now
	} else {
		e.N["took"] = int64(max(c.Took, time.Nanosecond))
		e.S["result"] = strconv.FormatInt(c.Ret, 10)
		if c.Errno != "" {
			e.N["failed"] = 1
			e.S["result"] = "-1 " + c.Errno
		}
	}
	j.Add(e)
}
