package stage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"ipctour/sims/probe"
)

// folder is the tour's private place in the file system, mode 0700, under
// XDG_RUNTIME_DIR or else the temporary folder. Its name carries the pid and the
// start time of its owner, so that a later tour can tell that the owner is dead.
type folder struct {
	path  string
	held  int // the folder itself, open and locked while the tour lives
	runs  int
	names int
}

const folderPrefix = "ipctour-"

// places are where folders may be.
func places() []string {
	p := []string{os.TempDir()}
	if d := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(d) {
		p = append([]string{d}, p...)
	}
	return p
}

// newFolder makes the folder. The janitor is told of it first, so that there is
// no moment at which a killed tour would leave it behind.
func newFolder(order func(string) error) (*folder, error) {
	start, err := probe.StartTime(os.Getpid())
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s%d-%d", folderPrefix, os.Getpid(), start)
	var errs []error
	for _, place := range places() {
		path := filepath.Join(place, name)
		if err := order("remove " + path); err != nil {
			return nil, err
		}
		err := os.Mkdir(path, 0o700) // fails if anything is there, a link included
		if err == nil {
			held, err := hold(path)
			return &folder{path: path, held: held}, err
		}
		errs = append(errs, err, order("forget "+path))
	}
	return nil, fmt.Errorf("no place for a private folder (set TMPDIR to one you may write to): %w", errors.Join(errs...))
}

func (f *folder) sub() (string, error) {
	f.runs++
	path := filepath.Join(f.path, strconv.Itoa(f.runs))
	return path, os.Mkdir(path, 0o700)
}

func (f *folder) remove() error {
	return errors.Join(removeTree(f.path), os.NewSyscallError("close", unix.Close(f.held)))
}

// hold opens a folder and locks it (flock(2)), which says that its owner lives also
// to a tour in another container, where the owner's pid means nothing.
func hold(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("open "+path, err)
	}
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil && err != unix.ENOTSUP {
		unix.Close(fd)
		return -1, os.NewSyscallError("flock "+path, err)
	}
	return fd, nil
}

// removeTree removes a folder of ours, also one whose files a lesson has made
// unreadable, and what bears a name that is noted in it.
func removeTree(path string) error {
	unlock(path)
	err := removeNames(path)
	if err2 := os.RemoveAll(path); err2 != nil {
		err = errors.Join(err, fmt.Errorf("remove the private folder: %w", err2))
	}
	return err
}

// unlock gives the owner back the rights on all folders in path, as only those let
// what is in them be removed. Links are not followed.
func unlock(path string) {
	_ = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil // what cannot be read is told by the removal
		}
		if info, err := d.Info(); err == nil && info.Mode().Perm()&0o700 != 0o700 {
			_ = os.Chmod(p, 0o700)
		}
		return nil
	})
}

// Sweep removes the folders of tours that are dead and returns their paths. A
// folder of a living tour, or of another user, is left alone.
func Sweep() ([]string, error) {
	var removed []string
	var errs []error
	for _, place := range places() {
		entries, err := os.ReadDir(place)
		if err != nil {
			continue // a place that cannot be read holds nothing of ours
		}
		for _, e := range entries {
			path := filepath.Join(place, e.Name())
			if !e.IsDir() || !abandoned(e.Name()) || !own(path) {
				continue
			}
			held, err := hold(path)
			if errors.Is(err, unix.EWOULDBLOCK) {
				continue // its owner lives, where we cannot see it
			}
			if err == nil {
				err = errors.Join(removeTree(path), unix.Close(held))
			}
			if err != nil {
				errs = append(errs, err)
				continue
			}
			removed = append(removed, path)
		}
	}
	return removed, errors.Join(errs...)
}

// abandoned reports whether a folder's name says that its owner is dead.
func abandoned(name string) bool {
	rest, ok := strings.CutPrefix(name, folderPrefix)
	if !ok {
		return false
	}
	p, s, ok := strings.Cut(rest, "-")
	pid, err := strconv.Atoi(p)
	start, err2 := strconv.ParseUint(s, 10, 64)
	if !ok || err != nil || err2 != nil || pid <= 0 {
		return false
	}
	now, err := probe.StartTime(pid)
	return err != nil || now != start
}

// own reports whether a path itself, not what it links to, belongs to this user.
func own(path string) bool {
	info, err := os.Lstat(path)
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
