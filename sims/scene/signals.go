package scene

// Signals are the signal sets of one process, by /proc/PID/status, for the signals
// that the lesson is about (signal(7)).
type Signals struct {
	ID    string   `json:"id"`
	Label string   `json:"label"` // whose they are
	Rows  []Signal `json:"rows"`
	// Counts: the lesson counts how often each was sent and handled.
	Counts bool `json:"counts,omitempty"`
	// Queued and Limit are the signals that its user has waiting, and may have
	// (SigQ); Limit is 0 where that is not told.
	Queued int64 `json:"queued"`
	Limit  int64 `json:"limit,omitempty"`
	Gone   bool  `json:"gone,omitempty"` // with its process
}

// Signal is one signal and which sets of the process it is in.
type Signal struct {
	Name    string `json:"name"` // SIGUSR1, SIGRTMIN+1
	Blocked bool   `json:"blocked,omitempty"`
	Ignored bool   `json:"ignored,omitempty"`
	Caught  bool   `json:"caught,omitempty"`
	Pending bool   `json:"pending,omitempty"`
	Sent    int64  `json:"sent,omitempty"`    // how often it was sent, by the sender's account
	Handled int64  `json:"handled,omitempty"` // how often the handler ran, by its own account
	// Values are the words that came with those handled, oldest first, where the
	// lesson knows; the last ones of many.
	Values []string `json:"values,omitempty"`
}

func (s Signals) Key() string { return s.ID }

func (Signals) Kind() string { return "signals" }
