package mapped

// How mapped/shared-file looks, and what is said of it as it runs.

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"ipctour/sims"
	"ipctour/sims/scene"
)

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
		figures = append(figures, scene.Figure{ID: "pss", Label: "typist's Pss of Rss", Text: scene.Thousands(m.Level("pss")) + " of " + scene.Bytes(m.Level("rss")), Origin: scene.Kernel}.
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
		return "The reader called pread(2), and it gave " + quoted(m.S["text"]) + "."
	case m.Name == "read failed":
		return "The reader's pread(2) failed: " + m.S["errno"] + "."
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
