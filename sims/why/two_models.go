package why

// What this lesson shows: data comes from one process to another in one of two ways.
// The kernel copies it, in and out again, with a system call at each end; or one
// frame is behind both page tables, and nothing moves.

import (
	_ "embed"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/share"
	"ipctour/sims/stage"
	"ipctour/sims/sys"
)

//go:embed two_models.go
var twoModelsSource string

// messages are sent in one go.
const messages = 100

// Where things are in the shared memory: words a cache line apart, then the payload.
const (
	sentAt    = 0
	takenAt   = 64
	startAt   = 128 // a futex: the number of batches begun
	payloadAt = 4096
)

// slots are the messages that may lie in the memory at a time, as the pipe's buffer
// lets the writer run ahead too.
const slots = 4

var twoModels = sims.Sim{
	ID:     "why/two-models",
	Source: twoModelsSource,
	Roles: []sims.Role{
		{Name: "writer", Run: sendByPipe, Counters: []string{"sent", "bytes", "wrong"}, Gates: []string{"write"}, IO: true},
		{Name: "reader", Run: takeFromPipe, Counters: []string{"got", "bytes", "wrong"}, Gates: []string{"read"}, IO: true},
		{Name: "producer", Run: produceInPlace, Counters: []string{"sent"}, Gates: []string{"store", "look"}, IO: true},
		{Name: "consumer", Run: consumeInPlace, Counters: []string{"got", "bytes", "wrong"}, Gates: []string{"load", "look"}, IO: true},
	},
	Options: []sims.Option{{Name: "payload", Values: []string{"4096", "65536", "262144", "1048576", "64"}}},
	Wire: func(w *sims.Wiring) error {
		p := w.Pipe("pipe", 0)
		w.Give("writer", "out", p.W)
		w.Give("reader", "in", p.R)
		size, err := strconv.Atoi(w.Option("payload"))
		m := w.Memory("frame", int64(payloadAt+slots*size), sims.Cell{Name: "sent", Offset: sentAt, Size: 8}, sims.Cell{Name: "taken", Offset: takenAt, Size: 8})
		w.Give("producer", "frame", m)
		w.Give("consumer", "frame", m)
		return err
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "send by pipe", Help: "the writer sends 100 messages", Act: sims.Tell{Role: "writer", Command: "send"}},
		{Key: "2", Name: "send by memory", Help: "the producer makes 100 messages where the consumer finds them", Act: sims.Tell{Role: "producer", Command: "send"}},
		{Key: "p", Name: "payload", Help: "bytes in a message; new processes", Act: sims.Choose{Option: "payload"}},
		{Key: "w", Name: "watch the pipe's two", Help: "x-ray of the writer and the reader, on or off", Act: sims.Watch("writer", "reader")},
		{Key: "m", Name: "watch the memory's two", Help: "x-ray of the producer and the consumer, on or off", Act: sims.Watch("producer", "consumer")},
		{Key: "u", Name: "watch nobody", Help: "the x-ray of all four is switched off", Act: sims.Do{Run: unwatch}},
	},
	Draw:     drawTwoModels,
	Measured: howOftenCopied,
	Walk: []sims.Step{
		{ID: "ready", From: "ready", Lost: somebodyGone, For: "the reader and the consumer are asleep", Until: bothReady},
		{ID: "copied", From: "copied", Lost: somebodyGone, Turn: []sims.Turn{{Knob: "watch the pipe's two", Value: "on", When: atRest}, {Knob: "send by pipe"}}, For: "100 messages have gone through the pipe", Until: func(w *sims.World) bool {
			return batchDone(w, "writer", "reader") && w.Asleep("reader", "pipe_read")
		}},
		{ID: "shared", From: "shared", Lost: somebodyGone, Turn: []sims.Turn{{Knob: "watch the memory's two", Value: "on", When: atRest}, {Knob: "send by memory"}}, For: "100 messages have been taken out of the shared frame", Until: func(w *sims.World) bool {
			return batchDone(w, "producer", "consumer") && w.Asleep("consumer", "futex")
		}},
		{ID: "large", Turn: []sims.Turn{{Knob: "watch nobody", If: anyWatched}, {Knob: "payload", Value: strconv.Itoa(large)}}, For: "new processes, for messages of 256 KiB, are ready", Until: func(w *sims.World) bool {
			return payload(w) == large && bothReady(w)
		}},
		{ID: "slept", From: "slept", Lost: somebodyGone, Turn: []sims.Turn{{Knob: "watch nobody", When: atRest, If: anyWatched}, {Knob: "send by pipe", When: atRest}}, For: "100 messages of 256 KiB have gone through the pipe", Until: func(w *sims.World) bool {
			return batchDone(w, "writer", "reader") && w.Asleep("reader", "pipe_read")
		}},
		{ID: "awake", From: "awake", Lost: somebodyGone, Turn: []sims.Turn{{Knob: "watch nobody", When: atRest, If: anyWatched}, {Knob: "send by memory", When: atRest}}, For: "100 messages of 256 KiB have been taken out of the shared frame", Until: func(w *sims.World) bool {
			return batchDone(w, "producer", "consumer") && w.Asleep("consumer", "futex")
		}},
	},
	Claims: twoModelsClaims,
}

// large is more than a pipe's buffer holds, in bytes.
const large = 256 << 10

func unwatch(r *stage.Run, _ string) error {
	return sims.Watch("writer", "reader", "producer", "consumer").Run(r, "off")
}

// fill makes message n in place: a number, bytes that depend on it, and their checksum.
func fill(b []byte, n int) {
	for i := 8; i < len(b); i += 64 {
		b[i] = byte(n + i)
	}
	b[4], b[5], b[6], b[7] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24)
	sum := crc32.ChecksumIEEE(b[4:])
	b[0], b[1], b[2], b[3] = byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)
}

func sound(b []byte) bool {
	return crc32.ChecksumIEEE(b[4:]) == uint32(b[0])|uint32(b[1])<<8|uint32(b[2])<<16|uint32(b[3])<<24
}

// sendByPipe makes messages in memory of its own and has the kernel copy them.
func sendByPipe(a *sims.Actor) error {
	account(a)
	out, message := a.FD("out"), make([]byte, a.Int("payload"))
	sent, through := a.Counter("sent"), a.Counter("bytes")
	for {
		a.Next()
		begun := time.Now()
		for range messages {
			fill(message, int(sent.Load()))
			for rest := message; len(rest) > 0; {
				a.Gate("write")
				n, err := unix.Write(out, rest) // copy 1: into the kernel
				if err == unix.EINTR {
					continue
				}
				if err != nil {
					a.Say("ended", sims.Err(err))
					return nil
				}
				rest = rest[n:]
				through.Add(int64(n))
			}
			sent.Add(1)
		}
		a.Say("sent", sims.Num("ns", int(time.Since(begun))/messages))
	}
}

// takeFromPipe has the kernel copy each message into memory of its own.
func takeFromPipe(a *sims.Actor) error {
	account(a)
	in, message := a.FD("in"), make([]byte, a.Int("payload"))
	got, through, wrong := a.Counter("got"), a.Counter("bytes"), a.Counter("wrong")
	for {
		for have := 0; have < len(message); {
			a.Gate("read")
			n, err := unix.Read(in, message[have:]) // copy 2: out of the kernel
			if err == unix.EINTR {
				continue
			}
			if err != nil {
				return os.NewSyscallError("read", err)
			}
			if n == 0 {
				a.Say("end of file")
				return nil
			}
			have += n
			through.Add(int64(n))
		}
		if !sound(message) {
			wrong.Add(1)
		}
		if got.Add(1)%messages == 0 {
			a.Say("got all")
		}
	}
}

// produceInPlace makes each message where the consumer reads it.
func produceInPlace(a *sims.Actor) error {
	memory, err := mapFrame(a)
	if err != nil {
		return err
	}
	account(a)
	sentWord, taken, start := share.Word64(memory, sentAt), share.Word64(memory, takenAt), share.Word32(memory, startAt)
	sent := a.Counter("sent")
	for {
		a.Next()
		start.Add(1)
		if _, err := sys.FutexWake(start, 1); err != nil { // once for the whole batch
			return err
		}
		begun := time.Now()
		taking := true
		for range messages {
			a.Gate("store")
			if taking = spin(a, func() bool { return sentWord.Load()-taken.Load() < slots }); !taking {
				break // nobody takes them
			}
			fill(slot(memory, sentWord.Load()), int(sent.Load()))
			sentWord.Add(1) // a store with release: who sees it sees the message
			sent.Add(1)
		}
		if !taking || !spin(a, func() bool { return taken.Load() == sentWord.Load() }) {
			a.Say("gave up")
			continue
		}
		a.Say("sent", sims.Num("ns", int(time.Since(begun))/messages))
	}
}

// consumeInPlace reads each message where it was made.
func consumeInPlace(a *sims.Actor) error {
	memory, err := mapFrame(a)
	if err != nil {
		return err
	}
	account(a)
	sent, taken, start := share.Word64(memory, sentAt), share.Word64(memory, takenAt), share.Word32(memory, startAt)
	got, through, wrong := a.Counter("got"), a.Counter("bytes"), a.Counter("wrong")
	for batch := uint32(0); ; batch++ { // a batch begun before this process came to sleep is not slept over
		for start.Load() == batch {
			if err := sys.FutexWait(start, batch, -1); err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
				return err
			}
		}
		for range messages {
			if !spin(a, func() bool { return sent.Load() != taken.Load() }) {
				break // the producer has ended, or is stopped
			}
			a.Gate("load")
			message := slot(memory, taken.Load())
			if !sound(message) {
				wrong.Add(1)
			}
			through.Add(int64(len(message)))
			taken.Add(1)
			if got.Add(1)%messages == 0 {
				a.Say("got all")
			}
		}
	}
}

// account tells what the kernel has counted for this process while it was started: the
// bytes that went through its calls (where that account is kept), and how often it slept.
func account(a *sims.Actor) {
	var begins struct{ rchar, wchar, voluntary int }
	io := readSelf("/proc/self/io")
	if _, err := fmt.Sscanf(io, "rchar: %d\nwchar: %d", &begins.rchar, &begins.wchar); err == nil {
		begins.rchar += len(io) // this reading itself
	}
	status := readSelf("/proc/self/status")
	begins.rchar += len(status)
	if _, after, ok := strings.Cut(status, "\nvoluntary_ctxt_switches:"); ok {
		_, _ = fmt.Sscan(after, &begins.voluntary) // 0 when it is no number: then all count
	}
	a.Say("begins", sims.Num("rchar", begins.rchar), sims.Num("wchar", begins.wchar), sims.Num("voluntary", begins.voluntary))
}

// readSelf is a small file of /proc in one call; "" where it is not there.
func readSelf(path string) string {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	buf := make([]byte, 4096)
	n, err := unix.Read(fd, buf)
	if err != nil {
		return ""
	}
	return string(buf[:n])
}

func mapFrame(a *sims.Actor) ([]byte, error) {
	memory, err := unix.Mmap(a.FD("frame"), 0, payloadAt+slots*a.Int("payload"), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	a.Mapped("frame", memory)
	return memory, nil
}

// slot is the place of message n.
func slot(memory []byte, n uint64) []byte {
	size := (len(memory) - payloadAt) / slots
	at := payloadAt + int(n%slots)*size
	return memory[at : at+size]
}

// patience ends a wait for a peer that may have been killed or stopped. Only the
// time counts in which it has looked: not that at a gate, nor that of being stopped.
const patience = 5 * time.Second

// spin looks until it is so; false: it did not come. On one processor it lets the
// other side run, which is a system call; on more it makes none.
func spin(a *sims.Actor, so func() bool) bool {
	var spent time.Duration
	last := time.Now()
	for n := 1; !so(); n++ {
		a.Gate("look")
		if runtime.NumCPU() < 2 {
			sys.Yield()
		} else {
			sys.Pause()
		}
		if n%4096 == 0 {
			now := time.Now()
			spent, last = spent+min(now.Sub(last), patience/50), now
			if spent > patience {
				return false
			}
		}
	}
	return true
}
