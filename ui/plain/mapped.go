package plain

import (
	"fmt"
	"strings"

	"ipctour/sims/scene"
)

// mostPages is how many pages of a mapped file are told one by one.
const mostPages = 32

// How a mapped file is told: its size, then every page that says something.
func mapped(s *scene.Scene, o *scene.Mapped) []string {
	name := capital(named(s, o.ID))
	if o.Gone {
		return []string{name + " is not there: no file has that name."}
	}
	said := name + fmt.Sprintf(" has %s in %s", bytes(o.Size), count(len(o.Pages), "page"))
	if o.Note != "" {
		said += ": " + o.Note
	}
	out := []string{said + cached(o) + "."}
	for i := range o.Pages {
		if i == mostPages {
			out = append(out, fmt.Sprintf("%s more.", count(len(o.Pages)-i, "page")))
			break
		}
		if text := pageText(&o.Pages[i]); text != "" {
			out = append(out, fmt.Sprintf("Page %d: %s.", i, text))
		}
	}
	return out
}

// mappedChange tells the pages that are different, where the file is the same.
func mappedChange(s *scene.Scene, old, now *scene.Mapped) []string {
	if old.Gone != now.Gone || old.Size != now.Size || old.Path != now.Path || old.Note != now.Note || len(old.Pages) != len(now.Pages) {
		return mapped(s, now)
	}
	var out []string
	for i := range now.Pages {
		text := pageText(&now.Pages[i])
		if i < mostPages && text != "" && text != pageText(&old.Pages[i]) {
			out = append(out, fmt.Sprintf("Page %d of %s: %s.", i, named(s, now.ID), text))
		}
	}
	return out
}

// cached is ", 3 of them in memory" where that is known.
func cached(o *scene.Mapped) string {
	in, known, dirty := 0, 0, 0
	for i := range o.Pages {
		c := o.Pages[i].Cache
		if c != "" {
			known++
		}
		if c == scene.CacheIn || c == scene.CacheClean || c == scene.CacheDirty {
			in++
		}
		if c == scene.CacheDirty {
			dirty++
		}
	}
	switch {
	case known == 0:
		return ""
	case dirty > 0:
		return fmt.Sprintf(", %d of them in memory and %d not written back yet", in, dirty)
	}
	return fmt.Sprintf(", %d of them in memory", in)
}

// pageText is what a page holds and how it stands; "" where the lesson says nothing.
func pageText(q *scene.FilePage) string {
	var parts []string
	if q.Text != "" {
		parts = append(parts, q.Text)
	}
	if q.State != "" {
		parts = append(parts, q.State)
	} else if q.Use != "" && (q.Text != "" || q.Bad) {
		parts = append(parts, string(q.Use))
	}
	if q.Bad {
		parts = append(parts, "not as it should be")
	}
	return strings.Join(parts, ", ")
}
