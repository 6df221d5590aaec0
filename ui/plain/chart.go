package plain

import (
	"fmt"
	"slices"
	"strings"

	"ipctour/sims/scene"
)

// How a chart is told: a sentence for each line, with every value.
func chart(s *scene.Scene, o *scene.Chart) []string {
	name := o.Label
	if name == "" {
		name = "The chart"
	}
	var out []string
	for i := range o.Lines {
		var parts []string
		for _, p := range o.Lines[i].Points {
			if !o.Shows(p) {
				continue
			}
			if len(parts) == 24 {
				parts = append(parts, "and more")
				break
			}
			parts = append(parts, fmt.Sprintf("%s: %s", o.Columns[p.Column], scene.Metric(p.Value, o.Unit)))
		}
		if len(parts) > 0 {
			out = append(out, fmt.Sprintf("%s, %s. %s.", capital(name), o.Lines[i].Name, strings.Join(parts, ", ")))
		}
	}
	if len(out) == 0 {
		return []string{capital(name) + ": nothing measured yet."}
	}
	return out
}

// chartChange tells the values that are new or others than before.
func chartChange(s *scene.Scene, old, now *scene.Chart) []string {
	fresh := *now
	fresh.Lines = nil
	for i, l := range now.Lines {
		l.Points = slices.DeleteFunc(slices.Clone(l.Points), func(p scene.Point) bool { return slices.Contains(old.Lines[i].Points, p) })
		if len(l.Points) > 0 {
			fresh.Lines = append(fresh.Lines, l)
		}
	}
	if len(fresh.Lines) == 0 {
		return nil
	}
	return chart(s, &fresh)
}
