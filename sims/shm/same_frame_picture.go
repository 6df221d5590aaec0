package shm

// How shm/same-frame looks, and what is said of it as it runs.

import (
	"fmt"

	"ipctour/sims"
	"ipctour/sims/scene"
)

func drawSameFrame(w *sims.World) *scene.Scene {
	page := w.Page("board", "writer", "reader")
	page.Label = "page of /dev/shm"
	if n, known := w.Object("board").N["answer"]; known && !page.Absent {
		page.Words = []scene.Word{{Name: "answer", Text: fmt.Sprint(n), Who: lastStore(w)}}
	}
	s := &scene.Scene{
		Sentence:  sameFrameSentence(w),
		Processes: []scene.Process{w.Process("writer"), w.Process("reader")},
		Objects:   []scene.Object{page},
		Links:     []scene.Link{w.PageLink("writer", "board", page), w.PageLink("reader", "board", page)},
		Figures:   sameFrameFigures(w),
	}
	if t := pageTables(w); len(t.Rows) > 0 { // none once all are gone
		s.Tables = []scene.Table{t}
	}
	return s
}

// lastStore is the process that has stored the answer, "" before.
func lastStore(w *sims.World) string {
	if m := w.Last("", "stored"); m != nil {
		return m.Who
	}
	return ""
}

func sameFrameFigures(w *sims.World) []scene.Figure {
	var list []scene.Figure
	if m := w.Last("reader", "timed"); m != nil {
		list = append(list, latencyFigures(w, m)...)
	}
	if m := w.Last("", "loaded"); m != nil {
		list = append(list, scene.Count("loaded", m.Who+" loaded", m.N["value"], "", scene.Child).From("an atomic load from the page", "").Of(m.Who))
	}
	for _, role := range []string{"writer", "reader"} {
		if a := w.Actor(role); a.Traced {
			list = append(list, scene.Count("calls-"+role, role+"'s calls", w.Called(role), "", scene.Kernel).
				From("ptrace(2), since it is watched", "").Of(role))
		}
	}
	o := w.Object("board")
	if o.Level("exists") != 1 {
		return append(list, scene.Missing("file", "file in /dev/shm", "there is no file of that name now"))
	}
	return append(list, scene.Count("file", "file in /dev/shm", o.Level("size"), "B", scene.Kernel).
		From(fmt.Sprintf("lstat(2) on the name: inode %d", o.Level("inode")), "stat "+o.S["path"]))
}

func latencyFigures(w *sims.World, m *sims.Moment) []scene.Figure {
	if m.N["stores"] == 0 {
		return []scene.Figure{scene.Missing("latency", "store seen after", "the writer did not store")}
	}
	ns := func(id, label string, n int64, how string) scene.Figure {
		return scene.Count(id, label, n, "ns", scene.Child).From(how, "")
	}
	list := []scene.Figure{
		ns("latency", "store seen after", m.N["median"], fmt.Sprintf(
			"median of %s stores: the reader's CLOCK_REALTIME when it saw the value, less the writer's before it stored; one reading of the clock is in it. %s",
			scene.Thousands(m.N["stores"]), whereRun(w, m))),
		ns("clock", "one clock reading", m.N["clock"], "1,000 readings by the reader, one after the other: the median of what lies between two"),
		ns("p99", "99 of 100 within", m.N["most"], "the same stores, sorted"),
	}
	if e := w.Last("writer", "echoed"); e != nil && e.N["round"] > 0 {
		list = append(list, ns("round", "there and back", e.N["round"], "by the writer's clock alone, the median of the same stores: from its store until it saw the reader's answer; two readings of the clock are in it"))
	}
	return append(list, scene.Figure{ID: "said", Label: "the source says", Text: "10–100 ns", Origin: scene.Said, How: "the source's table of latencies"})
}

func whereRun(w *sims.World, m *sims.Moment) string {
	e := w.Last("writer", "echoed")
	switch {
	case e == nil:
		return ""
	case m.N["cpu"] < 0 || e.N["cpu"] < 0:
		return "On which processors they ran nobody knows: sched_setaffinity is denied."
	case e.N["cpu"] == m.N["cpu"]:
		return "Both ran on the one processor there is, by turns."
	}
	return fmt.Sprintf("The writer ran on processor %d, the reader on %d.", e.N["cpu"], m.N["cpu"])
}

// pageTables is what the kernel says of the page at each process.
func pageTables(w *sims.World) scene.Table {
	t := scene.Table{Title: "what each page table says", Columns: []string{"process", "address", "inode", "frame", "Pss"}, Origin: scene.Kernel, Right: []int{2, 4}}
	for _, role := range []string{"writer", "reader"} {
		if !w.Maps(role, "board") {
			continue
		}
		m := w.Mapping(role, "board")
		frame := "none yet"
		if m.Level("present") == 1 {
			frame = "not shown"
			if m.Level("frame") > 0 {
				frame = fmt.Sprintf("%#x", m.Level("frame"))
			}
		}
		t.Rows = append(t.Rows, []string{role, fmt.Sprintf("%#x", m.Level("address")), fmt.Sprint(m.Level("inode")), frame, scene.Bytes(max(m.Level("pss"), 0))})
	}
	return t
}

func sameFrameSentence(w *sims.World) string {
	writer, reader := w.Actor("writer"), w.Actor("reader")
	switch {
	case writer.Ended() != "" && reader.Ended() != "":
		return "Both are gone, and still the page is there: its name in /dev/shm holds it, till the tour removes it."
	case writer.Ended() != "" && w.Maps("reader", "board"):
		return "The writer is gone (" + writer.Ended() + "). The page is not: the reader has it, and what was stored is still in it."
	case writer.Ended() != "":
		return "The writer is gone (" + writer.Ended() + "). The page is kept by its name in /dev/shm."
	case reader.Ended() != "":
		return "The reader is gone (" + reader.Ended() + "), and the writer has the page to itself."
	case writer.Life == scene.Stopped:
		return "The writer is stopped. The page is not: the reader may load and store as before."
	case reader.Life == scene.Stopped:
		return "The reader is stopped, and knows of no store until it goes on."
	}
	return boardSentence(w)
}

// boardSentence tells the latest thing that happened while both live.
func boardSentence(w *sims.World) string {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		m := &w.Moments[i]
		switch m.Name {
		case "timed":
			if m.N["stores"] == 0 {
				return "The reader has watched, and nobody stored."
			}
			return fmt.Sprintf("The reader sees a store after %s ns, the median of %s.", scene.Thousands(m.N["median"]), scene.Thousands(m.N["stores"]))
		case "watching":
			return "The reader looks at the page without a pause, and the writer stores the time."
		case "loaded":
			return fmt.Sprintf("The %s loads %s: one instruction, and no system call.", m.Who, scene.Thousands(m.N["value"]))
		case "stored":
			if m.Who == "writer" && !w.Maps("reader", "board") {
				return fmt.Sprintf("The writer has stored %s. The reader cannot see it: it has not mapped the page.", scene.Thousands(m.N["value"]))
			}
			return fmt.Sprintf("The %s has stored %s: that is all it takes. The other one has only to look.", m.Who, scene.Thousands(m.N["value"]))
		case "not mapped":
			return "The " + m.Who + " has nothing to look at: it has not mapped the page."
		case "no page":
			return "The " + m.Who + " found no page of that name: " + m.S["errno"] + "."
		case "mapped":
			return mappedSentence(w)
		}
	}
	return "The writer makes a page in /dev/shm."
}

func mappedSentence(w *sims.World) string {
	switch {
	case w.Last("reader", "mapped") == nil:
		return "The writer has made a file of one page in /dev/shm and mapped it. Nobody has touched it: no frame is behind it yet."
	case w.Mapping("writer", "board").Level("present") == 1 || w.Mapping("reader", "board").Level("present") == 1:
		return "Both have mapped the page."
	}
	return "Both have mapped the same page, each at its own address. No frame is behind it yet."
}
