package lessons

import (
	"ipctour/sims/all"
	"ipctour/sims/stage"
)

// Role finds the part that a child process is to play, or nil. It reads no
// words: a child asks for it before anything else, and should be quick.
func Role(lesson, role string) *stage.Role {
	for _, s := range all.Sims() {
		if s.ID == lesson {
			return s.Role(role)
		}
	}
	return nil
}
