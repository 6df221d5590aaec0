package scene

import (
	"strconv"
	"time"
)

// Counter is an eventfd (eventfd(2)): a number of 64 bits behind a descriptor.
type Counter struct {
	ID        string `json:"id"`
	Label     string `json:"label"`
	Value     uint64 `json:"value"`
	Known     bool   `json:"known"`               // Value has been read
	Semaphore bool   `json:"semaphore,omitempty"` // EFD_SEMAPHORE: a read takes 1
	Gone      bool   `json:"gone,omitempty"`
}

func (c Counter) Key() string { return c.ID }

func (Counter) Kind() string { return "counter" }

// CounterMax is the most that an eventfd holds: a write that would pass it sleeps.
const CounterMax = 1<<64 - 2

// Timer is a timerfd (timerfd_create(2)).
type Timer struct {
	ID       string        `json:"id"`
	Label    string        `json:"label"`
	Interval time.Duration `json:"interval"` // 0: it expires once
	Left     time.Duration `json:"left"`     // until it expires next
	Ticks    uint64        `json:"ticks"`    // expirations that nobody has read
	Known    bool          `json:"known"`    // Ticks have been read
	Armed    bool          `json:"armed"`    // it will expire
	Gone     bool          `json:"gone,omitempty"`
}

func (t Timer) Key() string { return t.ID }

func (Timer) Kind() string { return "timer" }

// Loop is an epoll instance (epoll(7)) with what it watches.
type Loop struct {
	ID      string  `json:"id"`
	Label   string  `json:"label"`
	Watches []Watch `json:"watches"`
	Wakes   int64   `json:"wakes"` // how often epoll_wait returned
	Gone    bool    `json:"gone,omitempty"`
}

// Watch is one descriptor in the interest list.
type Watch struct {
	FD    int    `json:"fd"`
	Name  string `json:"name"`            // socket, pipe, eventfd …
	Edge  bool   `json:"edge,omitempty"`  // EPOLLET
	Ready bool   `json:"ready,omitempty"` // it has something that was not taken yet
	Wakes int64  `json:"wakes"`           // events that it brought
	Cut   bool   `json:"cut,omitempty"`   // it is not watched any more
}

func (l Loop) Key() string { return l.ID }

func (Loop) Kind() string { return "loop" }

// ThousandsOf is Thousands for the numbers of a counter, which has all 64 bits.
func ThousandsOf(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
