package why

// What the lesson on the two models claims, and by which readings.

import (
	"fmt"
	"slices"
	"strconv"

	"ipctour/sims"
	"ipctour/sims/scene"
)

// way is one of the two, from the role that sends to the role that takes.
type way struct{ id, from, to string }

var (
	byPipe   = way{"pipe", "writer", "reader"}
	byMemory = way{"memory", "producer", "consumer"}
)

var twoModelsClaims = []sims.Claim{
	{ID: "two-copies", Says: "through a pipe each byte is copied twice: into the kernel and out again", Needs: []string{"proc-io"}, After: "copied", Check: func(a *sims.World) sims.Verdict {
		in, out, want := since(a, "writer", "wchar"), since(a, "reader", "rchar"), byPipe.got(a)*payload(a)
		return sims.Judge(in == want && out == want && byPipe.got(a) >= messages, scene.Bytes(want)+" in, "+scene.Bytes(want)+" out", scene.Bytes(in)+" in, "+scene.Bytes(out)+" out",
			"wchar of the writer and rchar of the reader in /proc/PID/io")
	}},
	{ID: "traps", Says: "each message through a pipe costs at least two system calls", Needs: []string{"ptrace"}, After: "copied", Check: func(a *sims.World) sims.Verdict {
		writes, reads := a.Called("writer", "write"), a.Called("reader", "read")
		return sims.Judge(writes >= messages && reads >= messages, fmt.Sprintf("at least %d writes and %d reads", messages, messages),
			fmt.Sprintf("%d writes and %d reads", writes, reads), "ptrace: the x-ray")
	}},
	{ID: "no-copies", Says: "through shared memory no byte goes through a system call", Needs: []string{"proc-io"}, After: "shared", Check: func(a *sims.World) sims.Verdict {
		through, want := byMemory.through(a), byMemory.got(a)*payload(a)
		taken := a.Count("consumer", "bytes")
		return sims.Judge(through == 0 && taken == want && taken > 0, "0 B of "+scene.Bytes(want),
			scene.Bytes(through)+" of "+scene.Bytes(taken), "rchar and wchar of both in /proc/PID/io")
	}},
	{ID: "no-traps", Says: "once both are awake, messages through shared memory cost no system call", Needs: []string{"ptrace", "cpus"}, After: "shared", Check: func(a *sims.World) sims.Verdict {
		all := a.Called("producer") + a.Called("consumer")
		futex := a.Called("producer", "futex") + a.Called("consumer", "futex")
		return sims.Judge(all == futex && all <= 3, fmt.Sprintf("a wake and a sleep for all %d, no more", messages),
			fmt.Sprintf("%d calls for %d messages, %d of them futex", all, messages, futex), "ptrace: the x-ray")
	}},
	{ID: "sleeps", Says: "through a pipe somebody goes to sleep, and is woken, for every message that it cannot hold", After: "slept", Check: func(a *sims.World) sims.Verdict {
		n, slept := byPipe.got(a)-byPipe.got(a.Before), byPipe.slept(a.Before, a)
		return sims.Judge(n > 0 && slept >= n, fmt.Sprintf("at least %d times for %s", n, scene.Many(n, "message")),
			scene.Many(slept, "time")+" for "+scene.Many(n, "message"), "voluntary_ctxt_switches of both in /proc/PID/status")
	}},
	{ID: "no-sleeps", Says: "through shared memory nobody goes to sleep for a message", Needs: []string{"cpus"}, After: "awake", Check: func(a *sims.World) sims.Verdict {
		p := a.After("slept")
		n, slept := byMemory.got(a)-byMemory.got(a.Before), byMemory.slept(a.Before, a)
		pipe := byPipe.slept(p.Before, p) * n / max(byPipe.got(p)-byPipe.got(p.Before), 1) // for as many
		return sims.Judge(n > 0 && 10*slept < pipe, fmt.Sprintf("once each when all are through; not a tenth of the pipe's %s", scene.Many(pipe, "time")),
			scene.Many(slept, "time")+" for "+scene.Many(n, "message"), "voluntary_ctxt_switches of both in /proc/PID/status")
	}},
	{ID: "whole", Says: "every message arrived as it was made, both ways", After: "awake", Check: func(a *sims.World) sims.Verdict {
		p := a.After("slept")
		say := func(pipe, memory, wrong int64) string {
			return fmt.Sprintf("%d of %d by pipe, %d of %d by memory, %d wrong", pipe, p.Count("writer", "sent"), memory, a.Count("producer", "sent"), wrong)
		}
		pipe, memory, wrong := byPipe.got(p), byMemory.got(a), p.Count("reader", "wrong")+a.Count("consumer", "wrong")
		want := say(p.Count("writer", "sent"), a.Count("producer", "sent"), 0)
		return sims.Judge(say(pipe, memory, wrong) == want && min(pipe, memory) > 0, want, say(pipe, memory, wrong), "a checksum in each message")
	}},
}

// got is how many messages have been taken.
func (y way) got(w *sims.World) int64 { return w.Count(y.to, "got") }

// through is the bytes that went through calls of both, since they began.
func (y way) through(w *sims.World) int64 {
	return since(w, y.from, "wchar") + since(w, y.from, "rchar") + since(w, y.to, "wchar") + since(w, y.to, "rchar")
}

// slept is how often the two went to sleep between two worlds: a switch to another
// thread that the process itself brought about is a voluntary one (proc_pid_status(5)).
func (y way) slept(before, now *sims.World) (n int64) {
	for _, role := range []string{y.from, y.to} {
		n += now.Actor(role).Numbers["voluntary"] - before.Actor(role).Numbers["voluntary"]
	}
	return n
}

func payload(w *sims.World) int64 {
	n, _ := strconv.ParseInt(w.Options["payload"], 10, 64) // one of the option's values
	return n
}

// bothReady: the two that wait are asleep, and the kernel was asked about all four after
// their start was over.
func bothReady(w *sims.World) bool {
	return w.Asleep("reader", "pipe_read") && w.Asleep("consumer", "futex") && counted(w, "writer") && counted(w, "reader") && counted(w, "producer") && counted(w, "consumer")
}

// atRest: nothing is under way.
func atRest(w *sims.World) bool {
	return bothReady(w) && w.Actor("writer").Idle && w.Actor("producer").Idle
}

func somebodyGone(w *sims.World) bool {
	return slices.ContainsFunc(w.Actors, func(a *sims.ActorState) bool { return a.Ended() != "" })
}

func anyWatched(w *sims.World) bool {
	return slices.ContainsFunc(w.Actors, func(a *sims.ActorState) bool { return a.Traced })
}

// counted: the kernel's account of the role's bytes is not older than the role's own
// word of it, or is not kept here.
func counted(w *sims.World, role string) bool {
	n, kept := w.Actor(role).Numbers["rchar"]
	m := w.Last(role, "begins")
	return w.ReadSince(m) && (!kept || n >= m.N["rchar"])
}

// batchDone: both sides have said so, and the kernel was asked after that.
func batchDone(w *sims.World, from, to string) bool {
	sent, got := w.News(from, "sent"), w.News(to, "got all")
	return sent != nil && got != nil && w.Since(sent) >= 5 && w.Since(got) >= 5
}

// since is how much the kernel's account of a role has grown since it began: what a
// process does while it is started is no message.
func since(w *sims.World, role, what string) int64 {
	n := w.Actor(role).Numbers[what]
	if m := w.Last(role, "begins"); m != nil {
		n -= m.N[what]
	}
	return max(n, 0)
}

func howOftenCopied(w *sims.World) (string, bool) {
	copied, shared := w.After("copied"), w.After("shared")
	if shared == nil {
		return "", false
	}
	times := func(through, bytes int64) int64 { return (through + bytes/2) / max(bytes, 1) }
	return fmt.Sprintf("%d and %d", times(byPipe.through(copied), byPipe.got(copied)*payload(copied)), times(byMemory.through(shared), byMemory.got(shared)*payload(shared))), true
}
