package share

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// A test that runs a second process starts this program again with what it is to do in
// this variable; the descriptors are 3 (memory), 4 (the consumer's doorbell) and
// 5 (the producer's).
const ringPart = "IPCTOUR_TEST_RING"

func init() {
	part := os.Getenv(ringPart)
	if part == "" {
		return
	}
	runtime.LockOSThread()
	if err := playPart(strings.Fields(part)); err != nil {
		fmt.Fprintln(os.Stderr, part+":", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func playPart(words []string) error {
	n := func(i int) int {
		v, _ := strconv.Atoi(words[i]) // the tests write numbers
		return v
	}
	switch words[0] {
	case "produce":
		return produce(uint64(n(1)), n(2), n(3))
	case "consume":
		return consume(uint64(n(1)), n(2), n(3))
	case "take", "empty":
		return receive(words[0], n(1), n(2))
	}
	return errors.New("no such part")
}

// ringOf makes a ring with its two doorbells.
func ringOf(t testing.TB, slots int, size int64) (memory []byte, fd, data, space int) {
	t.Helper()
	fd, err := unix.MemfdCreate("ring", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Ftruncate(fd, RingSize(slots, size)); err != nil {
		t.Fatal(err)
	}
	if memory, err = mapRing(fd); err != nil {
		t.Fatal(err)
	}
	if err := FormatRing(memory, slots, size); err != nil {
		t.Fatal(err)
	}
	bell := func() int {
		fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
	data, space = bell(), bell()
	t.Cleanup(func() {
		for _, fd := range []int{fd, data, space} {
			unix.Close(fd)
		}
		if err := unix.Munmap(memory); err != nil {
			t.Error(err)
		}
	})
	return memory, fd, data, space
}

func mapRing(fd int) ([]byte, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	return unix.Mmap(fd, 0, int(st.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
}

// second starts the other process. Its descriptors are given from 3.
func second(t testing.TB, part string, fds ...int) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), ringPart+"="+part)
	cmd.Stderr = os.Stderr
	for _, fd := range fds {
		copied, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		f := os.NewFile(uintptr(copied), "given")
		defer f.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill() // it may have ended
			_ = cmd.Wait()
		}
	})
	return cmd
}

// message is what message seq holds: any process can tell whether it is right.
func message(seq uint64, payload []byte) int {
	n := int(seq*2654435761>>7) % (len(payload) + 1)
	for i := 0; i < n; i += 8 {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], seq+uint64(i))
		copy(payload[i:n], b[:])
	}
	return n
}

func right(m Message, seq uint64) error {
	want := make([]byte, cap(m.Payload))
	n := message(seq, want)
	if m.Seq != seq || n != len(m.Payload) {
		return fmt.Errorf("message %d of %d bytes where %d of %d was to come", m.Seq, len(m.Payload), seq, n)
	}
	if !m.Whole() {
		return fmt.Errorf("message %d: its checksum is wrong", seq)
	}
	if string(want[:n]) != string(m.Payload) {
		return fmt.Errorf("message %d holds something else", seq)
	}
	return nil
}

// produce brings head up to total.
func produce(total uint64, batch, spin int) error {
	memory, err := mapRing(3)
	if err != nil {
		return err
	}
	p, err := NewProducer(memory, 4, 5)
	if err != nil {
		return err
	}
	p.Spin = spin
	if err := p.TakeOver(); err != nil {
		return err
	}
	for p.Head() < total {
		for i := 0; i < batch && p.Head() < total; i++ {
			payload := p.Next()
			for payload == nil {
				if err := publish(p); err != nil {
					return err
				}
				if err := p.Wait(batch); err != nil {
					return err
				}
				payload = p.Next()
			}
			n := message(p.Head(), payload)
			p.Put(n, Sum(payload[:n]))
		}
		if err := publish(p); err != nil {
			return err
		}
	}
	return nil
}

func publish(p *Producer) error {
	if p.Publish() {
		return p.Ring()
	}
	return nil
}

// consume brings tail up to total and looks at every message.
func consume(total uint64, batch, spin int) error {
	memory, err := mapRing(3)
	if err != nil {
		return err
	}
	c, err := NewConsumer(memory, 4, 5)
	if err != nil {
		return err
	}
	c.Spin = spin
	if err := c.TakeOver(); err != nil {
		return err
	}
	for c.Tail() < total {
		seq := c.Tail()
		m, ok := c.Next()
		if ok {
			if err := right(m, seq); err != nil {
				return err
			}
		}
		if !ok || c.Tail()%uint64(batch) == 0 || c.Tail() == total {
			if c.Release() {
				if err := c.Ring(); err != nil {
					return err
				}
			}
		}
		if !ok {
			if err := c.Wait(); err != nil {
				return err
			}
		}
	}
	return nil
}

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

// receive is the other side of the benchmarks: it takes as many bytes as it is told, and
// then says so with a byte on descriptor 6, as it does when it is ready.
func receive(how string, size, messages int) error {
	done := func() error { _, err := unix.Write(6, []byte{1}); return err }
	buf := make([]byte, max(size, 1))
	if how == "empty" { // a pipe or a socket at 3
		if err := done(); err != nil {
			return err
		}
		for left := size * messages; left > 0; {
			n, err := unix.Read(3, buf[:min(left, len(buf))])
			if err != nil && err != unix.EINTR {
				return err
			}
			if n == 0 && err == nil {
				return io.ErrUnexpectedEOF
			}
			left -= max(n, 0)
		}
		return done()
	}
	memory, err := mapRing(3)
	if err != nil {
		return err
	}
	c, err := NewConsumer(memory, 4, 5)
	if err != nil {
		return err
	}
	c.Spin = 1 << 12
	if err := done(); err != nil {
		return err
	}
	for c.Tail() < uint64(messages) {
		for range batchOf(c.Slots()) {
			m, ok := c.Next()
			if !ok {
				break
			}
			Copy(buf, m.Payload)
		}
		if c.Release() {
			if err := c.Ring(); err != nil {
				return err
			}
		}
		if c.Tail() < uint64(messages) {
			if err := c.Wait(); err != nil {
				return err
			}
		}
	}
	return done()
}

func batchOf(slots int) int { return max(slots/4, 1) }

// BenchmarkRing carries messages from one process to another: copied into the ring and
// out of it, by a pipe and by a Unix socket, where the kernel does the same two copies.
func BenchmarkRing(b *testing.B) {
	runtime.LockOSThread()
	for _, c := range []struct {
		name string
		size int
	}{{"64B", 64}, {"4KiB", 4 << 10}, {"64KiB", 64 << 10}, {"1MiB", 1 << 20}} {
		b.Run("ring/"+c.name, func(b *testing.B) { benchRing(b, c.size) })
		b.Run("pipe/"+c.name, func(b *testing.B) {
			var ends [2]int
			if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
				b.Fatal(err)
			}
			benchStream(b, c.size, ends[0], ends[1])
		})
		b.Run("unix/"+c.name, func(b *testing.B) {
			ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				b.Fatal(err)
			}
			benchStream(b, c.size, ends[0], ends[1])
		})
	}
}

func benchRing(b *testing.B, size int) {
	slots := 512
	if size > 256 {
		slots = max((1<<20)/size, 8) // what lies in it stays in the caches
	}
	memory, fd, data, space := ringOf(b, slots, int64(size))
	p, err := NewProducer(memory, data, space)
	if err != nil {
		b.Fatal(err)
	}
	p.Spin = 1 << 12
	from := make([]byte, size)
	timed(b, fmt.Sprintf("take %d %d", size, b.N), size, []int{fd, data, space}, func() error {
		for i := 1; i <= b.N; i++ {
			to := p.Next()
			for to == nil {
				if err := publish(p); err != nil {
					return err
				}
				if err := p.Wait(batchOf(slots)); err != nil {
					return err
				}
				to = p.Next()
			}
			Copy(to, from)
			p.Put(size, 0)
			if i%batchOf(slots) == 0 {
				if err := publish(p); err != nil {
					return err
				}
			}
		}
		return publish(p)
	})
	b.ReportMetric(float64(p.Bells)/float64(b.N), "bells/op")
}

func benchStream(b *testing.B, size, in, out int) {
	defer unix.Close(out)
	from := make([]byte, size)
	timed(b, fmt.Sprintf("empty %d %d", size, b.N), size, []int{in}, func() error {
		for range b.N {
			for left := from; len(left) > 0; {
				n, err := unix.Write(out, left)
				if err != nil && err != unix.EINTR {
					return err
				}
				left = left[max(n, 0):]
			}
		}
		return nil
	})
	unix.Close(in)
}

// timed starts the other side, and times from the first message to its word that it
// has the last.
func timed(b *testing.B, part string, size int, fds []int, send func() error) {
	var done [2]int
	if err := unix.Pipe2(done[:], unix.O_CLOEXEC); err != nil {
		b.Fatal(err)
	}
	defer unix.Close(done[0])
	for len(fds) < 3 {
		fds = append(fds, done[1])
	}
	other := second(b, part, append(fds, done[1])...)
	unix.Close(done[1])
	if n, err := unix.Read(done[0], make([]byte, 1)); n != 1 { // it is ready
		b.Fatalf("the other side ended: %v", err)
	}
	b.SetBytes(int64(size))
	b.ResetTimer()
	if err := send(); err != nil {
		b.Fatal(err)
	}
	if n, err := unix.Read(done[0], make([]byte, 1)); n != 1 {
		b.Fatalf("the other side ended: %v", err)
	}
	b.StopTimer()
	if err := other.Wait(); err != nil {
		b.Fatal(err)
	}
}
