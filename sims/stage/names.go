package stage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"ipctour/sims/sys"
)

// Names that outlive every process: message queues and shared memory. Each is
// noted in the private folder before it can exist, as an empty file "kind:name",
// so that whoever removes the folder (the run, the janitor, a later sweep) knows
// what to remove with it.

const (
	namesFolder = "names"
	shmFolder   = "/dev/shm/"
)

// name makes a name of a kind ("mq", "shm") that nobody else has, and notes it.
func (f *folder) name(kind, hint string) (string, error) {
	dir := filepath.Join(f.path, namesFolder)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	f.names++
	name := fmt.Sprintf("%s-%d-%s", filepath.Base(f.path), f.names, strings.ReplaceAll(hint, " ", "-"))
	return name, os.WriteFile(filepath.Join(dir, kind+":"+name), nil, 0o600)
}

// unname removes what a note stands for, looks whether it is gone, and forgets it.
func (f *folder) unname(note string) error {
	if err := removeNamed(filepath.Base(f.path), note); err != nil {
		return err
	}
	return os.Remove(filepath.Join(f.path, namesFolder, note))
}

// removeNames removes everything that is noted in a folder.
func removeNames(folder string) error {
	entries, err := os.ReadDir(filepath.Join(folder, namesFolder))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, e := range entries {
		errs = append(errs, removeNamed(filepath.Base(folder), e.Name()))
	}
	return errors.Join(errs...)
}

// SweepNames removes shared memory of this user whose tour is dead and whose folder,
// in which it is noted, is gone as well, and returns the paths. Message queues are
// looked for where their file system is mounted. It is for `ipctour clean`: a tour in
// another container that shares these names would look dead from here.
func SweepNames() ([]string, error) {
	var removed []string
	var errs []error
	for _, place := range []string{shmFolder, "/dev/mqueue/"} {
		entries, err := os.ReadDir(place)
		if err != nil {
			continue // there is none
		}
		for _, e := range entries {
			path := place + e.Name()
			if !abandonedName(e.Name()) || !own(path) {
				continue
			}
			if err := unix.Unlink(path); err != nil && err != unix.ENOENT {
				errs = append(errs, os.NewSyscallError("unlink "+path, err))
				continue
			}
			removed = append(removed, path)
		}
	}
	return removed, errors.Join(errs...)
}

// abandonedName reports whether a name was made by a tour that is dead: it begins
// with the name of the tour's folder.
func abandonedName(name string) bool {
	parts := strings.SplitN(name, "-", 4) // ipctour-PID-START-…
	return len(parts) == 4 && abandoned(strings.Join(parts[:3], "-"))
}

// removeNamed removes one thing; that there is none is well. Every name begins
// with that of its owner's folder: what another note names is left alone.
func removeNamed(owner, note string) error {
	kind, name, _ := strings.Cut(note, ":")
	if !strings.HasPrefix(owner, folderPrefix) || !strings.HasPrefix(name, owner+"-") || strings.Contains(name, "/") {
		return fmt.Errorf("not a name of %s, left alone: %q", owner, note)
	}
	var err error
	switch kind {
	case "mq":
		err = sys.MqUnlink(name)
	case "shm":
		err = os.NewSyscallError("unlink", unix.Unlink(shmFolder+name))
	default:
		return fmt.Errorf("not a kind of name that the tour gives, left alone: %q", note)
	}
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	return nil
}
