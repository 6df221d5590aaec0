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
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
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
	Options: []sims.Option{{Name: "payload", Values: []string{"4096", "65536", "1048576", "64"}}},
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
		{Key: "w", Name: "watch the pipe's two", Help: "x-ray of the writer and the reader", Act: sims.Do{Run: watch("writer", "reader")}},
		{Key: "m", Name: "watch the memory's two", Help: "x-ray of the producer and the consumer", Act: sims.Do{Run: watch("producer", "consumer")}},
	},
	Draw:     drawTwoModels,
	Measured: howOftenCopied,
	Walk: []sims.Step{
		{ID: "ready", For: "the reader and the consumer are asleep", Until: func(w *sims.World) bool {
			return w.Asleep("reader", "pipe_read") && w.Asleep("consumer", "futex") && counted(w, "writer") && counted(w, "reader") && counted(w, "producer") && counted(w, "consumer")
		}},
		{ID: "copied", Turn: sims.Press("watch the pipe's two", "send by pipe"), For: "100 messages have gone through the pipe", Until: func(w *sims.World) bool {
			return batchDone(w, "writer", "reader") && w.Actor("reader").Numbers["rchar"] >= batchBytes(w)
		}},
		{ID: "shared", Turn: sims.Press("watch the memory's two", "send by memory"), For: "100 messages have been taken out of the shared frame", Until: func(w *sims.World) bool {
			return batchDone(w, "producer", "consumer")
		}},
		{ID: "large", Turn: []sims.Turn{{Knob: "payload", Value: "1048576"}, {Knob: "send by pipe"}, {Knob: "send by memory"}}, For: "100 messages of 1 MiB have gone both ways", Until: func(w *sims.World) bool {
			return batchDone(w, "writer", "reader") && batchDone(w, "producer", "consumer")
		}},
	},
	Claims: []sims.Claim{
		{ID: "two-copies", Says: "through a pipe each byte is copied twice: into the kernel and out again", After: "copied", Check: func(a *sims.World) sims.Verdict {
			before := a.Before
			in, out, want := moved(before, a, "writer", "wchar"), moved(before, a, "reader", "rchar"), batchBytes(a)
			return sims.Judge(in == want && out == want, scene.Bytes(want)+" in, "+scene.Bytes(want)+" out", scene.Bytes(in)+" in, "+scene.Bytes(out)+" out",
				"wchar of the writer and rchar of the reader in /proc/PID/io")
		}},
		{ID: "traps", Says: "each message through a pipe costs at least two system calls", Needs: []string{"ptrace"}, After: "copied", Check: func(a *sims.World) sims.Verdict {
			writes, reads := a.Called("writer", "write"), a.Called("reader", "read")
			return sims.Judge(writes >= messages && reads >= messages, fmt.Sprintf("at least %d writes and %d reads", messages, messages),
				fmt.Sprintf("%d writes and %d reads", writes, reads), "ptrace: the x-ray")
		}},
		{ID: "no-copies", Says: "through shared memory no byte goes through a system call", After: "shared", Check: func(a *sims.World) sims.Verdict {
			before := a.Before
			through := moved(before, a, "producer", "wchar") + moved(before, a, "producer", "rchar") + moved(before, a, "consumer", "wchar") + moved(before, a, "consumer", "rchar")
			taken := a.Count("consumer", "bytes") - before.Count("consumer", "bytes")
			return sims.Judge(through == 0 && taken == batchBytes(a), "0 B of "+scene.Bytes(batchBytes(a)),
				scene.Bytes(through)+" of "+scene.Bytes(taken), "rchar and wchar of both in /proc/PID/io")
		}},
		{ID: "no-traps", Says: "once both are awake, messages through shared memory cost no system call", Needs: []string{"ptrace", "cpus"}, After: "shared", Check: func(a *sims.World) sims.Verdict {
			all := a.Called("producer") + a.Called("consumer")
			futex := a.Called("producer", "futex") + a.Called("consumer", "futex")
			return sims.Judge(all == futex && all <= 3, fmt.Sprintf("a wake and a sleep for all %d, no more", messages),
				fmt.Sprintf("%d calls for %d messages, %d of them futex", all, messages, futex), "ptrace: the x-ray")
		}},
		{ID: "whole", Says: "every message arrived as it was made, both ways", After: "large", Check: func(a *sims.World) sims.Verdict {
			pipe, memory, wrong := a.Count("reader", "got"), a.Count("consumer", "got"), a.Count("reader", "wrong")+a.Count("consumer", "wrong")
			return sims.Judge(pipe == messages && memory == messages && wrong == 0, fmt.Sprintf("%d and %d, 0 wrong", messages, messages),
				fmt.Sprintf("%d and %d, %d wrong", pipe, memory, wrong), "a checksum in each message")
		}},
	},
}

// watch switches the x-ray of two roles on.
func watch(roles ...string) func(*stage.Run, string) error {
	return func(r *stage.Run, _ string) error {
		for _, role := range roles {
			if err := r.Trace(role, true); err != nil {
				continue // the stage tells why; the lesson goes on without
			}
		}
		return nil
	}
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

// account tells how many bytes have gone through this process's calls while it was
// started. Where the kernel keeps no such account there is nothing to tell.
func account(a *sims.Actor) {
	fd, err := unix.Open("/proc/self/io", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	buf := make([]byte, 512)
	n, err := unix.Read(fd, buf)
	if err != nil {
		return
	}
	var rchar, wchar int
	if _, err := fmt.Sscanf(string(buf[:n]), "rchar: %d\nwchar: %d", &rchar, &wchar); err != nil {
		return
	}
	a.Say("begins", sims.Num("rchar", rchar+n), sims.Num("wchar", wchar)) // and this reading itself
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

func payload(w *sims.World) int64 {
	n, _ := strconv.ParseInt(w.Options["payload"], 10, 64) // one of the option's values
	return n
}

func batchBytes(w *sims.World) int64 { return messages * payload(w) }

// counted: the kernel has been asked for the role's account of bytes, when its start was over.
func counted(w *sims.World, role string) bool {
	n, ok := w.Actor(role).Numbers["rchar"]
	m := w.Last(role, "begins")
	return ok && m != nil && n >= m.N["rchar"]
}

// batchDone: both sides have said so, and the kernel was asked after that.
func batchDone(w *sims.World, from, to string) bool {
	sent, got := w.News(from, "sent"), w.News(to, "got all")
	return sent != nil && got != nil && w.Since(sent) >= 5 && w.Since(got) >= 5
}

// moved is by how much the kernel's account of a role has grown.
func moved(before, now *sims.World, role, what string) int64 {
	return now.Actor(role).Numbers[what] - before.Actor(role).Numbers[what]
}

func howOftenCopied(w *sims.World) (string, bool) {
	copied, shared := w.After("copied"), w.After("shared")
	if shared == nil {
		return "", false
	}
	pipe := moved(copied.Before, copied, "writer", "wchar") + moved(copied.Before, copied, "reader", "rchar")
	memory := moved(shared.Before, shared, "producer", "wchar") + moved(shared.Before, shared, "consumer", "rchar")
	n := batchBytes(copied)
	return fmt.Sprintf("%d and %d", (pipe+n/2)/n, (memory+n/2)/n), true
}
