package lessons

// The progress file on the disk: one writer at a time, replaced as a whole, and
// never followed anywhere else.

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/google/renameio/v2"
)

const (
	progressFile = "progress.json"
	lockFile     = "progress.lock"
	// lockPatience is how long to wait for another instance that is saving. It
	// holds the lock for milliseconds, unless it was stopped in the middle.
	lockPatience = 3 * time.Second
	lockPause    = 5 * time.Millisecond
	mostDamaged  = 1000
)

// lock keeps other instances from saving until the function it gives is called.
// The lock belongs to the open file, so it also holds between two Progress of one
// process, and the kernel takes it back when the process dies (flock(2)).
func lock(dir string, patience time.Duration) (func(), error) {
	name := filepath.Join(dir, lockFile)
	fd, err := open(name, syscall.O_RDWR|syscall.O_CREAT)
	if err != nil {
		return nil, err
	}
	// Not os.File with a blocking flock: a stopped instance would hang this one.
	for end := time.Now().Add(patience); ; time.Sleep(lockPause) {
		err = syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil, errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.EOPNOTSUPP), errors.Is(err, syscall.ENOSYS):
			// A file system without locks: replacing as a whole must do.
			return func() { _ = syscall.Close(fd) }, nil
		case errors.Is(err, syscall.EINTR):
		case !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(end):
			_ = syscall.Close(fd)
			return nil, &os.PathError{Op: "flock", Path: name, Err: err}
		}
	}
}

// open opens a file of ours: not through a link, not waiting for a FIFO's peer.
func open(name string, flags int) (int, error) {
	for {
		fd, err := syscall.Open(name, flags|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0o600)
		if err == nil {
			return fd, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return -1, &os.PathError{Op: "open", Path: name, Err: err}
		}
	}
}

// readRecord reads the file: fs.ErrNotExist if there is none, a *damagedError if
// it is not one of ours, errNewer if it is of a later program.
func readRecord(dir string) (record, error) {
	name := filepath.Join(dir, progressFile)
	info, err := os.Lstat(name)
	if err != nil {
		return record{}, err
	}
	if !info.Mode().IsRegular() {
		return record{}, damaged("not a regular file but %v", info.Mode().Type())
	}
	fd, err := open(name, syscall.O_RDONLY)
	if err != nil {
		return record{}, err
	}
	f := os.NewFile(uintptr(fd), name)
	defer func() { _ = f.Close() }() // only read: nothing can be lost
	data, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err != nil {
		return record{}, err
	}
	return decodeRecord(data)
}

// setAside renames the file to progress.json.damaged-N with the first N that is
// free, and gives the new name. The caller holds the lock.
func setAside(dir string) (string, error) {
	name := filepath.Join(dir, progressFile)
	for n := 1; n <= mostDamaged; n++ {
		aside := fmt.Sprintf("%s.damaged-%d", name, n)
		if _, err := os.Lstat(aside); err == nil {
			continue
		} else if !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		return aside, os.Rename(name, aside)
	}
	return "", fmt.Errorf("there are %d damaged files in %s already", mostDamaged, dir)
}

// replaceFile puts a record in the file's place as a whole. The caller holds the lock.
func replaceFile(dir string, r record) error {
	data, err := encodeRecord(r)
	if err != nil {
		return err
	}
	sweep(dir)
	// Not renameio.WriteFile: that keeps the mode of the file it replaces.
	f, err := renameio.NewPendingFile(filepath.Join(dir, progressFile),
		renameio.WithTempDir(dir), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.CloseAtomicallyReplace()
	}
	return errors.Join(err, f.Cleanup()) // nothing to clean up once it is replaced
}

// sweep removes half-written files of instances that were killed while saving.
// Only a holder of the lock writes them, so whatever lies there is left over.
func sweep(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), "."+progressFile)
		if ours && number != "" && strings.Trim(number, "0123456789") == "" {
			_ = os.Remove(filepath.Join(dir, e.Name())) // if it stays, it harms nobody
		}
	}
}
