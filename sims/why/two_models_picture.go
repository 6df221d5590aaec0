package why

import (
	"fmt"
	"slices"
	"strings"

	"ipctour/sims"
	"ipctour/sims/scene"
)

func drawTwoModels(w *sims.World) *scene.Scene {
	s := &scene.Scene{Sentence: twoModelsSentence(w)}
	for _, role := range []string{"writer", "reader", "producer", "consumer"} {
		p := w.Process(role)
		if counter := map[bool]string{true: "sent", false: "got"}[role == "writer" || role == "producer"]; p.Life.Alive() && p.Gate == "" {
			p.Note = fmt.Sprintf("%s %s", scene.Thousands(w.Count(role, counter)), counter)
		}
		s.Processes = append(s.Processes, p)
	}
	frame := w.Page("frame", "producer", "consumer")
	frame.Label = "shared memory"
	s.Objects = []scene.Object{w.Pipe("pipe"), frame}
	in, out := w.Link("writer", "pipe", "w"), w.Link("reader", "pipe", "r")
	if in.State != scene.Cut && in.State != scene.Blocked {
		in.Through = "copy 1"
	}
	if out.State != scene.Cut && out.State != scene.Blocked {
		out.Through = "copy 2"
	}
	s.Links = []scene.Link{in, out}
	for _, role := range []string{"producer", "consumer"} {
		if w.Maps(role, "frame") {
			l := w.PageLink(role, "frame", frame)
			l.Label, l.State, l.Plain = "mmap", scene.Idle, true
			s.Links = append(s.Links, l)
		}
	}
	s.Figures = twoModelsFigures(w)
	return s
}

// twoModelsFigures set the two ways beside each other. It is about the calls while they
// are watched, else about what a message takes.
func twoModelsFigures(w *sims.World) []scene.Figure {
	var calls, copied, slept, times []scene.Figure
	watched := false
	for _, y := range []way{byPipe, byMemory} {
		from, to := w.Actor(y.from), w.Actor(y.to)
		watched = watched || from.Traced && to.Traced
		calls, copied = append(calls, callsSeen(w, y)), append(copied, throughCalls(w, y))
		slept = append(slept, scene.Count(y.id+"-sleeps", y.id+": times asleep", since(w, y.from, "voluntary")+since(w, y.to, "voluntary"), "", scene.Kernel).
			From("voluntary_ctxt_switches of both in /proc/PID/status, since they began; a stop by the x-ray counts as well", fmt.Sprintf("grep ^vol /proc/%d/status /proc/%d/status", from.PID, to.PID)))
		each := scene.Figure{ID: y.id + "-time", Label: y.id + ": a message takes", Text: "–", Origin: scene.Child}
		if m := w.Last(y.from, "sent"); m != nil {
			each.Text = micros(m.N["ns"])
		}
		times = append(times, each.From("the clock of the sender around 100 messages; the x-ray makes it slower", ""))
	}
	for i := range calls {
		calls[i].Now, times[i].Now = watched, !watched
	}
	return slices.Concat(slept, times, copied, calls)
}

func callsSeen(w *sims.World, y way) scene.Figure {
	f := scene.Figure{ID: y.id + "-calls", Label: y.id + ": calls seen", Origin: scene.Kernel, Text: "not watched"}
	if w.Actor(y.from).Traced && w.Actor(y.to).Traced {
		f.Text = scene.Thousands(w.Called(y.from) + w.Called(y.to))
	}
	return f.From("ptrace(2): every system call of both since they are watched, without those of the Go runtime", "")
}

func throughCalls(w *sims.World, y way) scene.Figure {
	id, label := y.id+"-bytes", y.id+": through calls"
	switch _, kept := w.Actor(y.from).Numbers["rchar"]; {
	case !kept && counted(w, y.from):
		return scene.Missing(id, label, "the kernel keeps no account of it (/proc/PID/io)")
	case !counted(w, y.from):
		return scene.Missing(id, label, "/proc/PID/io has not been read yet")
	}
	return scene.Count(id, label, y.through(w), "B", scene.Kernel).
		From("rchar and wchar of both, since they began", fmt.Sprintf("grep char /proc/%d/io /proc/%d/io", w.Actor(y.from).PID, w.Actor(y.to).PID))
}

// micros is a time in microseconds, as all are shown here: so they can be compared.
func micros(ns int64) string { return fmt.Sprintf("%s.%d µs", scene.Thousands(ns/1000), ns%1000/100) }

func twoModelsSentence(w *sims.World) string {
	for _, a := range w.Actors {
		switch {
		case a.Ended() != "":
			return twoModelsEnd(w, a.Role)
		case a.Life == scene.Stopped:
			return "The " + a.Role + " is stopped. " + map[string]string{
				"writer": "The reader sleeps once the pipe is empty.", "reader": "The kernel makes the writer wait once the pipe is full.",
				"producer": "The consumer looks in vain, for a while: nobody tells it.", "consumer": "A producer that sends looks in vain, for a while: nobody tells it.",
			}[a.Role]
		}
	}
	if held := atGates(w); held != "" {
		return "Held at a gate: " + held + "."
	}
	size := scene.Bytes(payload(w))
	pipe, memory := w.Last("writer", "sent"), w.Last("producer", "sent")
	switch {
	case w.Last("producer", "gave up") != nil && memory == nil:
		return "The consumer did not answer, and the producer has given up."
	case pipe == nil && memory == nil && w.Count("writer", "sent")+w.Count("producer", "sent") == 0:
		return "Two ways lie ready for messages of " + size + ": a pipe, and memory that two have mapped."
	case w.Count("writer", "sent") > int64(messages*w.Said("writer", "sent")), w.Count("producer", "sent") > int64(messages*w.Said("producer", "sent")) && w.Last("producer", "gave up") == nil:
		return "Messages of " + size + " are under way."
	case memory == nil:
		return "100 messages of " + size + " went into the kernel and out again."
	case pipe == nil:
		return "100 messages of " + size + " were made and read in one place."
	}
	return "The pipe moved every byte twice. In the shared memory nothing moved."
}

// atGates is who is held by step mode, and before what; "" for nobody.
func atGates(w *sims.World) string {
	var list []string
	for _, a := range w.Actors {
		if a.Gate != "" {
			list = append(list, "the "+a.Role+" before its next "+a.Gate)
		}
	}
	return strings.Join(list, ", ")
}

// twoModelsEnd is what the end of one means to the other.
func twoModelsEnd(w *sims.World, gone string) string {
	m, gave := w.Last("writer", "ended"), w.Last("producer", "gave up")
	switch {
	case gone == "writer" && m != nil:
		return "write(2) gave the writer " + m.S["errno"] + ", as the reader was gone: the kernel told it at once."
	case gone == "writer":
		return "The writer is gone, and the reader sees the end of the file."
	case gone == "reader":
		return "The reader is gone: the writer's next write(2) finds nobody."
	case gone == "consumer" && gave != nil && gave.At > w.Actor(gone).Since:
		return "The consumer is gone, and the producer has given up: the word in the memory did not change."
	case gone == "consumer":
		return "The consumer is gone. A producer that sends now looks at a word that does not change: nobody tells it."
	}
	return "The producer is gone. The memory is still there, and the consumer sleeps."
}
