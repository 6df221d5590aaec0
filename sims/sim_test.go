package sims

import "testing"

// A setting takes its own values by their names, and others where it says so.
func TestSetTakes(t *testing.T) {
	few := Set{Values: []int64{5, 4096}, Names: []string{"5", "4,096 B"}}
	any := few
	any.Any = Between(0, 32767)
	for _, test := range []struct {
		set  Set
		text string
		want int64 // -1: it is refused
	}{
		{few, "4,096 B", 4096}, {few, "6", -1}, {few, "", -1},
		{any, "4,096 B", 4096}, {any, "6", 6}, {any, " 32,767 ", 32767}, {any, "32768", -1}, {any, "-1", -1}, {any, "six", -1}, {any, "", -1},
	} {
		got, err := test.set.Takes(test.text)
		if err != nil {
			got = -1
		}
		if got != test.want {
			t.Errorf("%q: %d, %v; want %d", test.text, got, err, test.want)
		}
	}
}
