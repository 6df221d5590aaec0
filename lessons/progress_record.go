package lessons

// The content of the progress file, how it is read with suspicion, and how two
// of them become one.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// recordVersion goes up with every new field: an older program that knew the
// version but not the field would drop it.
const recordVersion = 1

// record is what the file holds. Every entry carries the time it was made, so
// that two records can be merged.
type record struct {
	Version  int                 `json:"version"`
	Lessons  map[string]Done     `json:"lessons"`
	Place    Place               `json:"place"`
	Cards    map[string]Reviewed `json:"cards"`
	Settings map[string]Setting  `json:"settings"`
}

// Done is a lesson that was done, the last time it was.
type Done struct {
	At        time.Time `json:"at"`
	Predicted string    `json:"predicted,omitempty"` // the value of the choice
	Measured  string    `json:"measured,omitempty"`  // by the run
	Right     bool      `json:"right,omitempty"`
}

// Place is where the learner left off.
type Place struct {
	At     time.Time `json:"at"`
	Lesson string    `json:"lesson,omitempty"`
}

// Reviewed is the state of a card.
type Reviewed struct {
	At    time.Time `json:"at"`
	Due   time.Time `json:"due"`
	Days  int       `json:"days"` // the interval that led to Due; 0 after a miss
	Times int       `json:"times"`
	Lapse int       `json:"lapses"` // how often it was forgotten
}

// Setting is a choice of the learner's.
type Setting struct {
	At    time.Time `json:"at"`
	Value string    `json:"value"`
}

func (d Done) at() time.Time     { return d.At }
func (p Place) at() time.Time    { return p.At }
func (r Reviewed) at() time.Time { return r.At }
func (s Setting) at() time.Time  { return s.At }

func newRecord() record {
	return record{Version: recordVersion, Lessons: map[string]Done{}, Cards: map[string]Reviewed{}, Settings: map[string]Setting{}}
}

func (r record) clone() record { return merge(r, newRecord()) }

// merge keeps every entry of both; of two with the same name, the newer. It does
// not matter in which order, or how often, records are merged.
func merge(a, b record) record {
	return record{
		Version:  recordVersion,
		Lessons:  mergeEntries(a.Lessons, b.Lessons),
		Place:    newer(a.Place, b.Place),
		Cards:    mergeEntries(a.Cards, b.Cards),
		Settings: mergeEntries(a.Settings, b.Settings),
	}
}

type entry interface {
	comparable
	at() time.Time
}

func mergeEntries[E entry](a, b map[string]E) map[string]E {
	all := make(map[string]E, len(a)+len(b))
	for k, v := range a {
		all[k] = v
	}
	for k, v := range b {
		if have, ok := all[k]; ok {
			v = newer(have, v)
		}
		all[k] = v
	}
	return all
}

// newer is the later of two entries. At the same instant their content decides,
// so that every instance comes to the same answer.
func newer[E entry](a, b E) E {
	switch c := a.at().Compare(b.at()); {
	case c > 0 || a == b:
		return a
	case c < 0:
		return b
	case fmt.Sprintf("%+v", a) > fmt.Sprintf("%+v", b):
		return a
	}
	return b
}

// errNewer is the file of a later version of this program.
var errNewer = errors.New("the progress file is of a newer version of ipctour, and is left as it is")

// damagedError says why a file cannot be what this program wrote.
type damagedError struct{ why string }

func (e *damagedError) Error() string { return e.why }

func damaged(format string, args ...any) error { return &damagedError{fmt.Sprintf(format, args...)} }

const (
	// mostBytes is how large the file may be. The whole course takes about 60 KiB.
	mostBytes = 1 << 20
	// longestString is how long any name or value may be, in bytes.
	longestString = 256
	// lastYear keeps times far from the end of what JSON can say.
	lastYear = 9000
	// mostDays is the longest interval of a card.
	mostDays = 365
	// mostTimes is where the counts of a card stop.
	mostTimes = 1_000_000
)

// decodeRecord reads a file's content. It takes only what encodeRecord could
// have written: anything else is damage, or errNewer.
func decodeRecord(data []byte) (record, error) {
	if len(data) > mostBytes {
		return record{}, damaged("larger than %d bytes", mostBytes)
	}
	if !utf8.Valid(data) {
		return record{}, damaged("not UTF-8")
	}
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return record{}, damaged("not JSON of the right form: %v", err)
	}
	switch {
	case head.Version == nil || *head.Version < 1:
		return record{}, damaged("no version")
	case *head.Version > recordVersion:
		return record{}, errNewer
	}
	r := newRecord()
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return record{}, damaged("not JSON of the right form: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return record{}, damaged("something follows the JSON")
	}
	return checked(r)
}

// checked refuses what no program of ours writes, and gives times and maps the
// one form that merge compares.
func checked(r record) (record, error) {
	c := newRecord()
	var err error
	word := func(s string) {
		if err == nil && s != tidy(s) {
			err = damaged("a text that is too long or holds control characters: %.40q", s)
		}
	}
	when := func(t time.Time) time.Time {
		if y := t.UTC().Year(); err == nil && (y < 1 || y > lastYear) {
			err = damaged("a time in the year %d", y)
		}
		return t.UTC().Round(0)
	}
	for k, v := range r.Lessons {
		word(k)
		word(v.Predicted)
		word(v.Measured)
		v.At = when(v.At)
		c.Lessons[k] = v
	}
	word(r.Place.Lesson)
	c.Place = Place{At: when(r.Place.At), Lesson: r.Place.Lesson}
	for k, v := range r.Cards {
		word(k)
		if err == nil && (v.Days < 0 || v.Days > mostDays || v.Times < 0 || v.Times > mostTimes || v.Lapse < 0 || v.Lapse > mostTimes) {
			err = damaged("a card with a count that cannot be: %.40q", k)
		}
		v.At, v.Due = when(v.At), when(v.Due)
		c.Cards[k] = v
	}
	for k, v := range r.Settings {
		word(k)
		word(v.Value)
		v.At = when(v.At)
		c.Settings[k] = v
	}
	if err != nil {
		return record{}, err
	}
	return c, nil
}

// encodeRecord is the file's content. What decodeRecord would refuse for its
// size is not written.
func encodeRecord(r record) ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("progress as JSON: %w", err)
	}
	data = append(data, '\n')
	if len(data) > mostBytes {
		return nil, fmt.Errorf("progress has grown past %d bytes", mostBytes)
	}
	return data, nil
}

// tidy makes s fit to be kept: no control characters and nothing that turns the
// direction of writing, since it is shown on a terminal later, and not too long.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	if len(s) <= longestString {
		return s
	}
	cut := longestString
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

// tidyTime is t as a file can hold it: in UTC, without a monotonic reading, and
// within the years that JSON knows.
func tidyTime(t time.Time) time.Time {
	t = t.UTC().Round(0)
	first, last := time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(lastYear, 1, 1, 0, 0, 0, 0, time.UTC)
	if t.Before(first) {
		return first
	}
	if t.After(last) {
		return last
	}
	return t
}
