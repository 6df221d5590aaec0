package sims

import (
	"fmt"

	"ipctour/sims/scene"
)

// Pictures of memory: a page with the frame that the page tables name, and the
// word of a lock.

// Page is the page at the beginning of an object that these roles have mapped
// and told of (Actor.Mapped). For one role alone it is that role's own page, so
// that two who map the same address can have a frame each.
func (w *World) Page(object string, roles ...string) scene.Page {
	p := scene.Page{ID: object, Label: object, Absent: true}
	if len(roles) == 1 {
		p.ID = object + "@" + roles[0]
	}
	mapped, told := 0, false
	for _, role := range roles {
		m := w.Mapping(role, object)
		told = told || m.Level("address") >= 0
		if !w.Maps(role, object) {
			continue
		}
		p.Size = max(m.Level("length"), 0)
		if m.Level("present") != 1 {
			continue
		}
		mapped++
		p.Absent = false
		if f := m.Level("frame"); f > 0 {
			p.Frame = fmt.Sprintf("0x%x", f)
		}
	}
	if told && p.Size == 0 {
		p.Gone = true
	}
	if mapped > 1 {
		p.Note = fmt.Sprintf("shared by %d", mapped)
	}
	return p
}

// Maps reports whether a role lives and has told of a mapping of an object that
// the kernel was then asked about.
func (w *World) Maps(role, object string) bool {
	return w.Actor(role).Life.Alive() && w.Mapping(role, object).Level("address") >= 0
}

// PageLink joins a role to a page that its page table leads to, with the address
// that the page has there.
func (w *World) PageLink(role, object string, page scene.Page) scene.Link {
	l := scene.Link{From: role, To: page.ID, State: scene.Cut}
	if a := w.Mapping(role, object).Level("address"); a >= 0 {
		l.Label = fmt.Sprintf("0x%x", a)
	}
	if w.Maps(role, object) {
		l.State = scene.Idle
		if w.Actor(role).Life == scene.Running {
			l.State = scene.Moving
		}
	}
	return l
}

// FrameFigure is the number of the frame behind a role's mapping of an object, or
// why it cannot be had.
func (w *World) FrameFigure(role, object string) scene.Figure {
	id, label, m := "frame-"+role, "frame, by "+role, w.Mapping(role, object)
	switch {
	case !w.Maps(role, object):
		return scene.Missing(id, label, role+" maps nothing now")
	case m.Level("present") != 1:
		return scene.Missing(id, label, "no frame is behind the page yet")
	case m.Level("frame") <= 0:
		return scene.Missing(id, label, "the kernel shows frame numbers only to root (CAP_SYS_ADMIN)")
	}
	page := max(w.Facts["page"], 1)
	return scene.Figure{ID: id, Label: label, Text: fmt.Sprintf("0x%x", m.Level("frame")), Origin: scene.Kernel, Who: role}.
		From("bits 0–54 of the page's entry in /proc/PID/pagemap",
			fmt.Sprintf("sudo dd if=/proc/%d/pagemap bs=8 skip=%d count=1 status=none | od -An -t x8", w.Actor(role).PID, m.Level("address")/page))
}

// Futex is the word of a lock: a cell of an object of the kind memory. Asleep on
// it are those of the roles that the kernel says sleep in futex(2).
func (w *World) Futex(object, cell string, roles ...string) scene.Futex {
	word, known := w.Object(object).N[cell]
	f := scene.Futex{ID: object + " " + cell, Label: cell, Word: uint32(word), Known: known, Gone: true}
	for _, role := range roles {
		if w.Actor(role).Life.Alive() {
			f.Gone = false
		}
		if w.Asleep(role, "futex") {
			f.Asleep = append(f.Asleep, role)
		}
	}
	f.Gone = f.Gone && known
	return f
}

// RobustFutex is Futex for a word with the bits of a robust lock
// (get_robust_list(2)): its owner is the role whose thread id is in it.
func (w *World) RobustFutex(object, cell string, roles ...string) scene.Futex {
	f := w.Futex(object, cell, roles...)
	f.Robust, f.TID = true, int(f.Word&scene.FutexTIDMask)
	f.Waiters, f.Died = f.Word&scene.FutexWaiters != 0, f.Word&scene.FutexOwnerDied != 0
	for _, a := range w.Actors {
		if f.TID != 0 && a.PID == f.TID {
			f.Owner = a.Role
		}
	}
	return f
}
