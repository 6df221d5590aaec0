package shm

// What this lesson shows: two processes that map one shared memory object have one
// frame of memory, each at an address of its own. A store by one is a load by the
// other, and the kernel is not asked.

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/share"
	"ipctour/sims/stage"
	"ipctour/sims/sys"
)

//go:embed same_frame.go
var sameFrameSource string

// Where the words lie on the page, a cache line apart.
const (
	answerAt = 0
	stampAt  = 64
	echoAt   = 128
)

const (
	stores = 20_000 // that are timed
	warmUp = 200    // that come before, and are not
)

// Addresses that a learner can tell apart. They are wishes: where one is taken,
// the kernel chooses.
const (
	writerAddress = 0x50000000
	readerAddress = 0x60000000
)

var sameFrame = sims.Sim{
	ID:     "shm/same-frame",
	Source: sameFrameSource,
	Needs:  []string{"shm"},
	Roles: []sims.Role{
		{Name: "writer", Run: useBoard, Gates: []string{"map", "store", "load"}},
		{Name: "reader", Run: useBoard, Gates: []string{"map", "store", "load"}},
	},
	Wire: func(w *sims.Wiring) error {
		path := w.Shm("board", sims.Cell{Name: "answer", Offset: answerAt, Size: 8})
		for role, address := range map[string]int{"writer": writerAddress, "reader": readerAddress} {
			w.Put(role, "path", path)
			w.Put(role, "address", fmt.Sprint(address))
			w.Put(role, "name", role)
		}
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "1", Name: "map it", Help: "the reader opens the same name and maps it", Act: sims.Tell{Role: "reader", Command: "map"}},
		{Key: "2", Name: "store 42", Help: "the writer stores 42: one instruction", Act: sims.Tell{Role: "writer", Command: "store", N: 42}},
		{Key: "3", Name: "load", Help: "the reader looks: one instruction", Act: sims.Tell{Role: "reader", Command: "load"}},
		{Key: "4", Name: "store 7 back", Help: "the reader stores 7 in the same word", Act: sims.Tell{Role: "reader", Command: "store", N: 7}},
		{Key: "5", Name: "load in the writer", Help: "the writer looks", Act: sims.Tell{Role: "writer", Command: "load"}},
		{Key: "6", Name: "time 20,000 stores", Help: "the reader watches the page while the writer stores: how long until each is seen?", Act: sims.Do{Run: timeStores}},
		{Key: "w", Name: "watch the writer", Help: "x-ray: which system calls does the writer make?", Act: sims.Trace{Role: "writer"}},
		{Key: "r", Name: "watch the reader", Help: "x-ray: which system calls does the reader make?", Act: sims.Trace{Role: "reader"}},
	},
	Draw:     drawSameFrame,
	Measured: whenSeen,
	Walk: []sims.Step{
		{ID: "made", For: "the writer has made a page and mapped it", Until: func(w *sims.World) bool {
			return w.ReadSince(w.Last("writer", "mapped")) && w.Maps("writer", "board") && w.Object("board").Level("size") > 0
		}},
		{ID: "mapped", From: "made", Turn: sims.Press("map it"), For: "the reader has mapped it too", Until: func(w *sims.World) bool {
			return w.ReadSince(w.Last("reader", "mapped")) && w.Maps("reader", "board")
		}},
		{ID: "store", From: "made", Turn: []sims.Turn{{Knob: "watch the writer", Value: "on"}, {Knob: "watch the reader", Value: "on"}, {Knob: "store 42"}},
			For: "42 is in the page, and a frame behind it", Until: func(w *sims.World) bool {
				return w.Last("writer", "stored") != nil && w.Mapping("writer", "board").Level("present") == 1 && w.Object("board").Level("answer") == 42
			}},
		{ID: "load", From: "made", Turn: sims.Press("load"), For: "the reader has looked, and its page table leads to the frame", Until: func(w *sims.World) bool {
			return w.Last("reader", "loaded") != nil && w.Mapping("reader", "board").Level("present") == 1 &&
				w.Mapping("writer", "board").Level("pss") < w.Mapping("writer", "board").Level("rss") && w.Mapping("writer", "board").Level("exclusive") == 0
		}},
		{ID: "latency", From: "made", Turn: []sims.Turn{{Knob: "watch the writer", Value: "off"}, {Knob: "watch the reader", Value: "off"}, {Knob: "time 20,000 stores"}},
			For: "the stores have been timed", Until: func(w *sims.World) bool {
				return w.News("reader", "timed") != nil && w.News("writer", "echoed") != nil
			}},
	},
	Claims: []sims.Claim{
		{ID: "inode", Says: "both processes map the same file in /dev/shm", After: "load", Check: func(a *sims.World) sims.Verdict {
			file, one, other := a.Object("board").Level("inode"), a.Mapping("writer", "board").Level("inode"), a.Mapping("reader", "board").Level("inode")
			return sims.Judge(file > 0 && one == file && other == file, fmt.Sprintf("inode %d in both", file),
				fmt.Sprintf("writer %d, reader %d", one, other), "the mapping's line in /proc/PID/smaps, lstat(2) on the name")
		}},
		{ID: "first-touch", Says: "a page that nobody has touched has no frame; the first store brings one", After: "store", Check: func(b *sims.World) sims.Verdict {
			a := b.After("mapped")
			before, after := a.Mapping("writer", "board").Level("present"), b.Mapping("writer", "board").Level("present")
			return sims.Judge(before == 0 && after == 1, "present 0, then 1", fmt.Sprintf("present %d, then %d", before, after), "bit 63 in /proc/PID/pagemap")
		}},
		{ID: "shared", Says: "after the reader's first look the page is no longer the writer's alone", After: "load", Check: func(b *sims.World) sims.Verdict {
			a := b.After("store")
			was, is := a.Mapping("writer", "board"), b.Mapping("writer", "board")
			return sims.Judge(was.Level("pss") == was.Level("rss") && 2*is.Level("pss") == is.Level("rss") && is.Level("exclusive") == 0,
				"Pss from the whole page to half of it", fmt.Sprintf("Pss %s, then %s of %s", scene.Bytes(was.Level("pss")), scene.Bytes(is.Level("pss")), scene.Bytes(is.Level("rss"))),
				"Pss and Rss in /proc/PID/smaps, bit 56 in /proc/PID/pagemap")
		}},
		{ID: "frame", Says: "two addresses lead to one frame", Needs: []string{"pagemap-frames"}, After: "load", Check: func(a *sims.World) sims.Verdict {
			one, other := a.Mapping("writer", "board"), a.Mapping("reader", "board")
			same := one.Level("frame") == other.Level("frame") && one.Level("frame") > 0
			return sims.Judge(same && one.Level("address") != other.Level("address"), "one frame, two addresses",
				fmt.Sprintf("writer %#x at %#x, reader %#x at %#x", one.Level("frame"), one.Level("address"), other.Level("frame"), other.Level("address")),
				"bits 0–54 in /proc/PID/pagemap")
		}},
		{ID: "seen", Says: "what one stores the other loads", After: "load", Check: func(a *sims.World) sims.Verdict {
			got, in := a.Last("reader", "loaded").N["value"], a.Object("board").Level("answer")
			return sims.Judge(got == 42 && in == 42, "42", fmt.Sprintf("the reader loaded %d, and the page has %d", got, in), "the reader's own load, pread(2) of the file")
		}},
		{ID: "no-calls", Says: "neither the store nor the load made a system call", Needs: []string{"ptrace"}, After: "load", Check: func(a *sims.World) sims.Verdict {
			watched := a.Actor("writer").Traced && a.Actor("reader").Traced
			return sims.Judge(watched && a.Called("writer")+a.Called("reader") == 0, "0 calls while both were watched",
				fmt.Sprintf("writer %d, reader %d", a.Called("writer"), a.Called("reader")), "ptrace: the x-ray")
		}},
		{ID: "latency", Says: "the other process sees a store in less than a microsecond", Needs: []string{"cpus"}, After: "latency", Check: func(a *sims.World) sims.Verdict {
			m := a.Last("reader", "timed")
			return sims.Judge(m.N["stores"] > 0 && m.N["median"] < 1000, "less than 1,000 ns",
				fmt.Sprintf("%s ns, the median of %s", scene.Thousands(m.N["median"]), scene.Thousands(m.N["stores"])), "the clock that both processes read")
		}},
	},
}

// timeStores has the reader watch before the writer stores.
func timeStores(r *stage.Run, _ string) error {
	for _, role := range []string{"writer", "reader"} { // one alone would only look, or store, in vain
		if _, err := r.PID(role); err != nil {
			return err
		}
	}
	return errors.Join(r.Tell("reader", stage.Command{Name: "watch stores"}), r.Tell("writer", stage.Command{Name: "store stamps"}))
}

// useBoard is what both processes do: they map the page when told, and then store
// and load as if the memory were their own.
func useBoard(a *sims.Actor) error {
	var page []byte
	if a.Arg("name") == "writer" {
		if err := makeBoard(a.Arg("path")); err != nil {
			return err
		}
		var err error
		if page, err = mapBoard(a); err != nil {
			return err
		}
	}
	for {
		c := a.Next()
		if page == nil && c.Name != "map" {
			a.Say("not mapped", sims.Word("command", c.Name))
			continue
		}
		switch c.Name {
		case "map":
			if page != nil {
				continue // it has it already
			}
			var err error
			if page, err = mapBoard(a); err != nil {
				a.Say("no page", sims.Err(err))
			}
		case "store":
			a.Gate("store")
			share.Word64(page, answerAt).Store(uint64(c.N)) // a store with release: what came before it is seen too
			a.Say("stored", sims.Num("value", int(c.N)))
		case "load":
			a.Gate("load")
			n := share.Word64(page, answerAt).Load() // a load with acquire
			a.Say("loaded", sims.Num("value", int(n)))
		case "store stamps":
			if err := storeStamps(a, page); err != nil {
				return err
			}
		case "watch stores":
			if err := watchStores(a, page); err != nil {
				return err
			}
		}
	}
}

// makeBoard is shm_open(3) with O_CREAT, which is open(2) in /dev/shm, and
// ftruncate(2): a file of one page, with no memory behind it yet.
func makeBoard(path string) error {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err == unix.EEXIST {
		return nil // this process was started again: the page has outlived the first one
	}
	if err != nil {
		return os.NewSyscallError("open "+path, err)
	}
	return errors.Join(os.NewSyscallError("ftruncate", unix.Ftruncate(fd, int64(unix.Getpagesize()))), unix.Close(fd))
}

// mapBoard opens the name and maps the page. The descriptor is closed again: the
// mapping stays.
func mapBoard(a *sims.Actor) ([]byte, error) {
	a.Gate("map")
	fd, err := unix.Open(a.Arg("path"), unix.O_RDWR|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("open", err)
	}
	var st unix.Stat_t
	err = os.NewSyscallError("fstat", unix.Fstat(fd, &st))
	if err == nil && st.Size == 0 {
		err = errors.New("the file is empty still") // its maker was killed; to touch a page past the end is SIGBUS
	}
	var page []byte
	if err == nil {
		page, err = sys.MmapAt(uintptr(a.Int("address")), unix.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED, fd)
	}
	if err := errors.Join(err, unix.Close(fd)); err != nil {
		return nil, err
	}
	a.Mapped("board", page)
	a.Say("mapped")
	return page, nil
}

// Both sides give up after this time: the other one may be gone. On a machine that
// has much else to do the two seldom run at the same moment; then the writer is
// content with fewer stores once it has spent a while.
const (
	timingPatience = 5 * time.Second
	longEnough     = 500 * time.Millisecond
	fewestStores   = 500
)

// storeStamps stores the time, again and again, each time when the reader has
// answered. CLOCK_REALTIME is one clock for all processes of the machine; it is
// read without a system call.
func storeStamps(a *sims.Actor, page []byte) error {
	cpu, free, err := pin(0)
	if err != nil {
		return err
	}
	defer free()
	stamp, echo := share.Word64(page, stampAt), share.Word64(page, echoAt)
	defer stamp.Store(0) // the end
	rounds := make([]int64, 0, stores)
	wait, begun := newSpinner(timingPatience, 2), time.Now()
	for i := range warmUp + stores {
		now := time.Now().UnixNano()
		stamp.Store(uint64(now))
		for echo.Load() != uint64(now) {
			if !wait.again() {
				a.Say("echoed", sims.Num("stores", len(rounds)), sims.Num("round", median(rounds)), sims.Num("cpu", cpu))
				return nil
			}
		}
		if i >= warmUp {
			rounds = append(rounds, time.Now().UnixNano()-now)
		}
		if len(rounds) >= fewestStores && time.Since(begun) > longEnough {
			break
		}
	}
	a.Say("echoed", sims.Num("stores", len(rounds)), sims.Num("round", median(rounds)), sims.Num("cpu", cpu))
	return nil
}

// watchStores looks at the page until it sees another stamp, and reads the clock.
func watchStores(a *sims.Actor, page []byte) error {
	cpu, free, err := pin(1)
	if err != nil {
		return err
	}
	defer free()
	a.Say("watching")
	stamp, echo := share.Word64(page, stampAt), share.Word64(page, echoAt)
	took := make([]int64, 0, stores)
	wait := newSpinner(timingPatience, 2)
	for last, n := uint64(0), 0; ; { // 0 before the first and after the last
		t := stamp.Load()
		if t == last {
			if !wait.again() {
				break
			}
			continue
		}
		seen := time.Now().UnixNano()
		if t == 0 {
			break // the writer has done
		}
		last = t
		echo.Store(t)
		if n++; n > warmUp && len(took) < stores {
			took = append(took, seen-int64(t))
		}
	}
	a.Say("timed", sims.Num("stores", len(took)), sims.Num("median", median(took)), sims.Num("most", part(took, 99)), sims.Num("least", part(took, 0)),
		sims.Num("clock", clockCost()), sims.Num("cpu", cpu))
	return nil
}

// part is the value below which a share of the values lies, in percent; 0 for none.
func part(values []int64, percent int) int {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return int(values[(len(values)-1)*percent/100])
}

func median(values []int64) int { return part(values, 50) }

// clockCost is how long one reading of the clock takes, in nanoseconds.
func clockCost() int {
	var took [1000]int64
	last := time.Now().UnixNano()
	for i := range took {
		now := time.Now().UnixNano()
		took[i], last = now-last, now
	}
	return median(took[:])
}

// whenSeen is the answer to the prediction: the scale of the median.
func whenSeen(w *sims.World) (string, bool) {
	a := w.After("latency")
	if a == nil || a.Last("reader", "timed").N["stores"] == 0 {
		return "", false
	}
	switch m := a.Last("reader", "timed").N["median"]; {
	case m < 1000:
		return "nanoseconds", true
	case m < 1_000_000:
		return "microseconds", true
	}
	return "milliseconds", true
}
