package draw

import (
	"testing"

	"ipctour/sims/scene"
)

func TestLatestRowsStay(t *testing.T) {
	rows := scene.Table{Title: "runs", Columns: []string{"n"}, Rows: [][]string{{"1"}, {"2"}, {"3"}, {"4"}}, Latest: true}
	for height, want := range map[int]string{
		6: "runs\n  n\n  1\n  2\n  3\n  4",
		5: "runs\n  n\n  … 2 earlier rows\n  3\n  4",
		4: "runs\n  n\n  … 3 earlier rows\n  4",
		3: "runs   last of 4 rows\n  n\n  4",
		2: "  n\n  4",
	} {
		c := NewCanvas(30, height, Mono(), false)
		if used := table(c, Rect{0, 0, 30, height}, &rows); used != min(height, 6) {
			t.Errorf("%d lines: %d used", height, used)
		}
		if got := c.Plain(); got != want {
			t.Errorf("%d lines:\n%s\nwant\n%s", height, got, want)
		}
	}
}
