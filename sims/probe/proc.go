package probe

// The texts of /proc/PID/stat, status and syscall, taken apart. See proc(5).

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Fields of /proc/PID/stat, counted as in proc_pid_stat(5), from 1.
const (
	statState     = 3
	statThreads   = 20
	statStart     = 22
	statProcessor = 39
)

// parseStat fills in what /proc/PID/stat says. The name of the program is in
// brackets and may itself hold brackets and spaces: count from the last one.
func (s *Status) parseStat(text []byte) error {
	end := bytes.LastIndexByte(text, ')')
	if end < 0 {
		return fmt.Errorf("/proc/PID/stat: no name in %q", text)
	}
	rest, n := text[end+1:], statState-1
	for len(rest) > 0 && n < statProcessor {
		var field []byte
		rest = bytes.TrimLeft(rest, " ")
		field, rest, _ = bytes.Cut(rest, []byte(" "))
		switch n++; n {
		case statState:
			s.State = letter(field)
		case statThreads:
			s.Threads = int(number(field))
		case statStart:
			s.Start = number(field)
		case statProcessor:
			s.Processor = int(number(field))
		}
	}
	if n < statStart {
		return fmt.Errorf("/proc/PID/stat: %d fields in %q", n, text)
	}
	return nil
}

// letter avoids an allocation a read: there are few states.
func letter(field []byte) string {
	for _, known := range [...]string{"S", "R", "D", "T", "t", "Z", "X"} {
		if string(field) == known {
			return known
		}
	}
	return string(field)
}

// parseSyscall fills in what /proc/PID/syscall says: "running", "-1 sp ip", or
// the number, six arguments, stack and instruction pointer.
func (s *Status) parseSyscall(text []byte) {
	first, rest, ok := bytes.Cut(text, []byte(" "))
	if !ok || first[0] == '-' {
		return
	}
	s.SyscallNr = int(number(first))
	s.Syscall = SyscallName(s.SyscallNr)
	for i := range s.Args {
		var field []byte
		field, rest, _ = bytes.Cut(rest, []byte(" "))
		s.Args[i], _ = strconv.ParseUint(string(bytes.TrimPrefix(field, []byte("0x"))), 16, 64)
	}
}

// number reads plain digits; anything else is 0.
func number(digits []byte) (n uint64) {
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0
		}
		n = n*10 + uint64(d-'0')
	}
	return n
}

// statusField finds the value behind a key at the start of a line, as
// /proc/PID/status and fdinfo write them; "" when there is none.
func statusField(text []byte, key string) string {
	return string(statusBytes(text, key))
}

func statusInt(text []byte, key string) int64 {
	return int64(number(statusBytes(text, key)))
}

func statusBytes(text []byte, key string) []byte {
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if len(line) >= len(key) && string(line[:len(key)]) == key {
			return bytes.TrimSpace(line[len(key):])
		}
	}
	return nil
}

// StartTime is when a process began, in clock ticks since boot. A pid and its
// start time name one process for as long as the machine is up.
func StartTime(pid int) (uint64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, err
	}
	var s Status
	if err := s.parseStat(text); err != nil {
		return 0, err
	}
	return s.Start, nil
}
