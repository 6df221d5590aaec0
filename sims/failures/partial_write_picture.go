package failures

// The picture of partial_write.go.

import (
	"fmt"

	"ipctour/sims"
	"ipctour/sims/scene"
)

func drawPartialWrite(w *sims.World) *scene.Scene {
	s := &scene.Scene{
		Sentence:  partialWriteSentence(w),
		Processes: []scene.Process{w.Process("writer"), w.Process("reader")},
	}
	queued := w.QueuedFigure("pipe")
	if w.Options["channel"] == aStream {
		c := w.Connection("socket", "socket", sims.SocketEnd{Role: "writer", Object: "socket"}, sims.SocketEnd{Role: "reader", Object: readersEnd})
		c.Ways = c.Ways[:1] // this lesson uses one way
		out, in := w.Link("writer", "socket", "w"), w.Link("reader", readersEnd, "r")
		in.From = "socket"
		s.Objects, s.Links = []scene.Object{c}, []scene.Link{out, in}
		queued = w.BufferFigure("queued", "to read", readersEnd)
	} else {
		s.Objects, s.Links = []scene.Object{w.Pipe("pipe")}, []scene.Link{w.Link("writer", "pipe", "w"), w.Link("reader", "pipe", "r")}
	}
	if sent := handedOver(w); len(sent) > 0 {
		s.Objects = append(s.Objects, scene.Stream{ID: "document", Label: "the document", Whole: w.Count("writer", "asked"), Sent: sent, Reads: arrivals(w)})
	}
	s.Figures = append(returnFigures(w), queued,
		w.CountFigure("reader", "arrived", "arrived", "B"))
	if w.Last("reader", "end") != nil {
		f := scene.Count("lost", "lost", w.Count("writer", "asked")-w.Count("reader", "arrived"), "B", scene.Derived)
		s.Figures = append(s.Figures, f.From("the length of the document without what the reader got of it", ""), w.CountFigure("reader", "wrong", "wrong bytes", ""))
	}
	return s
}

// handedOver is the document as its writer sees it: the naive one takes it for sent
// as soon as write(2) returns, the other one goes by what it returned.
func handedOver(w *sims.World) []scene.Segment {
	var list []scene.Segment
	for i := range w.Moments {
		m := &w.Moments[i]
		if m.Name != "returned" || m.N["bytes"] == 0 {
			continue
		}
		n := m.N["bytes"]
		if w.Options["writer"] == naive {
			n = m.N["asked"]
		}
		list = append(list, scene.Segment{Who: "writer", Bytes: n})
	}
	return list
}

// arrivals are the parts of the document that the reader got, a read each.
func arrivals(w *sims.World) []scene.Segment {
	var list []scene.Segment
	for i := range w.Moments {
		if m := &w.Moments[i]; m.Name == "got" {
			list = append(list, scene.Segment{Who: "reader", Bytes: m.N["bytes"]})
		}
	}
	return list
}

// returnFigures are what was asked of write(2), and what it gave.
func returnFigures(w *sims.World) []scene.Figure {
	var first, last *sims.Moment
	for i := range w.Moments {
		if m := &w.Moments[i]; m.Name == "returned" || m.Name == "small" {
			if first == nil || first.Name == "small" && m.Name == "returned" { // the document's, once there is one
				first = m
			}
			last = m
		}
	}
	if first == nil {
		return nil
	}
	asked := first.N["asked"]
	if first.Name == "small" {
		asked = pipeBuf
	}
	how := "the third argument of the first write(2)"
	list := []scene.Figure{scene.Count("asked", "first write: asked", asked, "B", scene.Child).From(how, ""), gave("returned", "it returned", first)}
	if last != first {
		calls := scene.Count("writes", "writes", int64(w.Said("writer", "returned")), "", scene.Child).From("how often write(2) has returned, by the writer's own account", "")
		list = append(list, calls, gave("last", "the last returned", last))
	}
	return list
}

func gave(id, label string, m *sims.Moment) scene.Figure {
	f := scene.Count(id, label, m.N["bytes"], "B", scene.Child)
	if errno := m.S["errno"]; errno != "" {
		f.Text = errno
	}
	return f.From("the return value of write(2), or its errno", "")
}

func partialWriteSentence(w *sims.World) string {
	writer, reader := w.Actor("writer"), w.Actor("reader")
	end, size := w.Last("reader", "end"), w.Count("writer", "asked")
	returned := w.Last("writer", "returned")
	switch {
	case end != nil && size == 0:
		return "The reader has come to the end of file. No document was sent."
	case end != nil && end.N["arrived"] == size:
		return fmt.Sprintf("The reader has the whole document, %s, from %s.", scene.Bytes(size), writesOf(w))
	case end != nil:
		return fmt.Sprintf("End of file after %s of %s: the rest was never sent, and nobody was told.", scene.Bytes(end.N["arrived"]), scene.Bytes(size))
	case writer.Ended() != "" && reader.Ended() != "":
		return "Both are gone: writer " + writer.Ended() + ", reader " + reader.Ended() + "."
	case reader.Ended() != "" && returned != nil && returned.S["errno"] == "EPIPE":
		return "The reader is gone (" + reader.Ended() + "), and the write failed with EPIPE."
	case reader.Ended() != "":
		return "The reader is gone (" + reader.Ended() + "): the next write fails with EPIPE."
	case writer.Life == scene.Stopped:
		return "The writer is stopped."
	case reader.Life == scene.Stopped:
		return "The reader is stopped: no room comes free until it goes on."
	case writer.Ended() == "exit 0" && returned != nil && returned.S["errno"] == "" && w.Options["writer"] == naive && returned.N["bytes"] < returned.N["asked"]:
		return fmt.Sprintf("write took %s of %s. The writer did not look at the number and has ended, content (exit 0).", scene.Bytes(returned.N["bytes"]), scene.Bytes(returned.N["asked"]))
	case writer.Ended() != "":
		return "The writer has ended (" + writer.Ended() + "), and the reader may take what it has left."
	}
	return writingSentence(w, returned)
}

// writingSentence is what happens while both live.
func writingSentence(w *sims.World, returned *sims.Moment) string {
	p := w.Object("pipe")
	free, size := max(p.Level("capacity")-p.Level("queued"), 0), w.Count("writer", "asked")
	rest := scene.Bytes(size - w.Count("writer", "written"))
	last := ""
	if n := len(w.Moments); n > 0 {
		last = w.Moments[n-1].Name
	}
	switch small := w.Last("writer", "small"); {
	case last == "small" && small.S["errno"] != "" && w.Options["channel"] == aStream:
		return fmt.Sprintf("The send buffer is full, and a write of %s got %s.", scene.Bytes(pipeBuf), small.S["errno"])
	case last == "small" && small.S["errno"] != "":
		return fmt.Sprintf("There is room for %s, and a write of %s got %s: it is all or nothing.", scene.Bytes(free), scene.Bytes(pipeBuf), small.S["errno"])
	case last == "small":
		return fmt.Sprintf("A write of %s went in whole.", scene.Bytes(small.N["bytes"]))
	case w.Asleep("writer", "poll") && w.Options["channel"] == aStream:
		return "The send buffer is full. The writer knows that " + rest + " are left, and sleeps in poll until there is room."
	case w.Asleep("writer", "poll") && free > 0:
		return "No page of the pipe is free. The writer knows that " + rest + " are left, and sleeps in poll until there is room."
	case w.Asleep("writer", "poll"):
		return "The pipe is full. The writer knows that " + rest + " are left, and sleeps in poll until there is room."
	case w.Asleep("writer", "pipe_write") && returned != nil && returned.N["bytes"] > 0:
		return fmt.Sprintf("A signal cut the write short: it returned %s. The writer sleeps in the next write, with the other %s.", scene.Bytes(returned.N["bytes"]), rest)
	case w.Asleep("writer", "pipe_write"):
		return "The pipe is full in the middle of the write, and the writer sleeps in it."
	case w.Count("reader", "arrived") > 0:
		return "The reader reads, and the writer sends the rest as room comes free."
	case w.Options["writer"] == looping && returned != nil && returned.S["errno"] == "EAGAIN":
		return "There is no room: write got EAGAIN. The writer keeps the rest, and waits for room."
	case size > 0 && returned != nil && returned.S["errno"] != "":
		return "The write failed with " + returned.S["errno"] + ": nothing was taken."
	case size > 0:
		return "The document is on its way."
	case w.Options["channel"] == aStream:
		return "A socket with a small send buffer. The document is four times as large as that."
	case w.Options["channel"] == blocking:
		return "The pipe is empty and blocking. The document is twice as large as the pipe."
	}
	switch {
	case w.Actor("reader").Idle:
		return "The pipe is nearly full: room for " + scene.Bytes(free) + "."
	case p.Level("queued") == 0:
		return "The reader has emptied the pipe and waits for more, and nothing has been sent yet."
	}
	return "The reader takes the older bytes out of the pipe. Nothing has been sent yet."
}

// writesOf counts the writes, and those of them that took nothing.
func writesOf(w *sims.World) string {
	n, refused := w.Count("writer", "writes"), w.Count("writer", "refused")
	text := fmt.Sprintf("%d writes", n)
	switch {
	case n == 1:
		text = "1 write"
	case refused > 0:
		text += fmt.Sprintf(", %d of them refused", refused)
	}
	return text
}
