package draw

import (
	"cmp"
	"fmt"
	"strconv"

	"ipctour/sims/scene"
)

// How a futex looks: the word of the lock with its bits, who holds it, and who
// sleeps on it.
func (p *painter) futexCard(o *scene.Futex, d detail, room int) card {
	label := cmp.Or(o.Label, "futex")
	k := squareCard(head(label, 26))
	k.name = head(label, 18)
	if o.Gone {
		k.border = Dashed
		k.title = row{{"✗ ", Dim}, {head(label, 24), Dim.Struck()}}
		k.rows = []row{text("no process maps it", Dim)}
		return k
	}
	word := wordOf(o)
	switch d {
	case flat:
		k.framed = false
		line := append(row{{"▐ ", Dim}}, k.title...)
		line = append(append(line, span{"  ", Text}), word...)
		if o.Robust {
			line = append(append(line, span{"  ", Text}), bits(o, true)...)
		}
		line = append(append(line, span{"  ", Text}), p.ownerRow(o)...)
		line = append(append(line, span{"  ", Text}), p.asleepRow(o)...)
		k.title = nil
		k.rows = []row{append(line, span{" ▌", Dim})}
		return k
	case small:
		k.rows = []row{word, p.ownerRow(o)}
		if len(o.Asleep) > 0 {
			k.rows = append(k.rows, p.asleepRow(o))
		}
		if o.Robust {
			k.rows[0] = bits(o, true)
		}
		return k
	}
	k.least = 26
	k.rows = append(k.rows, word)
	if o.Robust {
		k.rows = append(k.rows, bits(o, d == medium))
	}
	k.rows = append(k.rows, p.ownerRow(o), p.asleepRow(o))
	if d <= lean && o.Note != "" {
		for _, line := range wrap(o.Note, 34, 2) {
			k.rows = append(k.rows, text(head(line, 34), Dim))
		}
	}
	return k
}

// wordOf is the number in memory and what it means.
func wordOf(o *scene.Futex) row {
	if !o.Known {
		return row{{"word ", Dim}, {"?", Strong}}
	}
	number := strconv.FormatUint(uint64(o.Word), 10)
	if o.Robust || o.Word > 9999 {
		number = fmt.Sprintf("0x%08x", o.Word)
	}
	r := row{{"word ", Dim}, {number, Accent.Bold()}}
	if o.Means != "" {
		r = append(r, span{"  ", Text}, span{head(o.Means, 26), Text})
	}
	return r
}

// bits are the parts of a robust lock's word: two flags and a thread.
func bits(o *scene.Futex, short bool) row {
	waiters, died := "WAITERS ", "OWNER_DIED "
	if short {
		waiters, died = "W ", "D "
	}
	bit := func(on bool, st Style) span {
		if on {
			return span{"1", st}
		}
		return span{"0", Dim}
	}
	tid := span{strconv.Itoa(o.TID), Dim}
	if o.TID != 0 {
		tid.style = Strong
	}
	return row{{waiters, Dim}, bit(o.Waiters, Strong), {" · ", Dim}, {died, Dim}, bit(o.Died, Fail.Bold()), {" · tid ", Dim}, tid}
}

func (p *painter) ownerRow(o *scene.Futex) row {
	if o.Owner == "" {
		return row{{"held by ", Dim}, {o.Holder(), Dim}}
	}
	return row{{"held by ", Dim}, {head(p.called(o.Owner), 16), p.hue(o.Owner).Bold()}}
}

// asleepRow is who sleeps on the word, a few by name.
func (p *painter) asleepRow(o *scene.Futex) row {
	if len(o.Asleep) == 0 {
		return text("nobody sleeps on it", Dim)
	}
	r := row{{"asleep", Dim}}
	for i, who := range o.Asleep {
		if i == 3 {
			return append(r, span{fmt.Sprintf(" +%d", len(o.Asleep)-i), Dim})
		}
		st := p.hue(who)
		r = append(r, span{" ┃", st}, span{head(p.called(who), 12), st})
	}
	return r
}

// called is the name of a process by its id.
func (p *painter) called(id string) string {
	if q := p.s.Process(id); q != nil && q.Name != "" {
		return q.Name
	}
	return id
}
