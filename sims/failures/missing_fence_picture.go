package failures

// The picture of missing_fence.go.

import (
	"fmt"

	"ipctour/sims"
	"ipctour/sims/scene"
)

func drawMissingFence(w *sims.World) *scene.Scene {
	page := w.Page("page", "left", "right")
	page.Words, page.Unframed, page.Size = litmusWords(w), true, 0
	if b := lastBatch(w, ""); b != nil && underWay(w) == "" {
		page.Note = "after round " + scene.Thousands(b.N["round"])
	}
	s := &scene.Scene{
		Sentence:  missingFenceSentence(w),
		Processes: []scene.Process{onProcessor(w, "left"), onProcessor(w, "right")},
		Objects:   []scene.Object{page},
		Links:     []scene.Link{w.PageLink("left", "page", page), w.PageLink("right", "page", page)},
		Figures:   litmusFigures(w),
	}
	for i := range s.Links { // the addresses are of no interest here
		s.Links[i].Both, s.Links[i].Label = true, ""
	}
	s.Links[1].From, s.Links[1].To = "page", "right" // on the page's other side
	if t := outcomeTable(w); len(t.Rows) > 1 {       // one is told by the figures
		s.Tables = []scene.Table{t}
	}
	return s
}

// onProcessor is a process with the processor that the kernel says it runs on, and what it
// read in the round that is shown.
func onProcessor(w *sims.World, role string) scene.Process {
	p := w.Process(role)
	if ran := w.Actor(role).Ran; len(ran) > 0 && w.Last(role, "pinned") != nil && p.Life.Alive() {
		p.Name = fmt.Sprintf("%s on CPU %d", role, ran[len(ran)-1])
	}
	if b := lastBatch(w, ""); b != nil && underWay(w) == "" && p.Life.Alive() && p.Life != scene.Stopped {
		p.Note = fmt.Sprintf("read %s: %d", map[string]string{"left": "y", "right": "x"}[role], b.N[role])
	}
	return p
}

// litmusWords are the two words of the page, between rounds or after the one
// that is shown: the first of the batch in which both read 0, or the last.
func litmusWords(w *sims.World) []scene.Word {
	x, y := scene.Word{Name: "x", Text: "0", Who: "left"}, scene.Word{Name: "y", Text: "0", Who: "right"}
	if b := lastBatch(w, ""); underWay(w) != "" {
		x.Text, y.Text = "0, then 1", "0, then 1"
	} else if b != nil {
		x.Text, y.Text = fmt.Sprint(b.N["x"]), fmt.Sprint(b.N["y"])
	}
	return []scene.Word{x, y}
}

// underWay is the manner of the rounds that are being played, by the counts that
// have grown past the last result; "" when none are.
func underWay(w *sims.World) string {
	if w.Actor("left").Idle || !w.Actor("left").Life.Alive() {
		return ""
	}
	for _, m := range manners {
		if n := roundsOf(w, m.name); n > 0 {
			b := lastBatch(w, m.name)
			if b == nil || n != b.N["rounds"] {
				return m.name
			}
		}
	}
	return ""
}

func roundsOf(w *sims.World, manner string) (n int64) {
	for _, o := range outcomes {
		n += w.Count("left", manner+" "+o)
	}
	return n
}

// result is what a manner has given: of the last batch of it, or of the one under way.
func result(w *sims.World, manner string) (read map[string]int64, rounds int64) {
	if b := lastBatch(w, manner); b != nil && underWay(w) != manner {
		return b.N, b.N["rounds"]
	}
	read = map[string]int64{}
	for _, o := range outcomes {
		read[o] = w.Count("left", manner+" "+o)
	}
	return read, roundsOf(w, manner)
}

// shownManner is the one that the figures speak of.
func shownManner(w *sims.World) string {
	if m := underWay(w); m != "" {
		return m
	}
	if b := lastBatch(w, ""); b != nil {
		return b.S["manner"]
	}
	return "plain"
}

func perMillion(zeros, rounds int64) string {
	if rounds == 0 {
		return "–"
	}
	return scene.Thousands((zeros*1_000_000 + rounds/2) / rounds)
}

func outcomeTable(w *sims.World) scene.Table {
	t := scene.Table{Title: "what left and right read", Columns: []string{"stores", "1 and 1", "1 and 0", "0 and 1", "0 and 0", "per million", "ns alone"},
		Origin: scene.Child, Right: []int{1, 2, 3, 4, 5, 6}}
	for _, m := range manners {
		b := lastBatch(w, m.name)
		if b == nil {
			continue
		}
		read, rounds := b.N, b.N["rounds"]
		if b == lastBatch(w, "") {
			t.Now = []int{len(t.Rows)}
		}
		row := []string{m.name}
		for _, o := range []string{"11", "10", "01", "00"} {
			row = append(row, scene.Thousands(read[o]))
		}
		if read["00"] > 0 {
			t.Bad = append(t.Bad, len(t.Rows))
		}
		t.Rows = append(t.Rows, append(row, perMillion(read["00"], rounds), scene.Tenths(b.N["alone"])))
	}
	return t
}

func litmusFigures(w *sims.World) []scene.Figure {
	const how = "counted by the left in memory of its own; the right puts what it read into the shared page, after each round"
	name := shownManner(w)
	read, rounds := result(w, name)
	list := []scene.Figure{
		scene.Count("both-zero", "both read 0, "+name, read["00"], "", scene.Child).From(how, ""),
		{ID: "per-million", Label: "per million rounds", Text: perMillion(read["00"], rounds), Origin: scene.Derived, How: "the rounds in which both read 0, over all rounds of this kind"},
		scene.Count("rounds", "rounds, "+name, rounds, "", scene.Child).From(how, ""),
	}
	return append(list, processorsFigure(w))
}

// processorsFigure is where each of the two runs.
func processorsFigure(w *sims.World) scene.Figure {
	left, right := w.Actor("left"), w.Actor("right")
	if len(left.Ran) == 0 || len(right.Ran) == 0 || w.Last("left", "pinned") == nil || w.Last("right", "pinned") == nil {
		return scene.Missing("cpus", "left, right run on", "they have not been bound yet")
	}
	text := fmt.Sprintf("CPU %d and %d", left.Ran[len(left.Ran)-1], right.Ran[len(right.Ran)-1])
	if !bound(w) {
		text += ", not bound"
	}
	return scene.Figure{ID: "cpus", Label: "left, right run on", Text: text, Origin: scene.Kernel}.
		From("field 39 of /proc/PID/stat: where each ran last",
			fmt.Sprintf("cut -d' ' -f39 /proc/%d/stat /proc/%d/stat", left.PID, right.PID))
}

func missingFenceSentence(w *sims.World) string {
	left, right := w.Actor("left"), w.Actor("right")
	switch {
	case left.Ended() != "" && right.Ended() != "":
		return "Both are gone, and the page with them: left " + left.Ended() + ", right " + right.Ended() + "."
	case left.Ended() != "":
		return "The left is gone (" + left.Ended() + "): nobody begins another round, and the right waits for one."
	case right.Ended() != "" && left.Idle:
		return "The right is gone (" + right.Ended() + "): a round needs both, and the left would wait for it without end."
	case right.Ended() != "":
		return "The right is gone (" + right.Ended() + ") in the middle of a round: the left looks again and again whether it has finished."
	case left.Life == scene.Stopped:
		return "The left is stopped: the right has nobody to play with."
	case right.Life == scene.Stopped:
		return "The right is stopped: the left cannot finish its round."
	}
	return roundsSentence(w)
}

func roundsSentence(w *sims.World) string {
	if name := underWay(w); name != "" {
		return "Round after round (" + name + "), the left stores x and loads y while the right stores y and loads x."
	}
	b := lastBatch(w, "")
	switch {
	case b == nil && w.Last("left", "pinned") != nil && w.Last("right", "pinned") != nil && !bound(w):
		return "Both have the page mapped. To be bound to a processor is denied here (sched_setaffinity): they run where the kernel puts them."
	case b == nil && bound(w):
		return "Both have the page mapped, each on a processor of its own, and wait for the first round."
	case b == nil:
		return "The two start, and map the page."
	case b.N["00"] > 0 && b.S["manner"] == "one fence":
		return fmt.Sprintf("With a fence in the left alone, both still read 0 in %s rounds.", zerosIn(b))
	case b.N["00"] > 0:
		return fmt.Sprintf("Both read 0 in %s rounds: the load went ahead of the store, on both sides.", zerosIn(b))
	case b.S["manner"] == "plain":
		return fmt.Sprintf("This processor showed no round with two zeros in %s. It may show one in the next.", scene.Thousands(b.N["rounds"]))
	case b.S["manner"] == "one fence":
		return fmt.Sprintf("With one fence, no round of %s had two zeros. Nothing promises that.", scene.Thousands(b.N["rounds"]))
	}
	return fmt.Sprintf("With %s, not one round of %s had two zeros, and none ever will.", b.S["manner"], scene.Thousands(b.N["rounds"]))
}

func zerosIn(b *sims.Moment) string {
	return scene.Thousands(b.N["00"]) + " of " + scene.Thousands(b.N["rounds"])
}
