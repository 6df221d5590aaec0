package share

import "unsafe"

// moveBytes is Go's copy, which is as good as any here.
func moveBytes(to, from *byte, n uintptr) {
	copy(unsafe.Slice(to, n), unsafe.Slice(from, n))
}
