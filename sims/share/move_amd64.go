package share

// moveBytes is REP MOVSB.
//
//go:noescape
func moveBytes(to, from *byte, n uintptr)
