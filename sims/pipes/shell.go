package pipes

// What this lesson shows: the shell's bar is four calls in a row. pipe and fork,
// then dup2 in each child puts the pipe under descriptor 0 or 1, then exec puts
// a program in place that never knows (dup2(2), execve(2)).

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/stage"
)

//go:embed shell.go
var shellSource string

var shell = sims.Sim{
	ID:     "pipes/shell",
	Source: shellSource,
	Roles: []sims.Role{
		{Name: "terminal", Run: showOutput, Counters: []string{"shown"}, Gates: []string{"read"}},
		{Name: "shell", Run: startPipeline, Gates: []string{"pipe", "fork"}},
		{Name: stageName(1), Run: becomeStage, By: "shell", Gates: []string{"dup2", "close", "exec"}},
		{Name: stageName(2), Run: becomeStage, By: "shell", Gates: []string{"dup2", "close", "exec"}},
		{Name: stageName(3), Run: becomeStage, By: "shell", Gates: []string{"dup2", "close", "exec"}},
		{Name: stageName(4), Run: becomeStage, By: "shell", Gates: []string{"dup2", "close", "exec"}},
	},
	Options: []sims.Option{
		{Name: "command line", Check: checkLine, Values: []string{"ls | grep txt", "yes | head -1", "cat words.txt | sort | uniq -c | sort -rn",
			"seq 1000 | tr 0-9 a-j | wc -c", "grep -c pipe words.txt notes.md", "ls nowhere | wc -l"}},
		{Name: "pace", Values: []string{"step by step", "at once"}},
		{Name: "spare ends", Values: []string{"closed", "forgotten"}},
	},
	Wire: wireShell,
	Knobs: []sims.Knob{
		{Key: "1", Name: "rewire", Help: "every stage calls dup2 and closes the spare ends", Act: tellStages("rewire")},
		{Key: "2", Name: "run the programs", Help: "every stage calls exec", Act: tellStages("run")},
		{Key: "l", Name: "edit the line", Help: "up to four stages; the cast starts anew", Act: sims.Choose{Option: "command line"}},
		{Key: "p", Name: "pace", Help: "wait for you before dup2 and exec, or not at all; the cast starts anew", Act: sims.Choose{Option: "pace"}},
		{Key: "f", Name: "spare ends", Help: "close the spare ends after dup2, or forget them; the cast starts anew", Act: sims.Choose{Option: "spare ends"}},
	},
	Draw: drawShell,
	Walk: []sims.Step{
		{ID: "before", Turn: stepByStep(),
			For: "every stage waits, with both ends of every pipe", Until: func(w *sims.World) bool {
				return w.ReadSince(w.Last("shell", "forked")) && everyStage(w, func(a *sims.ActorState) bool { return a.Idle && len(a.FDs) == 2*(len(stages(w))-1)+1 })
			}},
		{ID: "after", Turn: append(stepByStep(), sims.Turn{Knob: "rewire", When: everyStageBorn}), For: "every stage has rewired its descriptors", Until: func(w *sims.World) bool {
			return w.Said("", "rewired") == len(stages(w)) && w.ReadSince(w.Last("", "rewired"))
		}},
		{ID: "runs", From: "after", Turn: sims.Press("run the programs"), For: "every stage has ended", Until: allOver},
		{ID: "sigpipe", Turn: []sims.Turn{{Knob: "spare ends", Value: "closed", If: func(w *sims.World) bool { return w.Options["spare ends"] != "closed" }},
			{Knob: "edit the line", Value: "yes | head -1"}, {Knob: "pace", Value: "at once"}},
			For: "yes and head have ended", Until: allOver},
	},
	Claims: []sims.Claim{
		{ID: "dup2", Says: "dup2 puts the pipe under descriptors 0 and 1 before any program runs", After: "after", Check: checkDup2},
		{ID: "output", Says: "what comes out is what a shell gives for the same line", After: "runs", Check: checkOutput},
		{ID: "statuses", Says: "every stage has an exit status of its own", After: "sigpipe", Check: checkStatuses},
		{ID: "sigpipe", Says: "yes is killed by SIGPIPE when head has gone", After: "sigpipe", Check: func(a *sims.World) sims.Verdict {
			return sims.Judge(a.Actor(stageName(1)).Signal == int(unix.SIGPIPE), "killed by SIGPIPE", a.Actor(stageName(1)).Ended(), "wait status")
		}},
	},
}

// stepByStep are the turns that give a cast whose stages wait before dup2, with no
// spare end forgotten: a new one where anything was done to the one that is there.
func stepByStep() []sims.Turn {
	return []sims.Turn{{Knob: "spare ends", Value: "closed"}, {Knob: "pace", Value: "step by step"}}
}

// samples are the files of the lesson's folder.
var samples = map[string]string{
	"apples.txt": "a red one\na green one\n",
	"notes.md":   "# Notes\n\nA pipe is a buffer.\n",
	"pears.txt":  "one pear\n",
	"readme":     "These files are made for one lesson and go with it.\n",
	"words.txt":  "pipe\nfork\npipe\nexec\ndup2\npipe\nfork\nexec\nwait\npipe\n",
}

func wireShell(w *sims.Wiring) error {
	lines, err := parseLine(w.Option("command line"))
	if err != nil {
		return err
	}
	folder := w.Dir()
	for name, text := range samples {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("sample file: %w", err)
		}
	}
	out := w.Pipe("screen", 0)
	w.GiveAt("shell", "standard output", out.W, 1)
	w.Give("terminal", "in", out.R)
	w.Put("shell", "stages", strconv.Itoa(len(lines)))
	for i, words := range lines {
		path, err := program(words[0])
		if err != nil {
			return err
		}
		for name, value := range map[string]string{"stages": strconv.Itoa(len(lines)), "number": strconv.Itoa(i + 1),
			"path": path, "words": strings.Join(words, "\n"), "folder": folder} {
			w.Put(stageName(i+1), name, value)
		}
		if i > 0 {
			w.Promise(pipeName(i), "pipe") // the shell makes it
		}
	}
	return nil
}

// startPipeline is the shell: a pipe for each bar, a child for each stage. Its
// own standard output leads to the terminal, and every child inherits that too.
func startPipeline(a *sims.Actor) error {
	var names []string
	var fds []int
	for i := 1; i < a.Int("stages"); i++ {
		var p [2]int
		a.Gate("pipe")
		if err := unix.Pipe2(p[:], 0); err != nil {
			return fmt.Errorf("pipe2: %w", err)
		}
		a.Hold(pipeName(i), p[0])
		names = append(names, pipeName(i)+" r", pipeName(i)+" w")
		fds = append(fds, p[0], p[1])
	}
	for i := 1; i <= a.Int("stages"); i++ {
		a.Gate("fork")
		if _, err := a.Fork(stageName(i), names, fds); err != nil {
			return err
		}
	}
	for _, fd := range fds {
		unix.Close(fd) // a write end kept here would keep a reader waiting for ever
	}
	a.Say("forked")
	return nil // a shell would call wait(2) now; the tour does that for it
}

// becomeStage is the child between fork and exec: it rewires, then becomes a program.
func becomeStage(a *sims.Actor) error {
	number, last := a.Int("number"), a.Int("stages")
	told := a.Arg("pace") == "at once" || hear(a, "rewire", "run") == "run"
	a.Gate("dup2")
	if number > 1 { // what the stage before prints is our standard input
		if err := unix.Dup2(a.FD(pipeName(number-1)+" r"), 0); err != nil {
			return fmt.Errorf("dup2: %w", err)
		}
	}
	if number < last { // what we print is the next one's; the last keeps the terminal
		if err := unix.Dup2(a.FD(pipeName(number)+" w"), 1); err != nil {
			return fmt.Errorf("dup2: %w", err)
		}
	}
	a.Gate("close")
	if a.Arg("spare ends") == "closed" {
		for i := 1; i < last; i++ {
			unix.Close(a.FD(pipeName(i) + " r"))
			unix.Close(a.FD(pipeName(i) + " w"))
		}
	}
	a.Say("rewired")
	if !told {
		hear(a, "run")
	}
	if err := stayWithin(a.Arg("folder")); err != nil {
		return err
	}
	a.Gate("exec")
	return a.Exec(a.Arg("path"), strings.Split(a.Arg("words"), "\n"), []string{"LC_ALL=C", "TMPDIR=" + a.Arg("folder")})
}

// stayWithin goes to the folder of samples and bounds a program more tightly than
// any role: files of 1 MiB, and 5 seconds of processor time, after which SIGXCPU
// ends one that would go on for ever (setrlimit(2)).
func stayWithin(folder string) error {
	if err := unix.Chdir(folder); err != nil {
		return fmt.Errorf("chdir: %w", err)
	}
	for what, most := range map[int]uint64{unix.RLIMIT_FSIZE: 1 << 20, unix.RLIMIT_CPU: 5} {
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: most, Max: most + 1}); err != nil { // at Max it would be SIGKILL
			return fmt.Errorf("setrlimit: %w", err)
		}
	}
	return nil
}

// screenful is how much the terminal shows before it has seen enough.
const screenful = 8 << 10

// showOutput is the terminal: it shows what arrives, up to a screenful, and then
// closes. Whoever prints on gets SIGPIPE.
func showOutput(a *sims.Actor) error {
	in, shown := a.FD("in"), a.Counter("shown")
	buf := make([]byte, 2048)
	for shown.Load() < screenful {
		a.Gate("read")
		n, err := unix.Read(in, buf)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return fmt.Errorf("read: %w", err)
		case n == 0: // every stage has closed its standard output
			a.Say("end of output")
			return nil
		default:
			shown.Add(int64(n))
			a.Say("printed", sims.Word("text", string(buf[:n])))
		}
	}
	a.Say("seen enough")
	return nil
}

// hear takes commands until one of those named comes.
func hear(a *sims.Actor, names ...string) string {
	for {
		got := a.Next().Name
		for _, name := range names {
			if got == name {
				return got
			}
		}
	}
}

// tellStages sends a command to every stage that can still take one.
func tellStages(command string) sims.Do {
	return sims.Do{Run: func(r *stage.Run, _ string) error {
		told := 0
		for i := 1; i <= maxStages; i++ {
			if r.Tell(stageName(i), sims.Command{Name: command}) == nil { // else it is not there, or another program by now
				told++
			}
		}
		if told == 0 {
			return stage.Already{Says: "no stage takes commands any more: start the cast again"}
		}
		return nil
	}}
}

func stageName(i int) string { return "stage" + strconv.Itoa(i) }

func pipeName(i int) string { return "bar" + strconv.Itoa(i) }
