package draw

import (
	"strconv"
	"strings"

	"ipctour/sims/scene"
)

// How a ring looks: its slots side by side with what is in them, a mark under the
// slot that head and tail are at, and how often each doorbell was rung. Filled slots
// have the colour of the producer.

func (p *painter) ringCard(o *scene.Ring, d detail, room int) card {
	label := o.Label
	if label == "" {
		label = "ring"
	}
	k := card{name: label}
	if o.Gone {
		k.title = text(label, Dim)
		k.rows = []row{text("gone: nobody has it mapped", Dim)}
		return k
	}
	switch d {
	case flat:
		line := append(row{{label, Strong}, {" ", Text}}, p.ringBar(o, 16)...)
		k.rows = []row{append(append(line, span{" ", Text}), ringLevel(o)...)}
		return k
	case small:
		k.title = text(label, Strong)
		k.rows = []row{p.ringBar(o, 16)}
		if marks := barMarks(o, 16); marks != nil && p.cells > 0 { // a list has no columns
			k.rows = append(k.rows, marks)
		}
		k.rows = append(k.rows, row{{filledOf(o), Text}})
		if o.Data.Rung >= 0 {
			k.rows = append(k.rows, text(count64(o.Data.Rung, "bell"), Dim))
		}
		return k
	}
	k.title = row{{label, Strong}, {" of " + count(max(o.Slots, 0), "slot") + ", ", Dim}, {known(o.Size), Text}, {" B each", Dim}}
	k.least = 30
	cells := p.ringCells(o, d, room)
	if cells == 0 {
		k.rows = append(k.rows, p.ringBar(o, 24), ringLevel(o))
	} else {
		k.rows = append(k.rows, p.ringSlots(o, cells)...)
		k.rows = append(k.rows, ringMarks(o, cells), ringLevel(o))
		k.port = 1 + (max(p.bars, 1)-1)/2
	}
	return ringBells(k, o)
}

// ringCells is how wide each slot is drawn; 0 when a bar must do.
func (p *painter) ringCells(o *scene.Ring, d detail, room int) int {
	most, limit := 5, min(room, 66)
	if p.air && p.cells > barCells {
		most, limit = 8, min(room, 82)
	}
	if d > full {
		most, limit = 4, min(room, 42)
	}
	if o.Slots <= 0 || o.Slots > limit {
		return 0
	}
	cells := min((limit-1)/o.Slots-1, most)
	if cells < 2 || d == medium && cells < 3 {
		return 0
	}
	return cells
}

// ringSlots is the frame of the slots in three rows.
func (p *painter) ringSlots(o *scene.Ring, cells int) []row {
	line := strings.Repeat("─", cells)
	top := "┌" + strings.Repeat(line+"┬", o.Slots-1) + line + "┐"
	bottom := []rune("└" + strings.Repeat(line+"┴", o.Slots-1) + line + "┘")
	middle := make(row, 0, 2*o.Slots+1)
	hue := p.writer(o.ID)
	for i := range o.Slots {
		st := Dim
		if o.Holds(i) && o.Known {
			st = hue.Bold()
		}
		middle = append(middle, span{"│", Dim}, span{slotText(o, i, cells), st})
	}
	if o.Known {
		bottom[ringAt(o, o.Tail, cells)] = '△'
		bottom[ringAt(o, o.Head, cells)] = '▲'
	}
	marks := make(row, 0, 5)
	for _, r := range bottom { // the marks lead the eye, the frame does not
		st := Dim
		if r == '△' || r == '▲' {
			st = Accent
		}
		if n := len(marks); n > 0 && marks[n-1].style == st {
			marks[n-1].text += string(r)
			continue
		}
		marks = append(marks, span{string(r), st})
	}
	middle = append(middle, span{"│", Dim})
	rows := []row{text(top, Dim)}
	texts, _ := p.tall(middle)
	return append(append(rows, texts...), marks)
}

// slotText is what is in a slot, in so many cells.
func slotText(o *scene.Ring, i, cells int) string {
	says := ""
	if i < len(o.Texts) {
		says = o.Texts[i]
	}
	switch {
	case !o.Known:
		says = "?"
	case o.Holds(i) && says == "":
		return strings.Repeat("▒", cells)
	}
	if in, half := strings.CutPrefix(says, "("); half && Width(says) > cells && cells >= 3 { // of a half-done message the brackets stay
		says = "(" + tail(strings.TrimSuffix(in, ")"), cells-2) + ")"
	}
	says = tail(says, cells)
	left := (cells - Width(says) + 1) / 2
	return blanks(left) + says + blanks(cells-Width(says)-left)
}

// ringAt is the column under the middle of the slot that an index is at.
func ringAt(o *scene.Ring, index uint64, cells int) int {
	return int(index%uint64(o.Slots))*(cells+1) + 1 + cells/2
}

// ringMarks writes head and tail under their marks, side by side where they are close.
func ringMarks(o *scene.Ring, cells int) row {
	width := o.Slots*(cells+1) + 1
	if !o.Known {
		return text(blanks(width), Dim)
	}
	first, second := "tail", "head"
	a, b := ringAt(o, o.Tail, cells), ringAt(o, o.Head, cells)
	if a == b {
		words := "head = tail"
		at := max(min(a-len(words)/2, width-len(words)), 0)
		return text(blanks(at)+words+blanks(width-at-len(words)), Text)
	}
	if a > b {
		a, b, first, second = b, a, second, first
	}
	a = max(min(a-len(first)/2, b-len(first)-1), 0)
	b = max(min(b-len(second)/2, width-len(second)), a+len(first)+1)
	return text(blanks(a)+first+blanks(b-a-len(first))+second+blanks(width-b-len(second)), Text)
}

// ringBar has a cell for each slot where there are few enough.
func (p *painter) ringBar(o *scene.Ring, cells int) row {
	hue := p.writer(o.ID)
	r := row{{"▐", Dim}}
	switch {
	case !o.Known:
		r = append(r, span{strings.Repeat("?", min(max(o.Slots, 1), cells)), Dim})
	case o.Slots > 0 && o.Slots <= cells:
		for i := range o.Slots {
			if o.Holds(i) {
				r = append(r, span{"▒", hue})
			} else if i < len(o.Texts) && strings.HasPrefix(o.Texts[i], "(") { // half-done, in brackets
				r = append(r, span{"(", hue})
			} else {
				r = append(r, span{"░", Dim})
			}
		}
	default:
		n := share(int64(o.Filled()), int64(max(o.Slots, 0)), cells)
		r = append(r, span{strings.Repeat("▒", n), hue}, span{repeat(emptyCells, glyphBytes, cells-n), Dim})
	}
	return append(r, span{"▌", Dim})
}

// barMarks is where head and tail are under a bar that has a cell for each slot.
func barMarks(o *scene.Ring, cells int) row {
	if !o.Known || o.Slots <= 0 || o.Slots > cells {
		return nil
	}
	marks := []rune(blanks(o.Slots + 2))
	marks[1+o.Tail%uint64(o.Slots)] = '△'
	marks[1+o.Head%uint64(o.Slots)] = '▲'
	return text(string(marks), Accent)
}

func filledOf(o *scene.Ring) string {
	if !o.Known {
		return "? of " + strconv.Itoa(max(o.Slots, 0))
	}
	return strconv.Itoa(o.Filled()) + " of " + strconv.Itoa(max(o.Slots, 0))
}

// ringLevel is "head 13 − tail 8 = 5 filled".
func ringLevel(o *scene.Ring) row {
	if !o.Known {
		return text("head ?  tail ?", Dim)
	}
	return row{{"head ", Dim}, {thousands(o.Head), Text}, {"  tail ", Dim}, {thousands(o.Tail), Text}, {"  filled ", Dim}, {filledOf(o), Strong}}
}

func thousands(n uint64) string {
	if n > 1<<62 {
		return strconv.FormatUint(n, 10)
	}
	return scene.Thousands(int64(n))
}

// ringBells adds a row for each doorbell that there is.
func ringBells(k card, o *scene.Ring) card {
	for _, b := range []struct {
		bell  scene.Doorbell
		whose string
	}{{o.Data, "consumer"}, {o.Room, "producer"}} {
		if b.bell.Rung < 0 {
			continue
		}
		rung := "rung " + scene.Thousands(b.bell.Rung) + "×"
		asked := blanks(12) // so that the row does not jump
		if b.bell.Asked {
			asked = "· to be rung"
		}
		k.rows = append(k.rows, row{{b.whose + "'s doorbell ", Dim}, {rung, Text}, {blanks(max(13-Width(rung), 1)), Text}, {asked, Accent}})
	}
	return k
}

// count64 is "1 bell", "37 bells".
func count64(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return scene.Thousands(n) + " " + thing + "s"
}
