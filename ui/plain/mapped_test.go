package plain

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipctour/sims/scene"
)

func mappedScene(pages ...scene.FilePage) *scene.Scene {
	return &scene.Scene{Objects: []scene.Object{scene.Mapped{ID: "m", Path: "store", Size: 8192, Pages: pages}}}
}

func TestMappedFileIsTold(t *testing.T) {
	s := mappedScene(scene.FilePage{Cache: scene.CacheDirty, Use: scene.PageLive, Text: "meta 3", State: "torn", Bad: true},
		scene.FilePage{Cache: scene.CacheOut, Use: scene.PageFree}, scene.FilePage{Cache: scene.CacheIn, Use: scene.PageOld, Text: "ann 100"})
	s.Objects = append(s.Objects, scene.Mapped{ID: "g", Path: "gone", Gone: true})
	want := []string{
		"The file store has 8,192 bytes in 3 pages, 2 of them in memory and 1 not written back yet.",
		"Page 0: meta 3, torn, not as it should be.",
		"Page 2: ann 100, old.",
		"The file gone is not there: no file has that name.",
	}
	if diff := cmp.Diff(want, Sentences(s)); diff != "" {
		t.Error(diff)
	}
}

// A page that has changed is told, and not the whole file again.
func TestMappedFileChangesByThePage(t *testing.T) {
	before := mappedScene(scene.FilePage{Text: "ann 100"}, scene.FilePage{Text: "ben 100"})
	after := mappedScene(scene.FilePage{Text: "ann 90"}, scene.FilePage{Text: "ben 100", Cache: scene.CacheDirty})
	if diff := cmp.Diff([]string{"Page 0 of the file store: ann 90."}, Changes(before, after)); diff != "" {
		t.Error(diff)
	}
}
