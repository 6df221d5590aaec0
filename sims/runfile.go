package sims

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A run file is JSON lines: a header, then the events of one run in order. It
// replays exactly, so it serves tests, class and bug reports alike.

// Header is the first line of a run file.
type Header struct {
	Format  string `json:"format"` // "ipctour run"
	Version int    `json:"version"`
	Lesson  string `json:"lesson"`
}

const (
	runFormat  = "ipctour run"
	runVersion = 1
	// Limits on a file that somebody else may have written.
	maxLine   = 64 << 10
	maxEvents = 2_000_000
)

// Recorder writes a run file. Its first error is kept and stops it.
type Recorder struct {
	enc *json.Encoder
	err error
}

// NewRecorder writes the header.
func NewRecorder(w io.Writer, lesson string) (*Recorder, error) {
	r := &Recorder{enc: json.NewEncoder(w)}
	if err := r.enc.Encode(Header{runFormat, runVersion, lesson}); err != nil {
		return nil, fmt.Errorf("run file: %w", err)
	}
	return r, nil
}

// Write appends events.
func (r *Recorder) Write(events []Event) {
	for i := range events {
		if r.err == nil {
			r.err = r.enc.Encode(&events[i])
		}
	}
}

// Err is the first error in writing, if there was one.
func (r *Recorder) Err() error { return r.err }

// RecordErr is the first error in writing the run file, if there was one.
func (p *Play) RecordErr() error {
	if p.record == nil || p.record.Err() == nil {
		return nil
	}
	return fmt.Errorf("run file: %w", p.record.Err())
}

// FileError is what is wrong with a run file, and where.
type FileError struct {
	Line int
	Err  error
}

func (e *FileError) Error() string { return fmt.Sprintf("run file, line %d: %v", e.Line, e.Err) }
func (e *FileError) Unwrap() error { return e.Err }

// RunFile is a run file being read.
type RunFile struct {
	Header Header
	lines  *bufio.Scanner
	line   int
	last   Event
}

// OpenRunFile reads and checks the header.
func OpenRunFile(r io.Reader) (*RunFile, error) {
	f := &RunFile{lines: bufio.NewScanner(r)}
	f.lines.Buffer(make([]byte, 0, 4096), maxLine)
	if err := f.next(&f.Header); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &FileError{1, errors.New("the file is empty; a run file is made with: ipctour run LESSON --record FILE")}
		}
		return nil, err
	}
	switch {
	case f.Header.Format != runFormat:
		return nil, &FileError{1, errors.New("this is not a run file; one is made with: ipctour run LESSON --record FILE")}
	case f.Header.Version != runVersion:
		return nil, &FileError{1, fmt.Errorf("its version is %d and this program reads version %d", f.Header.Version, runVersion)}
	}
	return f, nil
}

func (f *RunFile) next(v any) error {
	if !f.lines.Scan() {
		if err := f.lines.Err(); err != nil {
			if errors.Is(err, bufio.ErrTooLong) {
				err = fmt.Errorf("longer than %d bytes", maxLine)
			}
			return &FileError{f.line + 1, err}
		}
		return io.EOF
	}
	f.line++
	if !utf8.Valid(f.lines.Bytes()) {
		return &FileError{f.line, errors.New("not UTF-8")}
	}
	if err := json.Unmarshal(f.lines.Bytes(), v); err != nil {
		return &FileError{f.line, fmt.Errorf("not an event: %w", err)}
	}
	return nil
}

// Next reads one event, io.EOF after the last. Events must be numbered without
// gaps and their times must not go back.
func (f *RunFile) Next() (Event, error) {
	var e Event
	if err := f.next(&e); err != nil {
		return e, err
	}
	switch {
	case e.Seq != f.last.Seq+1:
		return e, &FileError{f.line, fmt.Errorf("event %d follows event %d: lines are missing or out of order", e.Seq, f.last.Seq)}
	case e.At < f.last.At || e.At < 0:
		return e, &FileError{f.line, errors.New("its time goes back")}
	case e.Seq > maxEvents:
		return e, &FileError{f.line, fmt.Errorf("more than %d events", maxEvents)}
	case !clean(&e):
		return e, &FileError{f.line, errors.New("control characters in its text")}
	}
	f.last = e
	return e, nil
}

// All reads the rest of the events.
func (f *RunFile) All() ([]Event, error) {
	var events []Event
	for {
		e, err := f.Next()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events = append(events, e)
	}
}

// clean reports whether no text of an event could steer a terminal.
func clean(e *Event) bool {
	bad := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
	}
	if bad(e.Who) || bad(e.Name) || bad(string(e.Kind)) || bad(string(e.Source)) {
		return false
	}
	for k, v := range e.S {
		if bad(k) || bad(v) {
			return false
		}
	}
	for k := range e.N {
		if bad(k) {
			return false
		}
	}
	for _, f := range e.FDs {
		if bad(f.Target) || bad(f.Object) || bad(f.Mode) {
			return false
		}
	}
	return true
}
