package scene

// Mapped is a file with the pages of it that are in memory.
type Mapped struct {
	ID   string `json:"id"`
	Path string `json:"path"`
	Size int64  `json:"size"` // bytes, by stat(2)
	// Pages are its pages in order.
	Pages []FilePage `json:"pages"`
	Gone  bool       `json:"gone,omitempty"`
	Note  string     `json:"note,omitempty"`
}

// FilePage is one page of a file.
type FilePage struct {
	Resident bool   `json:"resident,omitempty"` // in the page cache, by mincore(2)
	Dirty    bool   `json:"dirty,omitempty"`    // stored to and not written back yet
	Text     string `json:"text,omitempty"`     // what it holds, in a few letters: "meta 0", "hello"
	// State is a word on what the program does with it: "live", "old", "free".
	State string `json:"state,omitempty"`
}

func (m Mapped) Key() string { return m.ID }

func (Mapped) Kind() string { return "mapped file" }
