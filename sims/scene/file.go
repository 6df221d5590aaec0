package scene

// File is a name in the file system: a regular file, or the name of a FIFO or
// of a socket.
type File struct {
	ID    string `json:"id"`
	Path  string `json:"path"` // as short as the learner needs it
	Mode  string `json:"mode"` // as ls -l writes it: prw-------
	Size  int64  `json:"size"` // bytes, by stat(2)
	Inode uint64 `json:"inode,omitempty"`
	Gone  bool   `json:"gone,omitempty"` // the name was removed
	Note  string `json:"note,omitempty"`
}

func (f File) Key() string { return f.ID }

func (File) Kind() string { return "file" }

// Output is text that a real program printed, as a terminal would show it.
type Output struct {
	ID    string   `json:"id"`
	Label string   `json:"label"`
	Lines []string `json:"lines"`
	More  int64    `json:"more,omitempty"` // bytes that came before or after and are not kept
}

func (o Output) Key() string { return o.ID }

func (Output) Kind() string { return "output" }

// Stream is a run of bytes that a process has received, cut where the reads
// cut it, beside the records as they were sent.
type Stream struct {
	ID    string    `json:"id"`
	Label string    `json:"label"`
	Sent  []Segment `json:"sent"`  // one for each write
	Reads []Segment `json:"reads"` // one for each read
	// Whole is how many bytes there are to send, where that is more than was sent so far.
	Whole int64 `json:"whole,omitempty"`
}

func (s Stream) Key() string { return s.ID }

func (Stream) Kind() string { return "stream" }
