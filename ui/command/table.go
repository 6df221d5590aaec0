package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"ipctour/ui/draw"
)

// columnWidths are those that rows want, so that tables below each other line up.
func columnWidths(rows ...[]string) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], draw.Width(cell))
		}
	}
	return widths
}

// writeTable prints rows in columns of these widths.
func writeTable(w io.Writer, widths []int, rows ...[]string) error {
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", max(widths[i]-draw.Width(cell), 0)+2))
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(line.String(), " ")); err != nil {
			return fmt.Errorf("table: %w", err)
		}
	}
	return nil
}

// writeJSON prints a value for programs, indented so that people can read it too.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("JSON: %w", err)
	}
	return nil
}
