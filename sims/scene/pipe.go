package scene

// Pipe is the kernel's buffer behind a pipe or a FIFO (pipe(7)).
type Pipe struct {
	ID       string `json:"id"`
	Label    string `json:"label"`          // "pipe", "FIFO"
	Path     string `json:"path,omitempty"` // of a FIFO
	Capacity int64  `json:"capacity"`       // bytes, by F_GETPIPE_SZ; 0 when not known
	Queued   int64  `json:"queued"`         // bytes waiting, by FIONREAD; -1 when not known
	Page     int64  `json:"page"`           // bytes in a page of memory
	// Taken is how many pages hold a byte, where the lesson knows; 0 where it does not.
	Taken int64 `json:"taken,omitempty"`
	// Writers and Readers count the open ends, over all processes; -1 when not known.
	Writers int `json:"writers"`
	Readers int `json:"readers"`
	// Segments say what lies in the buffer, oldest first, where the lesson knows.
	Segments []Segment `json:"segments,omitempty"`
	Gone     bool      `json:"gone,omitempty"` // nobody holds it any more
}

// Segment is a stretch of bytes in a buffer and the process that wrote it.
type Segment struct {
	Who   string `json:"who,omitempty"`
	Bytes int64  `json:"bytes"`
	Text  string `json:"text,omitempty"` // the bytes, where they are readable
}

func (p Pipe) Key() string { return p.ID }

func (Pipe) Kind() string { return "pipe" }

// Slots is how many pages the pipe may use.
func (p Pipe) Slots() int64 {
	if p.Page == 0 {
		return 0
	}
	return p.Capacity / p.Page
}
