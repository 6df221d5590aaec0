package draw

import (
	"strconv"
	"strings"

	"ipctour/sims/scene"
)

// How a process looks: its name in the border, its pid and state, then the one
// or two things worth knowing, then its descriptors where a lesson is about them.

// noteWidth keeps a process's box from growing with what is said in it.
const (
	noteWidth  = 24
	tightWidth = 15 // anon_pipe_write, do_epoll_wait
)

func (p *painter) processCard(i int, d detail) card {
	q := &p.s.Processes[i]
	hue := Process(i)
	k := card{framed: true, border: Rounded, edge: hue, least: 19}
	name := q.Name
	if name == "" {
		name = q.ID
	}
	k.title = text(name, hue.Bold())
	switch q.Life {
	case scene.Drawn:
		if q.Note != "" {
			k.rows = []row{text(q.Note, Dim)}
		}
		k.least = 0
		return k
	case scene.Unborn:
		k.border, k.edge = Dashed, Dim
	case scene.Exited, scene.Killed:
		k.border, k.edge = Dashed, Dim
	}
	if d >= small {
		k.least = 0
		k.rows = []row{p.processLine(q)}
		if len(q.FDs) > 0 {
			k.rows = append(k.rows, fdLine(q))
		}
		return k
	}
	k.rows = append(k.rows, pidRow(q, d == full))
	if p.air {
		k.least = 21 // poll_schedule_timeout, so that nothing jumps
	}
	if p.tight {
		k.least = 0
		k.rows = appendStatus(k.rows, q, tightWidth)
	} else {
		k.rows = appendStatus(k.rows, q, noteWidth)
	}
	if d > full && !p.tight {
		k.least = 17
		if len(k.rows) < 2 && q.Life != scene.Unborn {
			k.rows = append(k.rows, text(lifeWord(q), Dim))
		}
	}
	if d <= lean && len(k.rows) < 2 {
		k.rows = append(k.rows, nil) // so that the box does not jump when it falls asleep
	}
	k.rows = p.appendFDs(k.rows, q, d)
	return k
}

// bareCard is a process in one line without a frame, for a picture of many in
// little room; with its table in one more.
func (p *painter) bareCard(i int, table bool) card {
	q := &p.s.Processes[i]
	hue := Process(i).Bold()
	name := q.Name
	if name == "" {
		name = q.ID
	}
	if !q.Life.Alive() && q.Life != scene.Drawn {
		hue = Dim
	}
	r := row{{name, hue}}
	switch {
	case q.Life == scene.Drawn:
	case q.Life == scene.Unborn:
		r = append(r, span{" not yet", Dim})
	case q.Life == scene.Killed:
		r = append(r, span{" ✝", Fail})
	case q.Life == scene.Exited:
		r = append(append(r, span{" ", Text}), span{ended(q), exitStyle(q.End)})
	case q.Life == scene.Stopped:
		r = append(r, span{" ‖", Accent})
	case q.Gate != "":
		r = append(r, span{" ◆ " + q.Gate, Accent})
	case q.Letter != "":
		r = append(r, span{" ", Text}, span{q.Letter, Strong})
	}
	k := card{name: name, rows: []row{r}, left: true}
	if table && len(q.FDs) > 0 {
		k.rows = append(k.rows, fdLine(q))
	}
	return k
}

// pidRow is "pid 41022      asleep S", or without the word where that is said
// in the next row.
func pidRow(q *scene.Process, word bool) row {
	if q.Life == scene.Unborn {
		return text("not started yet", Dim)
	}
	r := row{{"pid ", Dim}, {pid(q), Text}, {fill, Text}}
	if word {
		r = append(r, span{lifeWord(q), Dim})
	}
	if q.Letter != "" {
		r = append(r, span{" ", Text}, span{q.Letter, Strong})
	}
	return r
}

func pid(q *scene.Process) string {
	if q.PID <= 0 {
		return "?"
	}
	return strconv.Itoa(q.PID)
}

// lifeWord is the state in a word, because the letter alone has to be learnt.
func lifeWord(q *scene.Process) string {
	switch {
	case q.Life == scene.Waiting && q.Gate != "":
		return "held"
	case q.Life == scene.Waiting:
		return "waits"
	case q.Life == scene.Exited || q.Life == scene.Killed:
		return "ended"
	}
	return string(q.Life)
}

// appendStatus adds what it sleeps in, how it ended, what holds it.
func appendStatus(rows []row, q *scene.Process, w int) []row {
	add := func(lead, s string, st Style) {
		if s == "" {
			return
		}
		for i, line := range wrap(s, w-Width(lead), 2) {
			if i > 0 {
				lead = "  "[:min(Width(lead), 2)]
			}
			rows = append(rows, row{{lead, st}, {line, st}})
		}
	}
	switch q.Life {
	case scene.Killed:
		add("✝ ", ended(q), Fail)
	case scene.Exited:
		add("", ended(q), exitStyle(q.End))
	case scene.Stopped:
		add("‖ ", "stopped", Accent)
	}
	if q.Gate != "" {
		add("◆ ", "at gate "+q.Gate, Accent)
	}
	if q.Life.Alive() {
		add("", q.Where, Text)
	}
	if !said(q) {
		add("", q.Note, Dim)
	}
	return rows
}

// said reports whether a process's note only says what its gate or its life says.
func said(q *scene.Process) bool {
	return q.Gate != "" && strings.Contains(q.Note, q.Gate) || q.Life == scene.Stopped && q.Note == string(scene.Stopped)
}

func ended(q *scene.Process) string {
	switch {
	case q.End != "":
		return q.End
	case q.Life == scene.Killed:
		return "killed"
	}
	return "ended"
}

// exitStyle is red for an end that is no success; the words say it as well.
func exitStyle(end string) Style {
	if end == "" || end == "exit 0" {
		return Dim
	}
	return Fail
}

// appendFDs adds the descriptor table: number, which end, what it leads to.
func (p *painter) appendFDs(rows []row, q *scene.Process, d detail) []row {
	if len(q.FDs) == 0 {
		return rows
	}
	if d <= lean {
		rows = append(rows, nil)
	}
	widest := 0
	for i := range q.FDs {
		widest = max(widest, Width(q.FDs[i].End))
	}
	for i := range q.FDs {
		f := &q.FDs[i]
		n := strconv.Itoa(f.N)
		if len(n) < 2 {
			n = " " + n
		}
		if f.Cut {
			rows = append(rows, row{{n, Dim}, {" ✗ ", Fail}, {p.fdTarget(f), Dim.Struck()}, {fill, Text}, {"closed", Dim}})
			continue
		}
		r := row{{n, Strong}, {"   ", Dim}}
		if widest > 0 {
			r = append(r, span{f.End, Text}, span{blanks(widest - Width(f.End) + 2), Text})
		}
		rows = append(rows, append(r, span{p.fdTarget(f), p.objectHue(f.Object)}))
	}
	return rows
}

// fdTarget is the object's label where it is one of the scene, else the link.
func (p *painter) fdTarget(f *scene.FD) string {
	if f.Target != "" {
		return f.Target
	}
	return f.Object
}

// objectHue is the colour of an object: its only writer's.
func (p *painter) objectHue(key string) Style {
	if key == "" {
		return Dim
	}
	return p.writer(key)
}

// fdLine is the table in one row, with the ends of pipes: "fd 0 1 2✗ 3r 4w".
func fdLine(q *scene.Process) row {
	r := row{{"fd", Dim}}
	for i := range q.FDs {
		f := &q.FDs[i]
		if f.Cut {
			r = append(r, span{" ", Dim}, span{strconv.Itoa(f.N), Dim.Struck()}, span{"✗", Fail})
			continue
		}
		r = append(r, span{" ", Dim}, span{strconv.Itoa(f.N), fdStyle(f)}, span{fdEnd[f.End], Dim})
	}
	return r
}

// fdEnd is an end in a letter or two.
var fdEnd = map[string]string{"read end": "r", "write end": "w", "both ways": "rw"}

func fdStyle(f *scene.FD) Style {
	if f.Object != "" {
		return Strong
	}
	return Text
}

// processLine is a process in one row, without its name.
func (p *painter) processLine(q *scene.Process) row {
	if q.Life == scene.Unborn {
		return text("not started yet", Dim)
	}
	r := row{{pid(q), Text}}
	if q.Letter != "" {
		r = append(r, span{" ", Text}, span{q.Letter, Strong})
	}
	add := func(s string, st Style) {
		if s != "" {
			r = append(r, span{" ", Text}, span{s, st})
		}
	}
	switch {
	case q.Life == scene.Killed:
		add("✝ "+ended(q), Fail)
	case q.Life == scene.Exited:
		add(ended(q), exitStyle(q.End))
	case q.Life == scene.Stopped:
		add("‖ stopped", Accent)
	case q.Gate != "":
		add("◆ "+q.Gate, Accent)
	case q.Where != "":
		add(q.Where, Text)
	case q.Note == "":
		add(lifeWord(q), Dim)
	}
	if !said(q) {
		add(q.Note, Dim)
	}
	return r
}

const manyBlanks = "                                                                                "

// blanks is n spaces.
func blanks(n int) string { return repeat(manyBlanks, 1, n) }
