package draw

import "ipctour/sims/scene"

// mappedStore is a file of sixteen pages in the midst of a commit whose writer was killed.
func mappedStore() *scene.Scene {
	store := scene.Mapped{ID: "store", Path: "/run/user/1000/ipctour/store", Size: 65536, Pages: []scene.FilePage{
		{Use: scene.PageLive, Text: "meta 2", State: "counts"}, {Use: scene.PageNew, Text: "meta 3", State: "torn", Bad: true},
		{Use: scene.PageLive, Text: "readers 1", State: "3 lines"}, {Use: scene.PageNew, Text: "dan 100", State: "txn 3"},
		{Use: scene.PageLive, Text: "ann 100", State: "txn 1"}, {Use: scene.PageLive, Text: "ben 100", State: "txn 1"},
		{Use: scene.PageOld, Text: "cal 100", State: "kept"}, {Use: scene.PageOld, Text: "dan 100", State: "kept"},
		{Use: scene.PageLive, Text: "cal 90", State: "txn 2"}, {Use: scene.PageLive, Text: "dan 110", State: "txn 2"},
		{Use: scene.PageLive, Text: "root", State: "txn 2"},
	}}
	for len(store.Pages) < 16 {
		store.Pages = append(store.Pages, scene.FilePage{Cache: scene.CacheIn, Use: scene.PageFree, State: "free"})
	}
	return &scene.Scene{
		Sentence: "The writer is dead in the midst of a meta page, and the readers go by the other.",
		Processes: []scene.Process{
			{ID: "writer", Name: "writer", PID: 501, Life: scene.Killed, End: "killed by SIGKILL"},
			{ID: "reader", Name: "reader", PID: 502, Life: scene.Running, Letter: "R", Note: "sees txn 2"},
			{ID: "holder", Name: "holder", PID: 503, Life: scene.Waiting, Letter: "S", Note: "holds txn 1"},
		},
		Objects: []scene.Object{store},
		Links: []scene.Link{
			{From: "writer", To: "store", State: scene.Cut},
			{From: "store", To: "reader", State: scene.Moving},
			{From: "store", To: "holder", State: scene.Idle},
		},
		Figures: []scene.Figure{scene.Count("newest", "newest commit", 2, "", scene.Kernel)},
	}
}

// mappedFile is one page that two processes map and a third reads, beside a larger file
// of which a part is in memory and one that is gone.
func mappedFile() *scene.Scene {
	large := scene.Mapped{ID: "large", Path: "large", Size: 96*4096 - 1, Note: "mincore(2)"}
	for i := range 96 {
		c := scene.CacheOut
		switch {
		case i < 40:
			c = scene.CacheClean
		case i%7 == 0:
			c = scene.CacheDirty
		}
		large.Pages = append(large.Pages, scene.FilePage{Cache: c})
	}
	return &scene.Scene{
		Sentence: "A store in one process is there for the other, and for read(2).",
		Processes: []scene.Process{
			{ID: "typist", Name: "typist", PID: 511, Life: scene.Waiting, Letter: "S", Note: "\"hello\""},
			{ID: "neighbour", Name: "neighbour", PID: 512, Life: scene.Waiting, Letter: "S"},
			{ID: "reader", Name: "reader", PID: 513, Life: scene.Running, Letter: "R"},
		},
		Objects: []scene.Object{
			scene.Mapped{ID: "file", Path: "notes", Size: 32, Note: "frame 0x1b7f2", Pages: []scene.FilePage{{Cache: scene.CacheDirty, Text: "hello"}}},
			large,
			scene.Mapped{ID: "gone", Path: "gone", Gone: true},
		},
		Links: []scene.Link{
			{From: "typist", To: "file", Label: "mmap", Both: true, State: scene.Idle},
			{From: "neighbour", To: "file", Label: "mmap", Both: true, State: scene.Idle},
			{From: "file", To: "reader", FD: 3, State: scene.Moving},
		},
	}
}
