package plain

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipctour/sims/scene"
	"ipctour/sims/scenetest"
)

// full is a writer asleep on a full pipe that nobody reads.
func full() *scene.Scene {
	return &scene.Scene{
		Sentence: "The writer sleeps: the pipe is full.",
		Processes: []scene.Process{
			{ID: "writer", Name: "writer", PID: 41022, Life: scene.Asleep, Where: "anon_pipe_write", FDs: []scene.FD{
				{N: 0, Target: "/dev/null"}, {N: 3, Target: "pipe:[8801]", Object: "pipe", End: "write end"}, {N: 4, Cut: true}},
				Calls: []scene.Call{{Name: "write", Args: "3, 4096", Result: "4096"}, {Name: "write", Args: "3, 4096", Took: 4_200_000_000, Blocked: true}}},
			{ID: "reader", Name: "reader", PID: 41023, Life: scene.Waiting, Gate: "read", Note: "at gate read"},
			{ID: "late", Life: scene.Unborn},
		},
		Objects: []scene.Object{scene.Pipe{ID: "pipe", Label: "pipe", Capacity: 65536, Queued: 65536, Page: 4096, Writers: 1, Readers: 1}},
		Links: []scene.Link{
			{From: "writer", To: "pipe", FD: 3, State: scene.Blocked},
			{From: "pipe", To: "reader", FD: 4, State: scene.Idle},
		},
		Figures: []scene.Figure{
			scene.Count("written", "written", 65536, "B", scene.Child),
			scene.Count("queued", "in the pipe", 65536, "B", scene.Kernel),
			{ID: "rate", Label: "rate", Text: "0 B/s", Origin: scene.Derived},
			scene.Missing("frames", "frame", "no permission"),
		},
		Tables: []scene.Table{{Title: "records", Columns: []string{"size", "torn"}, Rows: [][]string{{"4,096", "0"}, {"4,097", "12"}}, Origin: scene.Child, Bad: []int{1}}},
	}
}

func TestSentences(t *testing.T) {
	want := []string{
		"The writer sleeps: the pipe is full.",
		"The writer (pid 41022) is asleep in anon_pipe_write.",
		"In the writer, descriptor 0 is /dev/null, 3 is the write end of the pipe.",
		"The writer has closed 4.",
		"The writer called write(3, 4096) and has been asleep in it for 4.2s.",
		"The reader (pid 41023) is held by the tour, at gate read.",
		"The late is not started yet.",
		"The pipe holds 65,536 of 65,536 bytes, 16 of 16 pages.",
		"The pipe has 1 writer and 1 reader.",
		"The writer is blocked on the pipe (descriptor 3).",
		"written: 65,536 B (counted by the child).",
		"in the pipe: 65,536 B (read from the kernel).",
		"rate: 0 B/s (derived).",
		"frame: not available here: no permission.",
		"Records (counted by the child): 2 rows.",
		"size 4,096, torn 0.",
		"Failure: size 4,097, torn 12.",
	}
	if diff := cmp.Diff(want, Sentences(full())); diff != "" {
		t.Error(diff)
	}
}

func TestObjects(t *testing.T) {
	tests := []struct {
		name string
		o    scene.Object
		want []string
	}{
		{"a pipe with a byte", scene.Pipe{ID: "p", Capacity: 65536, Queued: 1, Page: 4096, Writers: 2, Readers: 0},
			[]string{"The pipe holds 1 of 65,536 bytes, at least 1 of 16 pages.", "The pipe has 2 writers and 0 readers."}},
		{"what lies in it", scene.Pipe{ID: "p", Label: "FIFO", Path: "chat", Capacity: 0, Queued: 3, Writers: -1, Readers: -1,
			Segments: []scene.Segment{{Who: "a", Bytes: 2, Text: "hi"}, {Bytes: 1, Text: "\n"}}},
			[]string{"The FIFO chat holds 3 bytes.", `In it, oldest first: "hi" from a, "\n".`}},
		{"an unknown level", scene.Pipe{ID: "p", Capacity: 4096, Queued: -1, Writers: -1, Readers: -1},
			[]string{"The pipe has room for 4,096 bytes; how many are in it is not known."}},
		{"a pipe that is gone", scene.Pipe{ID: "p", Gone: true}, []string{"The pipe is gone: nobody holds it."}},
		{"a file", scene.File{ID: "f", Path: "chat", Mode: "prw-------", Size: 1}, []string{"The file chat, mode prw-------, has 1 byte."}},
		{"a removed file", scene.File{ID: "f", Path: "chat", Gone: true}, []string{"The file chat was removed."}},
		{"no output", scene.Output{ID: "o", Label: "terminal"}, []string{"Nothing is printed on terminal yet."}},
		{"output", scene.Output{ID: "o", Lines: []string{"one", "\x1b[2Jtwo"}, More: 1200}, []string{"On o:", "one", "?[2Jtwo", "1,200 more bytes are not shown."}},
		{"a socket that listens", scene.Socket{ID: "d", Label: "listening socket", Path: "kitchen.sock", Listens: true, Waiting: 2},
			[]string{"The listening socket kitchen.sock listens; 2 connections not accepted yet."}},
		{"what a server leaves", scene.Socket{ID: "d", Label: "listening socket", Path: "kitchen.sock", Listens: true, Gone: true},
			[]string{"The listening socket kitchen.sock has no listener, and its name is still there."}},
		{"both ways", scene.Socket{ID: "c", Label: "connection", Type: "STREAM", Ways: []scene.Way{
			{From: "a", To: "b", Queued: 8, Messages: []scene.Segment{{Bytes: 8, Text: "one soup"}}, Flying: []string{"menu.txt"}}, {From: "b", To: "a", Queued: -1}}},
			[]string{`The connection, from a to b: 8 bytes "one soup", and in flight with it menu.txt.`, "The connection, from b to a: an unknown number of bytes."}},
		{"edges", scene.Socket{ID: "c", Label: "socket", Type: "DGRAM", Ways: []scene.Way{
			{From: "a", To: "b", Queued: 3, Messages: []scene.Segment{{Bytes: 3, Text: "one"}, {Bytes: 2, Text: "II"}}}}},
			[]string{`The socket, from a to b: 2 messages "one | II".`}},
		{"a stream", scene.Stream{ID: "s", Label: "stream", Sent: []scene.Segment{{Bytes: 4, Text: "one\n"}, {Bytes: 1, Text: "2"}}},
			[]string{`Stream: 2 writes of 4 bytes "one\n", 1 byte "2".`, "Stream: 0 reads."}},
		{"a page", scene.Page{ID: "p", Label: "board", Frame: "0x1b7f2", Size: 4096, Note: "shared by 2", Words: []scene.Word{{Name: "answer", Text: "42", Who: "a"}, {Name: "n", Text: "7", Bad: true}}},
			[]string{"The board is frame 0x1b7f2, shared by 2, in a mapping of 4,096 bytes.", "In it: answer = 42, stored by a; n = 7, which is wrong."}},
		{"a page whose number is hidden", scene.Page{ID: "p"}, []string{"The page p is a frame whose number is not shown."}},
		{"a page that nobody has touched", scene.Page{ID: "p", Absent: true}, []string{"The page p has no frame behind it yet."}},
		{"a page that is gone", scene.Page{ID: "p", Gone: true}, []string{"The page p is gone: no process maps it."}},
		{"a lock", scene.Futex{ID: "l", Label: "lock", Word: 2, Known: true, Means: "locked, somebody waits", Owner: "a", Asleep: []string{"b", "c"}},
			[]string{"The lock is 2: locked, somebody waits.", "It is held by a; asleep on it: b, c."}},
		{"a robust lock", scene.Futex{ID: "l", Word: 0xc0000007, Known: true, Robust: true, Waiters: true, Died: true, TID: 7, Note: "marked by the kernel"},
			[]string{"The futex l is 0xc0000007.", "Its bits: FUTEX_WAITERS on, FUTEX_OWNER_DIED on, thread 7.", "Nobody holds it, and nobody sleeps on it.", "Marked by the kernel."}},
		{"a lock that was not read", scene.Futex{ID: "l", Label: "lock"}, []string{"The lock has not been read yet."}},
		{"a queue", scene.Queue{ID: "q", Label: "queue", Path: "/letters", Count: 2, Depth: 10, Messages: []scene.Message{
			{Who: "bert", Priority: 31, Text: "fire"}, {Priority: 1}, {Priority: 0, Text: "out again"}}},
			[]string{"The queue /letters holds 2 of 10 messages.", `In it, the next one first: "fire" with priority 31 from bert, priority 1.`}},
		{"a queue without a name", scene.Queue{ID: "q", Count: 1, Unnamed: true, Note: "three hold it"},
			[]string{"The queue holds 1 message.", "The queue has no name any more; open descriptors still lead to it.", "Three hold it."}},
		{"a queue of unknown level", scene.Queue{ID: "q", Count: -1, Depth: 1}, []string{"The queue has room for 1 message; how many are in it is not known."}},
		{"no queue", scene.Queue{ID: "q", Label: "queue", Gone: true}, []string{"The queue does not exist."}},
		{"a counter", scene.Counter{ID: "c", Label: "eventfd", Value: 7, Known: true}, []string{"The eventfd is at 7; a read takes it all."}},
		{"a counter at its top", scene.Counter{ID: "c", Value: scene.CounterMax, Known: true, Semaphore: true},
			[]string{"The counter c is at 18,446,744,073,709,551,614, the most that it holds; a read takes 1 (EFD_SEMAPHORE)."}},
		{"a counter that was not read", scene.Counter{ID: "c", Label: "eventfd"}, []string{"The eventfd has not been read yet; a read takes it all."}},
		{"a counter that is gone", scene.Counter{ID: "c", Label: "eventfd", Gone: true}, []string{"The eventfd is gone: nobody holds it."}},
		{"a timer", scene.Timer{ID: "t", Label: "timerfd", Interval: 1e8, Ticks: 5, Known: true, Armed: true},
			[]string{"The timerfd expires every 100 ms; 5 expirations have not been read."}},
		{"a timer that expires once", scene.Timer{ID: "t", Ticks: 1, Known: true, Armed: true}, []string{"The timer t expires once; 1 expiration has not been read."}},
		{"a timer that stands still", scene.Timer{ID: "t"}, []string{"The timer t is not armed."}},
		{"a loop", scene.Loop{ID: "l", Label: "epoll", Wakes: 1204, Watches: []scene.Watch{{FD: 3, Name: "socket", Wakes: 1}, {FD: 4, Name: "pipe", Edge: true, Ready: true},
			{FD: 9, Name: "pidfd", Wakes: 1, Cut: true}}},
			[]string{"The epoll watches socket (descriptor 3), which woke it once; pipe (descriptor 4) by edge.", "It no longer watches pidfd.",
				"Something waits in: pipe.", "epoll_wait has returned 1,204 times."}},
		{"a loop that watches nothing", scene.Loop{ID: "l"}, []string{"The loop l watches nothing.", "epoll_wait has returned 0 times."}},
		{"signal sets", scene.Signals{ID: "s", Label: "signals of target", Counts: true, Queued: 6, Limit: 31418, Rows: []scene.Signal{
			{Name: "SIGUSR1", Blocked: true, Caught: true, Pending: true, Sent: 5, Handled: 1, Values: []string{"1"}}, {Name: "SIGTERM"}}},
			[]string{"The signals of target: SIGUSR1 is blocked, caught and pending, was sent 5 times and handled once, with the value 1.",
				"The signals of target: SIGTERM is in no set, was sent 0 times and handled 0 times.",
				"The signals of target: 6 of 31,418 that this user may have wait."}},
		{"signal sets without a process", scene.Signals{ID: "s", Label: "signals of target", Gone: true}, []string{"The signals of target are gone with its process."}},
		{"a kind that is not known", scenetest.Odd{}, []string{"There is an object of the kind odd?thing: odd."}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Sentences(&scene.Scene{Objects: []scene.Object{test.o}})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestChanges(t *testing.T) {
	tests := []struct {
		name   string
		change func(s *scene.Scene)
		want   []string
	}{
		{"nothing", func(*scene.Scene) {}, nil},
		{"a level that moves from full", func(s *scene.Scene) {
			p := s.Objects[0].(scene.Pipe)
			p.Queued--
			s.Objects[0] = p
		}, []string{"The pipe holds 65,535 of 65,536 bytes, 16 of 16 pages."}},
		{"a moment awake", func(s *scene.Scene) { s.Processes[0].Life, s.Processes[0].Where = scene.Running, "" }, nil},
		{"a death", func(s *scene.Scene) {
			s.Sentence = "The writer is dead."
			s.Processes[0].Life, s.Processes[0].End = scene.Killed, "killed by SIGKILL"
			s.Links[0].State = scene.Cut
		}, []string{"The writer is dead.", "The writer (pid 41022) was killed by SIGKILL.", "The writer has closed the pipe (descriptor 3)."}},
		{"an end closed", func(s *scene.Scene) {
			p := s.Objects[0].(scene.Pipe)
			p.Readers = 0
			s.Objects[0] = p
		}, []string{"The pipe has 1 writer and 0 readers."}},
		{"a call that failed", func(s *scene.Scene) {
			s.Processes[0].Calls = append(s.Processes[0].Calls, scene.Call{Name: "write", Args: "3, 1", Result: "-1 EPIPE", Failed: true})
		}, []string{"The writer called write(3, 1), which failed: -1 EPIPE."}},
		{"a figure while nothing else moves", func(s *scene.Scene) { s.Figures[0].Text = "65,537 B" },
			[]string{"written: 65,537 B (counted by the child)."}},
		{"a figure that can be had at last", func(s *scene.Scene) {
			s.Processes[0].Life = scene.Running
			s.Figures[3].Missing, s.Figures[3].Text = "", "7"
		}, []string{"frame: 7 (read from the kernel)."}},
		{"a row", func(s *scene.Scene) {
			s.Tables[0].Rows = append(s.Tables[0].Rows, []string{"1", "0"})
		}, []string{"size 1, torn 0."}},
		{"an empty sentence", func(s *scene.Scene) { s.Sentence = "\u3000" }, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			after := full()
			test.change(after)
			if diff := cmp.Diff(test.want, Changes(full(), after)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What only goes on with time is not told: a timer's next tick, a loop's wake-ups
// one by one are.
func TestEventsAreToldWhenTheyChange(t *testing.T) {
	show := func(o scene.Object) *scene.Scene { return &scene.Scene{Objects: []scene.Object{o}} }
	timer := func(ticks uint64, left time.Duration) *scene.Scene {
		return show(scene.Timer{ID: "t", Label: "timerfd", Interval: 1e8, Left: left, Ticks: ticks, Known: true, Armed: true})
	}
	loop := func(pipe, eventfd int64, cut bool) *scene.Scene {
		return show(scene.Loop{ID: "l", Label: "epoll", Wakes: pipe + eventfd, Watches: []scene.Watch{{FD: 4, Name: "pipe", Wakes: pipe}, {FD: 5, Name: "eventfd", Wakes: eventfd, Cut: cut}}})
	}
	tests := []struct {
		name          string
		before, after *scene.Scene
		want          []string
	}{
		{"time goes on", timer(0, 9e7), timer(1, 1e7), nil},
		{"ticks are missed", timer(1, 9e7), timer(2, 9e7), []string{"The timerfd expires every 100 ms; 2 expirations have not been read."}},
		{"more are missed", timer(2, 9e7), timer(30, 9e7), nil},
		{"they are read", timer(30, 9e7), timer(0, 9e7), []string{"The timerfd expires every 100 ms; 0 expirations have not been read."}},
		{"a source wakes the loop", loop(1, 2, false), loop(3, 2, false), []string{"Pipe (descriptor 4) has woken the loop 3 times."}},
		{"a source is taken out", loop(1, 2, false), loop(1, 2, true), []string{"The epoll no longer watches eventfd (descriptor 5)."}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Changes(test.before, test.after)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOutputIsToldOnce(t *testing.T) {
	screen := func(lines ...string) *scene.Scene {
		return &scene.Scene{Objects: []scene.Object{scene.Output{ID: "o", Label: "terminal", Lines: lines}}}
	}
	if diff := cmp.Diff([]string{"On terminal:", "two"}, Changes(screen("one"), screen("one", "two"))); diff != "" {
		t.Error(diff)
	}
}

func TestRingIsTold(t *testing.T) {
	s := &scene.Scene{Objects: []scene.Object{
		scene.Ring{ID: "ring", Label: "ring", Slots: 4, Size: 4096, Known: true, Head: 9, Tail: 6, Texts: []string{"8", "5", "6", "7"},
			Data: scene.Doorbell{Rung: 1}, Room: scene.Doorbell{Asked: true}},
		scene.Ring{ID: "late", Label: "other ring", Slots: 2},
		scene.Chart{ID: "times", Label: "time per message", Unit: "s", Log: true, Columns: []string{"1 B", "1 MiB"},
			Lines: []scene.Line{{Name: "pipe", Points: []scene.Point{{Column: 0, Value: 4.6e-6}, {Column: 1, Value: 2.3e-4}, {Column: 2, Value: 1}}}, {Name: "ring"}}},
		scene.Chart{ID: "none"},
	}}
	want := []string{
		"The ring holds 3 of 4 slots: head 9, tail 6.",
		"In it, oldest first: 6, 7, 8.",
		"The consumer's doorbell was rung 1 time.",
		"The producer's doorbell was rung 0 times, and is to be rung for the next.",
		"The other ring has 2 slots; nobody has read head and tail yet.",
		"Time per message, pipe. 1 B: 4.60 µs, 1 MiB: 230 µs.",
		"The chart: nothing measured yet.",
	}
	if diff := cmp.Diff(want, Sentences(s)); diff != "" {
		t.Error(diff)
	}
}
