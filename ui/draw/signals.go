package draw

import (
	"strings"

	"ipctour/sims/scene"
)

// How the signal sets of a process look: a matrix, a row for each signal and a
// column for each set, ● where it is in. One row without counts stands without a
// frame, for it stands between the sender and the target like the bar of a pipe.

// sets are the columns, in words and as the kernel calls them in /proc/PID/status.
var sets = [...]struct {
	word, short string
	in          func(*scene.Signal) bool
}{
	{"blocked", "Blk", func(s *scene.Signal) bool { return s.Blocked }},
	{"ignored", "Ign", func(s *scene.Signal) bool { return s.Ignored }},
	{"caught", "Cgt", func(s *scene.Signal) bool { return s.Caught }},
	{"pending", "Pnd", func(s *scene.Signal) bool { return s.Pending }},
}

const (
	inSet    = "●"
	notInSet = "·"
)

func (p *painter) signalsCard(o *scene.Signals, d detail, room int) card {
	k := squareCard(o.Label)
	switch {
	case d >= small:
		return p.signalLines(o, d)
	case len(o.Rows) == 1 && !o.Counts:
		return p.oneSignal(o, d)
	}
	name := 0
	for i := range o.Rows {
		name = max(name, min(Width(o.Rows[i].Name), 14))
	}
	k.rows = append(k.rows, append(setNames(d, name), countNames(o)...))
	for i := range o.Rows {
		s := &o.Rows[i]
		marks := p.setMarks(o, i, d, name)
		if o.Counts {
			marks = append(marks, span{padLeft(amount(s.Sent), 8), p.writer(o.ID).Bold()}, span{padLeft(amount(s.Handled), 10), p.reader(o.ID).Bold()})
		}
		k.rows = append(k.rows, marks)
		if len(s.Values) > 0 {
			width := min(marks.width(), max(room-4, 8))
			k.rows = append(k.rows, row{{blanks(name + 2), Dim}, {"arrived: ", Dim}, {lastValues(s.Values, max(width-name-11, 4)), p.reader(o.ID)}})
		}
	}
	if o.Limit > 0 && !o.Gone {
		k.rows = append(k.rows, row{{"queued for this user: ", Dim}, {amount(o.Queued), Strong}, {" of " + amount(o.Limit), Dim}})
	}
	if o.Gone {
		k.border = Dashed
		k.rows = append(k.rows, text("gone with its process", Dim))
	}
	k.port = min(1, len(k.rows)-1)
	return k
}

// oneSignal is the sets of one signal: its name, the sets, the marks. It keeps its size
// when the process is gone, so that nothing jumps.
func (p *painter) oneSignal(o *scene.Signals, d detail) card {
	k := card{name: o.Label, title: text(head(o.Rows[0].Name, 14), Strong), port: 1}
	k.rows = []row{setNames(d, 0), p.setMarks(o, 0, d, 0)}
	k.least = k.rows[0].width()
	if o.Gone {
		k.title = text(head(o.Rows[0].Name, 14), Dim)
		k.rows[1] = text("all gone", Dim)
	}
	return k
}

func setName(i int, d detail) string {
	if d == full {
		return sets[i].word
	}
	return sets[i].short
}

// setNames is the head of the matrix, behind so many cells for the names.
func setNames(d detail, name int) row {
	r := row{}
	if name > 0 {
		r = append(r, span{blanks(name + 2), Dim})
	}
	for i := range sets {
		if i > 0 {
			r = append(r, span{"  ", Dim})
		}
		r = append(r, span{setName(i, d), Dim})
	}
	return r
}

func countNames(o *scene.Signals) row {
	if !o.Counts {
		return nil
	}
	return row{{padLeft("sent", 8), Dim}, {padLeft("handled", 10), Dim}}
}

// setMarks is one row of the matrix. What is pending has the colour of who sent it.
func (p *painter) setMarks(o *scene.Signals, i int, d detail, name int) row {
	s := &o.Rows[i]
	r := row{}
	if name > 0 {
		shown := head(s.Name, name)
		r = append(r, span{shown, Strong}, span{blanks(name + 2 - Width(shown)), Dim})
	}
	for j := range sets {
		st, glyph := Dim, notInSet
		if sets[j].in(s) && !o.Gone {
			st, glyph = Accent.Bold(), inSet
			if sets[j].short == "Pnd" {
				st = p.writer(o.ID).Bold()
			}
		}
		w := Width(setName(j, d))
		left := (w - 1) / 2
		if j > 0 {
			left += 2
		}
		r = append(r, span{blanks(left), Dim}, span{glyph, st}, span{blanks(w - 1 - (w-1)/2), Dim})
	}
	return r
}

// reader is the style of the only process that an object leads to, else Accent.
func (p *painter) reader(key string) Style {
	for i := range p.links {
		if l := &p.links[i]; l.From == key {
			return p.hue(l.To)
		}
	}
	return Accent
}

// signalLines is each signal in words, in one line together where it is flat.
func (p *painter) signalLines(o *scene.Signals, d detail) card {
	k := card{name: o.Label}
	if len(o.Rows) > 1 || o.Counts {
		k.title = text(o.Label, Strong)
	}
	if o.Gone {
		k.rows = []row{text("gone with its process", Dim)}
		return k
	}
	for i := range o.Rows {
		s := &o.Rows[i]
		r := row{{head(strings.TrimPrefix(s.Name, "SIG"), 14), Strong}}
		if o.Counts {
			r = append(r, span{" " + amount(s.Sent), p.writer(o.ID).Bold()}, span{" sent ", Dim}, span{amount(s.Handled), p.reader(o.ID).Bold()}, span{" handled", Dim})
		}
		if words := setWords(s, !o.Counts); words != "" {
			r = append(r, span{" " + inSet + " ", Accent.Bold()}, span{words, Text})
		} else if o.Counts && len(s.Values) > 0 && d == small {
			r = append(r, span{": " + lastValues(s.Values, 13), p.reader(o.ID)})
		} else if !o.Counts {
			r = append(r, span{" " + notInSet + " in no set", Dim})
		}
		if d == flat && i > 0 {
			k.rows[0] = append(append(k.rows[0], span{"   ", Text}), r...)
			continue
		}
		k.rows = append(k.rows, r)
	}
	return k
}

// setWords names the sets that a signal is in; that it is caught is left out where
// the handled ones are counted.
func setWords(s *scene.Signal, caught bool) string {
	var in []string
	for i := range sets {
		if sets[i].in(s) && (caught || sets[i].short != "Cgt") {
			in = append(in, sets[i].word)
		}
	}
	return strings.Join(in, ", ")
}

// lastValues is as many of the last values as fit into w cells, oldest first.
func lastValues(values []string, w int) string {
	at, used := len(values), 0
	for at > 0 && used+Width(values[at-1])+1 <= w-2 {
		at--
		used += Width(values[at]) + 1
	}
	text := strings.Join(values[at:], " ")
	if at > 0 {
		return strings.TrimSpace("… " + text)
	}
	return text
}

func padLeft(s string, w int) string { return blanks(w-Width(s)) + s }
