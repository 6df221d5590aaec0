package sims

import (
	"slices"

	"ipctour/sims/scene"
)

// Queue is a message queue as the picture shows it: its attributes by mq_getattr,
// and the messages that the roles said they sent and received.
func (w *World) Queue(name string) scene.Queue {
	o := w.Object(name)
	q := scene.Queue{ID: name, Label: name, Count: int(o.Level("messages")), Depth: int(max(o.Level("depth"), 0)), Size: max(o.Level("size"), 0),
		Messages: w.InQueue(name)}
	switch held := o.Level("holders") > 0; {
	case o.Level("exists") == 0 && held:
		q.Unnamed = true
	case o.Level("exists") == 0:
		q.Gone, q.Messages = true, nil
	}
	return q
}

// InQueue are the messages that lie in a queue in the order of delivery, by what
// the roles said: a moment "sent" (queue, text, priority) for each that went in,
// "received" for each that came out, "made" for a new queue of that name. The
// highest priority is first, and within one priority the oldest (mq_overview(7)).
func (w *World) InQueue(name string) []scene.Message {
	var in []scene.Message
	early := map[scene.Message]int{} // received before its sender told that it was sent
	for i := range w.Moments {
		m := &w.Moments[i]
		if m.S["queue"] != name {
			continue
		}
		msg := scene.Message{Who: m.Who, Priority: m.N["priority"], Text: m.S["text"]}
		switch what := (scene.Message{Priority: msg.Priority, Text: msg.Text}); m.Name {
		case "sent":
			if early[what] > 0 {
				early[what]--
				continue
			}
			at := slices.IndexFunc(in, func(x scene.Message) bool { return x.Priority < msg.Priority })
			if at < 0 {
				at = len(in)
			}
			in = slices.Insert(in, at, msg)
		case "received":
			if at := slices.IndexFunc(in, func(x scene.Message) bool { return x.Text == msg.Text && x.Priority == msg.Priority }); at >= 0 {
				in = slices.Delete(in, at, at+1)
			} else {
				early[what]++
			}
		case "made": // a new queue of that name is empty
			in = nil
			clear(early)
		}
	}
	return in
}

// MessagesFigure is how many messages lie in a queue, by mq_getattr.
func (w *World) MessagesFigure(name string) scene.Figure {
	o := w.Object(name)
	if why := o.S["missing"]; why != "" {
		return scene.Missing("messages", "in the "+name, why)
	}
	if o.Level("exists") == 0 && o.Level("holders") <= 0 {
		return scene.Missing("messages", "in the "+name, "there is no queue of that name now")
	}
	return scene.Count("messages", "in the "+name, max(o.Level("messages"), 0), "", scene.Kernel).
		From("mq_getattr(3) on a descriptor of the queue, opened by name; it takes no message", "cat "+w.queueFile(name)+"  (QSIZE is in bytes)")
}

// DepthFigure is how many messages a queue may hold, by mq_getattr.
func (w *World) DepthFigure(name string) scene.Figure {
	if n := w.Object(name).Level("depth"); n > 0 {
		return scene.Count("depth", "it may hold", n, "", scene.Kernel).From("mq_maxmsg of mq_getattr(3)", "")
	}
	return scene.Missing("depth", "it may hold", "there is no queue of that name now")
}

// queueFile is the queue's file where a file system of queues is mounted.
func (w *World) queueFile(name string) string {
	for _, a := range w.Actors {
		for _, f := range a.FDs {
			if f.Object == name {
				return "/dev/mqueue" + f.Target
			}
		}
	}
	return "/dev/mqueue/ipctour-*"
}
