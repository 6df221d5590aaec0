package share

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

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
			to, err := slot(p, batchOf(slots))
			if err != nil {
				return err
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
