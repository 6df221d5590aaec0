package scene

// Ring is a single-producer, single-consumer ring in shared memory. Head and Tail
// count for ever; a slot's index is their remainder by the number of slots.
type Ring struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Slots int    `json:"slots"`
	Size  int64  `json:"size"` // bytes in a slot
	Head  uint64 `json:"head"` // slots that were filled
	Tail  uint64 `json:"tail"` // slots that were taken
	// Texts are the contents of the slots by index, where the lesson knows.
	Texts []string `json:"texts,omitempty"`
	// Bells counts the rings of the doorbell; Waits says that the consumer has asked to be woken.
	Bells int64 `json:"bells"`
	Waits bool  `json:"waits,omitempty"`
	Gone  bool  `json:"gone,omitempty"`
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
