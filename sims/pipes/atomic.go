package pipes

// What this lesson shows: a write of at most PIPE_BUF bytes goes into a pipe in
// one piece. A larger one may be cut by the writes of others (pipe(7)).

import (
	"cmp"
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
)

//go:embed atomic.go
var atomicSource string

// pipeBuf is PIPE_BUF of Linux, a constant in <linux/limits.h>.
const pipeBuf = 4096

var recordWriters = []string{"writer-a", "writer-b", "writer-c", "writer-d"}

var atomicWrites = sims.Sim{
	ID:     "pipes/atomic",
	Source: atomicSource,
	Roles: []sims.Role{
		recordWriter("writer-a"), recordWriter("writer-b"), recordWriter("writer-c"), recordWriter("writer-d"),
		{Name: "checker", Run: checkRecords, Counters: []string{"whole", "torn", "bytes", "from a", "from b", "from c", "from d"}, Settings: []string{"pace"}, Gates: []string{"read"}},
	},
	Options: []sims.Option{
		{Name: "record size", Values: []string{"512", "1", "4096", "4097", "8192", "65536", "131072"}},
	},
	Wire: func(w *sims.Wiring) error {
		p := w.Pipe("pipe", 0)
		for _, role := range recordWriters {
			w.Give(role, "out", p.W)
			w.Put(role, "mark", strings.TrimPrefix(role, "writer-"))
		}
		w.Give("checker", "in", p.R)
		return nil
	},
	Knobs: []sims.Knob{
		{Key: "s", Name: "record size", Help: "bytes in each record, one write(2) each; the cast starts anew", Act: sims.Choose{Option: "record size"}},
		{Key: "p", Name: "pace", Help: "the checker reads at full speed, or rests 20 ms before each read",
			Act: sims.Set{Role: "checker", Setting: "pace", Values: []int64{0, 20}, Names: []string{"full speed", "slow"}}},
	},
	Draw:     drawAtomic,
	Measured: largestUntorn,
	Walk: []sims.Step{
		{ID: "small", Turn: recordsOf(512), For: "20,000 records have come through whole", Until: checked(512, 20_000, 0)},
		{ID: "limit", Turn: recordsOf(pipeBuf), For: "5,000 records have come through whole", Until: checked(pipeBuf, 5_000, 0)},
		{ID: "just-over", Turn: recordsOf(pipeBuf + 1), For: "records are torn, or 50,000 have come through whole", Until: checked(pipeBuf+1, 50_000, 10)},
		{ID: "large", Turn: recordsOf(65536), For: "records are torn, or 20,000 have come through whole", Until: checked(65536, 20_000, 10)},
	},
	Claims: []sims.Claim{
		{ID: "pipe-buf", Says: "up to PIPE_BUF, 4,096 bytes, no record of four writers at once is torn", After: "limit", Check: func(limit *sims.World) sims.Verdict {
			small := limit.After("small")
			torn := small.Count("checker", "torn") + limit.Count("checker", "torn")
			say := func(torn string, small, limit string) string {
				return torn + "; with 512 B " + small + "; with 4,096 B " + limit
			}
			return sims.Judge(torn == 0 && fewest(small) >= fromEach && fewest(limit) >= fromEach,
				say("0 torn", "at least 100 from each writer", "at least 100 from each"), say(tornOf(torn, recordsSeen(small)+recordsSeen(limit)), bySender(small), bySender(limit)),
				"the marks in the bytes that the checker reads")
		}},
		{ID: "larger-tears", Says: "one byte above PIPE_BUF, records are torn", After: "just-over", Check: checkTorn},
		{ID: "large-tears", Says: "records as large as the buffer are torn", After: "large", Check: checkTorn},
	},
}

// fromEach is how many records must have come from every writer: with one at work
// nothing could be torn.
const fromEach = 100

// checkTorn judges records above PIPE_BUF by their own size alone. That none was torn
// would prove nothing: the promise ends there, and the luck need not.
func checkTorn(a *sims.World) sims.Verdict {
	torn, seen := a.Count("checker", "torn"), recordsSeen(a)
	if torn == 0 {
		return sims.Verdict{Status: sims.Skipped, Reason: fmt.Sprintf("%s showed none torn in %s, which proves nothing", scene.Bytes(recordSize(a)), scene.Many(seen, "record"))}
	}
	return sims.Judge(true, "some torn", tornOf(torn, seen)+" with "+scene.Bytes(recordSize(a)), "the marks in the bytes that the checker reads")
}

func recordWriter(name string) sims.Role {
	return sims.Role{Name: name, Run: writeRecords, Counters: []string{"records"}, Gates: []string{"write"}}
}

// writeRecords writes records full of its own letter, one write(2) each.
func writeRecords(a *sims.Actor) error {
	out := a.FD("out")
	records := a.Counter("records")
	record := make([]byte, a.Int("record size"))
	for i := range record {
		record[i] = a.Arg("mark")[0]
	}
	for {
		a.Gate("write")
		if err := writeRecord(out, record); err != nil {
			a.Say("ended", sims.Err(err)) // EPIPE: the checker is gone
			return nil
		}
		records.Add(1)
	}
}

// writeRecord needs one write(2). Only a signal amid a record larger than
// PIPE_BUF makes the kernel return early, with a part (pipe(7), signal(7)).
func writeRecord(out int, record []byte) error {
	for len(record) > 0 {
		n, err := unix.Write(out, record) // sleeps here while there is no room
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		record = record[n:]
	}
	return nil
}

// readSize is no multiple of a page, nor of any record: the checker leaves odd
// bits of room, and a writer that may be cut is cut now here and now there.
const readSize = 5003

// checkRecords reads the stream and looks for records with a stranger inside.
func checkRecords(a *sims.Actor) error {
	in := a.FD("in")
	total := a.Counter("bytes")
	c := &recordChecker{size: a.Int("record size"), whole: a.Counter("whole"), torn: a.Counter("torn"), say: a.Say}
	for _, mark := range "abcd" {
		c.from[mark] = a.Counter("from " + string(mark))
	}
	buf := make([]byte, readSize)
	for {
		a.Gate("read")
		rest(a.Setting("pace"))
		n, err := unix.Read(in, buf)
		switch {
		case err == unix.EINTR:
		case err != nil:
			a.Say("ended", sims.Err(err)) // its end was closed in the lesson
			return nil
		case n == 0:
			a.Say("end of file", sims.Num("unfinished", c.unfinished()))
			return nil
		default:
			c.take(buf[:n])
			total.Add(int64(n))
		}
	}
}

// rest makes the checker slow; a signal may cut it short.
func rest(ms int64) {
	if ms > 0 {
		t := unix.NsecToTimespec(ms * int64(time.Millisecond))
		_ = unix.Nanosleep(&t, nil) // EINTR: rested enough
	}
}

// recordChecker follows each writer's bytes. They come in the order in which they
// were written, so counting them says where that writer's records begin and end.
type recordChecker struct {
	size        int
	open        [256]openRecord // by mark
	last        byte            // the mark of the latest byte
	whole, torn *atomic.Int64
	from        [256]*atomic.Int64 // by mark; nil where nobody counts
	say         func(string, ...stage.Note)
}

// openRecord is a record of which some bytes have come.
type openRecord struct {
	inside   int  // bytes so far
	cut      int  // bytes there were when a stranger's came; 0 when none did
	stranger byte // whose
}

// take goes through the bytes by runs of one mark.
func (c *recordChecker) take(chunk []byte) {
	for len(chunk) > 0 {
		n := 1
		for n < len(chunk) && chunk[n] == chunk[0] {
			n++
		}
		c.run(chunk[0], n)
		chunk = chunk[n:]
	}
}

func (c *recordChecker) run(mark byte, n int) {
	if before := &c.open[c.last]; mark != c.last && before.inside > 0 && before.cut == 0 {
		before.cut, before.stranger = before.inside, mark
	}
	c.last = mark
	r := &c.open[mark]
	for n > 0 {
		part := min(n, c.size-r.inside)
		r.inside += part
		n -= part
		if r.inside == c.size {
			c.finish(mark, *r)
			*r = openRecord{}
		}
	}
}

func (c *recordChecker) finish(mark byte, r openRecord) {
	if n := c.from[mark]; n != nil {
		n.Add(1)
	}
	if r.cut == 0 {
		c.whole.Add(1)
		return
	}
	if c.torn.Add(1) == 1 {
		c.say("torn", sims.Word("whose", string(mark)), sims.Word("stranger", string(r.stranger)), sims.Num("after", r.cut))
	}
}

// unfinished counts the records whose rest never came: their writers were killed.
func (c *recordChecker) unfinished() int {
	n := 0
	for _, r := range c.open {
		if r.inside > 0 {
			n++
		}
	}
	return n
}

func recordsOf(size int) []sims.Turn {
	return []sims.Turn{{Knob: "record size", Value: strconv.Itoa(size)}}
}

// checked is true once records of that size have come from all four and so many
// whole, or, where torn is not 0, so many torn.
func checked(size int, whole, torn int64) func(*sims.World) bool {
	return func(w *sims.World) bool {
		return recordSize(w) == int64(size) && fewest(w) >= fromEach &&
			(w.Count("checker", "whole") >= whole || torn > 0 && w.Count("checker", "torn") >= torn)
	}
}

func recordSize(w *sims.World) int64 {
	n, _ := strconv.ParseInt(w.Options["record size"], 10, 64) // 0 before the first cast
	return n
}

func recordsSeen(w *sims.World) int64 {
	return w.Count("checker", "whole") + w.Count("checker", "torn")
}

// fewest is how many records have come from the writer of which the fewest came.
func fewest(w *sims.World) int64 {
	n := int64(math.MaxInt64)
	for _, mark := range "abcd" {
		n = min(n, w.Count("checker", "from "+string(mark)))
	}
	return n
}

// bySender is how many records have come from each writer.
func bySender(w *sims.World) string {
	var list []string
	for _, mark := range "abcd" {
		list = append(list, string(mark)+" "+scene.Thousands(w.Count("checker", "from "+string(mark))))
	}
	return strings.Join(list, ", ")
}

func tornOf(torn, seen int64) string {
	return scene.Thousands(torn) + " torn of " + scene.Thousands(seen)
}

// largestUntorn is the largest size offered in the prediction of which none was torn.
// A run in which the largest of all happened to stay whole does not know it.
func largestUntorn(w *sims.World) (string, bool) {
	if large := w.After("large"); large == nil || large.Count("checker", "torn") == 0 {
		return "", false
	}
	for _, step := range []string{"limit", "small"} {
		if a := w.After(step); a != nil && a.Count("checker", "torn") == 0 {
			return a.Options["record size"], true
		}
	}
	return "1", true // one byte cannot be torn
}

func drawAtomic(w *sims.World) *scene.Scene {
	s := &scene.Scene{
		Sentence: atomicSentence(w),
		Objects:  []scene.Object{w.Pipe("pipe")},
		Figures: []scene.Figure{
			w.CountFigure("checker", "whole", "whole records", ""), w.CountFigure("checker", "torn", "torn records", ""),
			sendersFigure(w), w.QueuedFigure("pipe"), w.CapacityFigure("pipe"), pipeBufFigure(),
			w.RateFigure("checker", "bytes", "rate", "B"),
		},
		Tables: []scene.Table{recordTable(w)},
	}
	for _, role := range recordWriters {
		s.Processes = append(s.Processes, w.Process(role))
		s.Links = append(s.Links, w.Link(role, "pipe", "w"))
	}
	s.Processes = append(s.Processes, w.Process("checker"))
	s.Links = append(s.Links, w.Link("checker", "pipe", "r"))
	return s
}

func sendersFigure(w *sims.World) scene.Figure {
	return scene.Figure{ID: "from", Label: "from", Text: bySender(w), Origin: scene.Child}.
		From("the checker counts the records of each mark", "")
}

func pipeBufFigure() scene.Figure {
	return scene.Count("pipe-buf", "PIPE_BUF", pipeBuf, "B", scene.Derived).
		From("a constant of Linux, in <linux/limits.h>; pathconf(_PC_PIPE_BUF) gives the same", "getconf PIPE_BUF /")
}

// recordTable has a row for each step done, as it was at its end, and one for the
// present size where no step has told of it, or where it has been torn since.
func recordTable(w *sims.World) scene.Table {
	type count struct {
		*sims.World
		when string
	}
	var rows []count
	told := false
	for i, step := range []string{"small", "limit", "just-over", "large"} {
		if a := w.After(step); a != nil {
			rows = append(rows, count{a, fmt.Sprintf("at the end of step %d", i+1)})
			told = told || recordSize(a) == recordSize(w) && (a.Count("checker", "torn") > 0 || w.Count("checker", "torn") == 0)
		}
	}
	if !told {
		rows = append(rows, count{w, "now"})
	}
	slices.SortStableFunc(rows, func(a, b count) int { // the present size first: there may be room for few
		return cmp.Compare(rank(b.World, w), rank(a.World, w))
	})
	t := scene.Table{Title: "records by size", Columns: []string{"record size", "whole", "torn", "counted"}, Origin: scene.Child, Right: []int{0, 1, 2}}
	for i, a := range rows {
		whole, torn := a.Count("checker", "whole"), a.Count("checker", "torn")
		t.Rows = append(t.Rows, []string{scene.Bytes(recordSize(a.World)), scene.Thousands(whole), scene.Thousands(torn), a.when})
		if torn > 0 {
			t.Bad = append(t.Bad, i)
		}
	}
	return t
}

// rank is a record size, the present one before all others.
func rank(a, now *sims.World) int64 {
	if recordSize(a) == recordSize(now) {
		return math.MaxInt64
	}
	return recordSize(a)
}

func atomicSentence(w *sims.World) string {
	alive, stopped := recordWritersNow(w)
	checker := w.Actor("checker")
	switch {
	case checker.Ended() != "" && alive > 0:
		return fmt.Sprintf("The checker is gone (%s): the next write(2) gives EPIPE.", checker.Ended())
	case checker.Ended() != "" && w.Last("checker", "end of file") == nil:
		return fmt.Sprintf("The checker is gone (%s), and so is every writer: %s.", checker.Ended(), lastWriters(w))
	case checker.Ended() != "":
		return "Every writer is gone and the checker has read to the end of file: " + countsNow(w) + unfinishedNow(w) + "."
	case alive == 0 && checker.Life != scene.Unborn && everyWriterEnded(w):
		return "Every writer is gone: the checker reads what is left, and then the end of file."
	case checker.Paused || checker.Life == scene.Stopped:
		return "The checker is stopped: the pipe fills up, and the writers sleep until it goes on."
	case alive > 0 && stopped == alive:
		return "The writers are stopped: the checker sleeps on an empty pipe."
	case alive-stopped == 1:
		return "One writer is at work, and nobody comes between its bytes: torn stays at " + scene.Thousands(w.Count("checker", "torn")) + "."
	case recordsSeen(w) == 0:
		return "Four writers write records of " + scene.Bytes(recordSize(w)) + " into one pipe; the checker waits for the first."
	}
	return tearingSentence(w)
}

func tearingSentence(w *sims.World) string {
	size, torn := recordSize(w), w.Count("checker", "torn")
	seen := scene.Many(recordsSeen(w), "record of "+scene.Bytes(size))
	m := w.Last("checker", "torn")
	switch {
	case torn > 0 && m != nil:
		return fmt.Sprintf("%s, and %s torn; in the first of them, %s came in after %s of %s.",
			seen, scene.Thousands(torn), m.S["stranger"], scene.Bytes(m.N["after"]), m.S["whose"])
	case torn > 0:
		return fmt.Sprintf("%s, and %s torn.", seen, scene.Thousands(torn))
	case size <= pipeBuf:
		return seen + ", and not one is torn: each write goes in as a whole."
	}
	return seen + ", and none is torn so far: that is luck, for nothing promises it."
}

// recordWritersNow counts the writers that live, and those of them that are stopped.
func recordWritersNow(w *sims.World) (alive, stopped int) {
	for _, role := range recordWriters {
		a := w.Actor(role)
		if !a.Life.Alive() {
			continue
		}
		alive++
		if a.Paused || a.Life == scene.Stopped {
			stopped++
		}
	}
	return alive, stopped
}

func everyWriterEnded(w *sims.World) bool {
	return !slices.ContainsFunc(recordWriters, func(role string) bool { return w.Actor(role).Ended() == "" })
}

// lastWriters says why the writers ended.
func lastWriters(w *sims.World) string {
	for _, role := range recordWriters {
		if m := w.Last(role, "ended"); m != nil && m.S["errno"] == "EPIPE" {
			return "a write(2) into a pipe that nobody reads gave EPIPE"
		}
	}
	return "nobody holds the pipe"
}

func countsNow(w *sims.World) string {
	return scene.Thousands(w.Count("checker", "whole")) + " whole, " + scene.Thousands(w.Count("checker", "torn")) + " torn"
}

// unfinishedNow says how many records were left without their end.
func unfinishedNow(w *sims.World) string {
	if m := w.Last("checker", "end of file"); m != nil && m.N["unfinished"] > 0 {
		return ", " + scene.Thousands(m.N["unfinished"]) + " without an end"
	}
	return ""
}
