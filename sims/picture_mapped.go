package sims

import (
	"cmp"
	"fmt"

	"ipctour/sims/scene"
)

// Mapped is a file that processes map (an object of the kind "mapped"), with the
// pages of it that the kernel has in memory. What is in them the lesson adds.
func (w *World) Mapped(name string) scene.Mapped {
	o := w.Object(name)
	m := scene.Mapped{ID: name, Path: cmp.Or(shortPath(o.S["path"]), name), Size: max(o.Level("size"), 0), Gone: o.Level("exists") == 0}
	for i := int64(0); i < o.Level("pages"); i++ {
		in, told := o.N[fmt.Sprintf("page %d", i)]
		if !told {
			break // more than are told one by one
		}
		q := scene.FilePage{Cache: scene.CacheOut}
		if in == 1 {
			q.Cache = scene.CacheIn
		}
		m.Pages = append(m.Pages, q)
	}
	return m
}

// Dirty is how many bytes of an object were stored to and not written back to its
// file yet, as far as a role that maps it has touched them; -1 while not known.
func (w *World) Dirty(role, object string) int64 {
	if !w.Maps(role, object) {
		return -1
	}
	return w.Mapping(role, object).Level("dirty")
}
