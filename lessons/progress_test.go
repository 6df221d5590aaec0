package lessons

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2030, 5, 6, 12, 0, 0, 0, time.UTC)

// clock is a time that the test sets.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func opened(t *testing.T, dir string, now func() time.Time) *Progress {
	t.Helper()
	p, messages := Open(dir, now)
	if len(messages) > 0 {
		t.Fatalf("messages %q", messages)
	}
	return p
}

func saved(t *testing.T, p *Progress) {
	t.Helper()
	if messages, err := p.Save(); err != nil || len(messages) > 0 {
		t.Fatalf("Save: %q, %v", messages, err)
	}
}

func TestProgressIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "ipctour")
	c := &clock{noon}
	p := opened(t, dir, c.now)
	p.Finish("pipes/hose", "0", "0", true)
	p.Leave("pipes/shell")
	p.Set("theme", "dark")
	p.Review("pipes/hose#x", true)
	saved(t, p)

	q := opened(t, dir, c.now)
	if diff := cmp.Diff(map[string]Done{"pipes/hose": {At: noon, Predicted: "0", Measured: "0", Right: true}}, q.Lessons()); diff != "" {
		t.Error(diff)
	}
	theme, _ := q.Setting("theme")
	if q.Place() != "pipes/shell" || theme != "dark" || !q.Kept() {
		t.Errorf("place %q, theme %q, kept %v", q.Place(), theme, q.Kept())
	}
	for name, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "progress.json"): 0o600, filepath.Join(dir, "progress.lock"): 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
}

// The file is replaced, never written into: whoever has the old one open still
// reads all of it. A folder that others may read is closed to them.
func TestProgressReplaces(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c := &clock{noon}
	p := opened(t, dir, c.now)
	p.Leave("a/b")
	saved(t, p)
	file := filepath.Join(dir, progressFile)
	before, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, ".progress.json123")
	if err := os.WriteFile(half, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	p.Leave("a/c")
	saved(t, p)
	after, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if os.SameFile(before, after) || after.Mode().Perm() != 0o600 {
		t.Errorf("same file %v, mode %o", os.SameFile(before, after), after.Mode().Perm())
	}
	if _, err := os.Lstat(half); !os.IsNotExist(err) {
		t.Errorf("the half-written file is still there: %v", err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", info.Mode(), err)
	}
}

// What was done last counts, also when the clock has gone back.
func TestProgressClockGoesBack(t *testing.T) {
	c := &clock{noon}
	dir := t.TempDir()
	p := opened(t, dir, c.now)
	p.Set("theme", "dark")
	saved(t, p)
	c.at = noon.Add(-time.Hour)
	q := opened(t, dir, c.now)
	q.Set("theme", "light")
	saved(t, q)
	saved(t, p)
	if theme, _ := opened(t, dir, c.now).Setting("theme"); theme != "light" {
		t.Errorf("theme %q", theme)
	}
}

func TestStateDir(t *testing.T) {
	for _, c := range []struct{ state, home, want string }{
		{"/s", "/h", "/s/ipctour"}, {"", "/h", "/h/.local/state/ipctour"},
		{"relative", "/h", "/h/.local/state/ipctour"}, {"", "", ""}, {"", "h", ""},
	} {
		env := map[string]string{"XDG_STATE_HOME": c.state, "HOME": c.home}
		if got := StateDir(func(k string) string { return env[k] }); got != c.want {
			t.Errorf("%v: %q", c, got)
		}
	}
}

// Without a place to keep it, progress works in memory and says so once.
func TestProgressInMemory(t *testing.T) {
	base := t.TempDir()
	blocked := filepath.Join(base, "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	linked := filepath.Join(base, "linked")
	if err := os.Mkdir(linked, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/null", filepath.Join(linked, lockFile)); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"no home": "", "a file in its place": filepath.Join(blocked, "x"), "the lock is a link": linked} {
		t.Run(name, func(t *testing.T) {
			p, messages := Open(dir, (&clock{noon}).now)
			if len(messages) != 1 || p.Kept() {
				t.Errorf("messages %q, kept %v", messages, p.Kept())
			}
			p.Finish("a/b", "", "", false)
			saved(t, p)
			if _, ok := p.Done("a/b"); !ok {
				t.Error("forgotten")
			}
		})
	}
}

func TestProgressSaveFailsAndLosesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	p := opened(t, dir, (&clock{noon}).now)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.Leave("a/b")
	if _, err := p.Save(); err == nil {
		t.Fatal("saved into a file")
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	saved(t, p)
	if got := opened(t, dir, time.Now).Place(); got != "a/b" {
		t.Errorf("place %q", got)
	}
}

// What was done before is there also where nothing can be written, and the learner
// is told what to do. Here the lock cannot be had.
func TestProgressOnlyRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	p := opened(t, dir, time.Now)
	p.Finish("a/b", "0", "0", true)
	saved(t, p)
	if err := os.Remove(filepath.Join(dir, lockFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/null", filepath.Join(dir, lockFile)); err != nil {
		t.Fatal(err)
	}
	p, messages := Open(dir, time.Now)
	if d, ok := p.Done("a/b"); !ok || !d.Right || p.Kept() {
		t.Errorf("what was done is %+v, %v; kept: %v", d, ok, p.Kept())
	}
	if text := strings.Join(messages, " "); !strings.Contains(text, "nothing new is kept") || !strings.Contains(text, "What to do: ") {
		t.Errorf("the learner is told %q", messages)
	}
}

// Whatever lies in the file's place is set aside with a message, never lost, and
// the learner goes on.
func TestProgressDamaged(t *testing.T) {
	good := `{"version":1,"lessons":{"a/b":{"at":"2030-01-01T00:00:00Z"}},"place":{"at":"2030-01-01T00:00:00Z"},"cards":{},"settings":{}}`
	for name, content := range map[string]string{
		"empty":              "",
		"not JSON":           "hello",
		"cut off":            good[:len(good)-5],
		"something after":    good + "{}",
		"an array":           "[]",
		"null":               "null",
		"no version":         `{"lessons":{}}`,
		"version 0":          strings.Replace(good, ":1,", ":0,", 1),
		"version is text":    strings.Replace(good, ":1,", `:"1",`, 1),
		"wrong type":         strings.Replace(good, `"cards":{}`, `"cards":[]`, 1),
		"unknown field":      strings.Replace(good, `"cards"`, `"bards"`, 1),
		"control characters": strings.Replace(good, "a/b", `a/\u001b[2J`, 1),
		"turned text":        strings.Replace(good, "a/b", `a/\u202eb`, 1),
		"no time":            strings.Replace(good, "2030", "yes", 1),
		"far future":         strings.Replace(good, "2030", "9999", 1),
		"long text":          strings.Replace(good, "a/b", strings.Repeat("a", 300), 1),
		"impossible card":    strings.Replace(good, `"cards":{}`, `"cards":{"a":{"at":"2030-01-01T00:00:00Z","due":"2030-01-01T00:00:00Z","days":-1,"times":0,"lapses":0}}`, 1),
		"not UTF-8":          strings.Replace(good, "a/b", "a\xff", 1),
		"too large":          good + strings.Repeat(" ", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			testDamaged(t, func(file string) error { return os.WriteFile(file, []byte(content), 0o600) })
		})
	}
	t.Run("symlink", func(t *testing.T) {
		victim := filepath.Join(t.TempDir(), "victim")
		if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		testDamaged(t, func(file string) error { return os.Symlink(victim, file) })
		if got, err := os.ReadFile(victim); err != nil || string(got) != "precious" {
			t.Errorf("the link was followed: %q, %v", got, err)
		}
	})
	t.Run("folder", func(t *testing.T) { testDamaged(t, func(file string) error { return os.Mkdir(file, 0o700) }) })
	t.Run("FIFO", func(t *testing.T) { testDamaged(t, func(file string) error { return syscall.Mkfifo(file, 0o600) }) })
}

// testDamaged tries damage that is there at the start, and damage that is done
// while the program runs; the second time the next number is taken.
func testDamaged(t *testing.T, damage func(file string) error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, progressFile)
	put := func() os.FileInfo {
		if err := damage(file); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(file)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	aside := func(n int, was os.FileInfo, messages []string) {
		t.Helper()
		name := fmt.Sprintf("progress.json.damaged-%d", n)
		is, err := os.Lstat(filepath.Join(dir, name))
		if err != nil || !os.SameFile(was, is) {
			t.Errorf("%s is not the damaged file: %v", name, err)
		}
		if len(messages) != 1 || !strings.Contains(messages[0], name) {
			t.Errorf("messages %q", messages)
		}
	}
	was := put()
	p, messages := Open(dir, (&clock{noon}).now)
	aside(1, was, messages)
	p.Leave("a/b")
	was = put()
	messages, err := p.Save()
	if err != nil {
		t.Fatal(err)
	}
	aside(2, was, messages)
	if got := opened(t, dir, time.Now).Place(); got != "a/b" {
		t.Errorf("place %q", got)
	}
}

// The file of a newer program is left as it is, at the start and on the way.
func TestProgressNewerVersion(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, progressFile)
	future := []byte(`{"version":2,"lessons":["another shape"]}`)
	early := opened(t, dir, time.Now)
	if err := os.WriteFile(file, future, 0o600); err != nil {
		t.Fatal(err)
	}
	late, messages := Open(dir, time.Now)
	if len(messages) != 1 || late.Kept() {
		t.Errorf("messages %q, kept %v", messages, late.Kept())
	}
	for _, p := range []*Progress{early, late} {
		p.Leave("a/b")
		messages, err := p.Save()
		if err != nil || p.Kept() {
			t.Errorf("Save: %v, kept %v", err, p.Kept())
		}
		if p == early && len(messages) != 1 {
			t.Errorf("messages %q", messages)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != string(future) {
		t.Errorf("now it holds %q, %v", got, err)
	}
}

// saveInTurn saves, as often as it takes on a busy machine to get the lock.
func saveInTurn(p *Progress) error {
	for {
		if _, err := p.Save(); !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
	}
}

// While another instance holds the lock (it was stopped in the middle of saving)
// this one starts with what is there, and saves once the lock is free.
func TestProgressLocked(t *testing.T) {
	dir := t.TempDir()
	first := opened(t, dir, time.Now)
	first.Finish("a/b", "", "", true)
	saved(t, first)
	unlock, err := lock(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := &Progress{dir: dir, now: time.Now, held: newRecord()}
	if messages := p.open(); len(messages) > 0 || !p.Kept() {
		t.Errorf("messages %q, kept %v", messages, p.Kept())
	}
	p.Finish("a/c", "", "", true)
	if _, err := p.Save(); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("Save: %v", err)
	}
	unlock()
	saved(t, p)
	if n := len(opened(t, dir, time.Now).Lessons()); n != 2 {
		t.Errorf("%d lessons are kept, want 2", n)
	}
}

// The file of a newer program is left alone for that reason, also while another
// instance holds the lock.
func TestProgressLockedByANewer(t *testing.T) {
	dir := t.TempDir()
	newer := fmt.Sprintf(`{"version": %d}`, recordVersion+1)
	if err := os.WriteFile(filepath.Join(dir, progressFile), []byte(newer), 0o600); err != nil {
		t.Fatal(err)
	}
	unlock, err := lock(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	p := &Progress{dir: dir, now: time.Now, held: newRecord()}
	if messages := strings.Join(p.open(), " "); p.Kept() || !strings.Contains(messages, "newer version") || !strings.Contains(messages, "Use the newer ipctour") {
		t.Errorf("messages %q, kept %v", messages, p.Kept())
	}
}

// Many instances in one process, saving at once, lose nothing.
func TestProgressInstances(t *testing.T) {
	dir := t.TempDir()
	var wait sync.WaitGroup
	for i := range 6 {
		p := opened(t, dir, time.Now)
		wait.Go(func() {
			for j := range 5 {
				p.Finish(fmt.Sprintf("i%d/l%d", i, j), "", "", true)
				if err := saveInTurn(p); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if n := len(opened(t, dir, time.Now).Lessons()); n != 30 {
		t.Errorf("%d lessons are kept, want 30", n)
	}
}

const childDir = "IPCTOUR_TEST_PROGRESS"

// Two processes: the test binary is started again and runs TestProgressChild.
func TestProgressProcesses(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var children []*exec.Cmd
	for _, name := range []string{"one", "two"} {
		c := exec.Command(self, "-test.run=^TestProgressChild$", "-test.count=1")
		c.Env = append(os.Environ(), childDir+"="+dir, childDir+"_NAME="+name)
		c.Stderr = os.Stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, c)
	}
	for _, c := range children {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	if n := len(opened(t, dir, time.Now).Lessons()); n != 40 {
		t.Errorf("%d lessons are kept, want 40", n)
	}
}

// TestProgressChild is the other process of TestProgressProcesses; by itself it
// has nothing to do.
func TestProgressChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		return
	}
	p := opened(t, dir, time.Now)
	for i := range 20 {
		p.Finish(fmt.Sprintf("%s/l%d", os.Getenv(childDir+"_NAME"), i), "", "", true)
		if err := saveInTurn(p); err != nil {
			t.Error(err)
		}
	}
}
