package sims

import (
	"fmt"

	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

// What the pictures of lessons on signals share. The sets are those of a role
// with Role.Masks.

// InSet reports whether a signal is in a set of a role's process: SigBlk, SigIgn,
// SigCgt, SigPnd or ShdPnd of /proc/PID/status, as last read.
func (w *World) InSet(role, set string, signal int) bool {
	return signal >= 1 && signal <= 64 && w.Actor(role).Numbers[set]>>(signal-1)&1 != 0
}

// SetsRead reports whether the kernel has been asked for a role's sets.
func (w *World) SetsRead(role string) bool {
	_, read := w.Actor(role).Numbers["SigBlk"]
	return read
}

// Signals are the sets of a role as the picture shows them, a row a signal.
func (w *World) Signals(id, role string, list ...int) scene.Signals {
	a := w.Actor(role)
	s := scene.Signals{ID: id, Label: "signals of " + role, Queued: a.Numbers["SigQ"], Limit: a.Numbers["SigQ limit"],
		Gone: a.Life != scene.Unborn && !a.Life.Alive()}
	for _, n := range list {
		s.Rows = append(s.Rows, scene.Signal{Name: stage.SignalName(n), Blocked: w.InSet(role, "SigBlk", n), Ignored: w.InSet(role, "SigIgn", n),
			Caught: w.InSet(role, "SigCgt", n), Pending: w.InSet(role, "ShdPnd", n) || w.InSet(role, "SigPnd", n)})
	}
	return s
}

// SigQFigure is how many signals the user of a role's process has waiting.
func (w *World) SigQFigure(role string) scene.Figure {
	a := w.Actor(role)
	if !w.SetsRead(role) || !a.Life.Alive() {
		return scene.Missing("sigq", "queued (SigQ)", "there is no process to ask about")
	}
	f := scene.Figure{ID: "sigq", Label: "queued (SigQ)", Origin: scene.Kernel,
		Text: scene.Thousands(a.Numbers["SigQ"]) + " of " + scene.Thousands(a.Numbers["SigQ limit"])}
	return f.From("SigQ in /proc/PID/status: signals that wait for any process of this user, and RLIMIT_SIGPENDING", fmt.Sprintf("grep SigQ /proc/%d/status", a.PID))
}

// SetFigure is one signal set of a role's process as the kernel writes it.
func (w *World) SetFigure(role, set, id, label string) scene.Figure {
	a := w.Actor(role)
	if !w.SetsRead(role) || !a.Life.Alive() {
		return scene.Missing(id, label, "there is no process to ask about")
	}
	f := scene.Figure{ID: id, Label: label, Origin: scene.Kernel, Text: fmt.Sprintf("%016x", uint64(a.Numbers[set])), Who: role}
	return f.From(set+" in /proc/PID/status: bit n−1 stands for signal n", fmt.Sprintf("grep %s /proc/%d/status", set, a.PID))
}
