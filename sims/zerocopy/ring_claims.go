package zerocopy

// What the lesson on the ring claims, and what is known of a ring from outside.

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"ipctour/sims"
	"ipctour/sims/scene"
)

var ringClaims = []sims.Claim{
	{ID: "asleep", Says: "a consumer with nothing to take sleeps in the kernel, and has asked in the ring to be rung for", After: "asleep", Check: func(a *sims.World) sims.Verdict {
		c := a.Actor("consumer")
		return sims.Judge(consumerAsleep(a), "state S in read(2) on the doorbell, the word 1",
			fmt.Sprintf("state %s in %s, the word %d", c.Letter, where(a, c), a.Object("ring").Level("asked")), "/proc/PID/syscall, the word in shared memory")
	}},
	{ID: "one-bell", Says: "a message to a consumer that sleeps costs one doorbell", After: "one", Check: func(a *sims.World) sims.Verdict {
		before, _ := rung(a.Before, "producer")
		now, how := rung(a, "producer")
		bells, n := now-before, sent(a)
		return sims.Judge(bells == 1 && n == 1, "1 doorbell for 1 message", scene.Many(bells, "doorbell")+" for "+scene.Many(n, "message"), how+"; head in shared memory")
	}},
	{ID: "no-bell", Says: "a consumer is rung for once, however many messages follow", After: "stopped", Check: func(a *sims.World) sims.Verdict {
		before, _ := rung(a.Before, "producer")
		now, how := rung(a, "producer")
		return sims.Judge(now-before <= 1 && level(a) >= min(5, slots(a)), "1 doorbell for "+scene.Many(level(a), "message"), scene.Many(now-before, "doorbell")+" for "+scene.Many(level(a), "message"), how+"; head and tail in shared memory")
	}},
	{ID: "full", Says: "a producer without a free slot sleeps, and overwrites nothing", After: "full", Check: func(a *sims.World) sims.Verdict {
		say := func(letter, where string, level, tail int64) string {
			return fmt.Sprintf("state %s in %s, %d of %d filled, tail %d", letter, where, level, slots(a), tail)
		}
		p, tail := a.Actor("producer"), a.Before.Object("ring").Level("tail")
		return sims.Judge(level(a) == slots(a) && asleepOn(a, "producer", "room bell") && a.Object("ring").Level("tail") == tail, say("S", "read on the room bell", slots(a), tail),
			say(p.Letter, where(a, p), level(a), a.Object("ring").Level("tail")), "/proc/PID/syscall, head and tail in shared memory")
	}},
	{ID: "quiet", Says: "while the producer is stopped the consumer sleeps: it costs nothing, and nobody tells it", After: "paused", Check: func(a *sims.World) sims.Verdict {
		say := func(producer, consumer string) string {
			return "producer: state " + producer + "; consumer: " + consumer
		}
		c := a.Actor("consumer")
		return sims.Judge(a.Actor("producer").Letter == "T" && consumerAsleep(a), say("T", "state S in read on the doorbell"),
			say(a.Actor("producer").Letter, "state "+c.Letter+" in "+where(a, c)), "/proc/PID/stat and /proc/PID/syscall")
	}},
	{ID: "few", Says: "between two busy sides there are far fewer doorbells than messages", After: "busy", Check: func(a *sims.World) sims.Verdict {
		bells, how := rung(a, "producer")
		limit, why := head(a)/10, "1 for 10 messages"
		if !apart(a) || slots(a) < 8 { // the two take turns on one processor, or with a ring that is soon empty
			limit, why = head(a)/min(4, slots(a)), "once for each move of head"
		}
		return sims.Judge(bells < limit, "fewer than "+scene.Thousands(limit)+", "+why, scene.Many(bells, "doorbell")+" for "+scene.Thousands(head(a))+" messages", how)
	}},
	{ID: "whole", Says: "every message arrives once, in order and with its checksum", After: "busy", Check: func(a *sims.World) sims.Verdict {
		say := func(taken, wrong int64) string {
			return fmt.Sprintf("%s taken, %d wrong", scene.Thousands(taken), wrong)
		}
		return sims.Judge(taken(a) == head(a) && head(a) >= burst && wrong(a) == 0, say(head(a), 0), say(taken(a), wrong(a)), "number and CRC-32C of each, by the consumer; head in shared memory")
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
			fmt.Sprintf("%s on the doorbells with at most %s, %d others, for %s of payload", scene.Many(calls, "call"), scene.Many(most, "byte"), other, scene.Many(sent(a)*slotBytes, "byte")), "the x-ray of both (ptrace)")
	}},
	{ID: "survives", Says: "a consumer that is killed loses nothing: the next one goes on from tail", After: "next-consumer", Check: checkSurvives},
	{ID: "unpublished", Says: "a message that was not published is never seen: the next producer fills its slot anew", After: "anew", Check: checkUnpublished},
	{ID: "one-each", Says: "the kernel passes a dead one's part on: its lock is the next one's", Needs: []string{"proc-locks"}, After: "next-producer", Check: func(b *sims.World) sims.Verdict {
		say := func(before, after []string) string {
			return strings.Join(before, " and ") + "; then " + strings.Join(after, " and ")
		}
		a := b.After("half")
		want := say([]string{"producer", current(a, "consumer")}, []string{"next producer", current(b, "consumer")})
		got := say(players(a), players(b))
		return sims.Judge(got == want, want, got, "/proc/locks, for the memory's inode")
	}},
}

func checkSurvives(b *sims.World) sims.Verdict {
	say := func(n, from, wrong int64) string {
		return fmt.Sprintf("%s from %s on, %d wrong", scene.Many(n, "message"), scene.Thousands(from), wrong)
	}
	a := b.After("killed")
	from, tail := int64(-1), a.Object("ring").Level("tail")
	if m := b.Last("next consumer", "began"); m != nil {
		from = m.N["at"]
	}
	n, left := b.Count("next consumer", "taken"), head(b)-tail
	return sims.Judge(from == tail && n == left && left >= level(a) && level(a) > 0 && wrong(b) == 0, say(left, tail, 0), say(n, from, wrong(b)), "tail in shared memory, the new consumer's count and checksums")
}

func checkUnpublished(b *sims.World) sims.Verdict {
	say := func(seq, at, others, wrong int64) string {
		return fmt.Sprintf("slot holds %s at head %s; then %s seen in their order, %d wrong", scene.Thousands(seq), scene.Thousands(at), scene.Many(others, "other"), wrong)
	}
	a := b.After("half")
	at, from := head(a), int64(-1)
	if m := b.Last("next producer", "began"); m != nil {
		from = m.N["at"]
	}
	others := taken(b) - taken(a)
	return sims.Judge(slotOf(a, at) == at && from == at && others == head(b)-at && wrong(b) == 0, say(at, at, head(b)-at, 0), say(slotOf(a, at), from, others, wrong(b)),
		"slot and head in shared memory, number and CRC-32C by the consumer")
}

// wrong is how many messages a consumer found torn or out of their order.
func wrong(w *sims.World) int64 {
	return w.Count("consumer", "wrong") + w.Count("next consumer", "wrong")
}

// players are the roles that have a byte of the memory locked: the producer's part first.
func players(w *sims.World) (list []string) {
	for _, role := range []string{"producer", "next producer", "consumer", "next consumer"} {
		if w.Object("ring").Level("lock "+role) == 1 {
			list = append(list, role)
		}
	}
	return list
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

// drained: everything that was sent has been taken, both sides rest, and the kernel's
// account of their doorbells is not older than their own.
func drained(w *sims.World) bool {
	return consumerAsleep(w) && w.Actor(current(w, "producer")).Idle && rungCounted(w) &&
		w.Count(current(w, "producer"), "sent") == head(w) && taken(w) >= w.Object("ring").Level("tail")
}

// still: nothing is on its way, or a consumer that you have stopped takes nothing.
func still(w *sims.World) bool {
	return drained(w) || w.Actor("consumer").Life == scene.Stopped
}

// ringGone reports whether one of the two has ended and nobody has come after it.
func ringGone(w *sims.World) bool {
	return w.Actor(current(w, "producer")).Ended() != "" || w.Actor(current(w, "consumer")).Ended() != ""
}

// taken is how many messages the consumers of this ring have looked at.
func taken(w *sims.World) int64 {
	return w.Count("consumer", "taken") + w.Count("next consumer", "taken")
}

func head(w *sims.World) int64 { return w.Object("ring").Level("head") }

// sent is how many messages were published in this step.
func sent(w *sims.World) int64 { return head(w) - max(head(w.Before), 0) }

// rung is how often a part has rung the other's doorbell: its calls of write(2) by the
// kernel's account, as it writes to nothing else, or its own count where there is none.
func rung(w *sims.World, part string) (n int64, how string) {
	how = "syscw of the " + part + " in /proc/PID/io: it writes to nothing but the doorbell"
	for _, role := range []string{part, heirs[part]} {
		calls, kept := w.Actor(role).Numbers["syscw"]
		if !kept && w.Actor(role).Births > 0 {
			return bells(w, part), "the " + part + "'s return from write(2)"
		}
		n += calls
	}
	return n, how
}

// rungCounted: that account is not older than the roles' own.
func rungCounted(w *sims.World) bool {
	for _, part := range []string{"producer", "consumer"} {
		if n, _ := rung(w, part); n < bells(w, part) {
			return false
		}
	}
	return true
}

// apart reports whether the two that play now have a processor each.
func apart(w *sims.World) bool {
	p, c := w.Last(current(w, "producer"), "pinned"), w.Last(current(w, "consumer"), "pinned")
	return p != nil && c != nil && p.N["cpu"] != c.N["cpu"]
}

func doorbellsWhenBusy(w *sims.World) (string, bool) {
	a := w.After("busy")
	if a == nil {
		return "", false
	}
	switch bells, _ := rung(a, "producer"); {
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
	for _, part := range []string{"producer", "consumer"} {
		a := w.Actor(current(w, part))
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
