package pipes

// What this lesson shows: a FIFO is a pipe with a name. Strangers meet on the
// path; open(2) itself sleeps until both sides are there, the mode of the path
// decides who may come in, and no byte is ever in the file (fifo(7)).

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

//go:embed fifo.go
var fifoSource string

var fifo = sims.Sim{
	ID:     "pipes/fifo",
	Source: fifoSource,
	Roles: []sims.Role{
		{Name: "writer", Run: openAndWrite, Late: true, Counters: []string{"written"}, Gates: []string{"open", "write"}},
		{Name: "second", Run: openAndWrite, Late: true, Counters: []string{"written"}, Gates: []string{"open", "write"}},
		{Name: "reader", Run: openAndRead, Late: true, Counters: []string{"read"}, Gates: []string{"open", "read"}},
		{Name: "newcomer", Run: openAndLeave, Late: true, Gates: []string{"open"}},
	},
	Wire: func(w *sims.Wiring) error {
		path := w.Path("FIFO", "fifo", "meeting-point")
		for _, role := range []string{"writer", "second", "reader", "newcomer"} {
			w.Put(role, "path", path) // all that they have in common
		}
		if err := unix.Mkfifo(path, 0o600); err != nil {
			return fmt.Errorf("mkfifo: %w", err)
		}
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "start the writer", Help: "open(path, O_WRONLY)", Act: sims.Start{Role: "writer"}},
		{Key: "2", Name: "start the reader", Help: "open(path, O_RDONLY)", Act: sims.Start{Role: "reader"}},
		{Key: "3", Name: "start a second writer", Help: "one more open(path, O_WRONLY)", Act: sims.Start{Role: "second"}},
		{Key: "4", Name: "send a newcomer", Help: "open(path, O_WRONLY|O_NONBLOCK): it tells what it got and leaves", Act: sims.Start{Role: "newcomer"}},
		{Key: "5", Name: "chmod 000", Help: "nobody may open the path", Act: chmod(0)},
		{Key: "6", Name: "chmod 600", Help: "the owner may read and write", Act: chmod(0o600)},
		{Key: "w", Name: "write a line", Help: "the writer writes one line", Act: sims.Tell{Role: "writer", Command: "write"}},
		{Key: "l", Name: "second writes a line", Help: "the second writer writes one line", Act: sims.Tell{Role: "second", Command: "write"}},
		{Key: "g", Name: "read once", Help: "the reader calls read(2) once", Act: sims.Tell{Role: "reader", Command: "read"}},
		{Key: "a", Name: "writer leaves", Help: "the writer exits", Act: leaving("writer", "leave")},
		{Key: "b", Name: "second leaves", Help: "the second writer exits", Act: leaving("second", "leave")},
		{Key: "f", Name: "reader leaves", Help: "the reader exits, once it is out of read(2)", Act: leaving("reader", "leave")},
	},
	Draw: drawFifo,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("alone")
		switch {
		case a == nil:
			return "", false
		case asleepInOpen(a, "writer"):
			return "blocks", true
		case a.Last("writer", "opened") != nil:
			return "returns", true
		}
		return "fails", true
	},
	Walk: []sims.Step{
		{ID: "alone", Turn: sims.Press("start the writer"), For: "the writer sleeps in open, or open has returned", Until: func(w *sims.World) bool {
			return w.Object("FIFO").Level("exists") == 1 && asleepInOpen(w, "writer") || w.Last("writer", "opened") != nil || w.Last("writer", "refused") != nil
		}},
		{ID: "nonblock", From: "alone", Turn: sims.Press("send a newcomer"), For: "the newcomer has its answer", Until: newcomerAnswered},
		{ID: "meets", From: "alone", Turn: sims.Press("start the reader"), For: "both calls have returned", Until: func(w *sims.World) bool {
			o := w.Object("FIFO")
			return isIn(w, "writer") && isIn(w, "reader") && o.Level("writers") > 0 && o.Level("readers") > 0
		}},
		{ID: "second-writer", From: "alone", Turn: sims.Press("start a second writer"), For: "the second writer is in", Until: func(w *sims.World) bool {
			return isIn(w, "writer") && isIn(w, "second") && isIn(w, "reader") && w.Object("FIFO").Level("writers") == 2
		}},
		{ID: "denied", From: "alone", Turn: sims.Press("chmod 000", "send a newcomer", "write a line"), For: "the newcomer has been refused, and the writer has written a line", Until: func(w *sims.World) bool {
			return newcomerAnswered(w) && w.ReadSince(w.News("writer", "wrote"))
		}},
		{ID: "nothing-stored", From: "alone", Turn: sims.Press("chmod 600", "write a line", "second writes a line"), For: "lines of both writers lie in the FIFO", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("writer", "wrote")) && w.ReadSince(w.News("second", "wrote")) && w.Object("FIFO").Level("queued") > 0
		}},
		{ID: "outlives", From: "alone", Turn: sims.Press("writer leaves", "second leaves", "reader leaves"), For: "nobody holds the FIFO any more", Until: func(w *sims.World) bool {
			o := w.Object("FIFO")
			return !w.Actor("writer").Life.Alive() && !w.Actor("second").Life.Alive() && !w.Actor("reader").Life.Alive() &&
				o.Level("writers") == 0 && o.Level("readers") == 0
		}},
	},
	Claims: []sims.Claim{
		{ID: "open-blocks", Says: "open sleeps until the other side opens too", After: "meets", Check: func(b *sims.World) sims.Verdict {
			a := b.After("alone")
			alone := "open returned at once"
			if p := a.Actor("writer"); asleepInOpen(a, "writer") {
				alone = "state S in " + cmp.Or(p.Syscall, p.Wchan)
			}
			return sims.Judge(asleepInOpen(a, "writer") && isIn(b, "writer") && isIn(b, "reader"), "alone: asleep in open; together: the writer has a descriptor, the reader has a descriptor",
				fmt.Sprintf("alone: %s; together: the writer %s, the reader %s", alone, hasOne(b, "writer"), hasOne(b, "reader")), "/proc/PID/stat, /proc/PID/syscall, /proc/PID/fd")
		}},
		{ID: "enxio", Says: "open for writing with O_NONBLOCK and no reader fails with ENXIO", After: "nonblock", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(newcomerGot(a) == "ENXIO", "ENXIO", newcomerGot(a), "errno of open(2)")
		}},
		{ID: "permissions", Says: "the mode of the path decides who may open it, and is not asked when one who is in writes", After: "denied", Check: checkDoor},
		{ID: "size-zero", Says: "the file's size is 0 while bytes are in the FIFO", After: "nothing-stored", Check: func(a *sims.World) sims.Verdict {
			o := a.Object("FIFO")
			sent := a.Count("writer", "written") + a.Count("second", "written") - a.Count("reader", "read")
			return sims.Judge(o.Level("size") == 0 && o.Level("queued") == sent && sent > 0, scene.Bytes(sent)+" in the buffer, 0 B in the file",
				scene.Bytes(o.Level("queued"))+" in the buffer, "+scene.Bytes(o.Level("size"))+" in the file", "ioctl(FIONREAD), lstat(2)")
		}},
		{ID: "outlives", Says: "the name is still there when nobody holds the FIFO", After: "outlives", Check: func(a *sims.World) sims.Verdict {
			o := a.Object("FIFO")
			same := o.Level("inode") == a.After("meets").Object("FIFO").Level("inode")
			return sims.Judge(o.Level("exists") == 1 && same && o.Level("writers")+o.Level("readers") == 0, "0 ends open, the name is there, with the same inode",
				fmt.Sprintf("%d ends open, the name is %s, with %s", o.Level("writers")+o.Level("readers"), map[bool]string{true: "there", false: "gone"}[o.Level("exists") == 1],
					map[bool]string{true: "the same inode", false: "another inode"}[same]), "/proc/PID/fd, lstat(2)")
		}},
	},
}

// open is open(2) on the path. It sleeps in there while the other side is away.
func open(a *sims.Actor, flags int) (fd int, err error) {
	for {
		a.Gate("open")
		fd, err = unix.Open(a.Arg("path"), flags|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		a.Say("refused", sims.Err(err))
		return -1, err
	}
	a.Hold("FIFO", fd)
	a.Say("opened", sims.Num("fd", fd))
	return fd, nil
}

// openAndWrite opens the path for writing and writes a line whenever it is told.
func openAndWrite(a *sims.Actor) error {
	out, err := open(a, unix.O_WRONLY)
	if err != nil {
		return nil // it has said why
	}
	for a.Next().Name == "write" {
		a.Gate("write")
		n, err := unix.Write(out, []byte("a line of bytes\n"))
		if err != nil {
			a.Say("write failed", sims.Err(err)) // EPIPE: no reader is left
			continue
		}
		a.Counter("written").Add(int64(n))
		a.Say("wrote", sims.Num("bytes", n))
	}
	return nil
}

// openAndRead opens the path for reading and reads once whenever it is told.
func openAndRead(a *sims.Actor) error {
	in, err := open(a, unix.O_RDONLY)
	if err != nil {
		return nil // it has said why
	}
	buf := make([]byte, 4096)
	for a.Next().Name == "read" {
		a.Gate("read")
		n, err := unix.Read(in, buf)
		for err == unix.EINTR {
			n, err = unix.Read(in, buf)
		}
		if err != nil {
			a.Say("read failed", sims.Err(err))
			continue
		}
		a.Counter("read").Add(int64(n))
		a.Say("got", sims.Num("bytes", n)) // 0: every writer has closed
	}
	return nil
}

// openAndLeave knocks: with O_NONBLOCK open(2) gives its answer at once.
func openAndLeave(a *sims.Actor) error {
	open(a, unix.O_WRONLY|unix.O_NONBLOCK) // what it got, it has said
	return nil
}

// chmod sets the mode of the path, as the command of that name does.
func chmod(mode uint32) sims.Do {
	return sims.Do{Run: func(r *stage.Run, _ string) error {
		dir, err := r.Dir()
		if err != nil {
			return err
		}
		if err := unix.Chmod(dir+"/meeting-point", mode); err != nil {
			return fmt.Errorf("chmod %03o: %w", mode, err)
		}
		return nil
	}}
}

// asleepInOpen is a role asleep in open(2), before it has a descriptor.
func asleepInOpen(w *sims.World, role string) bool {
	_, holds := w.Holds(role, "FIFO", "")
	return !holds && w.Actor(role).Life.Alive() && (w.Asleep(role, "wait_for_partner") || w.Asleep(role, "fifo_open"))
}

// isIn is a role that open(2) has given a descriptor, seen in its table.
func isIn(w *sims.World, role string) bool {
	_, holds := w.Holds(role, "FIFO", "")
	return holds && w.Last(role, "opened") != nil
}

// hasOne says whether open(2) has given a role a descriptor.
func hasOne(w *sims.World, role string) string {
	if isIn(w, role) {
		return "has a descriptor"
	}
	return "has none"
}

// newcomerAnswered is the newcomer of this step gone, with what it got told.
func newcomerAnswered(w *sims.World) bool {
	return !w.Actor("newcomer").Life.Alive() && (w.News("newcomer", "refused") != nil || w.News("newcomer", "opened") != nil)
}

// checkDoor: with the mode 000 a newcomer is refused, and the line of a writer that
// is in already goes into the buffer all the same.
func checkDoor(a *sims.World) sims.Verdict {
	o, was := a.Object("FIFO"), a.Before.Object("FIFO")
	in, mode := o.Level("writers")+o.Level("readers"), o.Level("mode")&0o777
	came := o.Level("queued") + a.Count("reader", "read") - was.Level("queued") - a.Before.Count("reader", "read")
	say := func(mode int64, errno string, in, line int64) string {
		return fmt.Sprintf("mode %03o: %s for a newcomer; %s still open, and %s more through them", mode, errno, scene.Many(in, "end"), scene.Bytes(line))
	}
	sent := a.News("writer", "wrote").N["bytes"]
	return sims.Judge(mode == 0 && newcomerGot(a) == "EACCES" && in == was.Level("writers")+was.Level("readers") && came == sent && sent > 0,
		say(0, "EACCES", was.Level("writers")+was.Level("readers"), sent), say(mode, newcomerGot(a), in, came), "lstat(2), errno of open(2), /proc/PID/fd, ioctl(FIONREAD)")
}

// newcomerGot is the newcomer's latest answer from open(2).
func newcomerGot(w *sims.World) string {
	refused, opened := w.Last("newcomer", "refused"), w.Last("newcomer", "opened")
	switch {
	case refused == nil && opened == nil:
		return "no answer"
	case refused == nil || opened != nil && opened.At > refused.At:
		return "a descriptor"
	}
	return refused.S["errno"]
}

func drawFifo(w *sims.World) *scene.Scene {
	s := &scene.Scene{Sentence: fifoSentence(w), Objects: []scene.Object{w.File("FIFO")}}
	if wasOpened(w) { // before that there is a name and no buffer
		s.Objects = append(s.Objects, w.Pipe("FIFO"))
	}
	for _, role := range []string{"writer", "second", "newcomer", "reader"} {
		if w.Actor(role).Births == 0 && (role == "second" || role == "newcomer") {
			continue // extras come into the picture when they come in
		}
		p := withEnds(w, role)
		for i := range p.FDs {
			p.FDs[i].Target = "meeting-point"
		}
		if role == "second" {
			p.Name = "second writer"
		}
		s.Processes = append(s.Processes, p)
		if l, ok := fifoLink(w, role); ok {
			s.Links = append(s.Links, l)
		}
	}
	first := "writer"
	if asleepInOpen(w, "reader") {
		first = "reader"
	}
	s.Figures = []scene.Figure{
		w.QueuedFigure("FIFO"), w.SizeFigure("FIFO"), w.SleepFigure(first),
		w.CountFigure("writer", "written", "written", "B"),
	}
	if w.Actor("second").Births > 0 {
		s.Figures[3].Label = "written by the writer"
		second := w.CountFigure("second", "written", "by the second writer", "B")
		second.ID = "written-second"
		s.Figures = append(s.Figures, second)
	}
	s.Figures = append(s.Figures, w.CountFigure("reader", "read", "read", "B"))
	return s
}

// wasOpened is true once open(2) has let anyone in: it is in a table, or was said.
func wasOpened(w *sims.World) bool {
	return w.Said("", "opened") > 0 || slices.ContainsFunc(w.Actors, func(a *sims.ActorState) bool {
		_, in := w.Holds(a.Role, "FIFO", "")
		return in
	})
}

// fifoLink joins a role to the FIFO once it is in, and before that to the name.
func fifoLink(w *sims.World, role string) (scene.Link, bool) {
	mode, label := "w", "open"
	if role == "reader" {
		mode = "r"
	}
	_, in := w.Holds(role, "FIFO", "")
	switch {
	case in || w.Last(role, "opened") != nil && role != "newcomer":
		return w.Link(role, "FIFO", mode), w.Actor(role).Births > 0
	case asleepInOpen(w, role):
		return scene.Link{From: role, To: "FIFO name", Label: label, State: scene.Blocked}, true
	case role == "newcomer" && w.Last(role, "refused") != nil:
		return scene.Link{From: role, To: "FIFO name", Label: newcomerGot(w), State: scene.Broken}, true
	}
	return scene.Link{}, false
}

func fifoSentence(w *sims.World) string {
	o := w.Object("FIFO")
	writers, readers, queued := o.Level("writers"), o.Level("readers"), o.Level("queued")
	switch {
	case newcomerIsNews(w):
		return newcomerSentence(w)
	case asleepInOpen(w, "writer") || asleepInOpen(w, "second"):
		return "A writer sleeps in open(2): nobody has opened the path for reading."
	case asleepInOpen(w, "reader"):
		return "The reader sleeps in open(2): nobody has opened the path for writing."
	case w.Said("", "opened") == 0 && w.Actor("writer").Ended() != "":
		return "The writer is gone (" + w.Actor("writer").Ended() + ") and never came past open(2). The path is still there."
	case w.Said("", "opened") == 0:
		return "The path is there, and nobody is in: a name, a mode and no bytes."
	case !w.ReadSince(w.Last("", "opened")):
		return "The other side is there: open(2) has returned."
	case writers > 0 && readers == 0:
		return "The reader is gone: the next write gets EPIPE, or SIGPIPE in a program that does not handle it."
	case readers > 0 && writers == 0 && queued > 0:
		return "Every writer is gone, and " + scene.Bytes(queued) + " wait for the reader; after them comes the end of file."
	case readers > 0 && writers == 0:
		return "Every writer is gone: the reader's next read(2) returns 0."
	case readers > 0 && queued > 0:
		return scene.Bytes(queued) + " are in the kernel's buffer; the file has a size of " + scene.Bytes(max(o.Level("size"), 0)) + "."
	case readers > 0 && w.Asleep("reader", "pipe_read"):
		return "The reader sleeps in read(2): it does nothing else, and cannot leave, before a line comes or every writer is gone."
	case readers > 0:
		return fmt.Sprintf("%s and %s are open: from here on it is a pipe like any other.", scene.Many(writers, "write end"), scene.Many(readers, "read end"))
	case o.Level("exists") == 0:
		return "Nobody holds the FIFO, and its name was removed."
	}
	return "Nobody holds the FIFO any more. The name is still there."
}

// newcomerIsNews is true while nothing has been said, and nobody has ended, since
// the newcomer had its answer.
func newcomerIsNews(w *sims.World) bool {
	if len(w.Moments) == 0 || w.Moments[len(w.Moments)-1].Who != "newcomer" {
		return false
	}
	at := w.Moments[len(w.Moments)-1].At
	return !slices.ContainsFunc(w.Actors, func(a *sims.ActorState) bool {
		return a.Role != "newcomer" && a.Ended() != "" && a.Since > at
	})
}

func newcomerSentence(w *sims.World) string {
	switch got := newcomerGot(w); got {
	case "ENXIO":
		return "The newcomer would not wait (O_NONBLOCK): with nobody to read, open(2) gave it ENXIO."
	case "EACCES":
		return "The newcomer was refused: EACCES. Who is in already stays in."
	case "a descriptor":
		return "The newcomer got in, and has left again."
	default:
		return "open(2) failed for the newcomer: " + got + "."
	}
}
