package share

import "unsafe"

// The unsafe half of the ring's tests.

func ptr(words []uint64) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(words)) }

func bytesOf(words []uint64) []byte {
	return unsafe.Slice((*byte)(ptr(words)), len(words)*8)
}

func addressOf(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }
