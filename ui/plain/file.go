package plain

import "ipctour/sims/scene"

// How a name in the file system is told.
func file(o *scene.File) []string {
	if o.Gone {
		return []string{"The file " + o.Path + " was removed."}
	}
	said := "The file " + o.Path
	if o.Mode != "" {
		said += ", mode " + o.Mode + ","
	}
	said += " has " + bytes(o.Size)
	if o.Note != "" {
		said += ": " + o.Note
	}
	return []string{said + "."}
}
