package share

// A ring with one producer and one consumer, in memory that two processes have
// mapped. No lock: head is written by the producer alone, tail by the consumer
// alone. A doorbell (eventfd(2)) is rung only for a side that has gone to sleep.
//
// # Why no wake-up is lost
//
// A consumer that finds the ring empty stores "asked", then loads head once more,
// and sleeps only if that has not moved. A producer stores head, then loads "asked",
// and rings if it is set. Each side stores one word and then loads the other's: at
// least one of the two loads must see the other's store, provided that no processor
// lets the load pass the store. Plain and release stores allow exactly that (the
// store buffer; on x86 it is the only reordering there is). The atomics of Go are
// sequentially consistent: the store is XCHG on amd64, STLR followed by LDAR on arm64,
// and neither lets the later load pass. The eventfd keeps what was rung until it is
// read, so a bell between the last look and the read(2) is not lost either. The same
// holds the other way round, for a producer without room.
//
// Who rings first takes the question back (Swap), so that a sleeper is rung for once.
// A process killed between the two would leave its peer asleep: its successor calls
// TakeOver, which rings once without being asked.

import (
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"ipctour/sims/sys"
)

// apart is the bytes from one word to the next that another process writes: two
// cache lines of 64, since processors fetch them in pairs.
const apart = 128

const ringMagic = 0x69706374_72696e67

// ringHead is the beginning of the memory. Slots and size are not written again.
type ringHead struct {
	magic, slots, size uint64
	_                  [apart - 24]byte
	head               atomic.Uint64 // slots filled so far
	_                  [apart - 8]byte
	tail               atomic.Uint64 // slots taken so far
	_                  [apart - 8]byte
	asked              atomic.Uint64 // 1: the consumer sleeps, or is about to
	_                  [apart - 8]byte
	room               atomic.Uint64 // free slots that the producer sleeps for; 0: it does not
	_                  [apart - 8]byte
}

// entry tells of the payload in a slot.
type entry struct {
	seq uint64 // the slot's number, counted from the first for ever
	n   uint32 // bytes
	sum uint32 // as Sum gives it, or whatever the two have agreed on
}

// Where the words of a ring lie in its memory, each of 8 bytes: for those who only look on.
const (
	RingHead  = int64(unsafe.Offsetof(ringHead{}.head))
	RingTail  = int64(unsafe.Offsetof(ringHead{}.tail))
	RingAsked = int64(unsafe.Offsetof(ringHead{}.asked))
	RingRoom  = int64(unsafe.Offsetof(ringHead{}.room))

	entriesAt  = int64(unsafe.Sizeof(ringHead{}))
	entryBytes = int64(unsafe.Sizeof(entry{}))
)

// RingSeq is where the number of the message in a slot lies: 8 bytes.
func RingSeq(slot int) int64 { return entriesAt + int64(slot)*entryBytes }

// payloadAt is where the payloads begin: at a page, so that a slot of a page is one.
func payloadAt(slots uint64) int64 {
	page := int64(os.Getpagesize())
	return (RingSeq(int(slots)) + page - 1) / page * page
}

// stride is from one payload to the next: whole cache lines.
func stride(size uint64) uint64 { return (size + 63) &^ 63 }

const (
	maxSlots = 1 << 16
	maxSlot  = 1 << 30
)

// RingSize is how many bytes of memory a ring takes.
func RingSize(slots int, size int64) int64 {
	return payloadAt(uint64(slots)) + int64(slots)*int64(stride(uint64(size)))
}

// RingPayload is where the payload of slot 0 lies in the memory of a ring.
func RingPayload(slots int) int64 { return payloadAt(uint64(slots)) }

// FormatRing makes a ring of so many slots, a power of two, of size bytes each, in
// memory of RingSize that was all zero. Everybody may do it who opens the ring with the
// same slots and size: head and tail are not touched.
func FormatRing(memory []byte, slots int, size int64) error {
	h := &ringHead{slots: uint64(slots), size: uint64(size)}
	if err := h.check(int64(len(memory))); err != nil {
		return err
	}
	at := (*ringHead)(unsafe.Pointer(unsafe.SliceData(memory)))
	at.magic, at.slots, at.size = ringMagic, h.slots, h.size
	return nil
}

// check refuses what would reach beyond the memory.
func (h *ringHead) check(length int64) error {
	switch {
	case h.slots == 0 || h.slots > maxSlots || h.slots&(h.slots-1) != 0:
		return fmt.Errorf("ring of %d slots: give it a power of two, at most %d", h.slots, maxSlots)
	case h.size == 0 || h.size > maxSlot:
		return fmt.Errorf("ring with slots of %d bytes: give them 1 to %d", h.size, maxSlot)
	case RingSize(int(h.slots), int64(h.size)) > length:
		return fmt.Errorf("ring of %d × %d bytes does not fit in %d", h.slots, h.size, length)
	}
	return nil
}

// ring is one process's view. The geometry is kept here: what lies in shared memory
// may change under it.
type ring struct {
	h       *ringHead
	entries []entry
	payload []byte
	slots   uint64
	mask    uint64
	size    uint64
	stride  uint64
	data    int // the doorbell of the consumer
	space   int // the doorbell of the producer
	word    [8]byte
	looks   int // how often the next spin looks
	waits   uint
}

func openRing(memory []byte, data, space int) (ring, error) {
	if int64(len(memory)) < entriesAt {
		return ring{}, errors.New("ring: the memory is smaller than its head")
	}
	at := (*ringHead)(unsafe.Pointer(unsafe.SliceData(memory)))
	h := ringHead{slots: at.slots, size: at.size}
	if at.magic != ringMagic {
		return ring{}, errors.New("ring: there is none in this memory")
	}
	if err := h.check(int64(len(memory))); err != nil {
		return ring{}, err
	}
	return ring{h: at, slots: h.slots, mask: h.slots - 1, size: h.size, stride: stride(h.size), data: data, space: space,
		entries: unsafe.Slice((*entry)(unsafe.Pointer(&memory[entriesAt])), h.slots),
		payload: memory[payloadAt(h.slots):RingSize(int(h.slots), int64(h.size))]}, nil
}

// Slots is how many there are.
func (r *ring) Slots() int { return int(r.slots) }

func (r *ring) bytes(slot uint64) []byte {
	at := (slot & r.mask) * r.stride
	return r.payload[at : at+r.size : at+r.size]
}

// ring rings a doorbell: the one system call between two awake sides and a sleeping one.
func (r *ring) ring(bell int) error {
	r.word = [8]byte{1} // both processors that we build for are little-endian
	for {
		_, err := unix.Write(bell, r.word[:])
		if err != unix.EINTR {
			return os.NewSyscallError("write(doorbell)", err)
		}
	}
}

// listen sleeps until a doorbell is rung, and takes all that it was rung.
func (r *ring) listen(bell int) error {
	for {
		_, err := unix.Read(bell, r.word[:])
		if err != unix.EINTR {
			return os.NewSyscallError("read(doorbell)", err)
		}
	}
}

// spin looks again, most times at the most, and reports whether that helped. Where it
// does not (the other side has no processor just now) it looks half as often the next
// time, so that little is wasted; now and then it tries in full whether that has changed.
func (r *ring) spin(most int, there func() bool) bool {
	if r.waits%64 == 0 {
		r.looks = most
	}
	r.waits++
	for range min(r.looks, most) {
		if there() {
			r.looks = min(2*r.looks, most)
			return true
		}
		sys.Pause()
	}
	r.looks = max(r.looks/2, most/64)
	return false
}

// Producer fills slots. Its methods are for one thread.
type Producer struct {
	ring
	// Spin is how often Wait looks again at most before it sleeps. On a machine of one
	// processor leave it 0: nothing can change meanwhile.
	Spin int
	// Bells counts how often the consumer was rung for, Sleeps how often this side slept.
	Bells, Sleeps int64

	_         [apart]byte
	head      uint64 // the next slot to fill; those from published on nobody sees yet
	published uint64
	tail      uint64 // of the consumer, as last seen: no look at its line while there is room
}

// NewProducer goes on where the last producer of the ring has published. Data and
// space are the eventfds of the consumer and of the producer, blocking ones.
func NewProducer(memory []byte, data, space int) (*Producer, error) {
	r, err := openRing(memory, data, space)
	if err != nil {
		return nil, err
	}
	p := &Producer{ring: r, head: r.h.head.Load(), tail: r.h.tail.Load()}
	p.published = p.head
	p.h.room.Store(0) // a predecessor may have died asking
	return p, nil
}

// TakeOver rings for the consumer once: a predecessor may have died with the bell in its hand.
func (p *Producer) TakeOver() error { return p.ring.ring(p.data) }

// Head is the number of the next slot to fill.
func (p *Producer) Head() uint64 { return p.head }

// Next is the memory of the next free slot, nil when all are full.
func (p *Producer) Next() []byte {
	if p.head-p.tail > p.mask {
		p.tail = p.h.tail.Load()
		if p.head-p.tail > p.mask {
			return nil
		}
	}
	return p.bytes(p.head)
}

// Put says that the slot Next gave holds a message of n bytes with a checksum. The
// consumer does not see it before Publish.
func (p *Producer) Put(n int, sum uint32) {
	p.entries[p.head&p.mask] = entry{p.head, uint32(n), sum}
	p.head++
}

// Publish shows the consumer all that was put, and reports whether it must be rung
// for: call Ring then.
func (p *Producer) Publish() (asleep bool) {
	if p.head == p.published {
		return false
	}
	p.published = p.head
	p.h.head.Store(p.head)
	return p.h.asked.Load() != 0 && p.h.asked.Swap(0) != 0
}

// Ring rings the consumer's doorbell.
func (p *Producer) Ring() error {
	p.Bells++
	return p.ring.ring(p.data)
}

// Wait returns when so many slots are free. It sleeps for more than one at a time,
// so that one bell serves them all. What was put must have been published.
func (p *Producer) Wait(free int) error {
	want := uint64(min(max(free, 1), int(p.slots)))
	enough := func() bool {
		p.tail = p.h.tail.Load()
		return p.slots-(p.head-p.tail) >= want
	}
	if p.spin(p.Spin, enough) {
		return nil
	}
	for {
		p.h.room.Store(want)
		if enough() {
			p.h.room.Store(0)
			return nil
		}
		p.Sleeps++
		if err := p.listen(p.space); err != nil {
			return err
		}
	}
}

// Consumer takes messages. Its methods are for one thread.
type Consumer struct {
	ring
	// Spin, Bells and Sleeps are as for the Producer.
	Spin          int
	Bells, Sleeps int64

	_        [apart]byte
	tail     uint64 // the next slot to take; those from released on are not given back yet
	released uint64
	head     uint64 // of the producer, as last seen
}

// NewConsumer goes on at the tail: with what no consumer has given back, whether it
// was looked at or not.
func NewConsumer(memory []byte, data, space int) (*Consumer, error) {
	r, err := openRing(memory, data, space)
	if err != nil {
		return nil, err
	}
	c := &Consumer{ring: r, tail: r.h.tail.Load(), head: r.h.head.Load()}
	c.released = c.tail
	c.h.asked.Store(0)
	return c, nil
}

// TakeOver rings for the producer once: a predecessor may have died with the bell in its hand.
func (c *Consumer) TakeOver() error { return c.ring.ring(c.space) }

// Tail is the number of the next slot to take.
func (c *Consumer) Tail() uint64 { return c.tail }

// Message is a payload where it lies, until Release.
type Message struct {
	Seq     uint64
	Payload []byte
	Sum     uint32
}

// Whole reports whether the payload still has the checksum that it was sent with.
func (m Message) Whole() bool { return Sum(m.Payload) == m.Sum }

// Next is the next message, in place; false when the ring is empty.
func (c *Consumer) Next() (Message, bool) {
	if c.tail == c.head {
		c.head = c.h.head.Load()
		if c.tail == c.head {
			return Message{}, false
		}
	}
	e := &c.entries[c.tail&c.mask]
	m := Message{e.seq, c.bytes(c.tail), e.sum}
	m.Payload = m.Payload[:min(uint64(e.n), c.size)]
	c.tail++
	return m, true
}

// Release gives back the slots of all messages taken, and reports whether the
// producer must be rung for: call Ring then.
func (c *Consumer) Release() (asleep bool) {
	if c.tail == c.released {
		return false
	}
	c.released = c.tail
	c.h.tail.Store(c.tail)
	want := c.h.room.Load()
	if want == 0 || c.slots-(c.h.head.Load()-c.tail) < want {
		return false
	}
	return c.h.room.Swap(0) != 0
}

// Ring rings the producer's doorbell.
func (c *Consumer) Ring() error {
	c.Bells++
	return c.ring.ring(c.space)
}

// Wait returns when there is a message. What was taken must have been released, or
// both sides might sleep.
func (c *Consumer) Wait() error {
	some := func() bool {
		c.head = c.h.head.Load()
		return c.head != c.tail
	}
	if c.spin(c.Spin, some) {
		return nil
	}
	for {
		c.h.asked.Store(1)
		if some() {
			c.h.asked.Store(0)
			return nil
		}
		c.Sleeps++
		if err := c.listen(c.data); err != nil {
			return err
		}
	}
}

// Sum is the checksum of a payload: CRC-32C, which processors compute by themselves.
func Sum(payload []byte) uint32 {
	return crc32.Checksum(payload, crc32.MakeTable(crc32.Castagnoli)) // made once, by crc32
}

// Copy copies between memory that two processors share. From longCopy bytes on it is
// quicker with one instruction than with Go's copy, as the lines lie in another's cache.
func Copy(to, from []byte) int {
	n := min(len(to), len(from))
	if n < longCopy {
		return copy(to, from)
	}
	moveBytes(unsafe.SliceData(to), unsafe.SliceData(from), uintptr(n))
	return n
}

const longCopy = 16 << 10
