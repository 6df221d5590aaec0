package share

import (
	"fmt"
	"sync/atomic"
	"unsafe"
)

// Word64 is the number of 8 bytes at an offset of shared memory. All access to it
// is atomic, with acquire on loads and release on stores. An offset that is not a
// multiple of 8, or beyond the end, is a mistake of the program and panics.
func Word64(memory []byte, offset int) *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Pointer(&memory[aligned(memory, offset, 8)]))
}

// Word32 is the number of 4 bytes at an offset that is a multiple of 4.
func Word32(memory []byte, offset int) *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&memory[aligned(memory, offset, 4)]))
}

// Plain64 is the same 8 bytes as a variable like any other: neither the compiler
// nor the processor promises anything about it to the other side.
func Plain64(memory []byte, offset int) *uint64 {
	return (*uint64)(unsafe.Pointer(&memory[aligned(memory, offset, 8)]))
}

func aligned(memory []byte, offset, size int) int {
	if offset < 0 || offset%size != 0 || offset+size > len(memory) {
		panic(fmt.Sprintf("share: a word of %d bytes at %d of %d", size, offset, len(memory)))
	}
	return offset
}
