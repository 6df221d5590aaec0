package mapped

// What this lesson shows: who maps a file with MAP_SHARED works on the kernel's own
// pages of it. A store is there for everybody at once, also for read(2). With
// MAP_PRIVATE the first store makes a copy, and nobody else sees it (mmap(2)).

import (
	"cmp"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
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
		{ID: "typed", Turn: sims.Press("type " + texts[0]), For: "the typist has stored its text into a shared mapping", Until: func(w *sims.World) bool {
			return w.Options["mapping"] == "shared" && w.Since(w.News("typist", "typed")) >= 2
		}},
		{ID: "loaded", Turn: sims.Press("neighbour looks"), For: "the neighbour has looked into its mapping", Until: func(w *sims.World) bool {
			return w.News("neighbour", "looked") != nil
		}},
		{ID: "read", Turn: sims.Press("reader reads"), For: "read has returned", Until: func(w *sims.World) bool {
			return w.Since(w.News("reader", "read")) >= 2
		}},
		{ID: "private", Turn: []sims.Turn{{Knob: "typist's mapping", Value: "private"}}, For: "the typist maps the file anew, private, and both have its page", Until: func(w *sims.World) bool {
			return w.Options["mapping"] == "private" && onOnePage(w) && fileText(w) != ""
		}},
		{ID: "copied", Turn: sims.Press("type " + texts[1]), For: "the typist has stored its text and the kernel was asked for its page again", Until: func(w *sims.World) bool {
			return w.Since(w.News("typist", "typed")) >= 2 && w.Mapping("typist", "file").Level("file") == 0 && w.Mapping("typist", "file").Level("private") > 0
		}},
		{ID: "unseen", Turn: sims.Press("neighbour looks", "reader reads"), For: "the neighbour and the reader have looked", Until: func(w *sims.World) bool {
			return w.News("neighbour", "looked") != nil && w.News("reader", "read") != nil
		}},
	},
	Claims: []sims.Claim{
		{ID: "same-page", Says: "two processes that map a file have the same page in their page tables", Check: checkOnePage},
		{ID: "load-sees", Says: "a store into the mapping is seen by a load in the other process", Check: func(w *sims.World) sims.Verdict {
			a := w.After("loaded")
			if a == nil {
				return sims.NotYet()
			}
			typed, seen := a.Last("typist", "typed").S["text"], a.Last("neighbour", "looked").S["text"]
			return sims.Judge(seen == typed && typed != firstText && typed != "", quoted(typed), quoted(seen), "the bytes in the neighbour's mapping")
		}},
		{ID: "read-sees", Says: "read sees the store at once, though the typist has no descriptor to write with", Check: func(w *sims.World) sims.Verdict {
			a := w.After("read")
			if a == nil {
				return sims.NotYet()
			}
			typed, seen := a.Last("typist", "typed").S["text"], a.Last("reader", "read").S["text"]
			_, open := a.Holds("typist", "file", "")
			say := func(read, file string, open bool) string {
				return "read: " + quoted(read) + "; in the file: " + quoted(file) + "; the typist has it open: " + map[bool]string{false: "no", true: "yes"}[open]
			}
			return sims.Judge(seen == typed && seen == fileText(a) && typed != "" && !open, say(typed, typed, false), say(seen, fileText(a), open),
				"pread(2) by the reader, and by the tour; /proc/PID/fd")
		}},
		{ID: "private-unseen", Says: "a store into a private mapping is seen by nobody else", Check: func(w *sims.World) sims.Verdict {
			a := w.After("unseen")
			if a == nil {
				return sims.NotYet()
			}
			say := func(own, load, read, file string) string {
				return fmt.Sprintf("typist %q, neighbour %q, read %q, in the file %q", own, load, read, file)
			}
			typed, load, read := a.Last("typist", "typed").S["text"], a.Last("neighbour", "looked").S["text"], a.Last("reader", "read").S["text"]
			was := fileText(w.After("private")) // nobody had stored then
			if m := a.Last("neighbour", "typed"); m != nil {
				was = m.S["text"] // you let it
			}
			return sims.Judge(typed != was && load == was && read == was && fileText(a) == was,
				say(typed, was, was, was), say(typed, load, read, fileText(a)), "the bytes in each mapping, pread(2)")
		}},
		{ID: "copy-on-write", Says: "the first store into a private mapping gives the process a page of its own", Check: checkCopied},
	},
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

func checkOnePage(w *sims.World) sims.Verdict {
	a := w.After("one-page")
	if a == nil {
		return sims.NotYet()
	}
	x, y := a.Mapping("typist", "file"), a.Mapping("neighbour", "file")
	got := fmt.Sprintf("inodes %d and %d; typist: %s; neighbour: %s; Pss %s of Rss %s", x.Level("inode"), y.Level("inode"), pageOf(a, "typist"), pageOf(a, "neighbour"),
		bytes(x.Level("pss")), bytes(x.Level("rss")))
	return sims.Judge(onOnePage(a) && x.Level("frame") == y.Level("frame") && 2*x.Level("pss") == x.Level("rss"),
		"one inode, one page in both page tables, Pss half of Rss", got, "/proc/PID/maps, bits 56 and 61 of /proc/PID/pagemap, /proc/PID/smaps")
}

func checkCopied(w *sims.World) sims.Verdict {
	before, after := w.After("private"), w.After("copied")
	if after == nil {
		return sims.NotYet()
	}
	m, n := after.Mapping("typist", "file"), after.Mapping("neighbour", "file")
	was := before.Mapping("typist", "file")
	moved := m.Level("frame") == 0 || m.Level("frame") != was.Level("frame")
	got := fmt.Sprintf("before: %s; after: %s, Private_Dirty %s; the neighbour: %s", pageOf(before, "typist"), pageOf(after, "typist"), bytes(m.Level("private")), pageOf(after, "neighbour"))
	return sims.Judge(onOnePage(before) && m.Level("file") == 0 && m.Level("exclusive") == 1 && m.Level("private") == after.Facts["page"] && moved && n.Level("file") == 1,
		"before: the file's page; after: a copy, Private_Dirty one page; the neighbour: the file's page", got, "bits 56 and 61 of /proc/PID/pagemap, /proc/PID/smaps")
}

// copied is the typist with a page of its own behind its mapping.
func copied(w *sims.World) bool {
	m := w.Mapping("typist", "file")
	return w.Maps("typist", "file") && m.Level("present") == 1 && m.Level("file") == 0
}

func drawSharedFile(w *sims.World) *scene.Scene {
	s := &scene.Scene{Sentence: sharedFileSentence(w), Objects: []scene.Object{filePicture(w)}}
	for _, role := range sharedFileRoles {
		p := w.Process(role)
		if text := lastSeen(w, role); text != "" && p.Life.Alive() && p.Life != scene.Stopped {
			p.Note = quoted(short(text))
		}
		s.Processes = append(s.Processes, p)
	}
	if copied(w) {
		s.Objects = append(s.Objects, scene.Page{ID: "copy", Label: "typist's own page", Frame: frameOf(w, "typist"), Note: "anonymous: of no file",
			Words: []scene.Word{{Name: "text", Text: cmp.Or(lastSeen(w, "typist"), "–"), Who: "typist"}}})
	}
	for _, role := range []string{"typist", "neighbour"} {
		if l, ok := mapLink(w, role); ok {
			s.Links = append(s.Links, l)
		}
	}
	if l := w.Link("reader", "file", "r"); l.FD > 0 || w.Actor("reader").Ended() != "" { // it has opened the file
		s.Links = append(s.Links, l)
	}
	s.Figures = sharedFileFigures(w)
	return s
}

// filePicture is the file with its one page, and the text that is in it.
func filePicture(w *sims.World) scene.Mapped {
	m := w.Mapped("file")
	if len(m.Pages) == 0 {
		return m
	}
	q := &m.Pages[0]
	q.Text = fileText(w)
	switch d := w.Dirty("neighbour", "file"); {
	case onTmpfs(w): // neither clean nor dirty: there is nothing to write it to
	case d > 0:
		q.Cache = scene.CacheDirty
	case d == 0 && q.Cache == scene.CacheIn:
		q.Cache = scene.CacheClean
	}
	if f := frameOf(w, "neighbour"); f != "" && q.Cache != scene.CacheOut {
		m.Note = "frame " + f
	}
	return m
}

// onTmpfs reports whether the file is on a file system without a disk, by fstatfs(2).
func onTmpfs(w *sims.World) bool {
	m := w.Last("", "mapped")
	return m != nil && m.N["disk"] == 0
}

func frameOf(w *sims.World, role string) string {
	if f := w.Mapping(role, "file").Level("frame"); f > 0 && w.Maps(role, "file") {
		return fmt.Sprintf("0x%x", f)
	}
	return ""
}

// mapLink joins a role to the page that its page table leads to.
func mapLink(w *sims.World, role string) (scene.Link, bool) {
	a := w.Actor(role)
	if !w.Maps(role, "file") {
		return scene.Link{From: role, To: "file", Label: "mmap", State: scene.Cut}, a.Ended() != ""
	}
	l := scene.Link{From: role, To: "file", Label: "mmap", Both: true, State: scene.Idle}
	if role == "typist" && copied(w) {
		l.To = "copy"
	} else if role == "typist" && w.Options["mapping"] == "private" {
		l.Label = "private"
	}
	return l, true
}

// lastSeen is the latest text that a role stored, loaded or read.
func lastSeen(w *sims.World, role string) string {
	var last *sims.Moment
	for _, name := range []string{"typed", "looked", "read"} {
		if m := w.Last(role, name); m != nil && (last == nil || m.At >= last.At) {
			last = m
		}
	}
	if last == nil {
		return ""
	}
	return last.S["text"]
}

func sharedFileFigures(w *sims.World) []scene.Figure {
	path := w.Object("file").S["path"]
	file := scene.Figure{ID: "text", Label: "in the file", Text: quoted(fileText(w)), Origin: scene.Kernel}.From("pread(2) on the file by the tour", "cat "+path)
	if w.Object("file").Level("exists") != 1 {
		file = scene.Missing("text", "in the file", "it has not been looked at yet")
	}
	figures := []scene.Figure{file}
	if w.Maps("typist", "file") {
		what := "the file's"
		if copied(w) {
			what = "its own copy"
		}
		figures = append(figures, scene.Figure{ID: "page", Label: "typist's page", Text: what, Origin: scene.Kernel}.
			From("bit 61 of the page's entry in /proc/PID/pagemap: a page of a file, or anonymous", fmt.Sprintf("grep -A20 notes /proc/%d/smaps", w.Actor("typist").PID)))
	}
	if m := w.Mapping("typist", "file"); w.Maps("typist", "file") {
		figures = append(figures, scene.Figure{ID: "pss", Label: "typist's Pss of Rss", Text: scene.Thousands(m.Level("pss")) + " of " + bytes(m.Level("rss")), Origin: scene.Kernel}.
			From("Pss and Rss in /proc/PID/smaps: a page that two map counts half for each", fmt.Sprintf("grep -A20 notes /proc/%d/smaps | grep ss:", w.Actor("typist").PID)))
	}
	if d := w.Dirty("neighbour", "file"); onTmpfs(w) {
		figures = append(figures, scene.Missing("dirty", "not on the disk yet", "the folder of this run is a tmpfs: its files are in memory alone"))
	} else if d >= 0 {
		figures = append(figures, scene.Count("dirty", "not on the disk yet", d, "B", scene.Kernel).
			From("Shared_Dirty and Private_Dirty of the neighbour's mapping, in /proc/PID/smaps", fmt.Sprintf("grep -A20 notes /proc/%d/smaps | grep Dirty", w.Actor("neighbour").PID)))
	}
	return append(figures, framesFigure(w))
}

// framesFigure is the frames behind both mappings, typist's first.
func framesFigure(w *sims.World) scene.Figure {
	a, b := w.FrameFigure("typist", "file"), w.FrameFigure("neighbour", "file")
	if a.Missing == "" {
		a, b = b, a // what is missing of one is missing
	}
	f := a
	f.ID, f.Label = "frames", "frames of the two"
	if a.Missing == "" {
		f.Text = b.Text + ", " + a.Text
	}
	return f
}

func sharedFileSentence(w *sims.World) string {
	var gone, stopped []string
	since := time.Duration(0)
	for _, role := range sharedFileRoles {
		a := w.Actor(role)
		if e := a.Ended(); e != "" {
			gone, since = append(gone, "the "+role+" ("+e+")"), max(since, a.Since)
		} else if a.Paused {
			stopped = append(stopped, "the "+role)
		}
	}
	m := latest(w)
	if len(gone) == 0 && len(stopped) == 0 {
		return fileNews(w, m)
	}
	var parts []string
	if len(gone) > 0 {
		parts = append(parts, "Gone: "+strings.Join(gone, ", ")+".")
	}
	if len(stopped) > 0 {
		parts = append(parts, "Stopped: "+strings.Join(stopped, ", ")+". What it is told waits until it goes on.")
	}
	switch {
	case m != nil && m.At > since: // told of after the last of them went
		parts = append(parts, fileNews(w, m))
	case w.Actor("typist").Ended() != "" && w.Options["mapping"] == "private" && w.Last("typist", "typed") != nil:
		parts = append(parts, "What the typist stored went with its own page; the file has "+quoted(fileText(w))+".")
	case len(gone) > 0:
		parts = append(parts, "The file still has "+quoted(fileText(w))+".")
	}
	return strings.Join(parts, " ")
}

// fileNews is what happened last, in a sentence.
func fileNews(w *sims.World, m *sims.Moment) string {
	switch {
	case m == nil && (!w.Maps("typist", "file") || !w.Maps("neighbour", "file")):
		return "Two processes open the file and map it."
	case m == nil && w.Options["mapping"] == "private":
		return "The typist's mapping is private now. Nobody has stored yet, and both still have the file's page."
	case m == nil:
		return "Two processes have one page of the file in their page tables; the third has it open and maps nothing."
	case m.Name == "read" && m.S["text"] == "":
		return "The reader has read, and got nothing."
	case m.Name == "read":
		return "The reader called read(2), and it gave " + quoted(m.S["text"]) + "."
	case m.Name == "read failed":
		return "The reader's read(2) failed: " + m.S["errno"] + "."
	case m.Name == "looked":
		return "The " + m.Who + " looked into its mapping and found " + quoted(m.S["text"]) + "."
	case m.Who == "typist" && w.Options["mapping"] == "private":
		return "The typist stored " + quoted(m.S["text"]) + " into its private mapping: into a copy that only it has."
	}
	return "The " + m.Who + " stored " + quoted(m.S["text"]) + " into the mapping. It called nothing: no write, no msync."
}

// latest is the last moment that tells of a text, or nil.
func latest(w *sims.World) *sims.Moment {
	if n := len(w.Moments); n > 0 && w.Moments[n-1].Name != "mapped" {
		return &w.Moments[n-1]
	}
	return nil
}

// short is a text that fits into the box of a process.
func short(text string) string {
	if r := []rune(text); len(r) > 14 {
		return string(r[:13]) + "…"
	}
	return text
}

func quoted(text string) string { return "\"" + cmp.Or(text, " ") + "\"" }

func bytes(n int64) string { return scene.Thousands(n) + " B" }
