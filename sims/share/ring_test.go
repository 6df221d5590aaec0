package share

import (
	"encoding/binary"
	"fmt"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// TestRingAnyInterleaving has a ring do whatever two processes could do to it, in any
// order, also where the indices pass the end of their 64 bits.
func TestRingAnyInterleaving(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		slots := 1 << rapid.IntRange(0, 5).Draw(rt, "slots")
		size := rapid.Int64Range(1, 300).Draw(rt, "size")
		memory := make([]uint64, RingSize(slots, size)/8+1)
		b := bytesOf(memory)
		if err := FormatRing(b, slots, size); err != nil {
			rt.Fatal(err)
		}
		start := rapid.SampledFrom([]uint64{0, 1<<32 - 3, 1<<64 - 5, 1<<64 - 1}).Draw(rt, "start")
		words := (*ringHead)(ptr(memory))
		words.head.Store(start)
		words.tail.Store(start)
		p, err := NewProducer(b, -1, -1)
		if err != nil {
			rt.Fatal(err)
		}
		c, err := NewConsumer(b, -1, -1)
		if err != nil {
			rt.Fatal(err)
		}
		published, seen, released := start, start, start
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				payload := p.Next()
				if full := p.Head()-released >= uint64(slots); (payload == nil) != full {
					rt.Fatalf("a slot: %v; head %d, given back %d of %d slots", payload != nil, p.Head(), released, slots)
				}
				if payload != nil {
					n := message(p.Head(), payload)
					p.Put(n, Sum(payload[:n]))
				}
			},
			"publish": func(*rapid.T) { p.Publish(); published = p.Head() },
			"take": func(rt *rapid.T) {
				m, ok := c.Next()
				if ok != (seen != published) {
					rt.Fatalf("a message: %v; taken %d, published %d", ok, seen, published)
				}
				if ok {
					if err := right(m, seen); err != nil {
						rt.Fatal(err)
					}
					seen++
				}
			},
			"release":      func(*rapid.T) { c.Release(); released = seen },
			"new producer": func(rt *rapid.T) { p, err = NewProducer(b, -1, -1) },
			"new consumer": func(rt *rapid.T) { c, err = NewConsumer(b, -1, -1); seen = released },
			"ask": func(rt *rapid.T) { // the bell is wanted exactly when the other side sleeps and it helps
				if p.Head() != published {
					return
				}
				want := rapid.IntRange(1, slots).Draw(rt, "want")
				words.room.Store(uint64(want))
				asleep := c.Release()
				given := seen != released
				released = seen
				if enough := uint64(slots)-(published-released) >= uint64(want); asleep != (given && enough) {
					rt.Fatalf("rings: %v; given back %v, free %d, wanted %d", asleep, given, uint64(slots)-(published-released), want)
				}
				words.room.Store(0)
			},
		})
	})
}

// TestRingTwoProcesses sends through a small ring between real processes that sleep
// on their doorbells; a lost wake-up would end it by its deadline.
func TestRingTwoProcesses(t *testing.T) {
	for _, c := range []struct{ slots, batch, spin, messages int }{
		{1, 1, 0, 1_000}, {2, 1, 0, 2_000}, {8, 1, 100, 5_000}, {16, 8, 0, 10_000}, {16, 5, 50, 10_000}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			_, fd, data, space := ringOf(t, c.slots, 300)
			from := second(t, fmt.Sprintf("produce %d %d %d", c.messages, min(c.batch, c.slots), c.spin), fd, data, space)
			to := second(t, fmt.Sprintf("consume %d %d %d", c.messages, min(c.batch, c.slots), c.spin), fd, data, space)
			ended(t, from)
			ended(t, to)
		})
	}
}

func ended(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %v", cmd.Env[len(cmd.Env)-1], err)
	}
}

// TestRingKilled kills one of the two at any moment, many times over. The next one goes
// on, nothing is lost, and nothing half-done is seen.
func TestRingKilled(t *testing.T) {
	const slots, total, step = 8, 20_000, 700
	memory, fd, data, space := ringOf(t, slots, 300)
	words := (*ringHead)(addressOf(memory))
	parts := map[string]string{"produce": fmt.Sprintf("produce %d 3 0", total), "consume": fmt.Sprintf("consume %d 2 0", total)}
	running := map[string]*exec.Cmd{}
	for who, part := range parts {
		running[who] = second(t, part, fd, data, space)
	}
	deadline := time.Now().Add(2 * time.Minute)
	kills := 0
	for mark := uint64(step); mark < total-step; mark += step {
		for words.tail.Load() < mark {
			if time.Now().After(deadline) {
				t.Fatalf("stuck at head %d, tail %d after %d kills", words.head.Load(), words.tail.Load(), kills)
			}
			runtime.Gosched()
		}
		who := []string{"produce", "consume"}[mark/step%2]
		if err := running[who].Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if running[who].Wait(); running[who].ProcessState.ExitCode() == 1 {
			t.Fatalf("%s found a fault", who)
		}
		kills++
		if running[who].ProcessState.Success() {
			break // it was quicker: all is done
		}
		running[who] = second(t, parts[who], fd, data, space)
	}
	for _, cmd := range running {
		if cmd.ProcessState == nil {
			ended(t, cmd)
		}
	}
	if head, tail := words.head.Load(), words.tail.Load(); head != total || tail != total {
		t.Errorf("head %d, tail %d after %d kills, want %d", head, tail, kills, total)
	}
}

// TestRingTakeOver has a producer and a consumer die with the bell in their hand.
func TestRingTakeOver(t *testing.T) {
	memory, _, data, space := ringOf(t, 2, 8)
	words := (*ringHead)(addressOf(memory))
	count := func(bell int) uint64 {
		var b [8]byte
		if _, err := unix.Read(bell, b[:]); err != nil {
			t.Fatal(err)
		}
		return binary.LittleEndian.Uint64(b[:])
	}
	p, err := NewProducer(memory, data, space)
	if err != nil {
		t.Fatal(err)
	}
	words.asked.Store(1) // a consumer sleeps
	for range 2 {
		p.Next()
		p.Put(0, 0)
	}
	if !p.Publish() || p.Publish() {
		t.Error("a sleeper is to be rung for, once")
	}
	if p, err = NewProducer(memory, data, space); err != nil {
		t.Fatal(err)
	}
	if err := p.TakeOver(); err != nil || count(data) != 1 {
		t.Errorf("the next producer does not ring: %v", err)
	}
	c, err := NewConsumer(memory, data, space)
	if err != nil {
		t.Fatal(err)
	}
	words.room.Store(1) // the producer sleeps
	if _, ok := c.Next(); !ok || !c.Release() {
		t.Error("the producer is to be rung for")
	}
	if c, err = NewConsumer(memory, data, space); err != nil || c.Tail() != 1 {
		t.Fatalf("tail %d: %v", c.Tail(), err)
	}
	if err := c.TakeOver(); err != nil || count(space) != 1 {
		t.Errorf("the next consumer does not ring: %v", err)
	}
}

func TestRingRefuses(t *testing.T) {
	for _, c := range []struct {
		slots int
		size  int64
	}{{0, 8}, {3, 8}, {-4, 8}, {8, 0}, {8, -1}, {1 << 20, 8}, {8, 1 << 40}, {8, 1 << 20}} {
		if err := FormatRing(make([]byte, 1<<20), c.slots, c.size); err == nil {
			t.Errorf("a ring of %d × %d bytes in 1 MiB: no error", c.slots, c.size)
		}
	}
	if _, err := NewConsumer(make([]byte, 1<<16), -1, -1); err == nil {
		t.Error("no ring, and no error")
	}
	if _, err := NewProducer(nil, -1, -1); err == nil {
		t.Error("no memory, and no error")
	}
}

func TestCopy(t *testing.T) {
	for _, n := range []int{0, 1, longCopy - 1, longCopy, longCopy + 13, 1 << 20} {
		from, to := make([]byte, n), make([]byte, n+2)
		for i := range from {
			from[i] = byte(i*7 + i>>8)
		}
		to[n] = 99
		if got := Copy(to, from); got != n || string(to[:n]) != string(from) || to[n] != 99 {
			t.Errorf("a copy of %d bytes is wrong", n)
		}
	}
}
