package zerocopy

// What the lesson on the price of a copy claims, and what was measured for it.

import (
	"fmt"
	"strconv"
	"strings"

	"ipctour/sims"
	"ipctour/sims/scene"
)

var copyCostClaims = []sims.Claim{
	{ID: "grows", Says: "through a pipe a message costs in proportion to its size, once it is large", After: "all", Check: checkGrows},
	{ID: "crossover", Says: "small messages pay for their traps, large ones for their copies, and the line between them is crossed once", After: "all", Check: checkCrossover},
	{ID: "flat", Says: "handed over in a ring, a payload of 16 MiB costs next to nothing", After: "all", Check: func(a *sims.World) sims.Verdict {
		small, large := timed(a, 1), timed(a, largest)
		return sims.Judge(large.ring < large.pipe/10, "less than a tenth of the pipe", span(large.ring)+" against "+span(large.pipe)+" (1 B: "+span(small.ring)+")", "the sender's clock, medians")
	}},
	{ID: "copies", Says: "it is the copy that costs: copied into the same ring and out of it, the same payload costs far more than handed over", After: "all", Check: func(a *sims.World) sims.Verdict {
		large := timed(a, largest)
		return sims.Judge(large.copied > 10*large.ring, "16 MiB copied cost more than 10 times as much as handed over", span(large.copied)+" against "+span(large.ring), "the sender's clock, medians")
	}},
	{ID: "mebibyte", Says: "of a mebibyte's way through a pipe the traps are the small part, the copies the large one", After: "all", Check: func(a *sims.World) sims.Verdict {
		mid := timed(a, mebibyte)
		return sims.Judge(mid.copies() > 5*mid.traps(), "copies cost more than 5 times as much as traps (the source: hundreds of µs of copying, some 100 ns a trap)",
			fmt.Sprintf("%s for copies, %s for %s; %s in all", span(mid.copies()), span(mid.traps()), scene.Many(mid.calls, "trap"), span(mid.pipe)), "the same calls in one process, where nobody waits")
	}},
	{ID: "calls", Says: "a pipe takes a system call for every bufferful, the ring two at most", Needs: []string{"proc-io"}, After: "x-ray-ring", Check: checkCalls},
	{ID: "payload", Says: "the kernel carries every byte of a message in a pipe, and 8 bytes for one in the ring", Needs: []string{"ptrace"}, After: "x-ray-ring", Check: func(b *sims.World) sims.Verdict {
		a := b.After("x-ray-pipe")
		pipe, ring := largestCall(a, "by pipe"), largestCall(b, "by ring")
		return sims.Judge(pipe == mebibyte && ring >= 0 && ring < 64, scene.Thousands(mebibyte)+" bytes in one call against a word or two",
			scene.Many(pipe, "byte")+" against "+scene.Many(ring, "byte"), "the x-ray of the sender (ptrace)")
	}},
}

// checkGrows: from a pipe's buffer on each size costs more than the one before, and what
// is copied at 256 times the size at least 100 times as much. A message that is not
// copied costs the same at all sizes.
func checkGrows(a *sims.World) sims.Verdict {
	var list []string
	rises, before := true, int64(0)
	for _, n := range sizes {
		if n >= bufferOf {
			t := timed(a, int64(n))
			rises, before = rises && t.pipe > before, t.pipe
			list = append(list, sizeName(n)+" "+span(t.pipe))
		}
	}
	one, all := timed(a, bufferOf).copies(), timed(a, largest).copies()
	return sims.Judge(rises && one > 0 && all >= 100*one, "more at each step from 64 KiB to 16 MiB, and 256 times the bytes at least 100 times the copying",
		fmt.Sprintf("%s; copying %s and %s: %s times", strings.Join(list, ", "), span(one), span(all), scene.Thousands(all/max(one, 1))), "the sender's clock, medians")
}

// checkCrossover: the traps are the larger part at the small end, the copies at the large
// one, and there is no way back between.
func checkCrossover(a *sims.World) sims.Verdict {
	times, last, from := 0, false, ""
	for _, n := range sizes {
		t := timed(a, int64(n))
		if more := t.copies() > t.traps(); more != last {
			times, last = times+1, more
			from += ", from " + sizeName(n)
		}
	}
	small, large := timed(a, int64(sizes[0])), timed(a, largest)
	return sims.Judge(times == 1 && last, "traps cost more at 1 B, copies at 16 MiB; crossed once",
		fmt.Sprintf("1 B: copies %s, traps %s; 16 MiB: copies %s, traps %s; crossed %s%s", span(small.copies()), span(small.traps()), span(large.copies()), span(large.traps()), scene.Many(int64(times), "time"), from),
		"the same calls in one process, where nobody waits")
}

func checkCalls(b *sims.World) sims.Verdict {
	a := b.After("x-ray-pipe")
	pipe, ring := counted(a), counted(b)
	return sims.Judge(pipe > mebibyte/bufferOf && ring >= 0 && ring <= 2, fmt.Sprintf("a write and %d reads or more, against 2 calls or fewer", mebibyte/bufferOf),
		fmt.Sprintf("%s against %d for a mebibyte", scene.Thousands(pipe), ring), "syscr and syscw of both in /proc/PID/io, less the order and the answer")
}

// timing is what one size took; times in nanoseconds.
type timing struct {
	size                            int64
	pipe, ring, copied, alone, trap int64
	calls, bells                    int64
}

// timed is the latest timing of a size, or nil.
func timed(w *sims.World, size int64) *timing {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		m := &w.Moments[i]
		if m.Name == "measured" && m.N["size"] == size {
			return &timing{size, m.N["pipe"], m.N["ring"], m.N["copied"], m.N["alone"], m.N["trap"], m.N["calls"], m.N["bells"]}
		}
	}
	return nil
}

// copies is what two copies cost: the calls alone in one process, without their traps.
func (t *timing) copies() int64 {
	return max(t.alone-2*t.trap*((t.size+bufferOf-1)/bufferOf), 0)
}

// traps is what the calls of the two processes cost, whatever they carry.
func (t *timing) traps() int64 { return t.trap * t.calls }

// rest is what is neither: sleeping and waking, and the answer.
func (t *timing) rest() int64 { return max(t.pipe-t.copies()-t.traps(), 0) }

func span(ns int64) string { return scene.Metric(float64(ns)/1e9, "s") }

func measured(size int64) func(*sims.World) bool {
	return func(w *sims.World) bool { return timed(w, size) != nil && w.Actor("sender").Idle }
}

// sentOnce: a message was sent by a way in this step, and the x-ray has seen it.
func sentOnce(way string) func(*sims.World) bool {
	return func(w *sims.World) bool {
		m := w.News("sender", "arrived")
		return m != nil && m.S["way"] == way && settled(w, m) && (largestCall(w, way) >= 0 || w.Actor("sender").Untraced != "")
	}
}

// settled: the sender rests since a moment, and the kernel's account of both has all
// calls of theirs: the receiver writes nothing but answers, one for each message.
func settled(w *sims.World, m *sims.Moment) bool {
	answers, kept := w.Actor("receiver").Numbers["syscw"]
	return w.ReadSince(m) && w.Actor("sender").Idle && (!kept || answers >= w.Count("sender", "messages"))
}

// resting: nothing is under way, and the kernel's account of both is up to date.
func resting(w *sims.World) bool { return settled(w, lastMoment(w)) }

// costGone reports whether one of the two has ended.
func costGone(w *sims.World) bool {
	return w.Actor("sender").Ended() != "" || w.Actor("receiver").Ended() != ""
}

// counted is how many calls the two made for the one message of this step, by the
// kernel's account: reads and writes of both, less the order and the answer, which
// each of them writes or reads once.
func counted(w *sims.World) (n int64) {
	for _, role := range []string{"sender", "receiver"} {
		for _, what := range []string{"syscr", "syscw"} {
			n += w.Actor(role).Numbers[what] - w.Before.Actor(role).Numbers[what]
		}
	}
	return n - 4
}

// largestCall is the most bytes that a call of the sender carried when it sent its last
// message, once by the way named; -1 when the x-ray has not seen that.
func largestCall(w *sims.World, way string) int64 {
	a, m := w.Actor("sender"), lastMoment(w)
	if !a.Traced || m == nil || m.Name != "arrived" || m.S["way"] != way {
		return -1
	}
	most, seen := int64(-1), 0
	for i := len(a.Calls) - 1; i >= 0 && seen < 3; i-- { // the order, the message or the bell, the answer
		if n, err := strconv.ParseInt(a.Calls[i].Result, 10, 64); err == nil {
			most, seen = max(most, n), seen+1
		}
	}
	return most
}

func lastMoment(w *sims.World) *sims.Moment {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		if m := &w.Moments[i]; m.Who == "sender" {
			return m
		}
	}
	return nil
}

// crossover is the least size measured from which on copies cost more than traps; 0
// while it is not known.
func crossover(w *sims.World) int64 {
	for _, n := range sizes {
		t := timed(w, int64(n))
		if t == nil {
			return 0
		}
		if t.copies() > t.traps() {
			return t.size
		}
	}
	return 0
}

// parted is the least size measured at which the pipe took more than twice as long as the
// ring; 0 while it is not known.
func parted(w *sims.World) int64 {
	for _, n := range sizes {
		if t := timed(w, int64(n)); t == nil {
			return 0
		} else if t.pipe > 2*t.ring {
			return t.size
		}
	}
	return 0
}

func crossoverRange(w *sims.World) (string, bool) {
	a := w.After("all")
	if a == nil {
		return "", false
	}
	switch n := crossover(a); {
	case n == 0 || n > 64<<10:
		return "above", true
	case n < 1<<10:
		return "below", true
	}
	return "between", true
}
