package scene

// Signals are the signal sets of one process, by /proc/PID/status, for the signals
// that the lesson is about (signal(7)).
type Signals struct {
	ID    string   `json:"id"`
	Label string   `json:"label"` // whose they are
	Rows  []Signal `json:"rows"`
	// Queued and Limit are the signals that its user has waiting, and may have (SigQ).
	Queued int64 `json:"queued"`
	Limit  int64 `json:"limit,omitempty"`
	Gone   bool  `json:"gone,omitempty"`
}

// Signal is one signal and which sets of the process it is in.
type Signal struct {
	Name    string `json:"name"` // SIGUSR1, SIGRTMIN
	Blocked bool   `json:"blocked,omitempty"`
	Pending bool   `json:"pending,omitempty"`
	Ignored bool   `json:"ignored,omitempty"`
	Caught  bool   `json:"caught,omitempty"`
	Sent    int64  `json:"sent,omitempty"`    // how often it was sent, by the sender's account
	Handled int64  `json:"handled,omitempty"` // how often the handler ran, by its own account
}

func (s Signals) Key() string { return s.ID }

func (Signals) Kind() string { return "signals" }
