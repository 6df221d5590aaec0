package zerocopy

// How zerocopy/copy-cost looks, and what is said of it as it runs.

import (
	"cmp"
	"fmt"

	"ipctour/sims"
	"ipctour/sims/scene"
)

func drawCopyCost(w *sims.World) *scene.Scene {
	s := &scene.Scene{
		Sentence:  copyCostSentence(w),
		Processes: []scene.Process{w.Process("sender"), w.Process("receiver")},
		Objects:   []scene.Object{w.Pipe("pipe"), costChart(w)},
		Links: []scene.Link{w.Link("sender", "pipe", "w"), w.Link("receiver", "pipe", "r"),
			ringBetween(w)},
		Figures: costFigures(w),
	}
	return s
}

// ringBetween joins the two by the memory that both have mapped.
func ringBetween(w *sims.World) scene.Link {
	l := scene.Link{From: "sender", To: "receiver", State: scene.Idle, Label: "ring"}
	switch {
	case !w.Actor("sender").Life.Alive() || !w.Actor("receiver").Life.Alive():
		l.State = scene.Cut
	case asleepOn(w, "receiver", "doorbell"):
		l.State = scene.Blocked
	}
	return l
}

// costChart has a line for each way, and one for each part of the pipe's price. Copies
// that are lost beside the traps are left out: they would stretch the axis.
func costChart(w *sims.World) scene.Chart {
	c := scene.Chart{ID: "times", Label: "round trip", Unit: "s", Log: true,
		Lines: []scene.Line{{Name: "pipe"}, {Name: "ring"}, {Name: "copies"}, {Name: "traps"}}}
	for i, n := range sizes {
		c.Columns = append(c.Columns, sizeName(n))
		t := timed(w, int64(n))
		if t == nil {
			continue
		}
		for k, ns := range []int64{t.pipe, t.ring, t.copies(), t.traps()} {
			if k != 2 || 10*ns > t.traps() {
				c.Lines[k].Points = append(c.Lines[k].Points, scene.Point{Column: i, Value: float64(ns) / 1e9})
			}
		}
	}
	return c
}

func costFigures(w *sims.World) []scene.Figure {
	f := func(id, label, text string, origin scene.Origin, how string) scene.Figure {
		return scene.Figure{ID: id, Label: label, Text: cmp.Or(text, "not yet"), Origin: origin}.From(how, "")
	}
	var pipe, ring, traps, copies, rest, copied, calls, mid, from, twice string
	if t := latest(w); t != nil {
		pipe, ring, traps, copies, rest = span(t.pipe), span(t.ring), span(t.traps()), span(t.copies()), span(t.rest())
		copied, calls = span(t.copied), scene.Thousands(t.calls)
	}
	if t := timed(w, mebibyte); t != nil {
		mid = span(t.pipe)
	}
	if n := crossover(w); n > 0 {
		from = "from " + sizeName(int(n))
	}
	if n := parted(w); n > 0 {
		twice = "from " + sizeName(int(n))
	}
	list := []scene.Figure{
		f("pipe", "by pipe", pipe, scene.Child, "the sender's clock, from before the first call to the answer: the median"),
		f("ring", "by ring", ring, scene.Child, "the sender's clock, likewise"),
		f("copies", "of the pipe: copies", copies, scene.Derived, "the same calls made by the sender alone, less their traps"),
		f("traps", "of the pipe: traps", traps, scene.Derived, "half of a write and a read of one byte alone, for each call of both"),
		f("copied", "copied by the ring", copied, scene.Child, "the sender's clock, with a copy into the slot and one out of it"),
		f("crossover", "copies > traps", from, scene.Derived, "the least size measured at which the copies cost more than the traps"),
		f("twice", "pipe > 2 × ring", twice, scene.Derived, "the least size measured at which the pipe took more than twice as long as the ring"),
		f("calls", "calls on the pipe", calls, scene.Child, "both count their returns from read(2) and write(2) on the pipe"),
		f("mebibyte", "1 MiB by pipe", mid, scene.Child, "the sender's clock"),
		f("source", "by the source", "hundreds of µs", scene.Said, "the source's figure for 1 MiB, not measured"),
		f("rest", "of the pipe: the rest", rest, scene.Derived, "the pipe's time less its copies and traps: sleeping, waking, the answer"),
	}
	if w.Options["placement"] == "two CPUs" && w.Facts["cpus"] < 2 {
		list = append(list, scene.Missing("placement", "two CPUs", "this machine gives the tour one processor: both are on it"))
	}
	list = append(list, countedFigure(w))
	if n := largestCall(w, lastWay(w)); n >= 0 {
		largest := scene.Count("largest", "most in a call", n, "B", scene.Kernel).From("the x-ray of the sender: the largest result of read and write", "")
		largest.Now = true // it is what the learner has just asked for
		list = append(list, largest)
	} else if why := w.Actor("sender").Untraced; why != "" {
		list = append(list, scene.Missing("largest", "most in a call", why))
	}
	return list
}

// countedFigure is how many calls a single message took, where one was sent in this step.
func countedFigure(w *sims.World) scene.Figure {
	const id, label = "counted", "calls for one message"
	m := w.News("sender", "arrived")
	if _, kept := w.Actor("sender").Numbers["syscr"]; !kept {
		return scene.Missing(id, label, "the kernel keeps no account of it (/proc/PID/io)")
	}
	if w.Before == nil || !w.Before.Actor("sender").Idle || !settled(w, m) || w.Said("sender", "arrived") != w.Before.Said("sender", "arrived")+1 {
		return scene.Missing(id, label, "it is counted for the one that a step of the walk sends")
	}
	return scene.Count(id, label, counted(w), "", scene.Kernel).From("syscr and syscw of both in /proc/PID/io, less the order and the answer",
		fmt.Sprintf("grep sysc /proc/%d/io /proc/%d/io", w.Actor("sender").PID, w.Actor("receiver").PID))
}

// lastWay is the way that a single message was sent last.
func lastWay(w *sims.World) string {
	if m := w.Last("sender", "once"); m != nil {
		return m.S["way"]
	}
	return ""
}

// latest is the timing of the size that was measured last.
func latest(w *sims.World) *timing {
	if m := w.Last("sender", "measured"); m != nil {
		return timed(w, m.N["size"])
	}
	return nil
}

func copyCostSentence(w *sims.World) string {
	sender, receiver := w.Actor("sender"), w.Actor("receiver")
	size := sizeName(int(w.Count("sender", "size")))
	switch {
	case sender.Ended() == "exit 0" && receiver.Signal != 0:
		return "The receiver is gone (" + receiver.Ended() + "). The sender's next message found nobody, and it has ended too."
	case sender.Ended() != "" && receiver.Ended() != "":
		return fmt.Sprintf("Both have ended: sender %s, receiver %s.", sender.Ended(), receiver.Ended())
	case sender.Ended() != "" && asleepOn(w, "receiver", "doorbell"):
		return "The sender is gone (" + sender.Ended() + "): the receiver sleeps on its doorbell. Memory has no end of file."
	case sender.Ended() != "":
		return "The sender is gone (" + sender.Ended() + ")."
	case receiver.Ended() != "":
		return "The receiver is gone (" + receiver.Ended() + "): the next message will find nobody."
	case sender.Life == scene.Stopped && receiver.Life == scene.Stopped:
		return "Both are stopped."
	case sender.Life == scene.Stopped:
		return "The sender is stopped, and the receiver waits for it."
	case receiver.Life == scene.Stopped:
		return "The receiver is stopped: what is sent now waits for it."
	case sender.Idle && largestCall(w, lastWay(w)) >= 0:
		return fmt.Sprintf("A mebibyte was sent %s: the largest call of the sender carried %s.", lastWay(w), scene.Many(largestCall(w, lastWay(w)), "byte"))
	case sender.Idle && lastMoment(w) != nil && lastMoment(w).Name == "arrived":
		return "A mebibyte was sent " + lastWay(w) + ". With the x-ray of the sender on (y) you see by which calls."
	case sender.Idle && latest(w) != nil:
		t := latest(w)
		text := fmt.Sprintf("%s: %s by pipe, %s handed over in the ring.", sizeName(int(t.size)), span(t.pipe), span(t.ring))
		if sender.Traced || receiver.Traced {
			text += " What is timed under the x-ray is slower by far: each call is stopped for it. y switches it off."
		}
		return text
	case sender.Idle:
		return "Nothing has been timed yet: choose a size."
	case w.Count("sender", "size") == 0:
		return "The two make ready."
	}
	return "Messages of " + size + " go by pipe and by ring in turn, and each is answered."
}
