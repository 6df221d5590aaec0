package scene

import (
	"fmt"
	"math"
	"strings"
)

// Chart is measurements side by side: values over a row of columns, a line for each
// thing measured.
type Chart struct {
	ID      string   `json:"id"`
	Label   string   `json:"label"`         // "time per message"
	Columns []string `json:"columns"`       // under the axis: "1 B", "4 KiB"
	Unit    string   `json:"unit"`          // of the values, without a prefix: "s", "B/s"
	Log     bool     `json:"log,omitempty"` // each step of the axis is ten times the one before
	Lines   []Line   `json:"lines"`
}

// Line is one thing measured.
type Line struct {
	Name   string  `json:"name"`
	Points []Point `json:"points"`
}

// Point is one value.
type Point struct {
	Column int     `json:"column"`
	Value  float64 `json:"value"`
}

func (c Chart) Key() string { return c.ID }

func (Chart) Kind() string { return "chart" }

// Shows reports whether a point can be drawn: it is in a column and its value is a
// number that the axis has.
func (c Chart) Shows(p Point) bool {
	if p.Column < 0 || p.Column >= len(c.Columns) || math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
		return false
	}
	return p.Value > 0 || !c.Log && p.Value == 0
}

// Metric writes a value with the prefix that suits it and three digits: 2.31e-06 and
// "s" is "2.31 µs".
func Metric(v float64, unit string) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return strings.TrimSpace(fmt.Sprintf("%g %s", v, unit))
	}
	prefixes := []string{"p", "n", "µ", "m", "", "k", "M", "G", "T"}
	at := 4
	for math.Abs(v) >= 999.5 && at < len(prefixes)-1 {
		v, at = v/1000, at+1
	}
	for math.Abs(v) < 0.9995 && at > 0 {
		v, at = v*1000, at-1
	}
	format := "%.0f"
	switch {
	case math.Abs(v) < 9.995:
		format = "%.2f"
	case math.Abs(v) < 99.95:
		format = "%.1f"
	}
	return strings.TrimSpace(fmt.Sprintf(format+" %s", v, prefixes[at]+unit))
}
