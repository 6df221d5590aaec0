package plain

import (
	"fmt"
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
