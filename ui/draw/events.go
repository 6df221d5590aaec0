package draw

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ipctour/sims/scene"
)

// How counters, timers and epoll loops look.

// ticksShown is how many unread expirations have a cell of their own.
const ticksShown = 16

const (
	fullTicks = "●●●●●●●●●●●●●●●●"
	tickBytes = len("●")
)

// counterCard is an eventfd: its 64 bits as 16 hexadecimal digits, the way
// fdinfo writes them, and the number in decimal. No frame: the bar is the object.
func (p *painter) counterCard(o *scene.Counter, d detail, room int) card {
	label := cmp.Or(o.Label, "eventfd")
	k := card{name: head(label, 18), title: text(head(label, 26), Strong)}
	if o.Gone {
		k.title = row{{"✗ ", Dim}, {head(label, 24), Dim.Struck()}}
		k.rows = []row{{{"▐", Dim}, {blanks(barCells), Dim}, {"▌", Dim}}, text("gone: nobody holds it", Dim)}
		if d >= small {
			k.rows = k.rows[1:]
		}
		return k
	}
	takes := "a read takes it all"
	if o.Semaphore {
		takes = "EFD_SEMAPHORE: a read takes 1"
	}
	bar := p.counterBar(o)
	switch d {
	case flat:
		line := append(k.title, span{" ", Text})
		line = append(append(line, bar...), span{" ", Text}, span{counted(o), Strong}, span{"  ", Text}, span{takes, Dim})
		return card{name: k.name, rows: []row{line}}
	case small:
		k.rows = []row{bar, text(counted(o), Strong)}
		return k
	case medium:
		takes = "a read takes all"
		if o.Semaphore {
			takes = "a read takes 1"
		}
	}
	k.least = len("18,446,744,073,709,551,614")
	k.rows, k.port = p.tall(bar)
	k.rows = append(k.rows, text(counted(o), Accent.Bold()))
	if d <= lean {
		k.rows = append(k.rows, text("64 bits: at most 2^64-2", Dim))
	}
	k.rows = append(k.rows, text(takes, Dim))
	return k
}

func counted(o *scene.Counter) string {
	if !o.Known {
		return "?"
	}
	return scene.ThousandsOf(o.Value)
}

// counterBar shows the digits that count, and empty cells before them.
func (p *painter) counterBar(o *scene.Counter) row {
	if !o.Known {
		return row{{"▐", Dim}, {strings.Repeat("?", barCells), Dim}, {"▌", Dim}}
	}
	if o.Value == 0 {
		return row{{"▐", Dim}, {repeat(emptyCells, glyphBytes, barCells), Dim}, {"▌", Dim}}
	}
	digits := strconv.FormatUint(o.Value, 16)
	return row{{"▐", Text}, {repeat(emptyCells, glyphBytes, barCells-len(digits)), Dim}, {digits, p.writer(o.ID).Bold()}, {"▌", Text}}
}

// timerCard is a timerfd: a mark for each expiration that nobody has read, how
// often it expires, and when next.
func (p *painter) timerCard(o *scene.Timer, d detail, room int) card {
	label := cmp.Or(o.Label, "timerfd")
	k := card{name: head(label, 18), title: text(head(label, 26), Strong)}
	if o.Gone {
		k.title = row{{"✗ ", Dim}, {head(label, 24), Dim.Struck()}}
		k.rows = []row{text("gone: nobody holds it", Dim)}
		return k
	}
	bar := p.tickBar(o)
	unread := row{{ticked(o), Strong}, {" not read", Dim}}
	often := rhythm(o)
	switch d {
	case flat:
		line := append(k.title, span{" ", Text})
		line = append(append(line, bar...), span{" ", Text})
		line = append(append(line, unread...), span{"  " + often, Dim})
		return card{name: k.name, rows: []row{line}}
	case small:
		k.rows = []row{bar, text(ticked(o)+" not read", Text)}
		return k
	}
	k.least = 22
	k.rows, k.port = p.tall(bar)
	k.rows = append(k.rows, unread, text(often, Dim))
	if d <= lean {
		next := "stands still"
		if o.Armed {
			next = "next in " + lasting(o.Left)
		}
		k.rows = append(k.rows, text(next, Dim))
	}
	return k
}

func ticked(o *scene.Timer) string {
	if !o.Known {
		return "?"
	}
	return scene.ThousandsOf(o.Ticks)
}

// rhythm is "every 100 ms", "once" or "disarmed".
func rhythm(o *scene.Timer) string {
	switch {
	case o.Interval > 0:
		return "every " + lasting(o.Interval)
	case o.Armed:
		return "once, and then no more"
	}
	return "not armed"
}

func (p *painter) tickBar(o *scene.Timer) row {
	if !o.Known {
		return row{{"▐", Dim}, {strings.Repeat("?", ticksShown), Dim}, {"▌", Dim}}
	}
	edge, n, more := Dim, int(min(o.Ticks, ticksShown)), ""
	if n > 0 {
		edge = Text
	}
	if o.Ticks > ticksShown {
		n, more = n-1, "+"
	}
	return row{{"▐", edge}, {repeat(fullTicks, tickBytes, n), p.writer(o.ID)}, {more, p.writer(o.ID).Bold()},
		{repeat(emptyCells, glyphBytes, ticksShown-n-len(more)), Dim}, {"▌", edge}}
}

// lasting is a time in the unit that suits it: 1.5 s, 100 ms, 20 µs.
func lasting(t time.Duration) string {
	number := func(unit time.Duration) string { return strconv.FormatFloat(float64(t)/float64(unit), 'f', -1, 64) }
	switch {
	case t < 0:
		return "?"
	case t >= time.Second && t%(100*time.Millisecond) == 0:
		return number(time.Second) + " s"
	case t >= time.Second:
		return fmt.Sprintf("%.2f s", t.Seconds())
	case t >= time.Millisecond:
		return strconv.FormatInt(t.Milliseconds(), 10) + " ms"
	}
	return strconv.FormatInt(t.Microseconds(), 10) + " µs"
}

// watchesShown is how many rows of an interest list are shown.
const watchesShown = 10

// loopCard is an epoll instance: a row for each descriptor that it watches, how,
// whether something waits there (●), and how often it woke the loop.
func (p *painter) loopCard(o *scene.Loop, d detail, room int) card {
	label := cmp.Or(o.Label, "epoll")
	k := squareCard(head(label, 26))
	k.name = head(label, 18)
	if o.Gone {
		k.border = Dashed
		k.title = row{{"✗ ", Dim}, {head(label, 24), Dim.Struck()}}
		k.rows = []row{text("gone: nobody holds it", Dim)}
		return k
	}
	switch d {
	case flat:
		k.framed = false
		line := append(row{{"▐ ", Dim}}, k.title...)
		line = append(line, span{" ", Text})
		for i := range min(len(o.Watches), 8) {
			line = append(line, span{" ", Text})
			line = append(line, watchWord(&o.Watches[i])...)
		}
		k.title = nil
		k.rows = []row{append(line, span{" ▌", Dim})}
		return k
	case small:
		woken := " wake-ups"
		if o.Wakes == 1 {
			woken = " wake-up"
		}
		k.rows = []row{{{count(watched(o), "descriptor"), Text}}, {{amount(o.Wakes), Strong}, {woken, Dim}}}
		return k
	}
	if d <= lean {
		k.rows = append(k.rows, row{{"fd watched", Dim}, {fill, Text}, {"woke", Dim}})
	}
	wide := 0
	for i := range o.Watches {
		wide = max(wide, min(Width(o.Watches[i].Name), 12))
	}
	for i := range o.Watches {
		if i == watchesShown-1 && len(o.Watches) > watchesShown {
			k.rows = append(k.rows, text("… "+count(len(o.Watches)-i, "more descriptor"), Dim))
			break
		}
		k.rows = append(k.rows, watchRow(&o.Watches[i], wide, d <= lean))
	}
	if len(o.Watches) == 0 {
		k.rows = append(k.rows, text("watches nothing", Dim))
	}
	if d <= lean {
		k.rows = append(k.rows, row{{"epoll_wait returned", Dim}, {fill, Text}, {amount(o.Wakes), Strong}})
	}
	return k
}

func watched(o *scene.Loop) (n int) {
	for i := range o.Watches {
		if !o.Watches[i].Cut {
			n++
		}
	}
	return n
}

// watchRow is "4 pipe      edge  ●    12".
func watchRow(w *scene.Watch, wide int, how bool) row {
	n := strconv.Itoa(w.FD)
	if len(n) < 2 {
		n = " " + n
	}
	name := head(w.Name, 12)
	pad := blanks(max(wide-Width(name), 0) + 2)
	if w.Cut {
		out := ""
		if how {
			out = "out    "
		}
		return row{{n, Dim}, {" ", Dim}, {name, Dim.Struck()}, {pad + out + "✗", Dim}, {fill, Text}, {amount(w.Wakes), Dim}}
	}
	r := row{{n, Dim}, {" ", Dim}, {name + pad, Text}} // two blanks alone would stretch: see fill
	if how {
		trigger := "level"
		if w.Edge {
			trigger = "edge "
		}
		r = append(r, span{trigger + "  ", Dim})
	}
	mark := span{"·", Dim}
	if w.Ready {
		mark = span{"●", Accent.Bold()}
	}
	times := span{amount(w.Wakes), Strong}
	if w.Wakes == 0 {
		times.style = Dim
	}
	return append(r, mark, span{fill, Text}, times)
}

// watchWord is "pipe● 3".
func watchWord(w *scene.Watch) row {
	name := span{head(w.Name, 12), Text}
	if w.Cut {
		name.style = Dim.Struck()
	}
	r := row{name}
	if w.Ready {
		r = append(r, span{"●", Accent.Bold()})
	}
	return append(r, span{" " + amount(w.Wakes), Strong})
}
