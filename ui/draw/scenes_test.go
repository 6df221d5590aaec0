package draw

import (
	"time"

	"ipctour/sims/scene"
)

// The scenes that the tests draw: one for each shape of picture that the
// course has. They hold no real run's figures.

var samples = []struct {
	name string
	make func() *scene.Scene
}{
	{"full-buffer", fullBuffer},
	{"hose", hose},
	{"pipeline", pipeline},
	{"inherit", inherit},
	{"eight-ends", eightEnds},
	{"half-pages", halfPages},
	{"atomic", atomic},
	{"each-way", eachWay},
	{"fifo", fifo},
	{"framing", framing},
	{"ends", ends},
	{"one-frame", oneFrame},
	{"two-frames", twoFrames},
	{"locks", locks},
	{"eventfds", eventfds},
	{"one-loop", oneLoop},
	{"signals", signalQueue},
	{"fates", fates},
	{"islands", islands},
	{"queues", queues},
	{"full-queue", fullQueue},
	{"ring", ringScene},
	{"chart", chartScene},
	{"mapped-store", mappedStore},
	{"mapped-file", mappedFile},
	{"hostile", hostile},
	{"socket", sockets},
	{"flavours", flavours},
	{"peers", peers},
}

func fullBuffer() *scene.Scene {
	return &scene.Scene{
		Sentence: "The writer is asleep: the pipe has no page for its next 4,096 bytes.",
		Processes: []scene.Process{
			{ID: "writer", Name: "writer", PID: 41022, Life: scene.Asleep, Letter: "S", Where: "anon_pipe_write", Traced: true,
				Calls: []scene.Call{
					{Name: "write", Args: "3, 4096", Result: "4096", Took: 3 * time.Microsecond},
					{Name: "write", Args: "3, 4096", Result: "4096", Took: 2600 * time.Nanosecond},
					{Name: "write", Args: "3, 4096", Result: "4096", Took: 3 * time.Microsecond},
					{Name: "write", Args: "3, 4096", Took: 4200 * time.Millisecond, Blocked: true},
				}},
			{ID: "reader", Name: "reader", PID: 41023, Life: scene.Asleep, Letter: "S", Note: "paused by you", Traced: true,
				Calls: []scene.Call{{Name: "pause", Took: 5 * time.Second, Blocked: true}}},
		},
		Objects: []scene.Object{scene.Pipe{ID: "pipe", Label: "pipe", Capacity: 65536, Queued: 65536, Page: 4096, Writers: 1, Readers: 1}},
		Links: []scene.Link{
			{From: "writer", To: "pipe", FD: 3, State: scene.Blocked},
			{From: "pipe", To: "reader", FD: 4, State: scene.Idle},
		},
		Figures: []scene.Figure{
			scene.Count("written", "written", 65536, "B", scene.Child),
			scene.Count("queued", "in the pipe", 65536, "B", scene.Kernel),
			scene.Count("read", "read", 0, "B", scene.Child),
			{ID: "blocked", Label: "blocked", Text: "4.2 s", Origin: scene.Kernel},
			{ID: "writes", Label: "writes", Text: "16 + 1 asleep", Origin: scene.Child},
			{ID: "rate", Label: "rate", Text: "0 B/s", Origin: scene.Derived,
				History: []float64{1, 3, 7, 9, 8, 6, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
			scene.Missing("frames", "frame", "/proc/PID/pagemap shows no frame numbers without CAP_SYS_ADMIN"),
		},
	}
}

func hose() *scene.Scene {
	return &scene.Scene{
		Sentence: "Five letters lie in the pipe.",
		Processes: []scene.Process{
			{ID: "writer", Name: "writer", PID: 512, Life: scene.Running, Letter: "R"},
			{ID: "reader", Name: "reader", PID: 513, Life: scene.Waiting, Letter: "S", Gate: "read", Note: "at gate read"},
		},
		Objects: []scene.Object{scene.Pipe{ID: "p", Label: "pipe", Capacity: 65536, Queued: 11, Page: 4096, Writers: 1, Readers: 1,
			Segments: []scene.Segment{{Who: "writer", Bytes: 6, Text: "hello "}, {Who: "writer", Bytes: 5, Text: "world"}}}},
		Links: []scene.Link{
			{From: "writer", To: "p", FD: 3, State: scene.Moving, Through: "5 B"},
			{From: "p", To: "reader", FD: 4, State: scene.Idle},
		},
		Figures: []scene.Figure{scene.Count("w", "written", 11, "B", scene.Child), scene.Count("r", "read", 0, "B", scene.Child)},
	}
}

func pipeline() *scene.Scene {
	s := &scene.Scene{Sentence: "Four programs run at once."}
	names := []string{"ls", "grep", "sort", "head"}
	for i, n := range names {
		s.Processes = append(s.Processes, scene.Process{ID: n, Name: n, PID: 7000 + i, Life: scene.Asleep, Letter: "S", Where: "anon_pipe_read"})
		if i > 0 {
			key := "pipe" + string(rune('0'+i))
			s.Objects = append(s.Objects, scene.Pipe{ID: key, Label: "pipe", Capacity: 65536, Queued: int64(i) * 9000, Page: 4096, Writers: 1, Readers: 1})
			s.Links = append(s.Links,
				scene.Link{From: names[i-1], To: key, Label: "1", State: scene.Moving},
				scene.Link{From: key, To: n, Label: "0", State: scene.Blocked})
		}
	}
	s.Processes[0].Life, s.Processes[0].End, s.Processes[0].Letter, s.Processes[0].Where = scene.Exited, "exit 0", "Z", ""
	s.Objects = append(s.Objects, scene.Output{ID: "out", Label: "terminal", Lines: []string{"$ ls | grep go | sort | head", "doc.go", "main.go"}})
	s.Links = append(s.Links, scene.Link{From: "head", To: "out", Label: "1", State: scene.Moving})
	return s
}

// eightEnds is a pipe of which every process holds both ends, but for two.
func eightEnds() *scene.Scene {
	s := &scene.Scene{Sentence: "Four processes hold a pipe.",
		Objects: []scene.Object{scene.Pipe{ID: "p", Label: "pipe", Capacity: 65536, Page: 4096, Writers: 3, Readers: 3}}}
	for i, name := range []string{"parent", "writer", "sibling", "reader"} {
		s.Processes = append(s.Processes, scene.Process{ID: name, Name: name, PID: 900 + i, Life: scene.Asleep, Letter: "S", Where: "anon_pipe_read"})
		r := scene.Link{From: "p", To: name, Label: "3 r", State: scene.Idle}
		w := scene.Link{From: name, To: "p", Label: "4 w", State: scene.Idle}
		switch name {
		case "writer":
			r.State = scene.Cut
		case "reader":
			r.State, w.State = scene.Blocked, scene.Cut
		}
		s.Links = append(s.Links, r, w)
	}
	return s
}

// halfPages is a pipe of which every page is taken by a little more than a half,
// and a writer that was refused beside one that waits.
func halfPages() *scene.Scene {
	return &scene.Scene{Sentence: "All pages are taken.",
		Processes: []scene.Process{
			{ID: "writer", Name: "writer", PID: 41, Life: scene.Asleep, Letter: "S", Where: "anon_pipe_write"},
			{ID: "other", Name: "other", PID: 42, Life: scene.Exited, End: "exit 1"}},
		Objects: []scene.Object{scene.Pipe{ID: "p", Label: "pipe", Capacity: 65536, Queued: 32784, Page: 4096, Taken: 16, Writers: 1, Readers: 1}},
		Links: []scene.Link{
			{From: "writer", To: "p", FD: 3, State: scene.Blocked},
			{From: "other", To: "p", Label: "EAGAIN", State: scene.Broken}},
	}
}

func inherit() *scene.Scene {
	table := func(cut bool) []scene.FD {
		return []scene.FD{
			{N: 0, Target: "/dev/null"},
			{N: 3, Target: "pipe:[8801]", Object: "p", End: "read end", Cut: cut},
			{N: 4, Target: "pipe:[8801]", Object: "p", End: "write end"},
		}
	}
	return &scene.Scene{
		Sentence: "The reader waits for an end that never comes: its parent still holds the write end.",
		Processes: []scene.Process{
			{ID: "parent", Name: "parent", PID: 900, Life: scene.Asleep, Letter: "S", Where: "do_wait", FDs: table(true)},
			{ID: "writer", Name: "writer", PID: 901, Life: scene.Killed, End: "killed by SIGKILL", Letter: "Z"},
			{ID: "reader", Name: "reader", PID: 902, Life: scene.Asleep, Letter: "S", Where: "anon_pipe_read", FDs: table(false)},
		},
		Objects: []scene.Object{scene.Pipe{ID: "p", Label: "pipe", Capacity: 65536, Queued: 0, Page: 4096, Writers: 2, Readers: 1}},
		Links: []scene.Link{
			{From: "parent", To: "p", FD: 4, State: scene.Idle},
			{From: "writer", To: "p", FD: 4, State: scene.Cut},
			{From: "p", To: "reader", FD: 3, State: scene.Blocked},
		},
	}
}

func atomic() *scene.Scene {
	s := &scene.Scene{Sentence: "Four writers share one pipe."}
	for i, n := range []string{"ann", "ben", "cleo", "dan"} {
		s.Processes = append(s.Processes, scene.Process{ID: n, Name: n, PID: 300 + i, Life: scene.Running, Letter: "R"})
		s.Links = append(s.Links, scene.Link{From: n, To: "p", FD: 3, State: scene.Moving})
	}
	s.Links[2].State = scene.Blocked
	s.Processes[2].Life, s.Processes[2].Letter, s.Processes[2].Where = scene.Asleep, "S", "anon_pipe_write"
	s.Processes = append(s.Processes, scene.Process{ID: "checker", Name: "checker", PID: 304, Life: scene.Running, Letter: "R"})
	s.Links = append(s.Links, scene.Link{From: "p", To: "checker", FD: 4, State: scene.Moving})
	s.Objects = []scene.Object{scene.Pipe{ID: "p", Label: "pipe", Capacity: 65536, Queued: 40960, Page: 4096, Writers: 4, Readers: 1,
		Segments: []scene.Segment{{Who: "ann", Bytes: 8192}, {Who: "cleo", Bytes: 16384}, {Who: "ben", Bytes: 4096}, {Who: "dan", Bytes: 12288}}}}
	s.Tables = []scene.Table{{Title: "records", Columns: []string{"size", "sent", "torn"}, Right: []int{0, 1, 2}, Bad: []int{2}, Origin: scene.Child,
		Rows: [][]string{{"512", "10,000", "0"}, {"4,096", "10,000", "0"}, {"8,192", "10,000", "1,204"}}}}
	s.Figures = []scene.Figure{scene.Count("torn", "torn", 1204, "", scene.Child)}
	return s
}

func eachWay() *scene.Scene {
	return &scene.Scene{
		Sentence: "A question goes one way, the answer the other.",
		Processes: []scene.Process{
			{ID: "client", Name: "client", PID: 61, Life: scene.Asleep, Letter: "S", Where: "anon_pipe_read"},
			{ID: "server", Name: "server", PID: 62, Life: scene.Stopped, Letter: "T"},
		},
		Objects: []scene.Object{
			scene.Pipe{ID: "ask", Label: "questions", Capacity: 65536, Queued: 128, Page: 4096, Writers: 1, Readers: 1},
			scene.Pipe{ID: "answer", Label: "answers", Capacity: 65536, Queued: -1, Page: 4096, Writers: 1, Readers: 1},
		},
		Links: []scene.Link{
			{From: "client", To: "ask", FD: 4, State: scene.Moving},
			{From: "ask", To: "server", FD: 0, Label: "0", State: scene.Idle},
			{From: "server", To: "answer", FD: 1, State: scene.Idle},
			{From: "answer", To: "client", FD: 3, State: scene.Blocked},
		},
	}
}

func fifo() *scene.Scene {
	return &scene.Scene{
		Sentence: "open(2) sleeps until the other side opens too.",
		Processes: []scene.Process{
			{ID: "writer", Name: "writer", PID: 71, Life: scene.Asleep, Letter: "S", Where: "wait_for_partner", Note: "in open(2)"},
			{ID: "reader", Name: "reader", Life: scene.Unborn},
		},
		Objects: []scene.Object{
			scene.Pipe{ID: "f", Label: "FIFO", Path: "/run/user/1000/ipctour/bell", Queued: -1, Writers: -1, Readers: 0},
			scene.File{ID: "name", Path: "bell", Mode: "prw-------", Size: 0, Inode: 4711, Note: "a name, and no bytes"},
		},
		Links: []scene.Link{
			{From: "writer", To: "f", Label: "open", State: scene.Blocked},
			{From: "f", To: "reader", State: scene.Idle},
		},
	}
}

func framing() *scene.Scene {
	return &scene.Scene{
		Sentence: "Three writes arrived as two reads.",
		Processes: []scene.Process{
			{ID: "sender", Name: "sender", PID: 81, Life: scene.Exited, End: "exit 0"},
			{ID: "reader", Name: "reader", PID: 82, Life: scene.Exited, End: "exit 3"},
		},
		Objects: []scene.Object{
			scene.Stream{ID: "s", Label: "what arrived",
				Sent:  []scene.Segment{{Who: "sender", Bytes: 4, Text: "one\n"}, {Who: "sender", Bytes: 4, Text: "two\n"}, {Who: "sender", Bytes: 6, Text: "three\n"}},
				Reads: []scene.Segment{{Bytes: 10, Text: "one\ntwo\nth"}, {Bytes: 4, Text: "ree\n"}}},
		},
		Links: []scene.Link{{From: "sender", To: "s", FD: 3, State: scene.Moving}, {From: "s", To: "reader", FD: 4, State: scene.Moving}},
	}
}

func ends() *scene.Scene {
	return &scene.Scene{
		Sentence: "The writer wrote to a pipe without a reader and was killed.",
		Processes: []scene.Process{
			{ID: "writer", Name: "writer", PID: 91, Life: scene.Killed, End: "killed by SIGPIPE",
				Calls: []scene.Call{{Name: "write", Args: "3, \"x\"..., 4096", Result: "-1 EPIPE", Failed: true, Took: 900}}},
			{ID: "reader", Name: "reader", PID: 92, Life: scene.Exited, End: "exit 0"},
		},
		Objects: []scene.Object{
			scene.Pipe{ID: "p", Label: "pipe", Capacity: 65536, Queued: 4096, Page: 4096, Writers: 1, Readers: 0, Gone: true},
			scene.File{ID: "log", Path: "/var/log/a-rather-long-name-of-a-log-file.log", Gone: true},
		},
		Links: []scene.Link{
			{From: "writer", To: "p", FD: 3, State: scene.Broken, Through: "EPIPE"},
			{From: "p", To: "reader", FD: 4, State: scene.Cut},
			{From: "writer", To: "log", FD: 5, State: scene.Moving},
		},
	}
}

func oneFrame() *scene.Scene {
	return &scene.Scene{
		Sentence: "The reader sees 42: one frame, two addresses.",
		Processes: []scene.Process{
			{ID: "a", Name: "writer", PID: 43101, Life: scene.Waiting, Letter: "S", Note: "waits for you"},
			{ID: "b", Name: "reader", PID: 43102, Life: scene.Running, Letter: "R"},
		},
		Objects: []scene.Object{scene.Page{ID: "board", Label: "/dev/shm/board", Frame: "0x1b7f2", Size: 4096, Note: "shared by 2",
			Words: []scene.Word{{Name: "answer", Text: "42", Who: "a"}, {Name: "number", Text: "7", Bad: true}}}},
		Links: []scene.Link{
			{From: "a", To: "board", Label: "0x50000000", State: scene.Moving},
			{From: "b", To: "board", Label: "0x7f3c12340000", State: scene.Moving},
		},
	}
}

func twoFrames() *scene.Scene {
	s := &scene.Scene{Sentence: "One address, two frames."}
	for i, n := range []string{"ann", "ben"} {
		s.Processes = append(s.Processes, scene.Process{ID: n, Name: n, PID: 600 + i, Life: scene.Running, Letter: "R"})
		frame := []string{"0x1b7f2", ""}[i]
		s.Objects = append(s.Objects, scene.Page{ID: "page " + n, Label: "page", Frame: frame, Note: "private",
			Words: []scene.Word{{Name: "value", Text: []string{"1", "2"}[i], Who: n}}})
		s.Links = append(s.Links, scene.Link{From: n, To: "page " + n, Label: "0x50000000", State: scene.Moving})
	}
	s.Objects = append(s.Objects, scene.Page{ID: "later", Absent: true, Size: 8192}, scene.Page{ID: "old", Label: "old page", Gone: true})
	return s
}

func locks() *scene.Scene {
	return &scene.Scene{
		Sentence: "The holder was killed, and the kernel marked its lock.",
		Processes: []scene.Process{
			{ID: "holder", Name: "holder", PID: 41201, Life: scene.Killed, End: "killed by SIGKILL"},
			{ID: "waiter", Name: "waiter", PID: 41202, Life: scene.Asleep, Letter: "S", Where: "futex_wait_queue"},
			{ID: "other", Name: "other", PID: 41203, Life: scene.Asleep, Letter: "S", Where: "futex_wait_queue"},
		},
		Objects: []scene.Object{
			scene.Futex{ID: "robust", Label: "robust lock", Word: 0xc000a0f1, Known: true, Robust: true, Waiters: true, Died: true, TID: 41201,
				Asleep: []string{"waiter"}, Note: "the kernel set OWNER_DIED"},
			scene.Futex{ID: "plain", Label: "lock", Word: 2, Known: true, Means: "locked, somebody waits", Owner: "holder",
				Asleep: []string{"waiter", "other", "x", "y", "z"}},
		},
		Links: []scene.Link{
			{From: "holder", To: "robust", State: scene.Cut},
			{From: "waiter", To: "robust", State: scene.Blocked},
			{From: "waiter", To: "plain", State: scene.Blocked},
			{From: "other", To: "plain", State: scene.Blocked},
		},
	}
}

func signalQueue() *scene.Scene {
	return &scene.Scene{
		Sentence: "Both signals are pending, a bit each.",
		Processes: []scene.Process{
			{ID: "sender", Name: "sender", PID: 41099, Life: scene.Waiting, Letter: "S", Note: "waits for you"},
			{ID: "target", Name: "target", PID: 41100, Life: scene.Waiting, Letter: "S", Note: "waits for you"},
		},
		Objects: []scene.Object{scene.Signals{ID: "sets", Label: "signals of target", Counts: true, Queued: 6, Limit: 96365, Rows: []scene.Signal{
			{Name: "SIGUSR1", Blocked: true, Caught: true, Pending: true, Sent: 10, Handled: 1, Values: []string{"1"}},
			{Name: "SIGRTMIN+1", Blocked: true, Caught: true, Pending: true, Sent: 10, Handled: 5, Values: []string{"1", "2", "3", "4", "5"}},
		}}},
		Links: []scene.Link{
			{From: "sender", To: "sets", State: scene.Moving},
			{From: "sets", To: "target", State: scene.Blocked, Through: "blocked"},
		},
		Figures: []scene.Figure{scene.Count("sent", "sent", 20, "", scene.Child), scene.Count("handled", "handled", 6, "", scene.Child)},
	}
}

func fates() *scene.Scene {
	s := &scene.Scene{
		Sentence:  "One signal, four fates.",
		Processes: []scene.Process{{ID: "sender", Name: "sender", PID: 500, Life: scene.Waiting, Letter: "S", Note: "waits for you"}},
	}
	for i, t := range []struct {
		name  string
		sets  scene.Signal
		state scene.Flow
		words string
	}{
		{"default", scene.Signal{}, scene.Moving, ""},
		{"ignored", scene.Signal{Ignored: true}, scene.Cut, "thrown away"},
		{"handled", scene.Signal{Caught: true}, scene.Moving, ""},
		{"blocked", scene.Signal{Blocked: true, Pending: true}, scene.Blocked, "held"},
	} {
		t.sets.Name = "SIGUSR1"
		q := scene.Process{ID: t.name, Name: t.name, PID: 501 + i, Life: scene.Waiting, Letter: "S", Note: t.words}
		if i == 0 {
			q = scene.Process{ID: t.name, Name: t.name, PID: 501, Life: scene.Killed, End: "killed by SIGUSR1"}
		}
		s.Processes = append(s.Processes, q)
		s.Objects = append(s.Objects, scene.Signals{ID: t.name + " sets", Label: "signals of " + t.name, Rows: []scene.Signal{t.sets}, Gone: i == 0})
		s.Links = append(s.Links,
			scene.Link{From: "sender", To: t.name + " sets", State: scene.Idle, Through: "USR1"},
			scene.Link{From: t.name + " sets", To: t.name, State: t.state, Through: t.words})
	}
	return s
}

func islands() *scene.Scene {
	return &scene.Scene{
		Sentence: "Two processes share nothing.",
		Processes: []scene.Process{
			{ID: "a", Name: "A", PID: 11, Life: scene.Running, Letter: "R", Note: "value 1"},
			{ID: "b", Name: "B", PID: 12, Life: scene.Running, Letter: "R", Note: "value 2"},
		},
		Objects: []scene.Object{odd{}},
	}
}

// odd is a kind that draw does not know.
type odd struct{}

func (odd) Key() string  { return "kettle" }
func (odd) Kind() string { return "samovar" }

func hostile() *scene.Scene {
	return &scene.Scene{
		Sentence: "\x1b]0;owned\a\x1b[2J",
		Processes: []scene.Process{
			{ID: "a", Name: "\x1b[31mred\x1b[0m", PID: 1, Life: scene.Running, Letter: "\x07", Note: "\u202egnp.exe\u200b"},
			{ID: "b", Name: "世界 café\xff", PID: -4, Life: "odd", Where: "a\u0301b\u0300"},
		},
		Objects: []scene.Object{scene.Pipe{ID: "p", Label: "p\rq\n", Capacity: -1, Queued: 1 << 62, Page: -4096}},
		Links:   []scene.Link{{From: "a", To: "p", FD: 3, State: "odd", Through: "\x1b[H"}, {From: "p", To: "b", FD: 4, Both: true}},
	}
}

func queues() *scene.Scene {
	return &scene.Scene{
		Sentence: "Five messages wait, the urgent ones in front.",
		Processes: []scene.Process{
			{ID: "anna", Name: "anna", PID: 710, Life: scene.Waiting, Letter: "S", Note: "waits for you"},
			{ID: "bert", Name: "bert", PID: 711, Life: scene.Waiting, Letter: "S", Note: "waits for you"},
			{ID: "consumer", Name: "consumer", PID: 712, Life: scene.Waiting, Letter: "S", Note: "waits for you"},
		},
		Objects: []scene.Object{scene.Queue{ID: "queue", Label: "queue", Count: 5, Depth: 10, Size: 64, Messages: []scene.Message{
			{Who: "bert", Priority: 31, Text: "fire"}, {Who: "anna", Priority: 1, Text: "letter 1"}, {Who: "anna", Priority: 1, Text: "letter 2"},
			{Who: "bert", Priority: 1, Text: "letter 3"}, {Who: "anna", Text: "log"}}}},
		Links: []scene.Link{
			{From: "anna", To: "queue", FD: 3, State: scene.Idle},
			{From: "bert", To: "queue", FD: 3, State: scene.Idle},
			{From: "queue", To: "consumer", FD: 3, State: scene.Idle},
		},
		Figures: []scene.Figure{scene.Count("messages", "in the queue", 5, "", scene.Kernel), scene.Count("depth", "it may hold", 10, "", scene.Kernel)},
	}
}

func fullQueue() *scene.Scene {
	s := queues()
	s.Sentence = "The queue is full; another has no name, and a third is gone."
	q := scene.Queue{ID: "queue", Label: "queue", Path: "/ipctour-41022-7712-1-letters", Count: 10, Depth: 10, Size: 64}
	for i := range 10 {
		q.Messages = append(q.Messages, scene.Message{Who: "anna", Priority: 0, Text: "job " + string(rune('0'+i))})
	}
	s.Objects = []scene.Object{q,
		scene.Queue{ID: "unnamed", Label: "letters", Count: 300, Depth: 65536, Unnamed: true, Messages: []scene.Message{{Priority: 32767, Text: "first"}}},
		scene.Queue{ID: "gone", Label: "drafts", Gone: true},
		scene.Queue{ID: "unknown", Count: -1}}
	s.Processes[0].Life, s.Processes[0].Where, s.Processes[0].Note = scene.Asleep, "wq_sleep", ""
	s.Links[0].State = scene.Blocked
	s.Links[1].To, s.Links[1].State = "unnamed", scene.Moving
	return s
}

func eventfds() *scene.Scene {
	return &scene.Scene{
		Sentence: "Two writers have added 3 and 4; one read will take 7.",
		Processes: []scene.Process{
			{ID: "writer", Name: "writer", PID: 501, Life: scene.Waiting, Letter: "S", Note: "waits for you"},
			{ID: "second", Name: "second writer", PID: 502, Life: scene.Asleep, Letter: "S", Where: "eventfd_write"},
			{ID: "reader", Name: "reader", PID: 503, Life: scene.Asleep, Letter: "S", Where: "timerfd_read"},
		},
		Objects: []scene.Object{
			scene.Counter{ID: "full", Label: "eventfd", Value: scene.CounterMax, Known: true},
			scene.Counter{ID: "seven", Label: "tickets", Value: 7, Known: true, Semaphore: true},
			scene.Counter{ID: "new", Label: "not read"}, scene.Counter{ID: "old", Label: "old", Gone: true},
			scene.Timer{ID: "timer", Label: "timerfd", Interval: 100 * time.Millisecond, Left: 37 * time.Millisecond, Ticks: 5, Known: true, Armed: true},
		},
		Links: []scene.Link{
			{From: "writer", To: "full", FD: 3, State: scene.Idle},
			{From: "second", To: "full", FD: 3, State: scene.Blocked},
			{From: "full", To: "reader", FD: 3, State: scene.Idle},
			{From: "timer", To: "reader", FD: 4, State: scene.Blocked},
			{From: "writer", To: "seven", FD: 5, State: scene.Moving},
		},
	}
}

func oneLoop() *scene.Scene {
	names := []string{"socket", "pipe", "eventfd", "timerfd", "signalfd", "pidfd", "inotify"}
	l := scene.Loop{ID: "epoll", Label: "epoll", Wakes: 31}
	for i, n := range names {
		l.Watches = append(l.Watches, scene.Watch{FD: 3 + i, Name: n, Wakes: int64(i * i), Edge: i%2 == 1, Ready: n == "pipe", Cut: n == "pidfd"})
	}
	return &scene.Scene{
		Sentence: "Seven sources, one thread asleep in epoll_wait.",
		Processes: []scene.Process{
			{ID: "poker", Name: "poker", PID: 601, Life: scene.Waiting, Letter: "S", Note: "waits for you"},
			{ID: "child", Name: "child", PID: 602, Life: scene.Exited, End: "exit 0"},
			{ID: "server", Name: "server", PID: 603, Life: scene.Asleep, Letter: "S", Where: "ep_poll"},
		},
		Objects: []scene.Object{l, scene.Timer{ID: "idle", Label: "idle timer", Known: true}, scene.Timer{ID: "busy", Label: "busy timer", Ticks: 1 << 40, Known: true, Armed: true}},
		Links: []scene.Link{
			{From: "poker", To: "epoll", State: scene.Moving, Through: "1 byte"},
			{From: "child", To: "epoll", State: scene.Cut},
			{From: "epoll", To: "server", FD: 11, State: scene.Blocked},
		},
	}
}
