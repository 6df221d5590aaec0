package zerocopy

// What this lesson shows: a ring in shared memory carries payloads that never move.
// Head and tail are two words, and the kernel is called only to wake a side that sleeps.

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/share"
	"ipctour/sims/stage"
	"ipctour/sims/sys"
)

//go:embed ring.go
var ringSource string

// slotBytes is the payload of a slot. One page, so that the page tables tell of it.
const slotBytes = 4096

// burst is how many messages the busy steps send.
const burst = 10_000

var ring = sims.Sim{
	ID:     "zerocopy/ring",
	Source: ringSource,
	Roles: []sims.Role{
		{Name: "producer", Run: fillRing, Counters: []string{"sent", "bells", "sleeps"}, Gates: []string{"fill", "publish", "ring", "wait"}, IO: true},
		{Name: "consumer", Run: emptyRing, Counters: []string{"taken", "bells", "sleeps", "wrong"}, Gates: []string{"take", "release", "ring", "wait"}, IO: true},
		{Name: "next producer", Run: fillRing, Counters: []string{"sent", "bells", "sleeps"}, Gates: []string{"fill", "publish", "ring", "wait"}, Late: true, IO: true},
		{Name: "next consumer", Run: emptyRing, Counters: []string{"taken", "bells", "sleeps", "wrong"}, Gates: []string{"take", "release", "ring", "wait"}, Late: true, IO: true},
	},
	Options: []sims.Option{
		{Name: "slots", Values: []string{"8", "4", "16"}},
		{Name: "batch", Values: []string{"1", "4"}},
	},
	Wire: wireRing,
	Knobs: []sims.Knob{
		{Key: "1", Name: "send 1", Help: "the producer sends one message", Act: send(1)},
		{Key: "2", Name: "send 5", Help: "the producer sends five messages", Act: send(5)},
		{Key: "6", Name: "send 20", Help: "the producer sends twenty messages, more than any of these rings holds", Act: send(20)},
		{Key: "3", Name: "send 10,000", Help: "the producer sends ten thousand messages as fast as it can", Act: send(burst)},
		{Key: "p", Name: "pause consumer", Help: "SIGSTOP: the consumer takes nothing", Act: fault(stage.StopIt, "consumer")},
		{Key: "g", Name: "consumer goes on", Help: "SIGCONT", Act: fault(stage.Continue, "consumer")},
		{Key: "o", Name: "pause producer", Help: "SIGSTOP: the producer sends nothing", Act: fault(stage.StopIt, "producer")},
		{Key: "i", Name: "producer goes on", Help: "SIGCONT", Act: fault(stage.Continue, "producer")},
		{Key: "d", Name: "kill consumer", Help: "SIGKILL to the first consumer; the ring stays as it is", Act: kill("consumer")},
		{Key: "4", Name: "next consumer", Help: "start another consumer, once", Act: sims.Start{Role: "next consumer"}},
		{Key: "m", Name: "hold at publish", Help: "the producer waits between filling a slot and moving head", Act: sims.Do{Run: func(r *stage.Run, _ string) error {
			return r.StopAt(living(r, "producer"), "publish")
		}}},
		{Key: "u", Name: "kill producer", Help: "SIGKILL to the first producer, wherever it is", Act: kill("producer")},
		{Key: "5", Name: "next producer", Help: "start another producer, once", Act: sims.Start{Role: "next producer"}},
		{Key: "y", Name: "x-ray both", Help: "count the system calls of both, or no more", Act: sims.Watch("producer", "next producer", "consumer", "next consumer")},
		{Key: "s", Name: "slots", Help: "another number of slots; the cast starts anew", Act: sims.Choose{Option: "slots"}},
		{Key: "b", Name: "batch", Help: "messages for each move of head and of tail; the cast starts anew", Act: sims.Choose{Option: "batch"}},
	},
	Draw:     drawRing,
	Measured: doorbellsWhenBusy,
	Walk: []sims.Step{
		{ID: "asleep", For: "the consumer is asleep on an empty ring", Until: consumerAsleep},
		{ID: "one", From: "one", Lost: ringGone, Turn: []sims.Turn{{Knob: "send 1", When: drained}}, For: "a message was taken, and both page tables lead to it", Until: func(w *sims.World) bool {
			return drained(w) && sent(w) >= 1 && w.Mapping("producer", "ring").Level("present") == 1 && w.Mapping("consumer", "ring").Level("present") == 1
		}},
		{ID: "stopped", From: "stopped", Lost: ringGone, Turn: []sims.Turn{{Knob: "pause consumer", When: still}, {Knob: "send 5"}}, For: "five messages lie in the ring of a stopped consumer", Until: func(w *sims.World) bool {
			return level(w) >= min(5, slots(w)) && sent(w) >= min(5, slots(w)-level(w.Before)) && w.Actor("consumer").Life == scene.Stopped && rungCounted(w)
		}},
		{ID: "full", Turn: sims.Press("send 20"), For: "the producer is asleep before a full ring", Until: func(w *sims.World) bool {
			return level(w) == slots(w) && asleepOn(w, "producer", "room bell") && w.Object("ring").Level("room") > 0
		}},
		{ID: "goes-on", Turn: sims.Press("consumer goes on"), For: "all messages were taken", Until: func(w *sims.World) bool {
			return drained(w) && w.Count("consumer", "bells") > w.Before.Count("consumer", "bells")
		}},
		{ID: "paused", Turn: sims.Press("pause producer", "send 5"), For: "the producer is stopped, and the consumer asleep", Until: func(w *sims.World) bool {
			return w.Actor("producer").Life == scene.Stopped && consumerAsleep(w)
		}},
		{ID: "busy", Turn: []sims.Turn{{Knob: "batch", Value: "4"}, {Knob: "send 10,000"}}, For: "ten thousand messages were taken", Until: func(w *sims.World) bool {
			return drained(w) && head(w) >= burst
		}},
		{ID: "x-ray", From: "x-ray", Lost: ringGone, Turn: []sims.Turn{{Knob: "x-ray both", Value: "on", When: drained}, {Knob: "send 5"}, {Knob: "send 5"}}, For: "ten more were taken under the x-ray", Until: func(w *sims.World) bool {
			// a sleeper's last write has returned before its reader could take anything
			return drained(w) && sent(w) >= 10 && (w.Called("producer") > 0 || w.Actor("producer").Untraced != "")
		}},
		{ID: "killed", Turn: append([]sims.Turn{{Knob: "batch", Value: "1"}}, sims.Press("pause consumer", "send 5", "kill consumer")...), For: "the consumer is dead, with five messages in the ring", Until: func(w *sims.World) bool {
			return w.Actor("consumer").Life == scene.Killed && w.ReadSinceEnd("consumer") && level(w) == min(5, slots(w))
		}},
		{ID: "next-consumer", Turn: sims.Press("next consumer"), For: "another consumer has taken what was left", Until: func(w *sims.World) bool {
			return drained(w) && w.Last("next consumer", "began") != nil
		}},
		{ID: "half", Turn: sims.Press("hold at publish", "send 1"), For: "a message lies in its slot and head has not moved", Until: func(w *sims.World) bool {
			return w.Actor(current(w, "producer")).Gate == "publish" && head(w) > 0 && slotOf(w, head(w)) == head(w)
		}},
		{ID: "next-producer", Turn: sims.Press("kill producer", "next producer"), For: "another producer has the ring", Until: func(w *sims.World) bool {
			return w.Actor("producer").Life == scene.Killed && w.ReadSinceEnd("producer") && w.ReadSince(w.Last("next producer", "began")) && w.Actor("next producer").Idle
		}},
		{ID: "anew", Turn: sims.Press("send 5"), For: "five messages of the next producer were taken", Until: func(w *sims.World) bool {
			return drained(w) && sent(w) >= 5
		}},
	},
	Claims: ringClaims,
}

func wireRing(w *sims.Wiring) error {
	n, err := strconv.Atoi(w.Option("slots"))
	if err != nil {
		return err
	}
	cells := []sims.Cell{{Name: "head", Offset: share.RingHead, Size: 8}, {Name: "tail", Offset: share.RingTail, Size: 8},
		{Name: "asked", Offset: share.RingAsked, Size: 8}, {Name: "room", Offset: share.RingRoom, Size: 8}}
	for i := range n {
		cells = append(cells, sims.Cell{Name: "slot " + strconv.Itoa(i), Offset: share.RingSeq(i), Size: 8})
	}
	memory := w.Memory("ring", share.RingSize(n, slotBytes), cells...)
	bells := map[string]sims.End{}
	for _, name := range []string{"doorbell", "room bell"} {
		fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
		if err != nil {
			return os.NewSyscallError("eventfd2", err)
		}
		bells[name] = w.Own(name, "eventfd", fd)
	}
	w.Locks("ring")
	for i, role := range []string{"producer", "consumer", "next producer", "next consumer"} {
		w.Give(role, "memory", memory)
		w.Give(role, "doorbell", bells["doorbell"])
		w.Give(role, "room bell", bells["room bell"])
		if i >= 2 {
			w.Put(role, "heir", "yes")
		}
	}
	return nil
}

// fillRing sends as many messages as it is told: each is made in its slot and stays there.
func fillRing(a *sims.Actor) error {
	memory, err := mapRing(a, 0)
	if err != nil {
		return err
	}
	p, err := share.NewProducer(memory, a.FD("doorbell"), a.FD("room bell"))
	if err != nil {
		return err
	}
	p.Spin, err = patience(a, 0)
	if err != nil {
		return err
	}
	sent, bells, sleeps := a.Counter("sent"), a.Counter("bells"), a.Counter("sleeps")
	if a.Arg("heir") != "" { // the one before may have died between the two
		if err := p.TakeOver(); err != nil {
			return fmt.Errorf("ring once: %w", err)
		}
	}
	a.Say("began", sims.Num("at", int(p.Head())))
	batch := min(a.Int("batch"), p.Slots())
	publish := func() error {
		a.Gate("publish")
		asleep := p.Publish() // head moves: now the consumer sees all that was put
		sent.Store(int64(p.Head()))
		if !asleep {
			return nil // it is awake, and will look by itself
		}
		a.Gate("ring")
		err := p.Ring()
		bells.Store(p.Bells)
		return err
	}
	for {
		for left := a.Next().N; left > 0; {
			for n := 0; n < batch && left > 0; {
				slot := p.Next()
				if slot == nil { // full
					if err := errors.Join(publish(), waitFor(a, sleeps, func() error { return p.Wait(p.Slots() / 2) }, &p.Sleeps)); err != nil {
						a.Say("ended", sims.Err(err))
						return nil
					}
					continue
				}
				a.Gate("fill")
				write(slot, p.Head())
				p.Put(len(slot), share.Sum(slot))
				n, left = n+1, left-1
			}
			if err := publish(); err != nil {
				a.Say("ended", sims.Err(err))
				return nil
			}
		}
	}
}

// emptyRing looks at every message where it lies.
func emptyRing(a *sims.Actor) error {
	memory, err := mapRing(a, 1)
	if err != nil {
		return err
	}
	c, err := share.NewConsumer(memory, a.FD("doorbell"), a.FD("room bell"))
	if err != nil {
		return err
	}
	c.Spin, err = patience(a, 1)
	if err != nil {
		return err
	}
	taken, wrong, bells, sleeps := a.Counter("taken"), a.Counter("wrong"), a.Counter("bells"), a.Counter("sleeps")
	if a.Arg("heir") != "" {
		if err := c.TakeOver(); err != nil {
			return fmt.Errorf("ring once: %w", err)
		}
	}
	a.Say("began", sims.Num("at", int(c.Tail())))
	batch := uint64(min(a.Int("batch"), c.Slots()))
	release := func() error {
		a.Gate("release")
		if !c.Release() { // tail moves: the slots are free again
			return nil
		}
		a.Gate("ring")
		err := c.Ring()
		bells.Store(c.Bells)
		return err
	}
	for {
		at := c.Tail()
		m, some := c.Next()
		var err error
		switch {
		case some:
			a.Gate("take")
			if m.Seq != at || !m.Whole() {
				wrong.Add(1)
			}
			taken.Add(1)
			if c.Tail()%batch == 0 {
				err = release()
			}
		default:
			err = errors.Join(release(), waitFor(a, sleeps, c.Wait, &c.Sleeps))
		}
		if err != nil {
			a.Say("ended", sims.Err(err))
			return nil
		}
	}
}

// waitFor is a side with nothing to do: it looks again for a while, and then sleeps in
// read(2) on its doorbell.
func waitFor(a *sims.Actor, sleeps interface{ Store(int64) }, wait func() error, slept *int64) error {
	a.Gate("wait")
	err := wait()
	sleeps.Store(*slept)
	return err
}

// patience is how often a side looks again before it sleeps: a hundred microseconds or so.
// That helps where the other side runs meanwhile, so each part has a processor of its
// own. On one processor nothing can change while we look.
func patience(a *sims.Actor, part int) (looks int, err error) {
	const often = 4000
	cpus, err := sys.Processors()
	if err != nil || len(cpus) < 2 {
		return 0, err
	}
	if pinned, err := sys.PinThread(cpus[part]); err != nil || !pinned {
		return often, err // not pinned: it runs where it may
	}
	a.Say("pinned", sims.Num("cpu", cpus[part]))
	return often, nil
}

// write makes message seq: its number, over and over.
func write(payload []byte, seq uint64) {
	for i := 0; i+8 <= len(payload); i += 8 {
		binary.LittleEndian.PutUint64(payload[i:], seq)
	}
}

// mapRing waits until nobody else plays this part, maps the ring, and tells the tour
// where slot 0 lies here. The part is a byte of the memory that one process can have
// locked; the kernel lets go of it when that process ends (fcntl_locking(2)).
func mapRing(a *sims.Actor, part int64) ([]byte, error) {
	fd := a.FD("memory")
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: unix.SEEK_SET, Start: part, Len: 1}
	for {
		err := unix.FcntlFlock(uintptr(fd), unix.F_SETLKW, &lock)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return nil, os.NewSyscallError("fcntl(F_SETLKW)", err)
		}
	}
	memory, err := unix.Mmap(fd, 0, int(share.RingSize(a.Int("slots"), slotBytes)), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	if err := share.FormatRing(memory, a.Int("slots"), slotBytes); err != nil {
		return nil, err
	}
	at := share.RingPayload(a.Int("slots"))
	a.Mapped("ring", memory[at:at+slotBytes])
	return memory, nil
}

// heirs are who comes after whom.
var heirs = map[string]string{"producer": "next producer", "consumer": "next consumer"}

// living is the role, or the one that came after it.
func living(r *stage.Run, role string) string {
	if _, err := r.PID(role); err != nil {
		if _, err := r.PID(heirs[role]); err == nil {
			return heirs[role]
		}
	}
	return role
}

func send(n int64) sims.Act {
	return sims.Do{Run: func(r *stage.Run, _ string) error {
		return r.Tell(living(r, "producer"), sims.Command{Name: "send", N: n})
	}}
}

// fault breaks whoever plays a part now.
func fault(f stage.Fault, role string) sims.Act {
	return sims.Do{Run: func(r *stage.Run, _ string) error { return r.Break(f, living(r, role), "") }}
}

// kill ends a role, and not the one that came after it. One that is gone already stays gone.
func kill(role string) sims.Act {
	return sims.Do{Run: func(r *stage.Run, _ string) error {
		if !r.Alive(role) {
			return nil
		}
		return r.Break(stage.Kill, role, "")
	}}
}
