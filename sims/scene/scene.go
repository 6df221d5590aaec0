// Package scene is a picture as data: processes, kernel objects, the links
// between them, figures and one sentence. It says what there is; how it looks
// is decided by ui/draw and how it is told by ui/plain. Nothing here knows of
// columns, colours or escape codes.
package scene

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Scene is everything that one moment of a lesson shows.
type Scene struct {
	// Sentence says what is happening now, in the present tense.
	Sentence string `json:"sentence"`
	// Processes are the cast, in the order in which they are introduced.
	Processes []Process `json:"processes"`
	// Objects are the things of the kernel that the processes share.
	Objects []Object `json:"objects"`
	// Links join a process to an object, in the direction the data moves.
	Links []Link `json:"links"`
	// Figures are the numbers worth watching, most important first.
	Figures []Figure `json:"figures"`
	// Tables hold results that are more than one number.
	Tables []Table `json:"tables,omitempty"`
}

// Life is where a process is between not yet started and gone.
type Life string

const (
	Unborn  Life = "unborn"  // not started yet
	Running Life = "running" // on a processor or ready for one (R)
	Asleep  Life = "asleep"  // blocked in the kernel (S or D)
	Waiting Life = "waiting" // held by the tour: at a gate, or for a key of the learner
	Stopped Life = "stopped" // by SIGSTOP (T)
	Exited  Life = "exited"  // ended by itself
	Killed  Life = "killed"  // ended by a signal
	Drawn   Life = "drawn"   // in a diagram of the text: no real process
)

// Alive reports whether there is still a process.
func (l Life) Alive() bool { return l != Unborn && l != Exited && l != Killed && l != Drawn }

// Process is one real process of the cast.
type Process struct {
	ID     string `json:"id"`               // its role; links name it
	Name   string `json:"name"`             // what the learner reads, usually the same
	PID    int    `json:"pid,omitempty"`    // 0 before it is started
	Life   Life   `json:"life"`             //
	Letter string `json:"letter,omitempty"` // state as the kernel writes it in /proc/PID/stat: R S D T t Z
	Where  string `json:"where,omitempty"`  // what it sleeps in, by itself: anon_pipe_write, or the call, read
	Note   string `json:"note,omitempty"`   // a few words in its box: "paused by you", "at gate write"
	End    string `json:"end,omitempty"`    // how it ended: "exit 0", "killed by SIGPIPE"
	Traced bool   `json:"traced,omitempty"` // its system calls are being watched
	FDs    []FD   `json:"fds,omitempty"`    // its descriptor table, where the lesson is about it
	Calls  []Call `json:"calls,omitempty"`  // its latest system calls, oldest first
	Gate   string `json:"gate,omitempty"`   // the gate it waits at in step mode
}

// FD is one row of a process's descriptor table, as /proc/PID/fd shows it.
type FD struct {
	N      int    `json:"n"`                // the number
	Target string `json:"target"`           // what the link says: pipe:[12345], /dev/null
	Object string `json:"object,omitempty"` // the scene object it leads to, if it is one
	End    string `json:"end,omitempty"`    // "read end", "write end", "both ways"
	Cut    bool   `json:"cut,omitempty"`    // closed since; drawn struck out
}

// Call is one system call of a process, seen from the tracer.
type Call struct {
	Name    string        `json:"name"`
	Args    string        `json:"args"`             // decoded, e.g. 3, 4096
	Result  string        `json:"result,omitempty"` // "4096", "-1 EPIPE"; empty while it has not returned
	Failed  bool          `json:"failed,omitempty"` // the result is an error
	At      time.Duration `json:"at"`               // of the entry, since the run began
	Took    time.Duration `json:"took,omitempty"`   // from entry to exit; for a blocked call, till now
	Blocked bool          `json:"blocked,omitempty"`
}

// Link is one process's hold on one object. Data moves From → To.
type Link struct {
	From    string `json:"from"`
	To      string `json:"to"`
	FD      int    `json:"fd,omitempty"`    // the descriptor at the process's side; 0 when it is not shown
	Label   string `json:"label,omitempty"` // instead of the descriptor: "mmap", "2", "stdout"
	Both    bool   `json:"both,omitempty"`  // data moves both ways
	State   Flow   `json:"state"`
	Plain   bool   `json:"plain,omitempty"`   // joined, no direction: a mapping
	Through string `json:"through,omitempty"` // words on the arrow, e.g. what is in flight
}

// Flow is what a link is doing.
type Flow string

const (
	Idle    Flow = "idle"    // open, nothing moves
	Moving  Flow = "moving"  // bytes move
	Blocked Flow = "blocked" // the process at this end is asleep on it
	Cut     Flow = "cut"     // closed
	Broken  Flow = "broken"  // the last use of it failed: EPIPE, ECONNREFUSED
)

// Object is a thing of the kernel. Each kind is one type in this package, one
// file in ui/draw and one in ui/plain.
type Object interface {
	// Key is the name that links use.
	Key() string
	// Kind is the word for it in JSON and in tests, e.g. "pipe".
	Kind() string
}

// Origin says where a figure comes from.
type Origin string

const (
	Kernel  Origin = "kernel"  // read from the kernel: ·k
	Child   Origin = "child"   // counted by the process itself: ·c
	Derived Origin = "derived" // computed from others: ·d
	Said    Origin = "source"  // the source document's figure, not measured: ·s
)

// Figure is one number on the screen, with where it comes from.
type Figure struct {
	ID      string    `json:"id"`
	Label   string    `json:"label"`             // "in the pipe"
	Text    string    `json:"text"`              // "65,536 B"
	Origin  Origin    `json:"origin"`            //
	How     string    `json:"how,omitempty"`     // how it was read: "ioctl(FIONREAD)"
	Command string    `json:"command,omitempty"` // what reads the same from another terminal
	Missing string    `json:"missing,omitempty"` // why it cannot be had here; Text is then empty
	History []float64 `json:"history,omitempty"` // earlier values, evenly spaced, oldest first; drawn as a line
	Who     string    `json:"who,omitempty"`     // the process that it tells of, where it is one
	Now     bool      `json:"now,omitempty"`     // what happens now is about it: the last to go where there is little room
}

// Table is a result with rows and columns.
type Table struct {
	Title   string     `json:"title"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	Origin  Origin     `json:"origin"`
	// Bad marks rows that show a failure (torn, refused), by index.
	Bad []int `json:"bad,omitempty"`
	// Right marks columns of numbers, by index.
	Right []int `json:"right,omitempty"`
	// Now marks the rows that the latest run changed, by index: the last to go where
	// there is little room. Rows next to them come next.
	Now []int `json:"now,omitempty"`
}

// Count is a figure that counts things: its text has thousands separators and,
// where unit is not empty, the unit after a space.
func Count(id, label string, n int64, unit string, origin Origin) Figure {
	t := Thousands(n)
	if unit != "" {
		t += " " + unit
	}
	return Figure{ID: id, Label: label, Text: t, Origin: origin}
}

// Missing is a figure that this machine does not give, with the reason.
func Missing(id, label, why string) Figure {
	return Figure{ID: id, Label: label, Origin: Kernel, Missing: why}
}

// From adds how a figure was read and the command that reads it elsewhere.
func (f Figure) From(how, command string) Figure {
	f.How, f.Command = how, command
	return f
}

// Of says which process a figure tells of.
func (f Figure) Of(who string) Figure {
	f.Who = who
	return f
}

// Mark says that what happens now is about the figures with these ids.
func (s *Scene) Mark(ids ...string) {
	for i := range s.Figures {
		s.Figures[i].Now = s.Figures[i].Now || slices.Contains(ids, s.Figures[i].ID)
	}
}

// Thousands writes n with a comma between groups of three digits.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Tenths writes n tenths: "11.4", and from a hundred on without the last digit.
func Tenths(n int64) string {
	if n >= 1000 {
		return Thousands((n + 5) / 10)
	}
	return strconv.FormatInt(n/10, 10) + "." + strconv.FormatInt(n%10, 10)
}

// Bytes is a number of bytes: "65,536 B".
func Bytes(n int64) string { return Thousands(n) + " B" }

// Many is a number of things, in the plural where it is not one: "2 write ends",
// "3 pairs of sockets".
func Many(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if head, tail, is := strings.Cut(thing, " of "); is {
		return Thousands(n) + " " + head + "s of " + tail
	}
	return Thousands(n) + " " + thing + "s"
}

// Object finds an object by its key, or nil.
func (s *Scene) Object(key string) Object {
	for _, o := range s.Objects {
		if o.Key() == key {
			return o
		}
	}
	return nil
}

// Process finds a process by its id, or nil.
func (s *Scene) Process(id string) *Process {
	for i := range s.Processes {
		if s.Processes[i].ID == id {
			return &s.Processes[i]
		}
	}
	return nil
}
