package scene

// Mapped is a file that processes map, page by page.
type Mapped struct {
	ID   string `json:"id"`
	Path string `json:"path"`
	Size int64  `json:"size"` // bytes, by stat(2)
	// Pages are its pages in order.
	Pages []FilePage `json:"pages"`
	Gone  bool       `json:"gone,omitempty"` // there is no file of that name
	Note  string     `json:"note,omitempty"`
}

// FilePage is one page of a file.
type FilePage struct {
	// Cache says whether the kernel has the page in memory; "" where it is not known.
	Cache Cached `json:"cache,omitempty"`
	// Use says what the program does with it; "" where it says nothing.
	Use Use `json:"use,omitempty"`
	// Text is what it holds, in a few letters: "ann 100", "hello".
	Text string `json:"text,omitempty"`
	// State is a word or two on how it stands: "txn 7", "free".
	State string `json:"state,omitempty"`
	// Bad marks one that is not what it should be.
	Bad bool `json:"bad,omitempty"`
}

// Cached is where a page of a file is.
type Cached string

const (
	CacheOut   Cached = "out"   // on the disk alone
	CacheIn    Cached = "in"    // in the page cache, by mincore(2)
	CacheClean Cached = "clean" // in the page cache, and on the disk the same
	CacheDirty Cached = "dirty" // stored to and not written back yet, by smaps
)

// Use is what a program does with a page of its file.
type Use string

const (
	PageLive Use = "live" // part of what the file holds now
	PageNew  Use = "new"  // written, and not part of it yet
	PageOld  Use = "old"  // part of what it held before, and not to be written over
	PageFree Use = "free" // to be had for the next write
)

func (m Mapped) Key() string { return m.ID }

func (Mapped) Kind() string { return "mapped file" }
