package probe

// What is behind an address of a process: the page's frame, and the kernel's
// account of the mapping (pagemap and smaps of proc(5)).

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Bits of an entry of /proc/PID/pagemap.
const (
	pagePresent   = 1 << 63
	pageFileOrShm = 1 << 61
	pageExclusive = 1 << 56
	frameMask     = 1<<55 - 1
)

// Mapping tells of the mapping at an address, in numbers by name:
//
//	address    what was asked about
//	present    1 if a frame is behind the page there
//	frame      its number; 0 where the kernel does not show it to us (CAP_SYS_ADMIN)
//	exclusive  1 if no other page table leads to it
//	file       1 if it is a page of a file or of shared memory, not anonymous
//	rss, pss, shared, private, dirty   bytes of the whole mapping, by smaps
//	inode      of what is mapped; 0 for anonymous memory
func Mapping(pid int, address uint64) (map[string]int64, error) {
	n := map[string]int64{"address": int64(address)}
	if err := pagemap(pid, address, n); err != nil {
		return nil, err
	}
	return n, smaps(pid, address, n)
}

func pagemap(pid int, address uint64, n map[string]int64) error {
	path := fmt.Sprintf("/proc/%d/pagemap", pid)
	fd, err := openRead(path)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var entry [8]byte
	if _, err := unix.Pread(fd, entry[:], int64(address)/int64(os.Getpagesize())*8); err != nil {
		return os.NewSyscallError("pread "+path, err)
	}
	e := binary.NativeEndian.Uint64(entry[:])
	bit := func(mask uint64) int64 {
		if e&mask != 0 {
			return 1
		}
		return 0
	}
	n["present"], n["file"], n["exclusive"] = bit(pagePresent), bit(pageFileOrShm), bit(pageExclusive)
	n["frame"] = 0
	if e&pagePresent != 0 {
		n["frame"] = int64(e & frameMask)
	}
	return nil
}

// smaps adds the kernel's account of the mapping that holds the address. ESRCH:
// no mapping does.
func smaps(pid int, address uint64, n map[string]int64) error {
	path := fmt.Sprintf("/proc/%d/smaps", pid)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	found := false
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), " ")
		if from, to, ok := addressRange(key); ok {
			if found {
				return nil // the next mapping begins
			}
			found = address >= from && address < to
			if f := strings.Fields(value); found && len(f) >= 4 {
				n["inode"], _ = strconv.ParseInt(f[3], 10, 64) // 0 on error, as for anonymous memory
			}
			continue
		}
		if !found {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(value, "kB")), 10, 64)
		if err != nil {
			continue // VmFlags and the like
		}
		switch key {
		case "Rss:":
			n["rss"] = kb << 10
		case "Pss:":
			n["pss"] = kb << 10
		case "Shared_Clean:", "Shared_Dirty:":
			n["shared"] += kb << 10
		case "Private_Clean:", "Private_Dirty:":
			n["private"] += kb << 10
		}
		if key == "Shared_Dirty:" || key == "Private_Dirty:" {
			n["dirty"] += kb << 10
		}
	}
	if !found {
		return os.NewSyscallError("address in "+path, unix.ESRCH)
	}
	return nil
}

// IO is the account of bytes and calls in /proc/PID/io, by the names there: rchar,
// wchar, syscr, syscw …
func IO(pid int) (map[string]int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		return nil, err
	}
	n := map[string]int64{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		if v, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil {
			n[key] = v
		}
	}
	return n, nil
}

// addressRange parses "7f00-7f10", the first word of a mapping's line.
func addressRange(s string) (from, to uint64, ok bool) {
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		return 0, 0, false
	}
	from, err := strconv.ParseUint(a, 16, 64)
	to, err2 := strconv.ParseUint(b, 16, 64)
	return from, to, err == nil && err2 == nil
}
