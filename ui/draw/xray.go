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

// xray draws into r and returns the lines used.
func (p *painter) xray(c *Canvas, r Rect) int {
	watched := p.watched()
	if len(watched) == 0 || r.H < 2 || r.W < 1 {
		return 0
	}
	columns := max(min((r.W+columnGap)/(callWidth+columnGap), len(watched)), 1)
	watched = p.pressing(watched, columns*max((r.H+1)/3, 1))
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

// pressing are at most so many of the watched: where there are more, those that have
// made no call go first.
func (p *painter) pressing(watched []int, most int) []int {
	for len(watched) > most {
		silent := slices.IndexFunc(watched, func(i int) bool { return len(p.s.Processes[i].Calls) == 0 })
		if silent < 0 {
			return watched[:most]
		}
		watched = slices.Delete(watched, silent, silent+1)
	}
	return watched
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

// shortArgs are the arguments without their names and without addresses, where they
// are too long for so many cells: what a call of futex(2) is for comes after its address.
func shortArgs(args string, cells int) string {
	if Width(args) <= cells || strings.Contains(args, `"`) {
		return args
	}
	var kept []string
	for arg := range strings.SplitSeq(args, ", ") {
		_, value, named := strings.Cut(arg, "=")
		if !named {
			value = arg
		}
		if !strings.HasPrefix(value, "0x") || len(value) < 10 {
			kept = append(kept, value)
		}
	}
	if len(kept) == 0 {
		return args
	}
	return strings.Join(kept, ", ")
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
