package signals

// How signals/dispositions looks, and what is said of it as it runs.

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
)

func drawDispositions(w *sims.World) *scene.Scene {
	s := &scene.Scene{Sentence: dispositionsSentence(w), Processes: []scene.Process{w.Process("sender")}}
	now := present(w)
	for _, t := range targets {
		p := w.Process(t)
		if p.Life.Alive() && p.Gate == "" && p.Life != scene.Stopped {
			p.Note, p.Where = fate(w, t), ""
		} else if p.Life == scene.Stopped {
			p.Note = ""
		}
		s.Processes = append(s.Processes, p)
		sets := w.Signals(t+" sets", t, int(now))
		sets.Limit = 0 // how many the user has waiting is another lesson's
		s.Objects = append(s.Objects, sets)
		s.Links = append(s.Links, sendLink(w, t, now), fateLink(w, t))
	}
	for _, t := range targets {
		p := w.Actor(t)
		f := scene.Figure{ID: t, Label: t, Text: fate(w, t), Origin: scene.Kernel, Who: t}
		s.Figures = append(s.Figures, f.From("SigBlk, SigIgn, SigCgt, ShdPnd and State in /proc/PID/status; its wait status once it has ended",
			fmt.Sprintf("grep -E 'State|Sig|ShdPnd' /proc/%d/status", p.PID)))
	}
	s.Figures = append(s.Figures, scene.Count("handler", "handler", ran(w, now), "", scene.Child).
		From("the handler adds to a word in shared memory, which the tour reads with pread(2)", ""))
	if m := w.Last("", "refused"); m != nil {
		s.Figures = append(s.Figures, scene.Figure{ID: "refused", Label: "refused", Text: fmt.Sprintf("%s ×%d", m.S["errno"], w.Said("", "refused")), Origin: scene.Child}.
			From("errno of rt_sigaction(2) in ignored and handled", ""))
	}
	return s
}

// sendLink is the way of the signal into the kernel.
func sendLink(w *sims.World, target string, s unix.Signal) scene.Link {
	l := scene.Link{From: "sender", To: target + " sets", State: scene.Idle}
	if n := sentTo(w, target); n > 0 {
		l.Through = strings.TrimPrefix(signalName(s), "SIG")
		if n > 1 {
			l.Through += fmt.Sprintf(" ×%d", n)
		}
		if m := w.Last("sender", "sent"); w.Since(m) < 6 && w.Actor("sender").Life.Alive() {
			l.State = scene.Moving
		}
	}
	if !w.Actor("sender").Life.Alive() {
		l.State = scene.Cut
	}
	return l
}

// fateLink is the way from the sets to the target: open, held back, or cut off.
func fateLink(w *sims.World, target string) scene.Link {
	l := scene.Link{From: target + " sets", To: target, State: scene.Idle}
	s := int(present(w))
	sure := s == int(unix.SIGKILL) || s == int(unix.SIGSTOP) || s == int(unix.SIGCONT)
	switch a := w.Actor(target); {
	case !a.Life.Alive() && sentTo(w, target) > 0 && a.Signal == s:
		l.State = scene.Moving
	case !a.Life.Alive():
		l.State = scene.Cut
	case w.InSet(target, "ShdPnd", s) && w.InSet(target, "SigBlk", s) && !sure:
		l.State, l.Through = scene.Blocked, "held"
	case w.InSet(target, "SigIgn", s) && sentTo(w, target) > 0 && !sure:
		l.State, l.Through = scene.Cut, "thrown away"
	case sentTo(w, target) > 0 && fate(w, target) != "nothing happened":
		l.State = scene.Moving
	}
	return l
}

func dispositionsSentence(w *sims.World) string {
	name := signalName(present(w))
	sender := w.Actor("sender")
	gone := ""
	if e := sender.Ended(); e != "" {
		gone = "The sender is gone (" + e + "). "
	}
	last := w.Last("sender", "sent")
	switch {
	case last == nil && dead(w, targets...):
		return gone + "All four targets are gone."
	case last == nil && anyEnded(w):
		return gone + "Before any signal was sent: " + fates(w) + "."
	case last == nil && !targetsReady(w):
		return gone + "The four targets set themselves up: each settles what signals shall do to it."
	case last == nil && gone != "":
		return gone + "The four targets wait for a signal that nobody sends."
	case last == nil:
		return "Four targets are ready, each with another fate for signals. The sender has sent none yet."
	case last.S["errno"] != "":
		return gone + "kill(2) answered " + last.S["errno"] + ": " + last.S["to"] + " could not be sent to."
	case !w.ReadSince(last):
		return gone + "kill(2): " + name + " goes to " + last.S["to"] + "."
	}
	return gone + name + " — " + fates(w) + "."
}

func anyEnded(w *sims.World) bool {
	for _, t := range targets {
		if w.Actor(t).Ended() != "" {
			return true
		}
	}
	return false
}

// fates is what has become of each.
func fates(w *sims.World) string {
	var list []string
	for _, t := range targets {
		list = append(list, t+": "+fate(w, t))
	}
	return strings.Join(list, ", ")
}
