package zerocopy

// How zerocopy/ring looks, and what is said of it as it runs.

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"ipctour/sims"
	"ipctour/sims/scene"
)

func drawRing(w *sims.World) *scene.Scene {
	sent, bySent := rung(w, "producer")
	room, byRoom := rung(w, "consumer")
	s := &scene.Scene{Sentence: ringSentence(w), Objects: []scene.Object{w.Ring("ring", int(slots(w)), slotBytes, sent, room)}}
	for _, role := range []string{"producer", "consumer"} {
		for _, r := range []string{role, heirs[role]} {
			if r != role && w.Actor(r).Life == scene.Unborn {
				continue
			}
			s.Processes = append(s.Processes, ringProcess(w, r))
			s.Links = append(s.Links, ringLink(w, r, role))
		}
	}
	head := head(w)
	origin := scene.Kernel
	if strings.Contains(bySent, "return from") {
		origin = scene.Child
	}
	s.Figures = []scene.Figure{
		w.WordFigure("ring", "head", "▲ head: sent"), w.WordFigure("ring", "tail", "△ tail: taken"),
		scene.Count("doorbells", "doorbells rung", sent, "", origin).From(bySent, fmt.Sprintf("grep syscw /proc/%d/io", w.Actor(current(w, "producer")).PID)),
		scene.Count("room-bells", "rung for room", room, "", origin).From(byRoom, fmt.Sprintf("grep syscw /proc/%d/io", w.Actor(current(w, "consumer")).PID)),
		scene.Count("wrong", "wrong or torn", wrong(w), "", scene.Child).
			From("the consumer looks at the number and the CRC-32C of every message", ""),
	}
	each := scene.Figure{ID: "per-bell", Label: "messages a bell", Text: "none yet", Origin: scene.Derived}
	if sent > 0 && head > 0 {
		each.Text = perBell(head, sent)
	}
	s.Figures = append(append(s.Figures, each.From("head over doorbells rung", "")), frameFigures(w)...)
	if w.Object("ring").Level("locks") >= 0 {
		s.Figures = append(s.Figures, scene.Figure{ID: "locks", Label: "play a part", Text: cmp.Or(strings.Join(players(w), ", "), "nobody"), Origin: scene.Kernel}.
			From("/proc/locks: who has a byte of the memory locked", "grep POSIX /proc/locks"))
	}
	if calls, most, other := carried(w); calls+other > 0 {
		seen := []scene.Figure{
			scene.Count("calls", "system calls", calls+other, "", scene.Kernel).From("the x-ray of both (ptrace), since it was switched on", ""),
			scene.Count("carried", "most in one", most, "B", scene.Kernel).From("the results of read and write under the x-ray", "")}
		s.Figures = append(s.Figures, seen...)
		if w.Actor(current(w, "producer")).Traced {
			s.Mark("calls", "carried")
		}
	} else if why := w.Actor("producer").Untraced; why != "" {
		s.Figures = append(s.Figures, scene.Missing("calls", "system calls", why), scene.Missing("carried", "most in one", why))
	}
	return s
}

// perBell is how many messages there were for a doorbell: to a tenth where they were few.
func perBell(head, bells int64) string {
	if head >= 100*bells {
		return scene.Thousands((head + bells/2) / bells)
	}
	return fmt.Sprintf("%.1f", float64(head)/float64(bells))
}

// ringProcess is a process of the ring, with the doorbell that it sleeps on.
func ringProcess(w *sims.World, r string) scene.Process {
	p := w.Process(r)
	for _, bell := range []string{"doorbell", "room bell"} {
		if p.Where != "" && asleepOn(w, r, bell) {
			p.Where = "read(" + bell + ")"
		}
	}
	if p.Life == scene.Stopped {
		p.Note = "" // its state says so
	}
	return p
}

// ringLink joins a process to the memory that it has mapped: data moves by stores and
// loads, so there is no descriptor to name.
func ringLink(w *sims.World, r, role string) scene.Link {
	l := scene.Link{From: r, To: "ring", State: scene.Idle, Through: "stores"}
	if role == "consumer" {
		l = scene.Link{From: "ring", To: r, State: scene.Idle, Through: "loads"}
	}
	switch a := w.Actor(r); {
	case !a.Life.Alive():
		l.State, l.Through = scene.Cut, ""
	case asleepOn(w, r, "doorbell") || asleepOn(w, r, "room bell"):
		l.State, l.Through = scene.Blocked, ""
	case a.Life == scene.Running:
		l.State = scene.Moving
	}
	return l
}

// frameFigures say what is behind slot 0 in both processes.
func frameFigures(w *sims.World) []scene.Figure {
	var list []scene.Figure
	for _, role := range []string{"producer", "consumer"} {
		r := current(w, role)
		m := w.Mapping(r, "ring")
		f := scene.Figure{ID: "frame-" + role, Label: "slot 0 of the " + role, Origin: scene.Kernel, Text: "not mapped yet"}
		if m.Level("frame") > 0 {
			f.Text = "frame " + frame(m)
		} else if m.Level("inode") > 0 {
			f.Text = "inode " + strconv.FormatInt(m.Level("inode"), 10)
		}
		list = append(list, f.From("pagemap and smaps of the process, for the address that it told", fmt.Sprintf("grep ring /proc/%d/maps", w.Actor(r).PID)))
	}
	return list
}

func ringSentence(w *sims.World) string {
	producer, consumer := w.Actor(current(w, "producer")), w.Actor(current(w, "consumer"))
	lie := waiting(max(level(w), 0))
	switch {
	case producer.Ended() != "" && consumer.Ended() != "":
		return fmt.Sprintf("Both are gone (%s, %s), and %s.", producer.Ended(), consumer.Ended(), lie)
	case consumer.Ended() != "" && asleepOn(w, producer.Role, "room bell"):
		return fmt.Sprintf("The consumer is gone (%s) and the ring is full: the producer sleeps until somebody takes over.", consumer.Ended())
	case consumer.Ended() != "":
		return fmt.Sprintf("The consumer is gone (%s): %s, for whoever comes next.", consumer.Ended(), lie)
	case producer.Ended() != "" && consumerAsleep(w):
		return fmt.Sprintf("The producer is gone (%s): the ring is empty, and the consumer sleeps on.", producer.Ended())
	case producer.Ended() != "":
		return fmt.Sprintf("The producer is gone (%s), and %s.", producer.Ended(), lie)
	case producer.Gate == "publish":
		return fmt.Sprintf("A message is in its slot, but head is still %s: the consumer cannot see it.", scene.Thousands(w.Object("ring").Level("head")))
	case producer.Gate != "" || consumer.Gate != "":
		return "Step by step: " + lie + "."
	}
	return ringFlow(w, producer, consumer, lie)
}

// ringFlow is what happens while both live and nobody is held at a gate.
func ringFlow(w *sims.World, producer, consumer *sims.ActorState, lie string) string {
	full := level(w) >= slots(w) && slots(w) > 0
	switch {
	case consumer.Life == scene.Stopped && full && asleepOn(w, producer.Role, "room bell"):
		return "The ring is full and the consumer is stopped: the producer sleeps until there is room."
	case consumer.Life == scene.Stopped:
		return "The consumer is stopped: " + lie + "."
	case producer.Life == scene.Stopped:
		return "The producer is stopped: " + lie + "."
	case early(w) != "":
		return "The " + early(w) + " waits for its turn: this ring is for one producer and one consumer."
	case consumerAsleep(w) && w.Object("ring").Level("head") == 0:
		return "The ring is empty: the consumer sleeps in the kernel, and has asked to be rung for."
	case consumerAsleep(w) && producer.Idle:
		bells, _ := rung(w, "producer")
		return fmt.Sprintf("Taken: %s, for %s. The consumer sleeps again.", scene.Many(w.Object("ring").Level("head"), "message"), scene.Many(bells, "doorbell"))
	case full && asleepOn(w, producer.Role, "room bell"):
		return "The ring is full: the producer sleeps until half of it is free."
	case level(w) < 0:
		return "The two map the ring."
	}
	return "Head moves on and tail follows it: no call, no copy."
}

// early is an heir that was started while the other lives; "" for none.
func early(w *sims.World) string {
	for _, role := range []string{"producer", "consumer"} {
		heir := heirs[role]
		if w.Actor(heir).Life.Alive() && current(w, role) == role && w.Actor(role).Life.Alive() {
			return heir
		}
	}
	return ""
}

func waiting(n int64) string {
	if n == 0 {
		return "nothing waits in the ring"
	}
	return strings.Replace(scene.Many(n, "message")+" wait in the ring", "1 message wait ", "1 message waits ", 1)
}
