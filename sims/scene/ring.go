package scene

// Ring is a single-producer, single-consumer ring in shared memory. Head and Tail
// count for ever; a slot's index is their remainder by the number of slots.
type Ring struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Slots int    `json:"slots"`
	Size  int64  `json:"size"`            // bytes in a slot
	Known bool   `json:"known,omitempty"` // head and tail have been read
	Head  uint64 `json:"head"`            // slots that were filled
	Tail  uint64 `json:"tail"`            // slots that were taken
	// Texts are the contents of the slots by index, where the lesson knows: also of
	// those that were taken, or are not published yet.
	Texts []string `json:"texts,omitempty"`
	// Data is the doorbell of the consumer, Room that of the producer.
	Data Doorbell `json:"data"`
	Room Doorbell `json:"room"`
	Gone bool     `json:"gone,omitempty"`
}

// Doorbell is what wakes one side of a ring.
type Doorbell struct {
	Rung  int64 `json:"rung"`            // times; -1 when there is none
	Asked bool  `json:"asked,omitempty"` // that side sleeps, or is about to, and is to be rung for
}

func (r Ring) Key() string { return r.ID }

func (Ring) Kind() string { return "ring" }

// Filled is how many slots hold something; at most Slots.
func (r Ring) Filled() int {
	if r.Head < r.Tail {
		return 0
	}
	return int(min(r.Head-r.Tail, uint64(max(r.Slots, 0))))
}

// Holds reports whether the slot of that index is filled.
func (r Ring) Holds(slot int) bool {
	if r.Slots <= 0 || slot < 0 || slot >= r.Slots {
		return false
	}
	n := uint64(r.Slots)
	return (uint64(slot)+n-r.Tail%n)%n < uint64(r.Filled())
}
