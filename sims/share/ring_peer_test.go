package share

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// A test that runs a second process starts this program again with what it is to do in
// this variable; the descriptors are 3 (memory), 4 (the consumer's doorbell) and
// 5 (the producer's).
const ringPart = "IPCTOUR_TEST_RING"

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
			payload, err := slot(p, batch)
			if err != nil {
				return err
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

// slot is the next one to write to; where there is none it waits for so many.
func slot(p *Producer, want int) ([]byte, error) {
	for {
		if payload := p.Next(); payload != nil {
			return payload, nil
		}
		if err := publish(p); err != nil {
			return nil, err
		}
		if err := p.Wait(want); err != nil {
			return nil, err
		}
	}
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
