package pipes

// What this lesson shows: fork copies the descriptor table, so every child holds
// both ends of its parent's pipe. A reader is at the end of file only when the
// last copy of the write end is closed, wherever that copy is.

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

//go:embed inherit.go
var inheritSource string

// family are the roles that hold ends of the pipe, in the order of the picture.
var family = []string{"parent", "writer", "sibling", "reader"}

var inherit = sims.Sim{
	ID:     "pipes/inherit",
	Source: inheritSource,
	Roles: []sims.Role{
		{Name: "parent", Run: makePipeAndFork, Gates: []string{"pipe", "fork"}},
		{Name: "writer", Run: writeAndEnd, By: "parent", Counters: []string{"written"}, Gates: []string{"write"}},
		{Name: "sibling", Run: holdAndWait, By: "parent"},
		{Name: "reader", Run: readToTheEnd, By: "parent", Counters: []string{"read"}, Gates: []string{"read"}},
	},
	Wire: func(w *sims.Wiring) error {
		w.Promise("pipe", "pipe") // the parent makes it
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "parent closes r", Help: "close the parent's read end", Act: closing("parent", "r")},
		{Key: "2", Name: "parent closes w", Help: "close the parent's write end", Act: closing("parent", "w")},
		{Key: "3", Name: "writer closes r", Help: "close the writer's read end, which it does not use", Act: closing("writer", "r")},
		{Key: "4", Name: "reader closes w", Help: "close the reader's write end, which it does not use", Act: closing("reader", "w")},
		{Key: "5", Name: "sibling closes r", Help: "close the sibling's read end", Act: closing("sibling", "r")},
		{Key: "6", Name: "sibling closes w", Help: "close the sibling's write end, the one that is easily forgotten", Act: closing("sibling", "w")},
		{Key: "w", Name: "writer ends", Help: "the writer writes its last bytes and exits", Act: leaving("writer", "end")},
		{Key: "s", Name: "sibling ends", Help: "the sibling exits: the kernel closes what it holds", Act: leaving("sibling", "end")},
		{Key: "p", Name: "parent ends", Help: "the parent exits: the kernel closes what it holds", Act: leaving("parent", "end")},
	},
	Draw: drawInherit,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("hangs")
		switch {
		case a == nil:
			return "", false
		case readerHangs(a):
			return "blocks", true
		case a.Last("reader", "read failed") != nil:
			return "error", true
		}
		return "eof", true
	},
	Walk: []sims.Step{
		{ID: "forked", For: "four processes hold both ends each", Until: func(w *sims.World) bool {
			return everyEnd(w) && w.Asleep("reader", "pipe_read")
		}},
		{ID: "closed", From: "forked", Turn: sims.Press("parent closes r", "parent closes w", "writer closes r", "reader closes w", "sibling closes r"),
			For: "the writer and the sibling hold the only write ends", Until: func(w *sims.World) bool {
				return ends(w, "r") == 1 && ends(w, "w") == 2 && w.Object("pipe").Level("writers") == 2
			}},
		{ID: "writer-ends", From: "forked", Turn: sims.Press("writer ends"), For: "the writer has ended", Until: func(w *sims.World) bool {
			return !w.Actor("writer").Life.Alive()
		}},
		{ID: "hangs", From: "forked", For: "the reader has taken every byte and sleeps, or has seen the end", Until: func(w *sims.World) bool {
			return readerHangs(w) || w.ReadSince(w.Last("reader", "end of file"))
		}},
		{ID: "released", From: "forked", Turn: sims.Press("sibling closes w"), For: "the reader has seen the end of file", Until: func(w *sims.World) bool {
			return w.Last("reader", "end of file") != nil && !w.Actor("reader").Life.Alive() && w.Object("pipe").Level("writers") == 0
		}},
	},
	Claims: []sims.Claim{
		{ID: "fd-tables", Says: "each process has a table of its own, and all rows lead to one pipe", After: "closed", Check: checkTables},
		{ID: "forgotten-end", Says: "a forgotten copy of the write end keeps the reader waiting after the writer is gone", After: "hangs", Check: func(a *sims.World) sims.Verdict {
			got := fmt.Sprintf("reader in state %s, %s, %s in the pipe, writer: %s", a.Actor("reader").Letter,
				scene.Many(a.Object("pipe").Level("writers"), "write end"), scene.Bytes(a.Object("pipe").Level("queued")), a.Actor("writer").Ended())
			return sims.Judge(readerHangs(a) && ends(a, "w") == 1, "reader asleep on an empty pipe, 1 write end, writer ended", got,
				"/proc/PID/fd, /proc/PID/wchan, ioctl(FIONREAD)")
		}},
		{ID: "eof-needs-all", Says: "read returns 0 only when every write end is closed", After: "released", Check: func(after *sims.World) sims.Verdict {
			before := after.After("hangs")
			early, late := before.Said("reader", "end of file"), after.Said("reader", "end of file")
			got := fmt.Sprintf("with %s: %s; with %s: %s",
				scene.Many(before.Object("pipe").Level("writers"), "write end"), scene.Many(int64(early), "end of file"),
				scene.Many(after.Object("pipe").Level("writers"), "write end"), scene.Many(int64(late), "end of file"))
			return sims.Judge(early == 0 && late == 1 && before.Object("pipe").Level("writers") == 1 && after.Object("pipe").Level("writers") == 0,
				"with 1 write end: 0 ends of file; with 0 write ends: 1 end of file", got, "/proc/PID/fd, return value of read(2)")
		}},
	},
}

// makePipeAndFork makes the pipe without O_CLOEXEC and starts three children.
// Go cannot fork without exec, so each child is started with exactly the
// descriptors that fork(2) would have left it: all that are open here.
func makePipeAndFork(a *sims.Actor) error {
	var p [2]int
	a.Gate("pipe")
	if err := unix.Pipe2(p[:], 0); err != nil {
		return fmt.Errorf("pipe2: %w", err)
	}
	a.Hold("pipe", p[0])
	for _, child := range []string{"writer", "sibling", "reader"} {
		a.Gate("fork")
		if _, err := a.Fork(child, []string{"read end", "write end"}, p[:]); err != nil {
			return err
		}
	}
	a.Say("forked")
	return holdAndWait(a) // both ends stay open here till you close them
}

// writeAndEnd writes one line when told to, and exits: the kernel closes its ends.
func writeAndEnd(a *sims.Actor) error {
	waitFor(a, "end")
	a.Gate("write")
	n, err := unix.Write(a.FD("write end"), []byte("my last words\n"))
	if err != nil {
		a.Say("write failed", sims.Err(err)) // EPIPE: nobody holds the read end
		return nil
	}
	a.Counter("written").Add(int64(n))
	return nil
}

// holdAndWait does nothing with the pipe. It merely holds what it was born with.
func holdAndWait(a *sims.Actor) error {
	waitFor(a, "end")
	return nil
}

// readToTheEnd reads until read(2) returns 0: the last write end is closed.
func readToTheEnd(a *sims.Actor) error {
	in, read := a.FD("read end"), a.Counter("read")
	buf := make([]byte, 4096)
	for {
		a.Gate("read")
		n, err := unix.Read(in, buf) // sleeps here while a write end is open anywhere
		switch {
		case err == unix.EINTR:
		case err != nil:
			a.Say("read failed", sims.Err(err))
			return nil
		case n == 0:
			a.Say("end of file")
			return nil
		default:
			read.Add(int64(n))
			a.Say("got", sims.Num("bytes", n))
		}
	}
}

// waitFor takes commands until one of that name comes.
func waitFor(a *sims.Actor, command string) {
	for a.Next().Name != command {
	}
}

// leaving tells a role to end; one that has ended need not be told.
func leaving(role, command string) sims.Do {
	return sims.Do{Run: func(r *stage.Run, _ string) error {
		if _, err := r.PID(role); err != nil {
			return stage.Already{Says: err.Error()}
		}
		return r.Tell(role, sims.Command{Name: command})
	}}
}

// closing closes one end in a role's table, even while the role sleeps on another.
func closing(role, end string) sims.Break {
	return sims.Break{Fault: stage.CloseEnd, Role: role, Object: "pipe " + end}
}

// ends counts the descriptors of one end ("r" or "w") over all tables.
func ends(w *sims.World, end string) int64 { return int64(len(holders(w, end))) }

// holders are the roles that have an end of the pipe open.
func holders(w *sims.World, end string) []string {
	var names []string
	for _, role := range family {
		if _, open := w.Holds(role, "pipe", end); open {
			names = append(names, role)
		}
	}
	return names
}

// everyEnd is the family as it was born: both ends in each of four tables.
func everyEnd(w *sims.World) bool {
	return w.ReadSince(w.Last("parent", "forked")) && ends(w, "r") == 4 && ends(w, "w") == 4
}

// readerHangs is the reader asleep on an empty pipe with the writer gone and a
// write end open somewhere.
func readerHangs(w *sims.World) bool {
	p := w.Object("pipe")
	got := w.Last("reader", "got")
	return !w.Actor("writer").Life.Alive() && w.Asleep("reader", "pipe_read") && p.Level("queued") == 0 && ends(w, "w") > 0 &&
		p.Level("writers") == ends(w, "w") && (got == nil || w.ReadSince(got))
}

func checkTables(b *sims.World) sims.Verdict {
	a := b.After("forked")
	rows, targets := 0, map[string]bool{}
	for _, role := range family {
		for _, f := range a.Actor(role).FDs {
			if f.Object == "pipe" {
				rows++
				targets[f.Target] = true
			}
		}
	}
	_, kept := b.Holds("writer", "pipe", "w")
	_, closed := b.Holds("parent", "pipe", "w")
	say := func(rows, pipes int, kept bool) string {
		own := "is closed too"
		if kept {
			own = "stays open"
		}
		return fmt.Sprintf("%d rows lead to %s; when the parent closes its write end, the writer's %s", rows, scene.Many(int64(pipes), "pipe"), own)
	}
	return sims.Judge(rows == 8 && len(targets) == 1 && kept && !closed, say(8, 1, true), say(rows, len(targets), kept), "/proc/PID/fd")
}

func drawInherit(w *sims.World) *scene.Scene {
	s := &scene.Scene{Sentence: inheritSentence(w)}
	if wasHeld(w, "pipe") {
		s.Objects = append(s.Objects, w.Pipe("pipe"))
	}
	for _, role := range family {
		s.Processes = append(s.Processes, w.Process(role))
		for _, end := range []string{"r", "w"} { // a line for each row of each table, closed ones too
			if l := w.Link(role, "pipe", end); w.Actor(role).Life != scene.Unborn && len(s.Objects) > 0 {
				if uses := role == "writer" && end == "w" || role == "reader" && end == "r"; !uses && l.State != scene.Cut {
					l.State = scene.Idle // held, and never used
				}
				if l.FD > 0 {
					l.Label = fmt.Sprintf("%d %s", l.FD, end)
				}
				s.Links = append(s.Links, l)
			}
		}
	}
	s.Figures = []scene.Figure{
		endsFigure(w, "w", "write-ends", "write ends"), endsFigure(w, "r", "read-ends", "read ends"),
		w.QueuedFigure("pipe"), w.SleepFigure("reader"),
		w.CountFigure("writer", "written", "written", "B"), w.CountFigure("reader", "read", "read", "B"),
	}
	return s
}

// withEnds is a role with its descriptor table, as far as it leads to objects of
// the lesson: a start of another program opens others for an instant.
func withEnds(w *sims.World, role string) scene.Process {
	p := w.WithFDs(w.Process(role))
	p.FDs = slices.DeleteFunc(p.FDs, func(f scene.FD) bool { return f.Object == "" })
	return p
}

// wasHeld is true once a pipe that a role makes has been seen in a table.
func wasHeld(w *sims.World, pipe string) bool {
	o := w.Object(pipe)
	return o.Level("capacity") > 0 || o.S["missing"] != "" || slices.ContainsFunc(w.Actors, func(a *sims.ActorState) bool {
		_, held := w.Holds(a.Role, pipe, "")
		return held
	})
}

// endsFigure counts the open copies of one end of the pipe.
func endsFigure(w *sims.World, end, id, label string) scene.Figure {
	f := scene.Count(id, label, ends(w, end), "", scene.Kernel)
	if h := holders(w, end); len(h) > 0 {
		f.Text += " (" + strings.Join(h, ", ") + ")"
	}
	command := "" // nobody is left whose table could be read
	for _, role := range family {
		if a := w.Actor(role); a.Life.Alive() && a.PID > 0 {
			command += fmt.Sprintf(" /proc/%d/fd", a.PID)
		}
	}
	if command != "" {
		command = "ls -l" + command + " | grep -F " + pipeTarget(w) + " | grep -c " + map[string]string{"r": "^lr-x", "w": "^l-wx"}[end]
	}
	return f.From("the links in /proc/PID/fd of every process, and the flags in /proc/PID/fdinfo", command)
}

// pipeTarget is what the links of the pipe's descriptors say, quoted for a shell.
func pipeTarget(w *sims.World) string {
	for _, role := range family {
		for _, f := range w.Actor(role).FDs {
			if f.Object == "pipe" {
				return "'" + f.Target + "'"
			}
		}
	}
	return "pipe:"
}

func inheritSentence(w *sims.World) string {
	text := inheritState(w)
	for _, role := range []string{"parent", "sibling"} {
		if w.Actor(role).Life == scene.Killed {
			text += " The " + role + " was killed: the kernel closed its ends."
		}
	}
	return text
}

func inheritState(w *sims.World) string {
	reader, writer, who := w.Actor("reader"), w.Actor("writer"), holders(w, "w")
	switch {
	case w.Last("reader", "end of file") != nil:
		return "Every write end is closed: read(2) returned 0 and the reader has finished."
	case reader.Life == scene.Unborn && w.Actor("parent").Ended() != "":
		return "The parent has ended (" + w.Actor("parent").Ended() + ") before all of its children were started."
	case reader.Life == scene.Unborn || !w.ReadSince(w.Last("parent", "forked")):
		return "The parent makes a pipe and starts its children."
	case !reader.Life.Alive():
		return "The reader is gone (" + reader.Ended() + "): " + scene.Many(ends(w, "r"), "read end") + " left, and nobody who reads."
	case reader.Life == scene.Stopped:
		return "The reader is stopped. Its descriptors stay open all the same."
	case len(who) == 0:
		return "The last write end is closed: the reader is about to see the end of file."
	case !writer.Life.Alive() && reader.Life == scene.Asleep:
		return fmt.Sprintf("The writer is gone (%s), but the write end is still open in: %s. The reader sleeps on.", writer.Ended(), strings.Join(who, ", "))
	case !writer.Life.Alive():
		return "The writer is gone (" + writer.Ended() + ") and the reader takes what is left."
	}
	return fmt.Sprintf("The pipe is empty and the reader sleeps in read(2): %s and %s are open.", scene.Many(ends(w, "w"), "write end"), scene.Many(ends(w, "r"), "read end"))
}
