package plain

import (
	"fmt"
	"strings"

	"ipctour/sims/scene"
)

// How a socket is told: a connection by what lies in each of its buffers, one that
// listens by its name and by who waits to be accepted.
func socket(s *scene.Scene, o *scene.Socket) []string {
	name := capital(named(s, o.ID))
	if o.Path != "" && !strings.Contains(name, o.Path) {
		name += " " + o.Path
	}
	if o.Listens {
		return []string{name + " " + listening(o) + "."}
	}
	if o.Gone {
		return []string{name + " is gone: nobody holds it."}
	}
	var out []string
	for i := range o.Ways {
		out = append(out, way(s, o, &o.Ways[i], name))
	}
	if len(out) == 0 && o.Note == "" {
		out = append(out, name+" has no peer.")
	}
	if o.Note != "" {
		out = append(out, name+": "+o.Note+".")
	}
	return out
}

func listening(o *scene.Socket) string {
	said := "listens; "
	switch {
	case o.Gone:
		said = "has no listener"
	case o.Waiting < 0:
		said += "who waits is not known"
	default:
		said += count(o.Waiting, "connection") + " not accepted yet"
	}
	switch {
	case o.Path == "":
	case o.Removed:
		said += ", and its name is no longer there"
	case o.Abstract():
		said += ", under a name that is in no folder"
	case o.Gone:
		said += ", and its name is still there"
	}
	return said
}

// way is "In the connection from the guest to the server: 12 bytes "soup, please"."
func way(s *scene.Scene, o *scene.Socket, w *scene.Way, name string) string {
	said := fmt.Sprintf("%s, from %s to %s: ", name, named(s, w.From), named(s, w.To))
	switch {
	case w.Queued < 0:
		said += "an unknown number of bytes"
	case o.Edges() && o.Told(*w) && len(w.Messages) > 0:
		said += count(len(w.Messages), "message") + texts(w.Messages, " | ")
	case o.Type == "DGRAM" && w.Queued > 0:
		said += "a message of " + bytes(w.Queued) + " is next"
	default:
		said += bytes(w.Queued)
		if o.Told(*w) {
			said += texts(w.Messages, "")
		}
	}
	if len(w.Flying) > 0 {
		said += ", and in flight with it " + strings.Join(w.Flying[:min(len(w.Flying), 8)], ", ")
	}
	return said + "."
}

// texts is the messages in quotes, with a mark between them where they are kept apart.
func texts(list []scene.Segment, between string) string {
	var parts []string
	for i := range list {
		if list[i].Text == "" || len(list[i].Text) > 80 || i == 12 {
			return ""
		}
		parts = append(parts, list[i].Text)
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf(" %q", strings.Join(parts, between))
}
