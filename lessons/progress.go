package lessons

// What the learner has done, kept between one run of the program and the next.

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Progress is what the learner has done, and the file it is kept in. It is safe
// for use by several goroutines. Where nothing can be kept it works in memory.
type Progress struct {
	dir string
	now func() time.Time
	// patience is how long to wait for another instance that is saving.
	patience time.Duration

	saving sync.Mutex // held during Save
	mu     sync.Mutex
	held   record
	dirty  bool
	// inMemory is set once the file must be left alone: no place for it, no
	// permission, or a newer program's. The learner has been told.
	inMemory bool
}

// StateDir is where progress is kept: $XDG_STATE_HOME/ipctour, or
// ~/.local/state/ipctour. Empty when there is no home.
func StateDir(getenv func(string) string) string {
	// A relative path is to be ignored (XDG Base Directory Specification).
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "ipctour")
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "ipctour")
	}
	return ""
}

// Open reads the progress kept in dir, making the folder if need be. It always
// gives a Progress that works; the messages tell the learner what could not be
// read or will not be kept. An empty dir keeps everything in memory.
func Open(dir string, now func() time.Time) (*Progress, []string) {
	p := &Progress{dir: dir, now: now, patience: lockPatience, held: newRecord()}
	return p, p.open()
}

func (p *Progress) open() []string {
	if p.dir == "" {
		p.inMemory = true
		return []string{"There is no home directory, so progress is kept only until you quit."}
	}
	err := makeDir(p.dir)
	if err != nil {
		return p.onlyRead(err)
	}
	unlock, err := lock(p.dir, p.patience)
	if err != nil {
		return p.onlyRead(err)
	}
	defer unlock()
	read, messages, err := p.readOrSetAside()
	if err != nil {
		return append(messages, p.stayInMemory(err)...)
	}
	p.held = read
	return messages
}

// onlyRead takes what can be read where nothing can be written, for err.
func (p *Progress) onlyRead(err error) []string {
	read, unread := readRecord(p.dir)
	switch {
	case errors.Is(unread, errNewer): // whoever holds the lock, this one must leave the file alone
		return p.stayInMemory(unread)
	case errors.Is(err, syscall.EWOULDBLOCK):
		if unread == nil {
			p.held = read
		}
		return nil // another instance is slow or stopped: Save tries again
	case unread != nil:
		return p.stayInMemory(err)
	}
	p.held, p.inMemory = read, true
	return []string{fmt.Sprintf("What you have done before is there, but nothing new is kept: %v. %s", err, remedy(p.dir, err))}
}

// stayInMemory gives up the file, and says so.
func (p *Progress) stayInMemory(err error) []string {
	p.inMemory = true
	return []string{memoryOnly(p.dir, err)}
}

func memoryOnly(dir string, err error) string {
	return fmt.Sprintf("Progress is kept only until you quit: %v. %s", err, remedy(dir, err))
}

// remedy is what to do where the progress cannot be kept in a folder.
func remedy(dir string, err error) string {
	const elsewhere = "set XDG_STATE_HOME to a folder of your own"
	info, statErr := os.Stat(dir)
	of, known := (*syscall.Stat_t)(nil), false
	if statErr == nil {
		of, known = info.Sys().(*syscall.Stat_t)
	}
	switch {
	case errors.Is(err, errNewer):
		return "Use the newer ipctour, or " + elsewhere + "."
	case known && int(of.Uid) != os.Geteuid():
		return fmt.Sprintf("What to do: %s belongs to user %d, and you are %d; make it yours with chown, or %s.", dir, of.Uid, os.Geteuid(), elsewhere)
	case known && errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("What to do: give yourself the right with `chmod -R u+rwX %s`, or %s.", dir, elsewhere)
	}
	return "What to do: " + elsewhere + "."
}

// readOrSetAside reads the file. One that is damaged is moved out of the way and
// the learner is told where to; the caller holds the lock.
func (p *Progress) readOrSetAside() (record, []string, error) {
	read, err := readRecord(p.dir)
	var damage *damagedError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return newRecord(), nil, nil
	case errors.As(err, &damage):
		aside, err := setAside(p.dir)
		if err != nil {
			return newRecord(), nil, fmt.Errorf("%s: %w, and could not be set aside: %w", progressFile, damage, err)
		}
		return newRecord(), []string{fmt.Sprintf("%s was damaged. It is set aside as %s in %s, and a new one is begun. What was wrong: %v.",
			progressFile, filepath.Base(aside), p.dir, damage)}, nil
	}
	return read, nil, err
}

// Save brings together what is held here and what other instances have saved,
// newest entry by entry, and replaces the file. The messages are for the learner.
// After an error nothing is lost: everything is still held and the next Save
// tries again. It may wait for another instance, so it does not belong in Update.
func (p *Progress) Save() ([]string, error) {
	p.saving.Lock() // a save under way is waited for: when this returns, all is kept
	defer p.saving.Unlock()
	p.mu.Lock()
	if p.inMemory || !p.dirty {
		p.mu.Unlock()
		return nil, nil
	}
	p.dirty = false
	mine := p.held.clone()
	p.mu.Unlock()

	merged, messages, err := p.write(mine)
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.Is(err, errNewer) {
		p.inMemory = true
		return append(messages, memoryOnly(p.dir, err)), nil
	}
	if err != nil {
		p.dirty = true
		return messages, fmt.Errorf("saving progress: %w", err)
	}
	p.held = merge(p.held, merged)
	return messages, nil
}

// write merges what is held with the file, under the lock.
func (p *Progress) write(mine record) (record, []string, error) {
	if err := makeDir(p.dir); err != nil {
		return mine, nil, err
	}
	unlock, err := lock(p.dir, p.patience)
	if err != nil {
		return mine, nil, err
	}
	defer unlock()
	theirs, messages, err := p.readOrSetAside()
	if err != nil {
		return mine, messages, err
	}
	merged := merge(mine, theirs)
	return merged, messages, replaceFile(p.dir, merged)
}

// Kept reports whether Save writes to a file.
func (p *Progress) Kept() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.inMemory
}

// change does one thing to what is held. The time it gets is later than that of
// the entry it replaces, even where the clock has gone back: what the learner
// does last is what counts.
func (p *Progress) change(last time.Time, set func(at time.Time)) {
	at := tidyTime(p.now())
	if !at.After(last) {
		at = tidyTime(last.Add(time.Nanosecond))
	}
	set(at)
	p.dirty = true
}

// Finish notes that a lesson was done: the choice predicted, what the run
// measured, and whether they agree. Where nothing was asked both are empty.
func (p *Progress) Finish(lesson, predicted, measured string, right bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	lesson = tidy(lesson)
	p.change(p.held.Lessons[lesson].At, func(at time.Time) {
		p.held.Lessons[lesson] = Done{At: at, Predicted: tidy(predicted), Measured: tidy(measured), Right: right}
	})
}

// Done is what is known of a lesson that was done.
func (p *Progress) Done(lesson string) (Done, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d, ok := p.held.Lessons[lesson]
	return d, ok
}

// Lessons are all that were done, by id.
func (p *Progress) Lessons() map[string]Done {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.held.Lessons)
}

// Leave notes where the learner is, to continue from there.
func (p *Progress) Leave(lesson string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.change(p.held.Place.At, func(at time.Time) { p.held.Place = Place{At: at, Lesson: tidy(lesson)} })
}

// Place is the lesson where the learner left off; empty at the beginning.
func (p *Progress) Place() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held.Place.Lesson
}

// Set keeps a choice of the learner's: theme, ascii, stepping.
func (p *Progress) Set(name, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name = tidy(name)
	p.change(p.held.Settings[name].At, func(at time.Time) {
		p.held.Settings[name] = Setting{At: at, Value: tidy(value)}
	})
}

// Setting is a choice kept by Set; false if there is none.
func (p *Progress) Setting(name string) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.held.Settings[name]
	return s.Value, ok
}

// makeDir makes the folder for this user alone.
func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return os.Chmod(dir, 0o700)
	}
	return nil
}
