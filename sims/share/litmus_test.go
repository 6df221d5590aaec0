package share

import (
	"sync/atomic"
	"testing"
)

func TestStoreAndLoad(t *testing.T) {
	for name, f := range map[string]func(mine, other *atomic.Uint32) uint32{"plain": StoreThenLoad, "fenced": StoreFenceLoad} {
		var mine, other atomic.Uint32
		other.Store(7)
		if got := f(&mine, &other); got != 7 || mine.Load() != 1 || other.Load() != 7 {
			t.Errorf("%s: loaded %d and left %d, %d; want 7 and 1, 7", name, got, mine.Load(), other.Load())
		}
	}
}
