package mapped

import (
	"sync/atomic"
	"unsafe"
)

// words is memory as numbers of 8 bytes that two processes may touch at once.
type words []atomic.Uint64

// wordsOf is a mapping, or a page of it, as words.
func wordsOf(b []byte) words {
	return unsafe.Slice((*atomic.Uint64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/8)
}
