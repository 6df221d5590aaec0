package plain

import (
	"fmt"
	"strings"

	"ipctour/sims/scene"
)

// How a byte stream is told: how it was cut when it was sent and when it was read.
func stream(s *scene.Scene, o *scene.Stream) []string {
	name := o.Label
	if name == "" {
		name = o.ID
	}
	return []string{
		fmt.Sprintf("%s: %s%s.", capital(name), count(len(o.Sent), "write"), pieces(o.Sent)),
		fmt.Sprintf("%s: %s%s.", capital(name), count(len(o.Reads), "read"), pieces(o.Reads)),
	}
}

// pieces is `of 4 bytes "one\n", 4 bytes "two\n"`.
func pieces(segs []scene.Segment) string {
	if len(segs) == 0 {
		return ""
	}
	var parts []string
	for i := range segs {
		if i == 8 {
			parts = append(parts, "and more")
			break
		}
		part := bytes(segs[i].Bytes)
		if segs[i].Text != "" && len(segs[i].Text) <= 80 {
			part += fmt.Sprintf(" %q", segs[i].Text)
		}
		parts = append(parts, part)
	}
	return " of " + strings.Join(parts, ", ")
}
