package plain

import (
	"fmt"
	"slices"
	"strings"

	"ipctour/sims/scene"
)

// How figures and tables are told, each with its source.

// figure is "written: 65,536 B (counted by the child)."
func figure(f *scene.Figure) string {
	if f.Missing != "" {
		return fmt.Sprintf("%s: not available here: %s.", f.Label, f.Missing)
	}
	return fmt.Sprintf("%s: %s%s.", f.Label, f.Text, source(f.Origin))
}

func source(o scene.Origin) string {
	switch o {
	case scene.Kernel:
		return " (read from the kernel)"
	case scene.Child:
		return " (counted by the child)"
	case scene.Derived:
		return " (derived)"
	case scene.Said:
		return " (the source's figure, not measured)"
	}
	return ""
}

// table is its title and a sentence a row, each value after its column's name.
func table(t *scene.Table) []string {
	title := t.Title
	if title == "" {
		title = "A table"
	}
	out := []string{fmt.Sprintf("%s%s: %s.", capital(title), source(t.Origin), count(len(t.Rows), "row"))}
	for i := range t.Rows {
		out = append(out, tableRow(t, i))
	}
	return out
}

func tableRow(t *scene.Table, i int) string {
	var parts []string
	for k, value := range t.Rows[i] {
		if k < len(t.Columns) && t.Columns[k] != "" {
			value = t.Columns[k] + ": " + value
		}
		parts = append(parts, value)
	}
	said := strings.Join(parts, "; ")
	if slices.Contains(t.Bad, i) {
		said = "Failure, " + said
	}
	return said + "."
}
