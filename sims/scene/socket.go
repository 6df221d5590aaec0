package scene

// Socket is a Unix domain socket (unix(7)): a connected pair with a buffer for
// each way, or one end that is bound and listens.
type Socket struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	// Type is STREAM, DGRAM or SEQPACKET.
	Type string `json:"type"`
	// Path is the name it is bound to, @name for an abstract one; "" for none.
	// Removed: the name is no longer there.
	Path    string `json:"path,omitempty"`
	Removed bool   `json:"removed,omitempty"`
	// Listens: it takes connections, of which Waiting have not been accepted yet (-1
	// when not known); Backlog is what listen(2) was asked for: one more may wait.
	Listens bool `json:"listens,omitempty"`
	Waiting int  `json:"waiting,omitempty"`
	Backlog int  `json:"backlog,omitempty"`
	// Ways are the one or two directions of a connection.
	Ways []Way  `json:"ways,omitempty"`
	Gone bool   `json:"gone,omitempty"` // nobody holds it any more
	Note string `json:"note,omitempty"`
}

// Way is one direction: what was sent and not yet received lies in the receiver's buffer.
type Way struct {
	From   string `json:"from"`   // the process that sends
	To     string `json:"to"`     // the process that receives
	Queued int64  `json:"queued"` // bytes in the buffer, by SIOCINQ; -1 when not known; of a DGRAM those of the next message
	Limit  int64  `json:"limit"`  // bytes that may be on the way, by SO_SNDBUF; 0 when not known
	// Expect is how many characters the lesson puts in at most, where they are few and
	// worth reading: the bar is as wide from the start.
	Expect int `json:"expect,omitempty"`
	// Messages are what lies in it, oldest first, with the edges that the type
	// keeps, where the lesson knows.
	Messages []Segment `json:"messages,omitempty"`
	// Flying are descriptors that travel with the bytes (SCM_RIGHTS): what each leads to.
	Flying []string `json:"flying,omitempty"`
}

func (s Socket) Key() string { return s.ID }

func (Socket) Kind() string { return "socket" }

// Edges reports whether the type keeps messages apart.
func (s Socket) Edges() bool { return s.Type == "DGRAM" || s.Type == "SEQPACKET" }

// Told reports whether the messages of a way are all that the kernel says lies in
// its buffer.
func (s Socket) Told(w Way) bool {
	var n int64
	for i := range w.Messages {
		n += w.Messages[i].Bytes
		if n < 0 || w.Messages[i].Bytes < 0 {
			return false
		}
	}
	if len(w.Messages) > 0 && s.Type == "DGRAM" {
		return w.Messages[0].Bytes == w.Queued
	}
	return n == w.Queued
}

// Abstract reports whether the name is an abstract one, which no file system knows.
func (s Socket) Abstract() bool { return len(s.Path) > 0 && s.Path[0] == '@' }
