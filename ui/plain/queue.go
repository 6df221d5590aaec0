package plain

import (
	"fmt"
	"strings"

	"ipctour/sims/scene"
)

// How a message queue is told.

func queueName(o *scene.Queue) string {
	name := "The " + o.Label
	if o.Label == "" {
		name = "The queue"
	}
	if o.Path != "" {
		name += " " + o.Path
	}
	return name
}

func queue(_ *scene.Scene, o *scene.Queue) []string {
	name := queueName(o)
	if o.Gone {
		return []string{name + " does not exist."}
	}
	out := []string{name + " " + queueLevel(o) + "."}
	if o.Unnamed {
		out = append(out, name+" has no name any more; open descriptors still lead to it.")
	}
	if said := messages(o); said != "" {
		out = append(out, "In it, the next one first: "+said+".")
	}
	if o.Note != "" {
		out = append(out, capital(o.Note)+".")
	}
	return out
}

// queueLevel is "holds 4 of 10 messages".
func queueLevel(o *scene.Queue) string {
	switch {
	case o.Count < 0 && o.Depth <= 0:
		return "holds an unknown number of messages"
	case o.Count < 0:
		return fmt.Sprintf("has room for %s; how many are in it is not known", count(o.Depth, "message"))
	case o.Depth <= 0:
		return "holds " + count(o.Count, "message")
	}
	return fmt.Sprintf("holds %s of %s", scene.Thousands(int64(o.Count)), count(o.Depth, "message"))
}

// messages are the first few, each with its priority and its sender.
func messages(o *scene.Queue) string {
	const most = 10
	var parts []string
	for i := range o.Messages {
		m := &o.Messages[i]
		if o.Count >= 0 && i == o.Count {
			break
		}
		if i == most {
			parts = append(parts, fmt.Sprintf("and %s more", scene.Thousands(int64(len(o.Messages)-most))))
			break
		}
		said := fmt.Sprintf("priority %d", m.Priority)
		if m.Text != "" {
			said = fmt.Sprintf("%q with priority %d", m.Text, m.Priority)
		}
		if m.Who != "" {
			said += " from " + m.Who
		}
		parts = append(parts, said)
	}
	return strings.Join(parts, ", ")
}

// queueChange tells a queue that has become full or empty, or whose messages are
// known and not the same any more.
func queueChange(old, now *scene.Queue) []string {
	told := queue(nil, now)
	switch {
	case old.Gone != now.Gone || old.Unnamed != now.Unnamed || old.Note != now.Note:
		return told
	case len(now.Messages) > 0 && messages(old) != messages(now):
		return told
	case queueEdge(old) != queueEdge(now):
		return told[:1]
	}
	return nil
}

// queueEdge is the part of a queue's level that is worth a sentence.
func queueEdge(o *scene.Queue) string {
	switch {
	case o.Gone:
		return "gone"
	case o.Count < 0:
		return "unknown"
	case o.Count == 0:
		return "empty"
	case o.Full():
		return "full"
	}
	return "between"
}
