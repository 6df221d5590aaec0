package plain

import (
	"fmt"
	"strings"

	"ipctour/sims/scene"
)

// How a pipe or a FIFO is told.

func pipeLabel(o *scene.Pipe) string {
	if o.Label == "" {
		return "pipe"
	}
	return o.Label
}

func pipe(o *scene.Pipe) []string {
	name := "The " + pipeLabel(o)
	if o.Path != "" {
		name += " " + o.Path
	}
	if o.Gone {
		return []string{name + " is gone: nobody holds it."}
	}
	out := []string{name + " " + level(o) + "."}
	if o.Writers >= 0 && o.Readers >= 0 {
		out = append(out, fmt.Sprintf("%s has %s and %s.", name, count(o.Writers, "writer"), count(o.Readers, "reader")))
	}
	if text := contents(o); text != "" {
		out = append(out, fmt.Sprintf("In it, oldest first: %s.", text))
	}
	return out
}

// level is "holds 65,536 of 65,536 bytes, 16 of 16 pages". Bytes tell only how
// many pages there must be at least (pipe(7)), so that is what is said.
func level(o *scene.Pipe) string {
	switch {
	case o.Queued < 0 && o.Capacity <= 0:
		return "holds an unknown number of bytes"
	case o.Queued < 0:
		return fmt.Sprintf("has room for %s bytes; how many are in it is not known", scene.Thousands(o.Capacity))
	case o.Capacity <= 0:
		return "holds " + bytes(o.Queued)
	}
	said := fmt.Sprintf("holds %s of %s bytes", scene.Thousands(o.Queued), scene.Thousands(o.Capacity))
	if o.Page <= 0 {
		return said
	}
	used := o.Queued / o.Page
	if o.Queued%o.Page != 0 {
		used++
	}
	least := "at least "
	if o.Taken > 0 {
		used = min(o.Taken, o.Slots())
	}
	if o.Taken > 0 || used == 0 || used >= o.Slots() {
		least = ""
	}
	return said + fmt.Sprintf(", %s%s of %s pages", least, scene.Thousands(used), scene.Thousands(o.Slots()))
}

// contents is the segments that can be read, in quotes.
func contents(o *scene.Pipe) string {
	var parts []string
	for i := range o.Segments {
		s := &o.Segments[i]
		if s.Text == "" || len(s.Text) > 80 || len(parts) == 8 {
			return ""
		}
		parts = append(parts, quoted(s))
	}
	return strings.Join(parts, ", ")
}

func quoted(s *scene.Segment) string {
	q := fmt.Sprintf("%q", s.Text)
	if s.Who != "" {
		q += " from " + s.Who
	}
	return q
}

// edge is the part of a pipe's level that is worth a sentence: empty, full, or
// anything between.
func edge(o *scene.Pipe) string {
	switch {
	case o.Queued < 0:
		return "unknown"
	case o.Queued == 0:
		return "empty"
	case o.Capacity > 0 && o.Queued >= o.Capacity:
		return "full"
	}
	return "between"
}

// pipeChange tells a pipe that has become full or empty, was resized, lost or
// got an end, or went. A level between is told only when it leaves an edge.
func pipeChange(old, now *scene.Pipe) []string {
	told := pipe(now)
	switch {
	case old.Gone != now.Gone:
		return told
	case old.Capacity != now.Capacity || edge(old) != edge(now):
		told = told[:1]
	default:
		told = nil
	}
	if !now.Gone && (old.Writers != now.Writers || old.Readers != now.Readers) && now.Writers >= 0 && now.Readers >= 0 {
		told = append(told, pipe(now)[1])
	}
	return told
}
