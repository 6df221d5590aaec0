package zerocopy

// What this lesson shows: a ring in shared memory carries payloads that never move.
// Head and tail are two words, and the kernel is called only to wake a side that sleeps.

import (
	"cmp"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/share"
	"ipctour/sims/stage"
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
		{Name: "consumer", Run: emptyRing, Counters: []string{"taken", "bells", "sleeps", "wrong"}, Gates: []string{"take", "release", "ring", "wait"}},
		{Name: "next producer", Run: fillRing, Counters: []string{"sent", "bells", "sleeps"}, Gates: []string{"fill", "publish", "ring", "wait"}, Late: true},
		{Name: "next consumer", Run: emptyRing, Counters: []string{"taken", "bells", "sleeps", "wrong"}, Gates: []string{"take", "release", "ring", "wait"}, Late: true},
	},
	Options: []sims.Option{
		{Name: "slots", Values: []string{"8", "4", "16"}},
		{Name: "batch", Values: []string{"1", "4"}},
	},
	Wire: wireRing,
	Knobs: []sims.Knob{
		{Key: "1", Name: "send 1", Help: "the producer sends one message", Act: send(1)},
		{Key: "2", Name: "send 5", Help: "the producer sends five messages", Act: send(5)},
		{Key: "3", Name: "send 10,000", Help: "the producer sends ten thousand messages as fast as it can", Act: send(burst)},
		{Key: "p", Name: "pause consumer", Help: "SIGSTOP: the consumer takes nothing", Act: fault(stage.StopIt, "consumer")},
		{Key: "g", Name: "consumer goes on", Help: "SIGCONT", Act: fault(stage.Continue, "consumer")},
		{Key: "d", Name: "kill consumer", Help: "SIGKILL; the ring stays as it is", Act: fault(stage.Kill, "consumer")},
		{Key: "4", Name: "next consumer", Help: "start another consumer, once", Act: sims.Start{Role: "next consumer"}},
		{Key: "m", Name: "hold at publish", Help: "the producer waits between filling a slot and moving head", Act: sims.Do{Run: func(r *stage.Run, _ string) error {
			return r.StopAt(living(r, "producer"), "publish")
		}}},
		{Key: "u", Name: "kill producer", Help: "SIGKILL, wherever it is", Act: fault(stage.Kill, "producer")},
		{Key: "5", Name: "next producer", Help: "start another producer, once", Act: sims.Start{Role: "next producer"}},
		{Key: "y", Name: "x-ray both", Help: "count the system calls of both", Act: sims.Do{Run: xrayBoth}},
		{Key: "s", Name: "slots", Help: "another number of slots; the cast starts anew", Act: sims.Choose{Option: "slots"}},
		{Key: "b", Name: "batch", Help: "messages for each move of head and of tail; the cast starts anew", Act: sims.Choose{Option: "batch"}},
	},
	Draw:     drawRing,
	Measured: doorbellsWhenBusy,
	Walk: []sims.Step{
		{ID: "asleep", For: "the consumer is asleep on an empty ring", Until: consumerAsleep},
		{ID: "one", Turn: sims.Press("send 1"), For: "a message was taken, and both page tables lead to it", Until: func(w *sims.World) bool {
			return allTaken(w, 1) && w.Mapping("producer", "ring").Level("present") == 1 && w.Mapping("consumer", "ring").Level("present") == 1
		}},
		{ID: "stopped", Turn: sims.Press("pause consumer", "send 5"), For: "five messages lie in the ring of a stopped consumer", Until: func(w *sims.World) bool {
			return level(w) == 5 && w.Count("producer", "sent") == 6 && w.Actor("consumer").Life == scene.Stopped && w.Actor("producer").Idle
		}},
		{ID: "full", Turn: sims.Press("send 5"), For: "the producer is asleep before a full ring", Until: func(w *sims.World) bool {
			return level(w) == slots(w) && asleepOn(w, "producer", "room bell") && w.Object("ring").Level("room") > 0
		}},
		{ID: "goes-on", Turn: sims.Press("consumer goes on"), For: "all eleven messages were taken", Until: func(w *sims.World) bool {
			return allTaken(w, 11) && w.Count("consumer", "bells") > 0
		}},
		{ID: "busy", Turn: []sims.Turn{{Knob: "batch", Value: "4"}, {Knob: "send 10,000"}}, For: "ten thousand messages were taken", Until: func(w *sims.World) bool {
			return allTaken(w, burst) && writesCounted(w)
		}},
		{ID: "x-ray", Turn: []sims.Turn{{Knob: "x-ray both", Value: "on"}, {Knob: "send 5"}, {Knob: "send 5"}}, For: "ten more were taken under the x-ray", Until: func(w *sims.World) bool {
			// a sleeper's last write has returned before its reader could take anything
			return allTaken(w, burst+10) && (w.Called("producer") > 0 || w.Actor("producer").Untraced != "")
		}},
		{ID: "killed", Turn: append([]sims.Turn{{Knob: "x-ray both", Value: "off"}}, sims.Press("pause consumer", "send 5", "kill consumer")...), For: "the consumer is dead, with five messages in the ring", Until: func(w *sims.World) bool {
			return w.Actor("consumer").Life == scene.Killed && level(w) == 5 && w.Count("producer", "sent") == burst+15
		}},
		{ID: "next-consumer", Turn: sims.Press("next consumer"), For: "another consumer has taken what was left", Until: func(w *sims.World) bool {
			return allTaken(w, burst+15)
		}},
		{ID: "half", Turn: sims.Press("hold at publish", "send 1"), For: "a message lies in its slot and head has not moved", Until: func(w *sims.World) bool {
			return w.Actor("producer").Gate == "publish" && slotOf(w, burst+15) == burst+15
		}},
		{ID: "next-producer", Turn: sims.Press("kill producer", "next producer"), For: "another producer has the ring", Until: func(w *sims.World) bool {
			return w.Actor("producer").Life == scene.Killed && w.Last("next producer", "began") != nil && w.Actor("next producer").Idle
		}},
		{ID: "anew", Turn: sims.Press("send 5"), For: "five messages of the next producer were taken", Until: func(w *sims.World) bool {
			return allTaken(w, burst+20)
		}},
	},
	Claims: []sims.Claim{
		{ID: "asleep", Says: "a consumer with nothing to take sleeps in the kernel, and has asked in the ring to be rung for", After: "asleep", Check: func(a *sims.World) sims.Verdict {
			c := a.Actor("consumer")
			return sims.Judge(consumerAsleep(a), "state S in read(2) on the doorbell, the word 1",
				fmt.Sprintf("state %s in %s, the word %d", c.Letter, where(a, c), a.Object("ring").Level("asked")), "/proc/PID/syscall, the word in shared memory")
		}},
		{ID: "one-bell", Says: "a message to a consumer that sleeps costs one doorbell", After: "one", Check: func(a *sims.World) sims.Verdict {
			bells := a.Count("producer", "bells")
			return sims.Judge(bells == 1, "1 doorbell for 1 message", scene.Many(bells, "doorbell")+" for "+scene.Many(a.Object("ring").Level("head"), "message"), "the producer's return from write(2), head in shared memory")
		}},
		{ID: "no-bell", Says: "a consumer is rung for once, however many messages follow", After: "stopped", Check: func(b *sims.World) sims.Verdict {
			a := b.After("one")
			bells := b.Count("producer", "bells") - a.Count("producer", "bells")
			return sims.Judge(bells == 1, "1 doorbell for 5 messages", scene.Many(bells, "doorbell")+" for "+scene.Many(level(b), "message"), "the producer's return from write(2), head and tail in shared memory")
		}},
		{ID: "full", Says: "a producer without a free slot sleeps, and overwrites nothing", After: "full", Check: func(a *sims.World) sims.Verdict {
			p := a.Actor("producer")
			return sims.Judge(level(a) == slots(a) && asleepOn(a, "producer", "room bell") && a.Object("ring").Level("tail") == 1, "state S in read(2) on its doorbell, all slots filled, tail where it was",
				fmt.Sprintf("state %s in %s, %d of %d filled, tail %d", p.Letter, where(a, p), level(a), slots(a), a.Object("ring").Level("tail")), "/proc/PID/syscall, head and tail in shared memory")
		}},
		{ID: "few", Says: "between two busy sides there are far fewer doorbells than messages", After: "busy", Check: func(a *sims.World) sims.Verdict {
			bells, source := a.Count("producer", "bells"), "the producer's return from write(2)"
			if n, ok := a.Actor("producer").Numbers["syscw"]; ok { // it writes to nothing but the doorbell
				bells, source = n, "syscw of the producer in /proc/PID/io"
			}
			return sims.Judge(bells < burst/4, "fewer than "+scene.Thousands(burst/4)+", once for each move of head", scene.Many(bells, "doorbell")+" for "+scene.Thousands(burst)+" messages", source)
		}},
		{ID: "whole", Says: "every message arrives once, in order and with its checksum", After: "busy", Check: func(a *sims.World) sims.Verdict {
			taken, wrong := a.Count("consumer", "taken"), a.Count("consumer", "wrong")
			return sims.Judge(taken == burst && wrong == 0, scene.Thousands(burst)+" taken, 0 wrong", fmt.Sprintf("%s taken, %d wrong", scene.Thousands(taken), wrong), "number and CRC-32C of each, by the consumer")
		}},
		{ID: "same-frame", Says: "producer and consumer have the same memory mapped, and the payload stays in it", After: "one", Check: func(a *sims.World) sims.Verdict {
			p, c := a.Mapping("producer", "ring"), a.Mapping("consumer", "ring")
			same := p.Level("inode") > 0 && p.Level("inode") == c.Level("inode") && p.Level("frame") == c.Level("frame") && p.Level("present") == 1 && c.Level("present") == 1
			return sims.Judge(same, "one inode and one frame behind slot 0", fmt.Sprintf("inodes %d and %d, frames %s and %s", p.Level("inode"), c.Level("inode"), frame(p), frame(c)),
				"/proc/PID/smaps and pagemap of both")
		}},
		{ID: "no-payload", Says: "no system call carries a payload", Needs: []string{"ptrace"}, After: "x-ray", Check: func(a *sims.World) sims.Verdict {
			calls, most, other := carried(a)
			return sims.Judge(calls > 0 && other == 0 && most == 8, "calls on the doorbells alone, 8 bytes in each",
				fmt.Sprintf("%s on the doorbells with at most %s, %d others, for %s of payload", scene.Many(calls, "call"), scene.Many(most, "byte"), other, scene.Many(10*slotBytes, "byte")), "the x-ray of both (ptrace)")
		}},
		{ID: "survives", Says: "a consumer that is killed loses nothing: the next one goes on from tail", After: "next-consumer", Check: func(b *sims.World) sims.Verdict {
			a := b.After("killed")
			from, tail := int64(-1), a.Object("ring").Level("tail")
			if m := b.Last("next consumer", "began"); m != nil {
				from = m.N["at"]
			}
			taken, wrong := b.Count("next consumer", "taken"), b.Count("next consumer", "wrong")
			return sims.Judge(from == tail && taken == 5 && wrong == 0, fmt.Sprintf("5 messages from %s on, 0 wrong", scene.Thousands(tail)),
				fmt.Sprintf("%s from %s on, %d wrong", scene.Many(taken, "message"), scene.Thousands(from), wrong), "tail in shared memory, the new consumer's count and checksums")
		}},
		{ID: "unpublished", Says: "a message that was not published is never seen: the next producer fills its slot anew", After: "anew", Check: func(b *sims.World) sims.Verdict {
			a := b.After("half")
			head := a.Object("ring").Level("head")
			taken, wrong := b.Count("next consumer", "taken"), b.Count("next consumer", "wrong")
			return sims.Judge(head == burst+15 && slotOf(a, head) == head && taken == 10 && wrong == 0, "in its slot, head not moved; then 5 others in order, 0 wrong",
				fmt.Sprintf("slot holds %s at head %s; then %d others, %d wrong", scene.Thousands(slotOf(a, head)), scene.Thousands(head), taken-5, wrong),
				"slot and head in shared memory, number and CRC-32C by the consumer")
		}},
	},
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
	p.Spin = patience()
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
	c.Spin = patience()
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

// patience is how often a side looks again before it sleeps: some tens of microseconds.
// On one processor nothing can change meanwhile.
func patience() int {
	if runtime.NumCPU() < 2 {
		return 0
	}
	return 1000
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

func fault(f stage.Fault, role string) sims.Act {
	return sims.Do{Run: func(r *stage.Run, _ string) error { return r.Break(f, living(r, role), "") }}
}

// xrayBoth switches the x-ray of both on, or off. Where the machine denies it, the
// reason is an event of its own, and the lesson goes on.
func xrayBoth(r *stage.Run, value string) error {
	for _, role := range []string{"producer", "consumer"} {
		_ = r.Trace(living(r, role), value != "off")
	}
	return nil
}

// current is the role that plays a part now. An heir that came too early waits for the
// other to end.
func current(w *sims.World, role string) string {
	if w.Last(heirs[role], "began") != nil {
		return heirs[role]
	}
	return role
}

func slots(w *sims.World) int64 {
	n, _ := strconv.ParseInt(w.Options["slots"], 10, 64) // 0 before the cast begins
	return n
}

// level is how many slots are filled; -1 when it cannot be known.
func level(w *sims.World) int64 {
	o := w.Object("ring")
	if o.Level("head") < 0 || o.Level("tail") < 0 {
		return -1
	}
	return o.Level("head") - o.Level("tail")
}

// slotOf is the number of the message in the slot where a message belongs.
func slotOf(w *sims.World, seq int64) int64 {
	return w.Object("ring").Level("slot " + strconv.FormatInt(seq%max(slots(w), 1), 10))
}

// consumerAsleep: nothing is in the ring, and the consumer sleeps and is to be rung for.
func consumerAsleep(w *sims.World) bool {
	return level(w) == 0 && asleepOn(w, current(w, "consumer"), "doorbell") && w.Object("ring").Level("asked") == 1
}

// allTaken: so many were sent and taken in all, and both sides rest.
func allTaken(w *sims.World, n int64) bool {
	return w.Object("ring").Level("tail") == n && consumerAsleep(w) && w.Actor(current(w, "producer")).Idle &&
		w.Count(current(w, "producer"), "sent") == n && w.Count("consumer", "taken")+w.Count("next consumer", "taken") == n
}

// writesCounted: the kernel's account of the producer's writes is not older than
// the producer's own, or there is none here (proc(5), CONFIG_TASK_IO_ACCOUNTING).
func writesCounted(w *sims.World) bool {
	n, ok := w.Actor("producer").Numbers["syscw"]
	return !ok || n >= w.Count("producer", "bells")
}

func doorbellsWhenBusy(w *sims.World) (string, bool) {
	a := w.After("busy")
	if a == nil {
		return "", false
	}
	switch bells := a.Count("producer", "bells"); {
	case bells >= burst:
		return strconv.Itoa(burst), true
	case bells >= burst/4:
		return strconv.Itoa(burst / 4), true
	}
	return "fewer", true
}

// carried tells of what the x-ray saw: calls on the doorbells, the bytes in the largest
// of them, and other calls.
func carried(w *sims.World) (calls, most, other int64) {
	for _, role := range []string{"producer", "consumer"} {
		a := w.Actor(role)
		for name, n := range a.Called {
			if name == "read" || name == "write" {
				calls += n
			} else {
				other += n
			}
		}
		for _, c := range a.Calls {
			if n, err := strconv.ParseInt(c.Result, 10, 64); err == nil {
				most = max(most, n)
			}
		}
	}
	return calls, most, other
}

// asleepOn reports whether the kernel says that a role sleeps in a call on a doorbell.
func asleepOn(w *sims.World, role, bell string) bool {
	return w.Asleep(role, "") && w.Link(role, bell, "r").State == scene.Blocked
}

// where is what a process sleeps in: the call, and the doorbell that it is on.
func where(w *sims.World, a *sims.ActorState) string {
	for _, bell := range []string{"doorbell", "room bell"} {
		if asleepOn(w, a.Role, bell) {
			return cmp.Or(a.Syscall, a.Wchan) + " on the " + bell
		}
	}
	return cmp.Or(a.Syscall, a.Wchan, "no call")
}

func frame(o *sims.ObjectState) string {
	if n := o.Level("frame"); n > 0 {
		return fmt.Sprintf("0x%x", n)
	}
	return "not shown"
}

// bells adds up the doorbells rung by a part.
func bells(w *sims.World, role string) int64 {
	return w.Count(role, "bells") + w.Count(heirs[role], "bells")
}
