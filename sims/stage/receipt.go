package stage

import (
	"fmt"
	"strings"
)

// Receipt says what runs have made on this machine, and what of it is left.
// What is left was looked for, not assumed gone.
type Receipt struct {
	Processes int      // started
	Pipes     int      // made, FIFOs included
	Objects   int      // other kernel objects
	Folders   int      // private folders
	Left      []string // what is still there, in words; empty when all is gone
}

// Add adds another receipt to this one.
func (r *Receipt) Add(o Receipt) {
	r.Processes += o.Processes
	r.Pipes += o.Pipes
	r.Objects += o.Objects
	r.Folders += o.Folders
	r.Left = append(r.Left, o.Left...)
}

// String is the receipt in one sentence.
func (r Receipt) String() string {
	var made []string
	for _, m := range []struct {
		n          int
		one, other string
	}{{r.Processes, "process", "processes"}, {r.Pipes, "pipe", "pipes"}, {r.Objects, "other kernel object", "other kernel objects"}, {r.Folders, "private folder", "private folders"}} {
		switch m.n {
		case 0:
		case 1:
			made = append(made, "1 "+m.one)
		default:
			made = append(made, fmt.Sprintf("%d %s", m.n, m.other))
		}
	}
	if len(made) == 0 {
		return "Nothing was made on this machine."
	}
	list := made[len(made)-1]
	if len(made) > 1 {
		list = strings.Join(made[:len(made)-1], ", ") + " and " + list
	}
	if len(r.Left) > 0 {
		return "Made: " + list + ". Still there: " + strings.Join(r.Left, ", ") + "."
	}
	return "Made: " + list + ". All of it is gone."
}
