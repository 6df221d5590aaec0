package scene

// Queue is a message queue (mq_overview(7)): messages with priorities, the next
// one to be received first.
type Queue struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Path  string `json:"path,omitempty"` // its name, with the slash
	Count int    `json:"count"`          // messages in it, by mq_getattr; -1 when not known
	Depth int    `json:"depth"`          // how many it holds; 0 when not known
	Size  int64  `json:"size"`           // bytes that one message may have
	// Messages are what lies in it in the order of delivery, where the lesson knows.
	Messages []Message `json:"messages,omitempty"`
	Unnamed  bool      `json:"unnamed,omitempty"` // its name was removed; open descriptors still lead to it
	Gone     bool      `json:"gone,omitempty"`    // there is no queue of that name, and nobody has one open
	Note     string    `json:"note,omitempty"`
}

// Message is one message of a queue.
type Message struct {
	Who      string `json:"who,omitempty"` // the process that sent it
	Priority int64  `json:"priority"`
	Text     string `json:"text,omitempty"`
}

func (q Queue) Key() string { return q.ID }

func (Queue) Kind() string { return "queue" }

// Full reports whether it holds as many messages as it may.
func (q Queue) Full() bool { return q.Depth > 0 && q.Count >= q.Depth }
