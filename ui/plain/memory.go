package plain

import (
	"strings"

	"ipctour/sims/scene"
)

// How a page of memory is told.
func page(s *scene.Scene, o *scene.Page) []string {
	name := capital(named(s, o.ID))
	if o.Label == "" {
		name = "The page " + o.ID
	}
	if o.Gone {
		return []string{name + " is gone: no process maps it."}
	}
	said := name + " is frame " + o.Frame
	switch {
	case o.Absent:
		said = name + " has no frame behind it yet"
	case o.Frame == "":
		said = name + " is a frame whose number is not shown"
	}
	if o.Unframed {
		said = name + " is in shared memory"
	}
	if o.Note != "" {
		said += ", " + o.Note
	}
	if o.Size > 0 {
		said += ", in a mapping of " + bytes(o.Size)
	}
	out := []string{said + "."}
	if a := addresses(s, o); a != "" {
		out = append(out, a+".")
	}
	if w := words(s, o.Words); w != "" {
		out = append(out, "In it: "+w+".")
	}
	return out
}

// words is "answer = 42, stored by the writer".
func words(s *scene.Scene, list []scene.Word) string {
	var parts []string
	for i := range list {
		w := &list[i]
		part := w.Name + " = " + w.Text
		if w.Name == "" {
			part = w.Text
		}
		if w.Who != "" {
			part += ", stored by " + named(s, w.Who)
		}
		if w.Bad {
			part += ", which is wrong"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

// addresses is where each process has the page, by the labels of the links.
func addresses(s *scene.Scene, o *scene.Page) string {
	var parts []string
	for i := range s.Links {
		l := &s.Links[i]
		by := l.From
		if by == o.ID {
			by = l.To
		} else if l.To != o.ID {
			continue
		}
		if strings.HasPrefix(l.Label, "0x") && l.State != scene.Cut {
			parts = append(parts, named(s, by)+" has it at "+l.Label)
		}
	}
	return capital(strings.Join(parts, ", "))
}

// sameButWords reports whether two pages differ in no more than their words.
func sameButWords(a, b *scene.Page) bool {
	return a.Label == b.Label && a.Frame == b.Frame && a.Absent == b.Absent && a.Gone == b.Gone && a.Note == b.Note &&
		a.Size == b.Size && len(a.Words) == len(b.Words)
}
