package zerocopy

// What this lesson shows: what a message costs against its size, by a pipe, where the
// kernel copies it twice, and by a ring, where it is handed over as it lies.

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/share"
	"ipctour/sims/stage"
	"ipctour/sims/sys"
)

//go:embed copy_cost.go
var copyCostSource string

// sizes are the payloads that are measured, in bytes.
var sizes = []int{1, 64, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 16 << 20}

const (
	largest  = 16 << 20
	mebibyte = 1 << 20
	bufferOf = 64 << 10 // of a pipe with pages of 4,096 bytes; what is written at once when alone
)

var copyCost = sims.Sim{
	ID:     "zerocopy/copy-cost",
	Source: copyCostSource,
	Roles: []sims.Role{
		{Name: "sender", Run: sendSizes, Counters: []string{"messages", "size"}, Gates: []string{"measure"}, IO: true},
		{Name: "receiver", Run: receiveSizes, Counters: []string{"messages"}, Gates: []string{"order"}, IO: true},
	},
	Options: []sims.Option{{Name: "placement", Values: []string{"one CPU", "two CPUs"}}},
	Wire:    wireCopyCost,
	Knobs: append(sizeKnobs(),
		sims.Knob{Key: "a", Name: "all sizes", Help: "measure each size in turn", Act: sims.Tell{Role: "sender", Command: "all"}},
		sims.Knob{Key: "b", Name: "one by pipe", Help: "send 1 MiB through the pipe, once, not timed", Act: sims.Tell{Role: "sender", Command: "once", N: byPipe}},
		sims.Knob{Key: "g", Name: "one by ring", Help: "hand over 1 MiB in the ring, once, not timed", Act: sims.Tell{Role: "sender", Command: "once", N: byRing}},
		sims.Knob{Key: "y", Name: "x-ray sender", Help: "show its system calls, or no more", Act: sims.Do{Run: xraySender, Looks: true}},
		sims.Knob{Key: "p", Name: "placement", Help: "both on one processor, or on one each; the cast starts anew", Act: sims.Choose{Option: "placement"}},
	),
	Draw:     drawCopyCost,
	Measured: crossoverRange,
	Walk: []sims.Step{
		{ID: "byte", From: "byte", Lost: costGone, Turn: sims.Press("1 B"), For: "one byte has been timed", Until: measured(1)},
		{ID: "page", From: "page", Lost: costGone, Turn: sims.Press("4 KiB"), For: "4 KiB have been timed", Until: measured(4 << 10)},
		{ID: "mebibyte", From: "mebibyte", Lost: costGone, Turn: sims.Press("1 MiB"), For: "a mebibyte has been timed", Until: measured(mebibyte)},
		{ID: "all", From: "all", Lost: costGone, Turn: []sims.Turn{{Knob: "x-ray sender", Value: "off", When: resting}, {Knob: "all sizes"}}, For: "all sizes have been timed", Until: func(w *sims.World) bool {
			return settled(w, w.News("sender", "all"))
		}},
		{ID: "x-ray-pipe", From: "x-ray-pipe", Lost: costGone, Turn: []sims.Turn{{Knob: "x-ray sender", Value: "on", When: resting}, {Knob: "one by pipe"}}, For: "a mebibyte has gone through the pipe under the x-ray", Until: sentOnce("by pipe")},
		{ID: "x-ray-ring", From: "x-ray-ring", Lost: costGone, Turn: []sims.Turn{{Knob: "x-ray sender", Value: "on", When: resting}, {Knob: "one by ring"}}, For: "a mebibyte has been handed over under the x-ray", Until: sentOnce("by ring")},
	},
	Claims: copyCostClaims,
}

// xraySender switches the x-ray of the sender on or off. Off is for a step that times: then
// the receiver's is off too, if you had it on.
func xraySender(r *stage.Run, value string) error {
	if value == "off" {
		return sims.Watch("sender", "receiver").Run(r, value)
	}
	return sims.Watch("sender").Run(r, value)
}

func sizeKnobs() []sims.Knob {
	var list []sims.Knob
	for i, n := range sizes {
		list = append(list, sims.Knob{Key: strconv.Itoa(i + 1), Name: sizeName(n), Help: "time messages of " + sizeName(n), Act: sims.Tell{Role: "sender", Command: "measure", N: int64(n)}})
	}
	return list
}

func sizeName(n int) string {
	switch {
	case n >= 1<<20:
		return strconv.Itoa(n>>20) + " MiB"
	case n >= 1<<10:
		return strconv.Itoa(n>>10) + " KiB"
	}
	return strconv.Itoa(n) + " B"
}

func wireCopyCost(w *sims.Wiring) error {
	pipe, orders, answers := w.Pipe("pipe", 0), w.Pipe("orders", 0), w.Pipe("answers", 0)
	memory := w.Memory("ring", share.RingSize(1, largest), sims.Cell{Name: "head", Offset: share.RingHead, Size: 8},
		sims.Cell{Name: "tail", Offset: share.RingTail, Size: 8}, sims.Cell{Name: "asked", Offset: share.RingAsked, Size: 8})
	var bells [2]sims.End
	for i, name := range []string{"doorbell", "room bell"} {
		fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
		if err != nil {
			return os.NewSyscallError("eventfd2", err)
		}
		bells[i] = w.Own(name, "eventfd", fd)
	}
	for role, ends := range map[string]struct{ pipe, orders, answers sims.End }{
		"sender": {pipe.W, orders.W, answers.R}, "receiver": {pipe.R, orders.R, answers.W}} {
		w.Put(role, "part", role)
		w.Give(role, "pipe", ends.pipe)
		w.Give(role, "orders", ends.orders)
		w.Give(role, "answers", ends.answers)
		w.Give(role, "ring", memory)
		w.Give(role, "doorbell", bells[0])
		w.Give(role, "room bell", bells[1])
	}
	return nil
}

// The ways that a message can go.
const (
	byPipe   = 1 // written by one and read by the other
	byRing   = 2 // handed over where it lies
	byCopies = 3 // copied into the ring by one and out of it by the other
)

// post is what both have in their hands.
type post struct {
	a      *sims.Actor
	memory []byte
	buffer []byte
	calls  int64 // on the pipe or a doorbell, for the message under way
}

func openPost(a *sims.Actor) (*post, error) {
	memory, err := unix.Mmap(a.FD("ring"), 0, int(share.RingSize(1, largest)), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	if err := share.FormatRing(memory, 1, largest); err != nil {
		return nil, err
	}
	buffer, err := unix.Mmap(-1, 0, largest, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return &post{a: a, memory: memory, buffer: buffer}, pin(a)
}

// pin keeps the measuring thread on one processor, so that it is known where it runs.
func pin(a *sims.Actor) error {
	cpus, err := sys.Processors()
	if err != nil {
		return err
	}
	cpu := cpus[len(cpus)-1]
	if a.Arg("placement") == "two CPUs" && a.Arg("part") == "sender" {
		cpu = cpus[0]
	}
	if pinned, err := sys.PinThread(cpu); err != nil || !pinned {
		return err // not pinned: it runs where it may
	}
	a.Say("pinned", sims.Num("cpu", cpu), sims.Num("cpus", len(cpus)))
	return nil
}

// sendSizes times messages of the sizes it is told.
func sendSizes(a *sims.Actor) error {
	p, err := openPost(a)
	if err != nil {
		return err
	}
	ring, err := share.NewProducer(p.memory, a.FD("doorbell"), a.FD("room bell"))
	if err != nil {
		return err
	}
	for i := range p.buffer {
		p.buffer[i] = byte(i)
	}
	for {
		var err error
		switch c := a.Next(); c.Name {
		case "measure":
			err = p.measure(ring, int(min(max(c.N, 1), largest)))
		case "all":
			for _, n := range sizes {
				err = errors.Join(err, p.measure(ring, n))
			}
			if err == nil {
				a.Say("all")
			}
		case "once":
			name := map[int64]string{byPipe: "by pipe", byRing: "by ring"}[c.N]
			a.Say("once", sims.Word("way", name))
			if err = p.order(int(c.N), mebibyte, 1); err == nil {
				if _, err = p.send(ring, int(c.N), mebibyte); err == nil {
					a.Say("arrived", sims.Word("way", name))
				}
			}
		}
		if err != nil {
			a.Say("ended", sims.Err(err))
			return nil
		}
	}
}

// measure sends messages of a size by each way in turn, several times over, and says
// the medians.
func (p *post) measure(ring *share.Producer, size int) error {
	p.a.Gate("measure")
	p.a.Counter("size").Store(int64(size))
	rounds, each := 6, 8
	if size > 64<<10 {
		rounds, each = 4, 3
	}
	if size > 1<<20 {
		rounds, each = 3, 1
	}
	times, calls := map[int][]int64{}, map[int]int64{}
	for range rounds {
		for _, way := range []int{byPipe, byRing, byCopies} {
			if err := p.order(way, size, each+1); err != nil {
				return err
			}
			for i := range each + 1 {
				start := time.Now()
				n, err := p.send(ring, way, size)
				if err != nil {
					return err
				}
				if i > 0 { // the first finds the receiver still busy with the order
					times[way] = append(times[way], int64(time.Since(start)))
					calls[way] = max(calls[way], n)
				}
			}
		}
		if err := p.alone(size, each, times); err != nil {
			return err
		}
	}
	p.a.Say("measured", sims.Num("size", size), sims.Num("pipe", median(times[byPipe])), sims.Num("ring", median(times[byRing])),
		sims.Num("copied", median(times[byCopies])), sims.Num("alone", median(times[0])), sims.Num("trap", median(times[-1])/2),
		sims.Num("calls", int(calls[byPipe])), sims.Num("bells", int(calls[byRing])))
	return nil
}

// order tells the receiver how so many messages will come.
func (p *post) order(way, size, n int) error {
	var b [24]byte
	for i, v := range []int{way, size, n} {
		binary.LittleEndian.PutUint64(b[8*i:], uint64(v))
	}
	return writeAll(p.a.FD("orders"), b[:], new(int64))
}

// send sends one message and waits for the answer, which is how many calls the receiver
// made for it. It returns the calls of both.
func (p *post) send(ring *share.Producer, way, size int) (calls int64, err error) {
	p.calls = 0
	switch way {
	case byPipe:
		err = writeAll(p.a.FD("pipe"), p.buffer[:size], &p.calls)
	default:
		slot := ring.Next()
		if slot == nil {
			return 0, errors.New("the ring is full")
		}
		if way == byCopies {
			share.Copy(slot, p.buffer[:size])
		}
		ring.Put(size, 0)
		if ring.Publish() { // the receiver sleeps
			p.calls++
			err = ring.Ring()
		}
	}
	var answer [8]byte
	if err == nil {
		err = readAll(p.a.FD("answers"), answer[:], new(int64))
	}
	p.a.Counter("messages").Add(1)
	return p.calls + int64(binary.LittleEndian.Uint64(answer[:])), err
}

// alone makes the calls of a message through a pipe in one process, a bufferful at a
// time: the same traps and the same copies, and nobody to wake. times[0] gets the size,
// times[-1] a single byte.
func (p *post) alone(size, n int, times map[int][]int64) error {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return os.NewSyscallError("pipe2", err)
	}
	defer unix.Close(ends[0])
	defer unix.Close(ends[1])
	capacity, err := unix.FcntlInt(uintptr(ends[1]), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		return os.NewSyscallError("fcntl(F_GETPIPE_SZ)", err)
	}
	chunk := min(capacity, bufferOf)
	half := largest / 2
	for i := range n + 1 {
		for kind := range 2 {
			bytes := [...]int{size, 1}[kind]
			start := time.Now()
			for at := 0; at < bytes; at += chunk {
				end := min(at+chunk, bytes)
				if err := writeAll(ends[1], p.buffer[at:end], new(int64)); err != nil {
					return err
				}
				to := (at + half) % largest // elsewhere, as in another process
				if err := readAll(ends[0], p.buffer[to:to+end-at], new(int64)); err != nil {
					return err
				}
			}
			if i > 0 {
				times[-kind] = append(times[-kind], int64(time.Since(start)))
			}
		}
	}
	return nil
}

// receiveSizes takes what it was told to expect, and answers each message.
func receiveSizes(a *sims.Actor) error {
	p, err := openPost(a)
	if err != nil {
		return err
	}
	ring, err := share.NewConsumer(p.memory, a.FD("doorbell"), a.FD("room bell"))
	if err != nil {
		return err
	}
	for {
		var b [24]byte
		err := readAll(a.FD("orders"), b[:], new(int64))
		a.Gate("order")
		way, size, n := int(binary.LittleEndian.Uint64(b[:])), int(binary.LittleEndian.Uint64(b[8:])), binary.LittleEndian.Uint64(b[16:])
		for i := uint64(0); i < n && err == nil; i++ {
			err = p.receive(ring, way, min(size, largest))
			if err == nil {
				var answer [8]byte
				binary.LittleEndian.PutUint64(answer[:], uint64(p.calls))
				err = writeAll(a.FD("answers"), answer[:], new(int64))
			}
			a.Counter("messages").Add(1)
		}
		if err != nil {
			a.Say("ended", sims.Err(err))
			return nil
		}
	}
}

func (p *post) receive(ring *share.Consumer, way, size int) error {
	p.calls = 0
	if way == byPipe {
		return readAll(p.a.FD("pipe"), p.buffer[:size], &p.calls)
	}
	m, some := ring.Next()
	for !some {
		slept := ring.Sleeps
		if err := ring.Wait(); err != nil {
			return err
		}
		p.calls += ring.Sleeps - slept
		m, some = ring.Next()
	}
	if way == byCopies {
		share.Copy(p.buffer, m.Payload)
	}
	ring.Release()
	return nil
}

// writeAll and readAll move all of a buffer and count the calls that it took.
func writeAll(fd int, b []byte, calls *int64) error {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if err != nil && err != unix.EINTR {
			return os.NewSyscallError("write", err)
		}
		*calls++
		b = b[max(n, 0):]
	}
	return nil
}

func readAll(fd int, b []byte, calls *int64) error {
	for len(b) > 0 {
		n, err := unix.Read(fd, b)
		switch {
		case err != nil && err != unix.EINTR:
			return os.NewSyscallError("read", err)
		case err == nil && n == 0:
			return io.EOF
		}
		*calls++
		b = b[max(n, 0):]
	}
	return nil
}

func median(v []int64) int {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return int(v[len(v)/2])
}
