package draw

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ipctour/sims/scene"
)

// The x-ray: the system calls of each process that is watched, newest last.

const (
	callWidth  = 34 // the least width of a column
	callWidest = 52
)

// xray draws into r and returns the lines used: a part for each process that is
// watched, side by side where there is room. Where there are too many for that, those
// that have made no call are named in one line, for that may be the point.
func (p *painter) xray(c *Canvas, r Rect) int {
	watched := p.watched()
	if len(watched) == 0 || r.H < 1 || r.W < 1 {
		return 0
	}
	columns := max(min((r.W+columnGap)/(callWidth+columnGap), len(watched)), 1)
	var silent []int
	if len(watched) > columns*max((r.H+1)/3, 1) || columns == 1 && r.H < 6 {
		watched, silent = p.silent(watched)
	}
	used := 0
	if len(silent) > 0 && r.H > 0 {
		r.H--
	}
	if n := columns * max((r.H+1)/3, 1); len(watched) > n {
		watched = watched[:n]
	}
	if len(watched) > 0 {
		used = p.callParts(c, r, watched, min(columns, len(watched)))
	}
	if len(silent) > 0 {
		p.silentLine(c, Rect{r.X, r.Y + used, r.W, 1}, silent)
		used++
	}
	return used
}

// callParts draws the calls of so many processes, in rows of so many.
func (p *painter) callParts(c *Canvas, r Rect, watched []int, columns int) int {
	n := len(watched)
	rows := (n + columns - 1) / columns
	width := min((r.W+columnGap)/columns-columnGap, callWidest)
	if columns == 1 {
		width = min(r.W, 2*callWidest)
	}
	y, used := r.Y, 0
	for row := range rows {
		room := (r.Y + r.H - y - (rows - row - 1)) / (rows - row)
		if room < 2 {
			break
		}
		tall := 0
		for i := row * columns; i < min(n, (row+1)*columns); i++ {
			x := r.X + (i-row*columns)*(width+columnGap)
			tall = max(tall, calls(c, Rect{x, y, width, room}, &p.s.Processes[watched[i]], Process(watched[i])))
		}
		y += tall
		used = y - r.Y
		y++
	}
	return used
}

// watched are the processes that the x-ray has anything to say about.
func (p *painter) watched() (list []int) {
	for i := range p.s.Processes {
		if q := &p.s.Processes[i]; (q.Traced || len(q.Calls) > 0) && len(list) < 16 {
			list = append(list, i)
		}
	}
	return list
}

// silent parts those that have made calls from those that have not.
func (p *painter) silent(watched []int) (heard, silent []int) {
	for _, i := range watched {
		if len(p.s.Processes[i].Calls) > 0 {
			heard = append(heard, i)
		} else {
			silent = append(silent, i)
		}
	}
	return heard, silent
}

// silentLine is "x-ray no calls seen yet: ann, ben".
func (p *painter) silentLine(c *Canvas, r Rect, silent []int) {
	line := row{{"x-ray ", Dim}, {"no calls seen yet: ", Dim}}
	for k, i := range silent {
		if k > 0 {
			line = append(line, span{", ", Dim})
		}
		line = append(line, span{p.called(p.s.Processes[i].ID), Process(i).Bold()})
	}
	line.draw(c, r.X, r.Y, r.W)
}

// calls draws the header of one process and as many of its last calls as fit.
func calls(c *Canvas, r Rect, q *scene.Process, hue Style) int {
	name := q.Name
	if name == "" {
		name = q.ID
	}
	x := c.Clip(r.X, r.Y, r.W, "x-ray ", Dim)
	x = c.Clip(x, r.Y, r.X+r.W-x, name, hue.Bold())
	if q.PID > 0 {
		c.Clip(x+1, r.Y, r.X+r.W-x-1, strconv.Itoa(q.PID), hue)
	}
	shown := q.Calls
	if len(shown) > r.H-1 {
		shown = shown[len(shown)-(r.H-1):]
	}
	if len(shown) == 0 {
		c.Clip(r.X, r.Y+1, r.W, "no calls seen yet", Dim)
		return 2
	}
	for i := range shown {
		callLine(c, Rect{r.X, r.Y + 1 + i, r.W, 1}, &shown[i])
	}
	return 1 + len(shown)
}

// callLine is "write(3, 4096) = 4096      3 µs"; arguments give way first.
func callLine(c *Canvas, r Rect, call *scene.Call) {
	took := ""
	if call.Took > 0 {
		took = Duration(call.Took)
	}
	end := r.X + r.W
	if took != "" {
		c.Clip(max(end-Width(took), r.X), r.Y, r.W, took, Dim)
		end -= Width(took) + 2
	}
	result, st := call.Result, Text
	switch {
	case call.Failed:
		st = Fail.Bold()
	case call.Blocked || result == "":
		result, st = "asleep…", Accent
		if !call.Blocked {
			result = "…"
		}
	}
	if call.Failed {
		end -= 2 // for the ✗
	}
	room := end - r.X - Width(result) - 3
	if room < 6 { // no room to say both: say the call
		c.Clip(r.X, r.Y, end-r.X, call.Name, Text)
		return
	}
	x := c.Clip(r.X, r.Y, room, call.Name, Text)
	if left := r.X + room - x; left >= 2 {
		x = c.Text(x, r.Y, "(", Dim)
		x = c.Clip(x, r.Y, left-2, shortArgs(call.Args, left-2), Text)
		x = c.Text(x, r.Y, ")", Dim)
	}
	if call.Result != "" && !call.Blocked {
		c.Text(x+1, r.Y, "=", Dim)
		x += 2
	}
	x = c.Text(x+1, r.Y, result, st)
	if call.Failed {
		c.Text(x+1, r.Y, "✗", Fail)
	}
}

// shortArgs are the arguments in so many cells, if they can be: the text of buffers
// gives way first, then the names of the arguments, addresses, and the last arguments
// as a whole. A number is never cut.
func shortArgs(args string, cells int) string {
	if Width(args) <= cells {
		return args
	}
	list := splitArgs(args)
	if s := joinArgs(list, cells, 4); Width(s) <= cells {
		return s
	}
	for i, a := range list {
		if name, value, named := strings.Cut(a, "="); named && !strings.ContainsAny(name, ` "{[(`) {
			list[i] = value
		}
	}
	if s := joinArgs(list, cells, 2); Width(s) <= cells {
		return s
	}
	list = slices.DeleteFunc(list, func(a string) bool { return strings.HasPrefix(a, "0x") && len(a) >= 10 })
	for s := joinArgs(list, cells, 1); len(list) > 0; s = joinArgs(list, cells, 1) {
		if Width(s) <= cells {
			return s
		}
		if list = list[:len(list)-1]; len(list) > 0 {
			list[len(list)-1] = strings.TrimSuffix(list[len(list)-1], ", …") + ", …"
		}
	}
	return "…"
}

// splitArgs cuts arguments at the commas between them, which are not those within
// quotes.
func splitArgs(args string) (list []string) {
	quoted, from := false, 0
	for i := range len(args) {
		switch {
		case args[i] == '"' && (i == 0 || args[i-1] != '\\'):
			quoted = !quoted
		case args[i] == ',' && !quoted && i >= from:
			list = append(list, strings.TrimSpace(args[from:i]))
			from = i + 1
		}
	}
	return append(list, strings.TrimSpace(args[from:]))
}

// joinArgs are arguments with the longest quoted texts shortened, to no less than so
// many cells, until they fit.
func joinArgs(list []string, cells, least int) string {
	list = slices.Clone(list)
	over := -cells - len(", ")
	for _, a := range list {
		over += Width(a) + len(", ")
	}
	for over > 0 {
		longest, text := -1, ""
		for i, a := range list {
			if t := quotedText(a); Width(t) > max(Width(text), least) {
				longest, text = i, t
			}
		}
		if longest < 0 {
			break
		}
		a := list[longest]
		from := strings.IndexByte(a, '"') + 1
		rest, cut := strings.CutPrefix(a[from+len(text)+1:], "…")
		keep := Width(text) - over
		if !cut {
			keep-- // for the … that says so
		}
		short := a[:from] + wholeEscapes(first(text, max(keep, least))) + "\"…" + rest
		over -= Width(a) - Width(short)
		if Width(short) >= Width(a) {
			break
		}
		list[longest] = short
	}
	return strings.Join(list, ", ")
}

// wholeEscapes is a text without an escape at its end that was cut: \n, \x00.
func wholeEscapes(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		n := 2
		if i+1 < len(s) && s[i+1] == 'x' {
			n = 4
		}
		if i+n > len(s) {
			return s[:i]
		}
		i += n - 1
	}
	return s
}

// quotedText is what stands between the quotes of an argument.
func quotedText(a string) string {
	from, to := strings.IndexByte(a, '"'), strings.LastIndexByte(a, '"')
	if from < 0 || to <= from {
		return ""
	}
	return a[from+1 : to]
}

// Duration is d in two or three digits and the unit that suits it.
func Duration(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return strconv.FormatInt(int64(d), 10) + " ns"
	case d < 10*time.Microsecond:
		return tenths(d, time.Microsecond) + " µs"
	case d < time.Millisecond:
		return strconv.FormatInt(int64(d/time.Microsecond), 10) + " µs"
	case d < 10*time.Millisecond:
		return tenths(d, time.Millisecond) + " ms"
	case d < time.Second:
		return strconv.FormatInt(int64(d/time.Millisecond), 10) + " ms"
	case d < time.Minute:
		return tenths(d, time.Second) + " s"
	}
	return fmt.Sprintf("%d:%02d min", int64(d/time.Minute), int64(d%time.Minute/time.Second))
}

func tenths(d, unit time.Duration) string {
	n := int64(d / (unit / 10))
	return strconv.FormatInt(n/10, 10) + "." + strconv.FormatInt(n%10, 10)
}
