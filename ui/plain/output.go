package plain

import (
	"fmt"
	"slices"

	"ipctour/sims/scene"
)

// lastLines is how much of an output is repeated.
const lastLines = 10

// How the output of a program is told: its last lines, one by one.
func output(o *scene.Output) []string {
	name := outputName(o)
	if len(o.Lines) == 0 {
		return []string{fmt.Sprintf("Nothing is printed on %s yet.", name)}
	}
	lines := o.Lines
	out := []string{fmt.Sprintf("On %s:", name)}
	if len(lines) > lastLines {
		out[0] = fmt.Sprintf("On %s, the last %d of %s:", name, lastLines, count(len(lines), "line"))
		lines = lines[len(lines)-lastLines:]
	}
	out = append(out, lines...)
	if o.More > 0 {
		out = append(out, fmt.Sprintf("%s more bytes are not shown.", scene.Thousands(o.More)))
	}
	return out
}

func outputName(o *scene.Output) string {
	if o.Label != "" {
		return o.Label
	}
	return o.ID
}

// outputChange tells only the lines that have come since, where nothing else
// is different.
func outputChange(old, now *scene.Output) []string {
	n := len(old.Lines)
	if n == 0 || n >= len(now.Lines) || !slices.Equal(old.Lines, now.Lines[:n]) || old.More != now.More {
		return output(now)
	}
	added := *now
	added.Lines, added.More = now.Lines[n:], 0
	return output(&added)
}
