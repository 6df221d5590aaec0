package share

import "sync/atomic"

// The store-buffer litmus test: a store and then a load of another word, in
// assembly, for Go has no way to say "an ordinary store, here and now". Store of
// sync/atomic is a fenced one (XCHG on amd64, STLR on arm64), and an assignment in
// Go may be moved by the compiler before the processor sees it.

// StoreThenLoad stores 1 to mine by an ordinary store (MOV, STR), then loads other
// by an ordinary load.
//
//go:noescape
func StoreThenLoad(mine, other *atomic.Uint32) uint32

// StoreFenceLoad is StoreThenLoad with a full fence (MFENCE, DMB ISH) between the two.
//
//go:noescape
func StoreFenceLoad(mine, other *atomic.Uint32) uint32
