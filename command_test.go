package main

// The command line: what it prints, its JSON, and its exit statuses.

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"ipctour/sims/residue"
)

const lesson = "pipes/full-buffer"

// control matches what could steer a terminal.
var control = regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}]`)

func TestExitStatusAndWords(t *testing.T) {
	for _, c := range []struct {
		name   string
		args   []string
		status int
		stdout string // a pattern; empty means that nothing is printed
		stderr string
	}{
		{"version", []string{"--version"}, 0, `^ipctour .*go1\.`, ``},
		{"help", []string{"--help"}, 0, `(?s)Usage:.*ipctour.*clean.*doctor.*list.*replay.*run.*verify`, ``},
		{"help of a command", []string{"help", "run"}, 0, `(?s)Examples:.*ipctour run`, ``},
		{"help of nothing", []string{"help", "nothing"}, 2, ``, `no command "nothing"`},
		{"list", []string{"list"}, 0, `(?s)Pipes and FIFOs.*pipes/full-buffer +64 KiB and not a byte more +4 min +open`, ``},
		{"doctor", []string{"doctor"}, 0, `(?i)x-ray|ptrace`, ``},
		{"clean", []string{"clean"}, 0, `Nothing was left behind`, ``},
		{"completion", []string{"completion", "bash"}, 0, `ipctour`, ``},
		{"completion of a lesson", []string{"__complete", "run", "pipes/full"}, 0, `pipes/full-buffer\t64 KiB`, `Completion ended`},
		{"check", []string{"check"}, 0, `fit together`, ``},
		{"unknown flag", []string{"list", "--jason"}, 2, ``, `unknown flag: --jason`},
		{"unknown flag of the tour", []string{"--plian"}, 2, ``, `unknown flag: --plian`},
		{"unknown theme", []string{"--theme", "pink"}, 2, ``, `dark.*light.*auto`},
		{"unknown lesson", []string{"run", "pipes/full-bufer"}, 2, ``, `no lesson "pipes/full-bufer".*Near it: pipes/full-buffer`},
		{"unknown command", []string{"lsit"}, 2, ``, `no chapter, lesson or command "lsit"\. Near it: list`},
		{"unknown lesson to verify", []string{"verify", "hose"}, 2, ``, `Near it: pipes/hose`},
		{"no lesson", []string{"run"}, 2, ``, `run wants one lesson, as in .ipctour run pipes/full-buffer.`},
		{"too many lessons", []string{"run", lesson, lesson}, 2, ``, `run wants one lesson: "pipes/full-buffer" is one too many`},
		{"too many words", []string{"doctor", "pipes"}, 2, ``, `doctor wants nothing after it`},
		{"a chapter's lessons", []string{"list", "pipes"}, 0, `(?s)^2 Pipes and FIFOs.*pipes/atomic.*\n7 lessons, 0 done`, ``},
		{"no chapter", []string{"list", "tubes"}, 2, ``, `no chapter "tubes".*why, pipes`},
		{"a chapter to run", []string{"run", "pipes"}, 2, ``, `pipes is a chapter.*pipes/hose`},
		{"part of a chapter's name", []string{"pipe"}, 2, ``, `Near it: pipes, `},
		{"a chapter to verify without a lesson", []string{"verify", "scale"}, 1, ``, `still to come`},
		{"completion of a chapter", []string{"__complete", "verify", "pip"}, 0, `(?s)pipes\tchapter.*pipes/hose`, `Completion ended`},
		{"completion of list", []string{"__complete", "list", "pip"}, 0, `^pipes\tPipes and FIFOs`, `Completion ended`},
		{"a setting without a value", []string{"run", lesson, "--set", "size"}, 2, ``, `option=value`},
		{"an unknown setting", []string{"run", lesson, "--set", "colour=red"}, 2, ``, `no option "?colour`},
		{"no run file", []string{"replay", "nowhere.run", "--plain"}, 1, ``, `nowhere\.run: there is no such file`},
		{"no file named", []string{"replay"}, 2, ``, `replay wants one run file`},
		{"a device to replay", []string{"replay", "/dev/zero"}, 1, ``, `/dev/zero: it is a device`},
		{"a directory to replay", []string{"replay", "/"}, 1, ``, `/: it is a directory`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := run(t, c.args...)
			if got.status != c.status {
				t.Errorf("exit status %d, want %d", got.status, c.status)
			}
			say(t, "standard output", got.stdout, c.stdout)
			say(t, "standard error", got.stderr, c.stderr)
		})
	}
}

// say checks a text against a pattern; an empty pattern wants an empty text.
func say(t *testing.T, where, got, want string) {
	t.Helper()
	if want == "" && got != "" || !regexp.MustCompile(want).MatchString(got) {
		t.Errorf("%s is %q, want %q", where, got, want)
	}
	if found := control.FindString(got); found != "" {
		t.Errorf("%s has the control character %q", where, found)
	}
}

// TestListJSON holds the contract of `list --json`.
func TestListJSON(t *testing.T) {
	got := run(t, "list", "--json")
	rows := objects(t, got.stdout, "id", "chapter", "title", "minutes", "status")
	if got.status != 0 || len(rows) < 70 {
		t.Fatalf("status %d, %d lessons: too few", got.status, len(rows))
	}
	open := 0
	for _, r := range rows {
		id, chapter, _ := strings.Cut(r["id"].(string), "/")
		if chapter == "" || id != r["chapter"] || r["title"] == "" || r["minutes"].(float64) < 1 {
			t.Errorf("not a row of the course: %v", r)
		}
		if s := r["status"]; s == "open" {
			open++
		} else if s != "to come" {
			t.Errorf("status %v of %v: nothing has been done by a new learner", s, r["id"])
		}
	}
	if open == 0 {
		t.Error("no lesson is open")
	}
}

// TestVerifyJSON holds the contract of `verify --json`, and that the claims hold.
func TestVerifyJSON(t *testing.T) {
	got := run(t, "verify", lesson, "--json")
	rows := objects(t, got.stdout, "lesson", "claim", "says", "verdict", "expected", "measured", "source", "reason")
	if got.status != 0 || len(rows) == 0 || got.stderr != "" {
		t.Errorf("status %d, %d claims, standard error %q", got.status, len(rows), got.stderr)
	}
	for _, r := range rows {
		switch r["verdict"] {
		case "holds":
			if r["expected"] == "" || r["measured"] == "" || r["source"] == "" {
				t.Errorf("claim %v holds by no evidence: %v", r["claim"], r)
			}
		case "skipped":
			if r["reason"] == "" {
				t.Errorf("claim %v is skipped without a reason", r["claim"])
			}
		default:
			t.Errorf("claim %v: %v", r["claim"], r)
		}
		if r["lesson"] != lesson {
			t.Errorf("a claim of another lesson: %v", r)
		}
	}
}

// TestLowSignalLimit: where few signals may wait, the lesson that queues them is skipped
// by name, for the reason that doctor gives.
func TestLowSignalLimit(t *testing.T) {
	const pending = 11 // RLIMIT_SIGPENDING, which syscall does not have
	var was syscall.Rlimit
	if err := syscall.Getrlimit(pending, &was); err != nil {
		t.Fatal(err)
	}
	low := was
	low.Cur = min(was.Max, 5) // what this test starts inherits it
	if err := syscall.Setrlimit(pending, &low); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(pending, &was)
	why := ""
	for _, c := range objects(t, run(t, "doctor", "--json").stdout, "id", "name", "ok", "detail", "advice", "lessons") {
		if c["id"] == "signal-queue" && c["ok"] == false {
			why, _ = c["detail"].(string)
		}
	}
	got := run(t, "verify", "signals/coalescing", "--json")
	rows := objects(t, got.stdout, "lesson", "claim", "says", "verdict", "expected", "measured", "source", "reason")
	if why == "" || got.status != 0 || len(rows) == 0 {
		t.Errorf("doctor says %q, status %d, %d claims: %s", why, got.status, len(rows), got.stderr)
	}
	for _, r := range rows {
		if r["verdict"] != "skipped" || r["reason"] != why {
			t.Errorf("claim %v: %v, because %v; doctor says %q", r["claim"], r["verdict"], r["reason"], why)
		}
	}
}

// objects reads an array of objects that have exactly these fields.
func objects(t *testing.T, text string, fields ...string) []map[string]any {
	t.Helper()
	var rows []map[string]any
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		t.Fatalf("not JSON: %v in %.200q", err, text)
	}
	slices.Sort(fields)
	for _, r := range rows {
		var have []string
		for k := range r {
			have = append(have, k)
		}
		slices.Sort(have)
		if !slices.Equal(have, fields) {
			t.Fatalf("fields %v, want %v", have, fields)
		}
	}
	return rows
}

// TestRunTellsItInSentences plays a lesson without a screen.
func TestRunTellsItInSentences(t *testing.T) {
	got := run(t, "run", lesson)
	if got.status != 0 || got.stderr != "" {
		t.Errorf("status %d, standard error %q", got.status, got.stderr)
	}
	say(t, "standard output", got.stdout, `(?s)64 KiB and not a byte more.*65,536 B.*asleep.*holds.*All of it is gone\.`)
}

// TestRunJSON: the events, a line each, numbered without gaps.
func TestRunJSON(t *testing.T) {
	got := run(t, "run", lesson, "--json")
	if got.status != 0 || got.stderr != "" {
		t.Errorf("status %d, standard error %q", got.status, got.stderr)
	}
	lines, kinds := bufio.NewScanner(strings.NewReader(got.stdout)), map[string]int{}
	seq := 0.0
	for lines.Scan() {
		var e map[string]any
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("not JSON: %v in %q", err, lines.Text())
		}
		if seq++; e["seq"] != seq {
			t.Fatalf("event %v follows event %v", e["seq"], seq-1)
		}
		kinds[e["kind"].(string)]++
	}
	for _, kind := range []string{"begin", "born", "reading", "step", "done", "died", "over"} {
		if kinds[kind] == 0 {
			t.Errorf("no event of kind %s among %v", kind, kinds)
		}
	}
}

// TestRecordAndReplay: what was recorded is told again, in the same words.
func TestRecordAndReplay(t *testing.T) {
	p := newPlace(t, 0o555)
	file := filepath.Join(p.temp, "my.run")
	recorded := runIn(t, p, "run", lesson, "--record", file)
	if recorded.status != 0 {
		t.Fatalf("status %d: %s", recorded.status, recorded.stderr)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the run file: %v, %v, want mode 0600", info, err)
	}
	replayed := runIn(t, p, "replay", file, "--plain")
	if replayed.status != 0 || replayed.stderr != "" {
		t.Errorf("status %d, standard error %q", replayed.status, replayed.stderr)
	}
	say(t, "standard output", replayed.stdout, `(?s)64 KiB and not a byte more.*asleep`)
	again := runIn(t, p, "run", lesson, "--record", file)
	if again.status != 1 || !strings.Contains(again.stderr, "exists") {
		t.Errorf("a run file was overwritten: status %d, %q", again.status, again.stderr)
	}
	if err := os.WriteFile(file, []byte("not a run\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := runIn(t, p, "replay", file, "--plain")
	if broken.status != 1 || !strings.Contains(broken.stderr, "line 1") {
		t.Errorf("a broken run file: status %d, %q", broken.status, broken.stderr)
	}
}

// TestReadme: what README shows of a command is what it prints.
func TestReadme(t *testing.T) {
	words, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, sample, found := strings.Cut(string(words), "$ ipctour verify "+lesson+"\n")
	sample, _, closed := strings.Cut(sample, "```")
	if !found || !closed {
		t.Fatal("README shows no verify of " + lesson)
	}
	printed := strings.Split(run(t, "verify", lesson).stdout, "\n")
	for _, line := range strings.Split(strings.TrimSpace(sample), "\n") {
		// What was measured, and where a process sleeps, is another machine's matter.
		if line = strings.TrimRight(line, " "); strings.HasPrefix(line, "  holds") || strings.HasSuffix(line, "fail.") {
			if !slices.Contains(printed, line) {
				t.Errorf("README shows %q, which is not printed", line)
			}
		}
	}
}

// TestReplayOfAFIFO: it would wait for a writer without end.
func TestReplayOfAFIFO(t *testing.T) {
	p := newPlace(t, 0o555)
	fifo := filepath.Join(p.temp, "ff")
	if err := syscall.Mkfifo(fifo, 0o644); err != nil {
		t.Fatal(err)
	}
	got := runIn(t, p, "replay", fifo)
	if got.status != 1 {
		t.Errorf("status %d", got.status)
	}
	say(t, "standard error", got.stderr, `ff: it is a FIFO`)
}

// TestFullOutput: what cannot be printed is an error of every command.
func TestFullOutput(t *testing.T) {
	for _, args := range [][]string{{"list"}, {"run", lesson}, {"run", lesson, "--json"}, {"verify", lesson}, {"doctor"}, {"clean"}, {"--help"}, {"--version"}, {"--plain"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			p := newPlace(t, 0o555)
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer full.Close()
			cmd := p.command(t.Context(), args...)
			var stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = full, &stderr
			runErr := cmd.Run()
			if cmd.ProcessState.ExitCode() != 1 {
				t.Errorf("%v, want exit status 1", runErr)
			}
			say(t, "standard error", stderr.String(), `^ipctour: not all could be printed: no space left on device\n$`)
			nothingLeft(t, p)
		})
	}
}

// TestProgressOfSomebodyElse: what was done is read where it may be, and the
// learner is told why nothing new is kept, and what to do.
func TestProgressOfSomebodyElse(t *testing.T) {
	p := newPlace(t, 0o755)
	if got := learn(t, p); got.status != 0 {
		t.Fatalf("status %d: %s", got.status, got.stderr)
	}
	dir := filepath.Join(p.home, ".local", "state", "ipctour")
	mode := os.FileMode(0o500) // its owner would make it his alone again
	if os.Getuid() == 0 {
		mode = 0o555
		for _, name := range []string{dir, filepath.Join(dir, "progress.json")} {
			if err := os.Chown(name, 0, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Chmod(filepath.Join(dir, "progress.json"), 0o444); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, mode); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Error(err)
		}
	}()
	if got := runIn(t, p, "list"); !strings.Contains(got.stdout, "1 done") {
		t.Errorf("what was done is not there: %q%s", got.stdout, got.stderr)
	}
	got := learn(t, p)
	if got.status != 0 {
		t.Errorf("status %d", got.status)
	}
	say(t, "standard output", got.stdout, `(?s)nothing new is kept: .*What to do: .*(chown|chmod)`)
}

// learn goes through a short lesson in the plain mode.
func learn(t *testing.T, p place) ran {
	t.Helper()
	cmd := p.command(t.Context(), "--plain", lesson)
	cmd.Stdin = strings.NewReader("\n" + strings.Repeat("n\n", 8) + "q\n")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Log(err)
	}
	nothingLeft(t, p)
	return ran{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// TestDoctorAndCleanJSON: each command that prints a table has --json.
func TestDoctorAndCleanJSON(t *testing.T) {
	doctor := objects(t, run(t, "doctor", "--json").stdout, "id", "name", "ok", "detail", "advice", "lessons")
	if len(doctor) == 0 {
		t.Error("doctor knows nothing of this machine")
	}
	if got := run(t, "clean", "--json"); got.stdout != "[]\n" || got.status != 0 {
		t.Errorf("clean --json with nothing to remove: status %d, %q", got.status, got.stdout)
	}
}

// TestCleanRemovesWhatTheDeadLeft, and nothing else.
func TestCleanRemovesWhatTheDeadLeft(t *testing.T) {
	p := newPlace(t, 0o555)
	dead := filepath.Join(p.temp, "ipctour-999999999-1")
	if err := os.MkdirAll(filepath.Join(dead, "1"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dead, filepath.Join(dead, "1")} {
		if os.Getuid() == 0 {
			if err := os.Chown(d, ordinary, ordinary); err != nil {
				t.Fatal(err)
			}
		}
	}
	other := filepath.Join(p.temp, "somebody-elses")
	if err := os.Mkdir(other, 0o755); err != nil {
		t.Fatal(err)
	}
	got := runIn(t, p, "clean")
	if got.status != 0 || got.stdout != "removed "+dead+"\n" {
		t.Errorf("status %d, %q%s", got.status, got.stdout, got.stderr)
	}
	if _, err := os.Stat(other); err != nil {
		t.Errorf("clean removed what is not the tour's: %v", err)
	}
}

// TestClosedOutput: `ipctour list | head -1` ends without a word of complaint.
func TestClosedOutput(t *testing.T) {
	for _, args := range [][]string{{"list"}, {"run", lesson}} {
		t.Run(args[0], func(t *testing.T) {
			p := newPlace(t, 0o555)
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			cmd := p.command(t.Context(), args...)
			var stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = w, &stderr
			runErr := cmd.Run()
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if state := cmd.ProcessState; !state.Exited() || stderr.Len() > 0 {
				t.Errorf("%v (%v), standard error %q", state, runErr, &stderr)
			}
			nothingLeft(t, p)
		})
	}
}

// TestSignalsEndARunCleanly: the cast is stopped and the receipt is given.
func TestSignalsEndARunCleanly(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			p := newPlace(t, 0o555)
			cmd := p.command(t.Context(), "run", lesson, "--json")
			out, in, err := narrowPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			var stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = in, &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if err := in.Close(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReaderSize(out, 16)
			if _, err := lines.ReadSlice('{'); err != nil { // the cast has begun
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if _, err := lines.WriteTo(io.Discard); err != nil {
				t.Fatal(err)
			}
			waitErr := cmd.Wait()
			if state := cmd.ProcessState; state.ExitCode() != 1 {
				t.Errorf("ended as %v (%v), want exit status 1", state, waitErr)
			}
			say(t, "standard error", stderr.String(), `interrupted`)
			nothingLeft(t, p)
		})
	}
}

// narrowPipe is a pipe of one page: a run that nobody reads stands still in the
// middle, so that a signal finds it there.
func narrowPipe() (r, w *os.File, err error) {
	if r, w, err = os.Pipe(); err != nil {
		return nil, nil, err
	}
	const setPipeSize = 1031 // F_SETPIPE_SZ, fcntl(2)
	if _, _, e := syscall.Syscall(syscall.SYS_FCNTL, w.Fd(), setPipeSize, uintptr(os.Getpagesize())); e != 0 {
		return nil, nil, errors.Join(os.NewSyscallError("fcntl(F_SETPIPE_SZ)", e), r.Close(), w.Close())
	}
	return r, w, nil
}

// TestKilledRunLeavesNothing: SIGKILL cannot be caught; the janitor clears away.
func TestKilledRunLeavesNothing(t *testing.T) {
	before := residue.Now()
	p := newPlace(t, 0o555)
	cmd := p.command(t.Context(), "run", lesson, "--json")
	out, in, err := narrowPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = in
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil { // the cast has begun
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("a killed run ended well")
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	nothingLeft(t, p)
	residue.Since(t, before)
}
