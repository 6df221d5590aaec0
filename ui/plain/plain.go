// Package plain tells a scene in short sentences, for a screen reader, a pipe
// and a test: no escape codes, no boxes, no colours. It is pure.
//
// A new kind of kernel object is one file here, with a function from it to a
// sentence, and one line in tellObject.
package plain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"ipctour/sims/scene"
)

// Sentences tells the whole scene: what is happening, then each process, each
// object, each link that needs a word, each figure, each table.
func Sentences(s *scene.Scene) []string {
	var out telling
	if s == nil {
		return nil
	}
	out.add(s.Sentence)
	for i := range s.Processes {
		q := &s.Processes[i]
		out.add(process(q))
		out.add(descriptors(s, q)...)
		out.add(calls(q)...)
	}
	for _, o := range s.Objects {
		if o != nil {
			out.add(tellObject(s, o)...)
		}
	}
	for i := range s.Links {
		out.add(link(s, &s.Links[i]))
	}
	for i := range s.Figures {
		out.add(figure(&s.Figures[i]))
	}
	for i := range s.Tables {
		out.add(table(&s.Tables[i])...)
	}
	return out
}

// tellObject is the one place that knows the kinds of objects: add a line for a
// new kind.
func tellObject(s *scene.Scene, o scene.Object) []string {
	switch o := o.(type) {
	case scene.Pipe:
		return pipe(&o)
	case scene.File:
		return file(&o)
	case scene.Output:
		return output(&o)
	case scene.Stream:
		return stream(s, &o)
	case scene.Socket:
		return socket(s, &o)
	case scene.Queue:
		return queue(s, &o)
	case scene.Page:
		return page(s, &o)
	case scene.Futex:
		return futex(s, &o)
	case scene.Ring:
		return ring(s, &o)
	case scene.Chart:
		return chart(s, &o)
	case scene.Signals:
		return signals(s, &o)
	case scene.Counter:
		return counter(s, &o)
	case scene.Timer:
		return timer(s, &o)
	case scene.Loop:
		return loop(s, &o)
	case scene.Mapped:
		return mapped(s, &o)
	case scene.Thing:
		return thing(s, &o)
	}
	return []string{fmt.Sprintf("There is an object of the kind %s: %s.", o.Kind(), o.Key())}
}

// telling is sentences, each made harmless as it is added.
type telling []string

func (t *telling) add(sentences ...string) {
	for _, s := range sentences {
		if s = clean(s); s != "" {
			*t = append(*t, s)
		}
	}
}

// clean keeps what can be printed and spoken. A scene may come from a hostile
// file: line breaks and tabs become spaces, other controls, characters without
// a width or that reorder the line become "?".
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || unicode.Is(unicode.Zs, r):
			return ' '
		case r == utf8.RuneError,
			unicode.Is(unicode.Variation_Selector, r),
			unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r),
			!unicode.IsPrint(r):
			return '?'
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// named is what to call a process or an object in a sentence.
func named(s *scene.Scene, key string) string {
	if q := s.Process(key); q != nil && q.Life == scene.Drawn {
		return processName(q)
	} else if q != nil {
		return the(processName(q))
	}
	for _, o := range s.Objects {
		if o == nil || o.Key() != key {
			continue
		}
		if label := labelOf(o); label != "" && !ambiguous(s, o, label) {
			return the(label)
		}
		return "the " + o.Kind() + " " + key
	}
	return key
}

// the puts the article before a name that takes one: "the writer", but "locker-a",
// "what bind said".
func the(name string) string {
	first, _, _ := strings.Cut(name, " ")
	switch strings.ToLower(first) {
	case "the", "a", "an", "its", "his", "their", "what", "who":
		return name
	}
	last := name[strings.LastIndexAny(name, " -")+1:]
	numbered := last != name && (utf8.RuneCountInString(last) == 1 || strings.Trim(last, "0123456789") == "")
	if numbered || utf8.RuneCountInString(name) == 1 {
		return name // one of several: locker-a, worker 2, B
	}
	return "the " + name
}

// object finds an object by its key, or nil.
func object(s *scene.Scene, key string) scene.Object {
	for _, o := range s.Objects {
		if o != nil && o.Key() == key {
			return o
		}
	}
	return nil
}

// labelOf is the short name of an object where its kind has one.
func labelOf(o scene.Object) string {
	switch o := o.(type) {
	case scene.Pipe:
		return pipeLabel(&o)
	case scene.File:
		return "file " + o.Path
	case scene.Socket:
		return o.Label
	case scene.Queue:
		return o.Label
	case scene.Page:
		return o.Label
	case scene.Futex:
		return o.Label
	case scene.Ring:
		return o.Label
	case scene.Chart:
		return o.Label
	case scene.Signals:
		return o.Label
	case scene.Counter:
		return o.Label
	case scene.Timer:
		return o.Label
	case scene.Loop:
		return o.Label
	case scene.Mapped:
		return "file " + o.Path
	case scene.Thing:
		return o.Label
	}
	return ""
}

func ambiguous(s *scene.Scene, one scene.Object, label string) bool {
	for _, o := range s.Objects {
		if o != nil && o.Key() != one.Key() && labelOf(o) == label {
			return true
		}
	}
	return false
}

// count is "1 writer", "2 writers".
func count(n int, thing string) string { return scene.Many(int64(n), thing) }

// bytes is "1 byte", "4,096 bytes".
func bytes(n int64) string { return scene.Many(n, "byte") }

// capital makes the first letter large.
func capital(s string) string {
	if s == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
