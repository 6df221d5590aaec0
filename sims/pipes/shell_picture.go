package pipes

// How the lesson on the shell is judged and drawn.

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims"
	"ipctour/sims/scene"
)

// stages are the words of each stage of this cast's command line.
func stages(w *sims.World) [][]string {
	s, err := parseLine(w.Options["command line"])
	if err != nil {
		return nil // before the cast has begun
	}
	return s
}

func everyStage(w *sims.World, is func(*sims.ActorState) bool) bool {
	n := len(stages(w))
	for i := 1; i <= n; i++ {
		if !is(w.Actor(stageName(i))) {
			return false
		}
	}
	return n > 0
}

// everyStageBorn is every stage started by the shell: it can be told something, or
// is past that.
func everyStageBorn(w *sims.World) bool {
	return w.ReadSince(w.Last("shell", "forked")) && everyStage(w, func(a *sims.ActorState) bool { return a.Idle || a.Program != "" || a.Ended() != "" })
}

// allOver is every stage ended, and the terminal with them.
func allOver(w *sims.World) bool {
	return everyStage(w, func(a *sims.ActorState) bool { return a.Ended() != "" }) && w.Actor("terminal").Ended() != ""
}

// checkDup2 looks at descriptors 0 and 1 of each stage before and after. The line may
// have been edited between the two: then other stages were looked at before.
func checkDup2(b *sims.World) sims.Verdict {
	a := b.After("before")
	n := len(stages(b))
	if n == 1 {
		return sims.Verdict{Status: sims.Skipped, Reason: "a line without a bar has no pipe to put anywhere"}
	}
	ok := everyStage(a, func(s *sims.ActorState) bool {
		return objectAt(a, s.Role, 0) == "" && objectAt(a, s.Role, 1) == "screen"
	})
	var want, got []string
	for i := 1; i <= n; i++ {
		in, out := "", "screen"
		if i > 1 {
			in = pipeName(i - 1)
		}
		if i < n {
			out = pipeName(i)
		}
		role := stageName(i)
		want = append(want, fmt.Sprintf("stage %d: 0 %s, 1 %s", i, leads(in), leads(out)))
		got = append(got, fmt.Sprintf("stage %d: 0 %s, 1 %s", i, leads(objectAt(b, role, 0)), leads(objectAt(b, role, 1))))
		ok = ok && objectAt(b, role, 0) == in && objectAt(b, role, 1) == out && b.Actor(role).Program == ""
	}
	return sims.Judge(ok, strings.Join(want, " · "), strings.Join(got, " · "), "/proc/PID/fd")
}

func leads(object string) string {
	if object == "" {
		return "as before"
	}
	return "to " + label(object)
}

// objectAt is what a role's descriptor of that number leads to.
func objectAt(w *sims.World, role string, fd int) string {
	for _, f := range w.Actor(role).FDs {
		if f.N == fd {
			return f.Object
		}
	}
	return ""
}

// outcome is what a line gives: what it prints, by field, and how each stage ends.
type outcome struct {
	prints string
	ends   []string
}

const fails = "exit, but not 0" // with which number is the program's own affair

// expected is what a shell gives for the lines that the lesson offers. A test asks
// /bin/sh itself.
var expected = map[string]outcome{
	"ls | grep txt": {"apples.txt pears.txt words.txt", []string{"exit 0", "exit 0"}},
	"yes | head -1": {"y", []string{"killed by SIGPIPE", "exit 0"}},
	"cat words.txt | sort | uniq -c | sort -rn": {"4 pipe 2 fork 2 exec 1 wait 1 dup2", []string{"exit 0", "exit 0", "exit 0", "exit 0"}},
	"seq 1000 | tr 0-9 a-j | wc -c":             {"3893", []string{"exit 0", "exit 0", "exit 0"}},
	"grep -c pipe words.txt notes.md":           {"words.txt:4 notes.md:1", []string{"exit 0"}},
	"ls nowhere | wc -l":                        {"0", []string{fails, "exit 0"}},
}

func checkOutput(a *sims.World) sims.Verdict {
	want, known := expected[a.Options["command line"]]
	if !known {
		return sims.Verdict{Status: sims.Skipped, Reason: "the command line is your own: there is nothing to compare its output with"}
	}
	got := strings.Join(strings.Fields(printed(a)), " ")
	return sims.Judge(got == want.prints, want.prints, got, "read(2) of the terminal")
}

// checkStatuses looks how each stage of both lines ended; how one of your own should
// end is not known here.
func checkStatuses(b *sims.World) sims.Verdict {
	var want, got []string
	ok := true
	for _, w := range []*sims.World{b.After("runs"), b} {
		line, known := expected[w.Options["command line"]]
		if !known {
			continue
		}
		for i, words := range stages(w) {
			how := w.Actor(stageName(i + 1)).Ended()
			want, got = append(want, words[0]+": "+line.ends[i]), append(got, words[0]+": "+how)
			ok = ok && endsAs(how, line.ends[i])
		}
	}
	return sims.Judge(ok, strings.Join(want, " · "), strings.Join(got, " · "), "wait status of each pid")
}

func endsAs(how, want string) bool {
	return how == want || want == fails && strings.HasPrefix(how, "exit ") && how != "exit 0"
}

// statuses say how each stage ended.
func statuses(w *sims.World) []string {
	var s []string
	for i, words := range stages(w) {
		if e := w.Actor(stageName(i + 1)).Ended(); e != "" {
			s = append(s, words[0]+": "+e)
		}
	}
	return s
}

// printed is all that the terminal has read.
func printed(w *sims.World) string {
	var b strings.Builder
	for _, m := range w.Moments {
		if m.Name == "printed" {
			b.WriteString(m.S["text"])
		}
	}
	return b.String()
}

func drawShell(w *sims.World) *scene.Scene {
	s := &scene.Scene{Sentence: shellSentence(w)}
	lines := stages(w)
	// The shell goes when it has done its part.
	if a := w.Actor("shell"); a.Ended() == "" || a.Code != 0 || a.Signal != 0 || w.Last("shell", "forked") == nil {
		s.Processes = append(s.Processes, withEnds(w, "shell"))
	}
	for i, words := range lines {
		role := stageName(i + 1)
		p := withEnds(w, role)
		p.Name = "stage " + strconv.Itoa(i+1)
		switch a := w.Actor(role); {
		case a.Program != "":
			p.Name = a.Program
			if a.Ended() != "" {
				p.FDs = nil // all closed
			}
		case p.Note == "" && a.Life.Alive():
			p.Note = "not yet " + words[0]
		}
		s.Processes = append(s.Processes, p)
		if i > 0 && wasHeld(w, pipeName(i)) {
			s.Objects = append(s.Objects, bar(w, i))
		}
	}
	// Of the terminal it is the text that counts, unless you have a hand in the
	// process that reads it.
	if a := w.Actor("terminal"); a.Traced || a.Gate != "" || a.Paused || a.Life == scene.Stopped || a.Life == scene.Killed {
		s.Processes = append(s.Processes, withEnds(w, "terminal"))
	}
	s.Objects = append(s.Objects, screen(w))
	for i := range lines {
		s.Links = append(s.Links, stageLinks(w, i+1, len(lines))...)
	}
	for i := range s.Processes {
		for j := range s.Processes[i].FDs {
			f := &s.Processes[i].FDs[j]
			f.Target = label(f.Object)
		}
	}
	s.Figures = shellFigures(w)
	return s
}

// label is what the learner reads for an object of this lesson.
func label(object string) string {
	if n, ok := strings.CutPrefix(object, "bar"); ok {
		return "pipe " + n
	}
	return "terminal"
}

func bar(w *sims.World, i int) scene.Pipe {
	p := w.Pipe(pipeName(i))
	p.Label = label(p.ID)
	return p
}

// screen is the terminal's text: the line, what was printed, and what programs
// said on their standard error.
func screen(w *sims.World) scene.Output {
	o := scene.Output{ID: "screen", Label: "what the terminal shows", Lines: []string{"$ " + w.Options["command line"]}}
	text := ""
	for _, m := range w.Moments { // in the order in which it came
		if m.Name == "stderr" && text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		switch m.Name {
		case "stderr":
			text += strings.TrimSuffix(m.S["text"], "\n") + "\n"
		case "printed":
			text += m.S["text"]
		}
	}
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return o
	}
	lines := strings.Split(text, "\n")
	if over := len(lines) - keptLines; over > 0 {
		o.More = int64(len(strings.Join(lines[:over], "\n")) + 1)
		lines = lines[over:]
	}
	for _, l := range lines {
		o.Lines = append(o.Lines, strings.ReplaceAll(l, "\t", "    "))
	}
	return o
}

const keptLines = 20

// stageLinks are a stage's hold on the pipe before it and on the one after: the
// ends that it is to use, and of the others those that it still holds, as far as
// there is room for them. What leads to the terminal is in the tables.
func stageLinks(w *sims.World, i, n int) []scene.Link {
	role := stageName(i)
	if w.Actor(role).Births == 0 {
		return nil
	}
	var links []scene.Link
	hold := func(bar int, mode string, uses bool) {
		pipe := pipeName(bar)
		if bar < 1 || bar >= n || !wasHeld(w, pipe) {
			return
		}
		l := w.Link(role, pipe, mode)
		if !uses {
			if l.State == scene.Cut {
				return
			}
			l.State = scene.Idle
		}
		if l.State != scene.Cut {
			l.Label = strconv.Itoa(l.FD) // 0 is a number worth showing here
		}
		links = append(links, l)
	}
	spare := n == 2
	if spare {
		hold(i, "r", false)
	}
	hold(i, "w", true)
	hold(i-1, "r", true)
	if spare || w.Said(role, "rewired") > 0 {
		hold(i-1, "w", false)
	}
	return links
}

func shellFigures(w *sims.World) []scene.Figure {
	var f []scene.Figure
	for i, words := range stages(w) {
		a := w.Actor(stageName(i + 1))
		text := a.Ended()
		if text == "" {
			text = "has not ended"
		}
		if a.Signal == int(unix.SIGPIPE) {
			text += " (a shell says 141)"
		}
		f = append(f, scene.Figure{ID: "status-" + strconv.Itoa(i+1), Label: words[0], Text: text, Origin: scene.Kernel}.
			From("the wait status that wait4(2) gives the tour, which is the parent of all stages", ""))
	}
	return append(f, w.CountFigure("terminal", "shown", "shown", "B"))
}

func shellSentence(w *sims.World) string {
	lines := stages(w)
	terminal, shell := w.Actor("terminal"), w.Actor("shell")
	unborn, running, waiting, over := false, 0, 0, 0
	for i := range lines {
		switch a := w.Actor(stageName(i + 1)); {
		case a.Births == 0:
			unborn = true
		case a.Ended() != "":
			over++
		case a.Program != "":
			running++
		default:
			waiting++
		}
	}
	switch {
	case unborn && shell.Ended() != "" && w.Last("shell", "forked") == nil:
		return "The shell has ended (" + shell.Ended() + ") before it had started every stage."
	case unborn || len(lines) == 0:
		return "The shell makes a pipe for each bar and starts a child for each stage."
	case over == len(lines):
		return overSentence(w)
	case terminal.Life == scene.Killed:
		return "The terminal is gone (" + terminal.Ended() + "): the next stage that prints to it gets SIGPIPE."
	case over > 0 && waiting > 0:
		return "A stage has ended before all programs ran: " + strings.Join(statuses(w), ", ") + "."
	case running > 0:
		return runningSentence(w)
	case w.Said("", "rewired") == len(lines):
		return "dup2 has put the pipes under 0 and 1. No program runs yet."
	}
	return "No program runs yet: each stage holds both ends of every pipe, and its 1 leads to the terminal."
}

func overSentence(w *sims.World) string {
	text := "Every stage has ended. " + strings.Join(statuses(w), ", ") + "."
	if !everyStage(w, func(a *sims.ActorState) bool { return a.Signal != int(unix.SIGXCPU) }) {
		text += " SIGXCPU came after 5 seconds of processor time: it would have gone on for ever."
	}
	if w.Last("terminal", "seen enough") != nil {
		text += " The terminal had seen enough and closed."
	}
	return text
}

// runningSentence finds who waits for itself: asleep in read while it holds the
// write end of its own input.
func runningSentence(w *sims.World) string {
	lines := stages(w)
	var names []string
	for i, words := range lines {
		role := stageName(i + 1)
		if w.Actor(role).Ended() != "" {
			continue
		}
		if i > 0 && w.Asleep(role, "pipe_read") {
			if _, own := w.Holds(role, pipeName(i), "w"); own {
				return words[0] + " sleeps in read(2), for the write end of its own input is open: in its own table."
			}
		}
		names = append(names, words[0])
	}
	if len(names) == 1 {
		return "Only " + names[0] + " still runs."
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + " run at once."
}
