package scene

// Page is a page of memory: a frame, and the words in it that matter. Links join
// it to the processes whose page tables lead to it; a link's label is the address
// there.
type Page struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	// Frame is its number, by pagemap; "" when the kernel does not show it.
	Frame string `json:"frame,omitempty"`
	// Absent: no frame is behind the page yet. One comes with the first store (or load).
	Absent bool `json:"absent,omitempty"`
	// Unframed: the lesson is about the words alone, and the frame is not told.
	Unframed bool   `json:"unframed,omitempty"`
	Size     int64  `json:"size,omitempty"` // bytes of the whole mapping
	Words    []Word `json:"words,omitempty"`
	Gone     bool   `json:"gone,omitempty"`
	Note     string `json:"note,omitempty"` // "private", "shared by 2"
}

// Word is one number in memory.
type Word struct {
	Name string `json:"name"`
	Text string `json:"text"`
	// Who is the process that stored it last, where the lesson knows.
	Who string `json:"who,omitempty"`
	// Bad marks one that is not what it should be.
	Bad bool `json:"bad,omitempty"`
}

func (p Page) Key() string { return p.ID }

func (Page) Kind() string { return "page" }

// Futex is the word of a lock in shared memory, and who sleeps on it (futex(2)).
type Futex struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Word  uint32 `json:"word"` // as it is in memory
	// Known: the word has been read.
	Known bool `json:"known"`
	// Means is what the word says to those who use it: "free", "locked".
	Means string `json:"means,omitempty"`
	// Owner is the process that holds the lock, "" for none, by the thread id in the
	// word or by its own account.
	Owner string `json:"owner,omitempty"`
	// Waiters and Died are the bits FUTEX_WAITERS and FUTEX_OWNER_DIED, and TID the
	// thread in the rest, where the word has them (a robust or a
	// priority-inheriting lock).
	Waiters bool `json:"waiters,omitempty"`
	Died    bool `json:"died,omitempty"`
	TID     int  `json:"tid,omitempty"`
	// Robust: the word has those bits, and the kernel marks it when the owner dies.
	Robust bool `json:"robust,omitempty"`
	// Asleep are the processes that sleep in FUTEX_WAIT on it.
	Asleep []string `json:"asleep,omitempty"`
	Gone   bool     `json:"gone,omitempty"` // nobody maps it any more
	Note   string   `json:"note,omitempty"`
}

func (f Futex) Key() string { return f.ID }

func (Futex) Kind() string { return "futex" }

// Holder is what to call the holder of a lock whose Owner is not known: nobody, or
// somebody where the word says that it is taken.
func (f Futex) Holder() string {
	if f.Word == 0 || !f.Known || f.Robust && (f.Died || f.Word&FutexTIDMask == 0) {
		return "nobody"
	}
	return "somebody"
}

// The bits of the word of a robust lock (linux/futex.h).
const (
	FutexWaiters   = 0x8000_0000
	FutexOwnerDied = 0x4000_0000
	FutexTIDMask   = 0x3fff_ffff
)
