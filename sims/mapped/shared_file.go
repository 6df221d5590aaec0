package mapped

// What this lesson shows: who maps a file with MAP_SHARED works on the kernel's own
// pages of it. A store is there for everybody at once, also for read(2). With
// MAP_PRIVATE the first store makes a copy, and nobody else sees it (mmap(2)).

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
)

//go:embed shared_file.go
var sharedFileSource string

const (
	textSize  = 32 // bytes in the file: one line
	firstText = "blank so far"
	ownText   = 2 // of texts: the learner's
)

var (
	texts           = []string{"good morning", "tea at five", ""}
	sharedFileRoles = []string{"typist", "neighbour", "reader"}
)

var sharedFile = sims.Sim{
	ID:     "mapped/shared-file",
	Source: sharedFileSource,
	Roles: []sims.Role{
		{Name: "typist", Run: mapAndType, Counters: []string{"stores"}, Gates: []string{"mmap", "store", "load"}},
		{Name: "neighbour", Run: mapAndType, Counters: []string{"stores"}, Gates: []string{"mmap", "store", "load"}},
		{Name: "reader", Run: readTheFile, Counters: []string{"reads"}, Gates: []string{"read"}},
	},
	Options: []sims.Option{
		{Name: "mapping", Values: []string{"shared", "private"}},
		{Name: "words", Values: []string{"what you like", "see you there"}, Check: checkWords},
	},
	Wire: wireSharedFile,
	Knobs: []sims.Knob{
		{Key: "1", Name: "type " + texts[0], Help: "the typist stores \"" + texts[0] + "\" into its mapping", Act: sims.Tell{Role: "typist", Command: "type", N: 0}},
		{Key: "2", Name: "type " + texts[1], Help: "the typist stores \"" + texts[1] + "\" into its mapping", Act: sims.Tell{Role: "typist", Command: "type", N: 1}},
		{Key: "3", Name: "type your words", Help: "the typist stores the words that you have chosen", Act: sims.Tell{Role: "typist", Command: "type", N: ownText}},
		{Key: "w", Name: "your words", Help: "choose the words, at most 31 bytes; the cast starts anew", Act: sims.Choose{Option: "words"}},
		{Key: "l", Name: "neighbour looks", Help: "the neighbour loads the text from its own mapping: no system call", Act: sims.Tell{Role: "neighbour", Command: "look"}},
		{Key: "r", Name: "reader reads", Help: "the reader reads the file as cat does: pread(2)", Act: sims.Tell{Role: "reader", Command: "read"}},
		{Key: "b", Name: "neighbour types", Help: "the neighbour stores \"and back\" into its mapping", Act: sims.Tell{Role: "neighbour", Command: "type", N: -1}},
		{Key: "o", Name: "typist looks", Help: "the typist loads the text from its mapping again", Act: sims.Tell{Role: "typist", Command: "look"}},
		{Key: "y", Name: xrayKnob, Help: "show the system calls of both, or no more", Act: sims.Watch("typist", "reader")},
		{Key: "m", Name: "typist's mapping", Help: "how the typist maps the file, MAP_SHARED or MAP_PRIVATE; the cast starts anew", Act: sims.Choose{Option: "mapping"}},
	},
	Draw: drawSharedFile,
	Measured: func(w *sims.World) (string, bool) {
		a := w.After("read")
		if a == nil {
			return "", false
		}
		switch a.Last("reader", "read").S["text"] {
		case a.Last("typist", "typed").S["text"]:
			return "new", true
		case firstText:
			return "old", true
		}
		return "none", true
	},
	Walk: []sims.Step{
		{ID: "one-page", Turn: []sims.Turn{{Knob: "typist's mapping", Value: "shared"}}, For: "both have the file's page in their page tables, the typist by a shared mapping", Until: func(w *sims.World) bool {
			return w.Options["mapping"] == "shared" && onOnePage(w) && fileText(w) != ""
		}},
		{ID: "typed", From: "one-page", Turn: []sims.Turn{{Knob: xrayKnob, Value: "on"}, {Knob: "type " + texts[0]}}, For: "the typist has stored its text into a shared mapping", Until: func(w *sims.World) bool {
			return w.Options["mapping"] == "shared" && w.ReadSince(w.News("typist", "typed"))
		}},
		{ID: "loaded", From: "one-page", Turn: sims.Press("neighbour looks"), For: "the neighbour has looked into its mapping, and the typist's is shared", Until: func(w *sims.World) bool {
			return w.News("neighbour", "looked") != nil && typedInto(w, "shared")
		}},
		{ID: "read", From: "one-page", Turn: sims.Press("reader reads"), For: "read has returned, and the typist has typed into a shared mapping", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("reader", "read")) && typedInto(w, "shared") && (w.Called("reader") > 0 || !w.Actor("reader").Traced)
		}},
		{ID: "private", Turn: []sims.Turn{{Knob: "typist's mapping", Value: "private"}}, For: "the typist maps the file anew, private, and both have its page", Until: func(w *sims.World) bool {
			return w.Options["mapping"] == "private" && onOnePage(w) && fileText(w) != ""
		}},
		{ID: "copied", From: "private", Turn: sims.Press("type " + texts[1]), For: "the typist has stored its text and the kernel was asked for its page again", Until: func(w *sims.World) bool {
			return w.ReadSince(w.News("typist", "typed")) && w.Mapping("typist", "file").Level("file") == 0 && w.Mapping("typist", "file").Level("private") > 0
		}},
		{ID: "unseen", From: "private", Turn: sims.Press("neighbour looks", "reader reads"), For: "the neighbour and the reader have looked, and the typist has typed into a private mapping", Until: func(w *sims.World) bool {
			return w.News("neighbour", "looked") != nil && w.ReadSince(w.News("reader", "read")) && typedInto(w, "private")
		}},
	},
	Claims: []sims.Claim{
		{ID: "same-page", Says: "two processes that map a file have the same page in their page tables", After: "one-page", Check: checkOnePage},
		{ID: "load-sees", Says: "a store into the mapping is seen by a load in the other process", After: "loaded", Check: func(a *sims.World) sims.Verdict {
			typed, seen := a.Last("typist", "typed").S["text"], a.Last("neighbour", "looked").S["text"]
			return sims.Judge(seen == typed && typed != firstText && typed != "", quoted(typed), quoted(seen), "the bytes in the neighbour's mapping")
		}},
		{ID: "read-sees", Says: "read sees the store at once, though the typist has no descriptor to write with", After: "read", Check: func(a *sims.World) sims.Verdict {
			typed, seen := a.Last("typist", "typed").S["text"], a.Last("reader", "read").S["text"]
			_, open := a.Holds("typist", "file", "")
			say := func(read, file string, open bool) string {
				return "read: " + quoted(read) + "; in the file: " + quoted(file) + "; the typist has it open: " + map[bool]string{false: "no", true: "yes"}[open]
			}
			return sims.Judge(seen == typed && seen == fileText(a) && typed != "" && !open, say(typed, typed, false), say(seen, fileText(a), open),
				"pread(2) by the reader, and by the tour; /proc/PID/fd")
		}},
		{ID: "no-call", Says: "the typist made no system call for it", Needs: []string{"ptrace"}, After: "read", Check: func(a *sims.World) sims.Verdict {
			say := func(calls, reads int64, file string) string {
				return fmt.Sprintf("typist: %d, reader: %s; in the file: %s", calls, scene.Many(reads, "call"), quoted(file))
			}
			if !a.Actor("typist").Traced || !a.Actor("reader").Traced {
				return sims.Verdict{Status: sims.Skipped, Reason: "the x-ray was not on while the typist typed: press R, and leave it on"}
			}
			calls, reads, text := a.Called("typist"), a.Called("reader"), a.Last("typist", "typed").S["text"]
			return sims.Judge(calls == 0 && reads > 0 && fileText(a) == text, say(0, reads, text), say(calls, reads, fileText(a)), "the x-ray of both since before it typed (ptrace)")
		}},
		{ID: "private-unseen", Says: "a store into a private mapping is seen by nobody else", After: "unseen", Check: func(a *sims.World) sims.Verdict {
			say := func(own, load, read, file string) string {
				return fmt.Sprintf("typist %q, neighbour %q, read %q, in the file %q", own, load, read, file)
			}
			typed, load, read := a.Last("typist", "typed").S["text"], a.Last("neighbour", "looked").S["text"], a.Last("reader", "read").S["text"]
			was := fileText(a.After("private")) // nobody had stored then
			if m := a.Last("neighbour", "typed"); m != nil {
				was = m.S["text"] // you let it
			}
			return sims.Judge(typed != was && load == was && read == was && fileText(a) == was,
				say(typed, was, was, was), say(typed, load, read, fileText(a)), "the bytes in each mapping, pread(2)")
		}},
		{ID: "copy-on-write", Says: "the first store into a private mapping gives the process a page of its own", After: "copied", Check: checkCopied},
	},
}

const xrayKnob = "x-ray typist and reader"

// typedInto reports whether the typist of this cast has such a mapping and has typed.
func typedInto(w *sims.World, mapping string) bool {
	return w.Options["mapping"] == mapping && w.Last("typist", "typed") != nil
}

func checkWords(s string) error {
	switch {
	case strings.TrimSpace(s) == "" || strings.TrimSpace(s) != s:
		return errors.New("give it a word or two, with no blank at the ends")
	case len(s) > textSize-1:
		return fmt.Errorf("the file has room for %d bytes and a newline", textSize-1)
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("only what can be printed")
	}
	return nil
}

func wireSharedFile(w *sims.Wiring) error {
	path := w.Path("file", "mapped", "notes")
	for i := range textSize / 8 { // the text, eight bytes at a time
		w.Cells("file", sims.Cell{Name: fmt.Sprintf("text %d", i), Offset: int64(8 * i), Size: 8})
	}
	for _, role := range sharedFileRoles {
		w.Put(role, "path", path) // all that they have in common
	}
	w.Put("neighbour", "mapping", "shared") // always; the option is the typist's
	return os.WriteFile(path, line(firstText), 0o600)
}

// line is the text as it stands in the file: filled up with blanks, and a newline.
func line(text string) []byte {
	return fmt.Appendf(nil, "%-*s\n", textSize-1-(len(text)-len([]rune(text))), text)
}

// mapAndType maps the file and closes it: the mapping stays. Then it stores and
// loads, as it is told. A store is no system call, and a load is none either.
func mapAndType(a *sims.Actor) error {
	fd, err := unix.Open(a.Arg("path"), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	how := unix.MAP_SHARED
	if a.Arg("mapping") == "private" {
		how = unix.MAP_PRIVATE
	}
	a.Gate("mmap")
	mem, err := unix.Mmap(fd, 0, unix.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, how)
	if err != nil {
		return fmt.Errorf("mmap: %w", err)
	}
	disk := hasDisk(fd)
	if err := unix.Close(fd); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	text := mem[:textSize]
	a.Say("mapped", sims.Word("text", trimmed(text)), sims.Num("disk", disk)) // the first load brings the page in
	a.Mapped("file", mem)
	for {
		switch c := a.Next(); c.Name {
		case "type":
			a.Gate("store")
			copy(text, line(toType(a, c.N)))
			a.Counter("stores").Add(1)
			a.Say("typed", sims.Word("text", trimmed(text)))
			a.Mapped("file", mem) // so that the kernel is asked about it again
		case "look":
			a.Gate("load")
			a.Say("looked", sims.Word("text", trimmed(text)))
		}
	}
}

// hasDisk is 0 for a file on a tmpfs, which is in memory and nowhere else; else 1.
func hasDisk(fd int) int {
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err == nil && fs.Type == unix.TMPFS_MAGIC {
		return 0
	}
	return 1
}

func toType(a *sims.Actor, n int64) string {
	switch {
	case n == ownText:
		return a.Arg("words")
	case n >= 0 && n < ownText:
		return texts[n]
	}
	return "and back"
}

// readTheFile maps nothing. It does what cat does: it opens the file and reads.
func readTheFile(a *sims.Actor) error {
	fd, err := unix.Open(a.Arg("path"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	buf := make([]byte, 4096)
	for {
		a.Next()
		a.Gate("read")
		n, err := unix.Pread(fd, buf, 0)
		if err != nil {
			a.Say("read failed", sims.Err(err))
			continue
		}
		a.Counter("reads").Add(1)
		a.Say("read", sims.Word("text", trimmed(buf[:n])), sims.Num("bytes", n))
	}
}

func trimmed(b []byte) string {
	return strings.TrimRight(strings.ToValidUTF8(string(b), "?"), " \n\x00")
}

// fileText is the text in the file, as the tour reads it with pread(2).
func fileText(w *sims.World) string {
	var b []byte
	for i := range textSize / 8 {
		n, known := w.Object("file").N[fmt.Sprintf("text %d", i)]
		if !known {
			return ""
		}
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return trimmed(b)
}

// onOnePage is the kernel's word that both have the same page of the file: it is a
// file's page, in both page tables, and not exclusive to either.
func onOnePage(w *sims.World) bool {
	a, b := w.Mapping("typist", "file"), w.Mapping("neighbour", "file")
	return w.Maps("typist", "file") && w.Maps("neighbour", "file") && a.Level("inode") == b.Level("inode") &&
		a.Level("file") == 1 && b.Level("file") == 1 && a.Level("exclusive") == 0 && b.Level("exclusive") == 0 &&
		a.Level("present") == 1 && b.Level("present") == 1 && a.Level("pss") > 0 && a.Level("pss") < a.Level("rss")
}

// pageOf is what the kernel says of the page behind a role's mapping, in words.
func pageOf(w *sims.World, role string) string {
	m := w.Mapping(role, "file")
	what := "its own copy"
	switch {
	case m.Level("present") != 1:
		return "no page"
	case m.Level("file") == 1 && m.Level("exclusive") == 0:
		what = "the file's page, in other page tables too"
	case m.Level("file") == 1:
		what = "the file's page, in no other page table"
	}
	if f := m.Level("frame"); f > 0 {
		what += fmt.Sprintf(", frame 0x%x", f)
	}
	return what
}

func checkOnePage(a *sims.World) sims.Verdict {
	x, y := a.Mapping("typist", "file"), a.Mapping("neighbour", "file")
	got := fmt.Sprintf("inodes %d and %d; typist: %s; neighbour: %s; Pss %s of Rss %s", x.Level("inode"), y.Level("inode"), pageOf(a, "typist"), pageOf(a, "neighbour"),
		scene.Bytes(x.Level("pss")), scene.Bytes(x.Level("rss")))
	return sims.Judge(onOnePage(a) && x.Level("frame") == y.Level("frame") && 2*x.Level("pss") == x.Level("rss"),
		"one inode, one page in both page tables, Pss half of Rss", got, "/proc/PID/maps, bits 56 and 61 of /proc/PID/pagemap, /proc/PID/smaps")
}

func checkCopied(after *sims.World) sims.Verdict {
	before := after.After("private")
	m, n := after.Mapping("typist", "file"), after.Mapping("neighbour", "file")
	was := before.Mapping("typist", "file")
	moved := m.Level("frame") == 0 || m.Level("frame") != was.Level("frame")
	got := fmt.Sprintf("before: %s; after: %s, Private_Dirty %s; the neighbour: %s", pageOf(before, "typist"), pageOf(after, "typist"), scene.Bytes(m.Level("private")), pageOf(after, "neighbour"))
	return sims.Judge(onOnePage(before) && m.Level("file") == 0 && m.Level("exclusive") == 1 && m.Level("private") == after.Facts["page"] && moved && n.Level("file") == 1,
		"before: the file's page; after: a copy, Private_Dirty one page; the neighbour: the file's page", got, "bits 56 and 61 of /proc/PID/pagemap, /proc/PID/smaps")
}

// copied is the typist with a page of its own behind its mapping.
func copied(w *sims.World) bool {
	m := w.Mapping("typist", "file")
	return w.Maps("typist", "file") && m.Level("present") == 1 && m.Level("file") == 0
}
