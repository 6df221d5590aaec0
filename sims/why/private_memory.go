package why

// What this lesson shows: an address is a number that means something in one process
// alone. Two processes store at the same address and do not meet, until the kernel
// puts one frame behind both.

import (
	_ "embed"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/share"
	"ipctour/sims/sys"
)

//go:embed private_memory.go
var privateMemorySource string

// pageAddress is where both processes have their page: far from everything that is
// mapped in them otherwise, and within the addresses of every processor we build for.
const pageAddress = 0x50000000

var privateMemory = sims.Sim{
	ID:     "why/private-memory",
	Source: privateMemorySource,
	Roles: []sims.Role{
		{Name: "A", Run: usePage, Counters: []string{"stored", "read", "stores", "reads"}, Settings: []string{"value"}, Gates: []string{"store", "load"}},
		{Name: "B", Run: usePage, Counters: []string{"stored", "read", "stores", "reads"}, Settings: []string{"value"}, Gates: []string{"store", "load"}},
	},
	Options: []sims.Option{{Name: "page", Values: []string{"private", "shared"}}},
	Wire: func(w *sims.Wiring) error {
		if w.Option("page") == "shared" {
			m := w.Memory("page", int64(os.Getpagesize()), sims.Cell{Name: "value", Offset: 0, Size: 8})
			w.Give("A", "page", m)
			w.Give("B", "page", m)
		}
		w.Set("A", "value", 11)
		w.Set("B", "value", 22)
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "A stores", Help: "A stores another number at the address", Act: sims.Set{Role: "A", Setting: "value", Values: []int64{11, 33, 55}, Names: []string{"11", "33", "55"}}},
		{Key: "2", Name: "B stores", Help: "B stores another number at the address", Act: sims.Set{Role: "B", Setting: "value", Values: []int64{22, 44, 66}, Names: []string{"22", "44", "66"}}},
		{Key: "p", Name: "page", Help: "private: each process has its own; shared: the kernel maps one for both; new processes", Act: sims.Choose{Option: "page"}},
	},
	Draw:     drawPrivateMemory,
	Measured: whatBReads,
	Walk: []sims.Step{
		{ID: "own", Turn: []sims.Turn{{Knob: "page", Value: "private"}}, For: "both have stored a number and read it back", Until: func(w *sims.World) bool {
			return w.Options["page"] == "private" && readsOwn(w, "A") && readsOwn(w, "B") && bothMapped(w)
		}},
		{ID: "other", From: "own", Turn: sims.Press("A stores"), For: "A reads its new number, and B has looked again", Until: func(w *sims.World) bool {
			return readsOwn(w, "A") && obeyed(w, "A") && w.Count("B", "reads") > w.Before.Count("B", "reads")+2
		}},
		{ID: "shared", Turn: []sims.Turn{{Knob: "page", Value: "shared"}}, For: "both have mapped one page, and the kernel has counted it twice", Until: func(w *sims.World) bool {
			return w.Options["page"] == "shared" && bothMapped(w) && w.Count("A", "reads") > 0 && w.Count("B", "reads") > 0 &&
				w.Mapping("A", "page").Level("exclusive") == 0 && w.Mapping("B", "page").Level("exclusive") == 0
		}},
		{ID: "seen", From: "shared", Turn: sims.Press("A stores"), For: "B reads what A has stored", Until: func(w *sims.World) bool {
			return readsOwn(w, "A") && obeyed(w, "A") && w.Count("B", "read") == w.Count("A", "stored")
		}},
	},
	Claims: []sims.Claim{
		{ID: "one-address", Says: "both processes use the same address", After: "own", Check: func(a *sims.World) sims.Verdict {
			one, other := a.Mapping("A", "page").Level("address"), a.Mapping("B", "page").Level("address")
			return sims.Judge(one == pageAddress && other == pageAddress, fmt.Sprintf("%#x in both", pageAddress),
				fmt.Sprintf("%#x in A, %#x in B", one, other), "the mapping's line in /proc/PID/smaps")
		}},
		{ID: "own-value", Says: "each reads what it has stored itself, whatever the other stores there", After: "other", Check: func(b *sims.World) sims.Verdict {
			a := b.After("own")
			say := func(what string) string {
				return fmt.Sprintf("A %d then %d, B %d then %d", a.Count("A", what), b.Count("A", what), a.Count("B", what), b.Count("B", what))
			}
			return sims.Judge(say("read") == say("stored") && b.Count("A", "read") != b.Count("B", "read"), say("stored"), say("read"), "a load from the address, by each process")
		}},
		{ID: "two-frames", Says: "behind the one address are two frames", After: "own", Check: func(a *sims.World) sims.Verdict {
			one, other := a.Mapping("A", "page"), a.Mapping("B", "page")
			if one.Level("frame") > 0 {
				return sims.Judge(one.Level("frame") != other.Level("frame"), "two frames",
					fmt.Sprintf("%#x in A, %#x in B", one.Level("frame"), other.Level("frame")), "bits 0–54 in /proc/PID/pagemap")
			}
			say := func(exclusive, exclusiveToo int64, private, shared string) string {
				return fmt.Sprintf("exclusive: %d in A, %d in B; private: %s, shared: %s", exclusive, exclusiveToo, private, shared)
			}
			of := func(what string) string {
				return scene.Bytes(one.Level(what)) + " and " + scene.Bytes(other.Level(what))
			}
			page := scene.Bytes(a.Facts["page"])
			want, got := say(1, 1, page+" and "+page, "0 B and 0 B"), say(one.Level("exclusive"), other.Level("exclusive"), of("private"), of("shared"))
			return sims.Judge(got == want, want, got, "bit 56 in /proc/PID/pagemap, Private and Shared in smaps")
		}},
		{ID: "one-frame", Says: "a shared page is one frame behind both", After: "shared", Check: func(a *sims.World) sims.Verdict {
			one, other := a.Mapping("A", "page"), a.Mapping("B", "page")
			if one.Level("frame") > 0 {
				return sims.Judge(one.Level("frame") == other.Level("frame"), "one frame",
					fmt.Sprintf("%#x in A, %#x in B", one.Level("frame"), other.Level("frame")), "bits 0–54 in /proc/PID/pagemap")
			}
			return sims.Judge(one.Level("exclusive") == 0 && other.Level("exclusive") == 0 && one.Level("inode") == other.Level("inode") && one.Level("inode") > 0 && one.Level("private") == 0 && other.Level("private") == 0,
				"one inode, exclusive to neither, 0 B private", fmt.Sprintf("inodes %d and %d, exclusive: %d and %d, %s and %s private", one.Level("inode"), other.Level("inode"), one.Level("exclusive"), other.Level("exclusive"),
					scene.Bytes(one.Level("private")), scene.Bytes(other.Level("private"))), "bit 56 in /proc/PID/pagemap, inode and Private in smaps")
		}},
		{ID: "seen", Says: "what one stores in a shared page, the other reads", After: "seen", Check: func(a *sims.World) sims.Verdict {
			stored, read := a.Count("A", "stored"), a.Count("B", "read")
			return sims.Judge(read == stored && read != a.Count("B", "stored"), fmt.Sprintf("%d, and not the %d that it has stored itself", stored, a.Count("B", "stored")), fmt.Sprint(read), "B's load from the address")
		}},
	},
}

// usePage maps a page at the address, stores the number that it is given, and reads
// what is there, over and over. In a page of its own it stores each time; in a shared
// one when the number is another, or the two would only undo each other's stores.
func usePage(a *sims.Actor) error {
	page, err := mapPage(a)
	if err != nil {
		return err
	}
	word := share.Word64(page, 0)
	stored, read, stores, reads := a.Counter("stored"), a.Counter("read"), a.Counter("stores"), a.Counter("reads")
	told := false
	for {
		if v := a.Setting("value"); v != stored.Load() || a.Arg("page") == "private" {
			a.Gate("store")
			word.Store(uint64(v)) // one instruction, to this address
			stored.Store(v)
			stores.Add(1)
		}
		a.Gate("load")
		read.Store(int64(word.Load())) // and one from it
		reads.Add(1)
		if !told { // the page has a frame now: it can be asked about
			a.Mapped("page", page)
			told = true
		}
		if err := rest(lookEvery); err != nil {
			return err
		}
	}
}

// mapPage maps one page at the address that the lesson is about: of its own, or of
// the memory that the wiring has made for both (mmap(2)).
func mapPage(a *sims.Actor) ([]byte, error) {
	fd, flags := -1, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS
	if a.Arg("page") == "shared" {
		fd, flags = a.FD("page"), unix.MAP_SHARED
	}
	return sys.MmapAt(pageAddress, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, flags|unix.MAP_FIXED_NOREPLACE, fd)
}

// readsOwn reports whether a role has read what it stored last.
func readsOwn(w *sims.World, role string) bool {
	return w.Count(role, "stored") != 0 && w.Count(role, "read") == w.Count(role, "stored")
}

// obeyed reports whether a role has stored the number that it was told last.
func obeyed(w *sims.World, role string) bool {
	return strconv.FormatInt(w.Count(role, "stored"), 10) == w.Actor(role).Settings["value"]
}

func bothMapped(w *sims.World) bool {
	return w.Mapping("A", "page").Level("present") == 1 && w.Mapping("B", "page").Level("present") == 1
}

func whatBReads(w *sims.World) (string, bool) {
	a := w.After("other")
	if a == nil {
		return "", false
	}
	switch got := a.Count("B", "read"); got {
	case a.Count("B", "stored"):
		return "its own", true
	case a.Count("A", "stored"):
		return "the other's", true
	default:
		return strconv.FormatInt(got, 10), true
	}
}

func drawPrivateMemory(w *sims.World) *scene.Scene {
	s := &scene.Scene{Sentence: privateMemorySentence(w)}
	for _, role := range []string{"A", "B"} {
		p := w.Process(role)
		if p.Life.Alive() && p.Life != scene.Stopped && w.Count(role, "reads") > 0 && p.Gate == "" {
			p.Note, p.Where = fmt.Sprintf("reads %d", w.Count(role, "read")), ""
		}
		s.Processes = append(s.Processes, p)
	}
	pages := [][]string{{"A"}, {"B"}}
	if w.Options["page"] == "shared" {
		pages = [][]string{{"A", "B"}}
	}
	for _, roles := range pages {
		page := w.Page("page", roles...)
		page.Label = "frame"
		if len(roles) == 1 {
			page.Label = "frame of " + roles[0]
			page.Note = "private"
		}
		if v, ok := pageValue(w, roles); ok {
			page.Words = []scene.Word{v}
		}
		for _, role := range roles {
			if w.Maps(role, "page") {
				l := w.PageLink(role, "page", page)
				l.State, l.Plain = scene.Idle, true
				s.Links = append(s.Links, l)
			}
		}
		s.Objects = append(s.Objects, page)
	}
	for _, role := range []string{"A", "B"} {
		f := w.CountFigure(role, "read", role+" reads", "")
		f.ID = strings.ToLower(role) + "-reads"
		s.Figures = append(s.Figures, f)
	}
	return withFrames(w, s)
}

// withFrames adds what the kernel says of the two mappings.
func withFrames(w *sims.World, s *scene.Scene) *scene.Scene {
	for _, role := range []string{"A", "B"} {
		s.Figures = append(s.Figures, w.FrameFigure(role, "page"))
	}
	for _, role := range []string{"A", "B"} {
		if m := w.Mapping(role, "page"); w.Maps(role, "page") {
			text := scene.Bytes(m.Level("private")) + " private, " + scene.Bytes(m.Level("shared")) + " shared"
			s.Figures = append(s.Figures, scene.Figure{ID: "smaps-" + role, Label: "mapping of " + role, Text: text, Origin: scene.Kernel, Who: role}.
				From("Private and Shared of the mapping in /proc/PID/smaps", fmt.Sprintf("grep -A20 ^%x- /proc/%d/smaps", pageAddress, w.Actor(role).PID)))
		}
	}
	return s
}

// pageValue is the number in a page: read by the tour out of shared memory, else
// by the one process that has it.
func pageValue(w *sims.World, roles []string) (scene.Word, bool) {
	v := scene.Word{Name: "value"}
	if len(roles) > 1 {
		n, known := w.Object("page").N["value"]
		v.Text = strconv.FormatInt(n, 10)
		for _, role := range roles {
			if w.Count(role, "stored") == n {
				v.Who = role
			}
		}
		return v, known
	}
	v.Text, v.Who = strconv.FormatInt(w.Count(roles[0], "read"), 10), roles[0]
	return v, w.Count(roles[0], "reads") > 0 && w.Maps(roles[0], "page")
}

func privateMemorySentence(w *sims.World) string {
	a, b := w.Actor("A"), w.Actor("B")
	shared := w.Options["page"] == "shared"
	switch {
	case a.Ended() != "" && b.Ended() != "":
		return "Both are gone, and the kernel has taken their pages back."
	case a.Ended() != "" || b.Ended() != "":
		gone, left := a, b
		if b.Ended() != "" {
			gone, left = b, a
		}
		if shared {
			return fmt.Sprintf("%s is gone (%s). The shared page stays for %s, which reads %d.", gone.Role, gone.Ended(), left.Role, w.Count(left.Role, "read"))
		}
		return fmt.Sprintf("%s is gone (%s), and its page with it. %s has not noticed: it reads %d.", gone.Role, gone.Ended(), left.Role, w.Count(left.Role, "read"))
	case a.Life == scene.Stopped && b.Life == scene.Stopped:
		return "Both are stopped. Their memory stays as it is."
	case a.Life == scene.Stopped || b.Life == scene.Stopped:
		still, other := a, b
		if b.Life == scene.Stopped {
			still, other = b, a
		}
		return fmt.Sprintf("%s is stopped, and its memory stays as it is. %s goes on and reads %d.", still.Role, other.Role, w.Count(other.Role, "read"))
	case w.Count("A", "reads") == 0 || w.Count("B", "reads") == 0:
		return "The two processes map a page each, both at the same address."
	case shared && w.Count("A", "read") == w.Count("B", "read"):
		return fmt.Sprintf("One frame behind both addresses: A reads %d, and B reads %d.", w.Count("A", "read"), w.Count("B", "read"))
	case shared:
		return "One frame behind both addresses: the number that was stored last is the one that is there."
	}
	return fmt.Sprintf("At the same address A reads %d and B reads %d.", w.Count("A", "read"), w.Count("B", "read"))
}
