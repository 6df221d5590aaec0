package scene

// Thing is something in a diagram of the text: a title and lines.
type Thing struct {
	ID    string   `json:"id"`
	Label string   `json:"label"`
	Lines []string `json:"lines,omitempty"`
}

func (t Thing) Key() string { return t.ID }

func (Thing) Kind() string { return "thing" }
