package shm

// How shm/lost-updates looks, and what is said of it as it runs.

import (
	"fmt"
	"slices"

	"ipctour/sims"
	"ipctour/sims/scene"
	"ipctour/sims/share"
)

func drawLostUpdates(w *sims.World) *scene.Scene {
	page := w.Page("counter", adders...)
	page.Label = "shared page"
	sum, known := w.Object("counter").N["sum"]
	if known && !page.Absent {
		word, run := scene.Word{Name: "sum", Text: scene.Thousands(sum)}, latestRun(w)
		word.Bad = run != nil && run.Name == "added" && run.N["sum"] != run.N["adds"] && sum == run.N["sum"]
		page.Words = append(page.Words, word)
		if run != nil && run.S["how"] != "plain" && run.S["how"] != "atomic" {
			page.Words = append(page.Words, scene.Word{Name: run.S["how"], Text: lockText(w, run.S["how"])})
		}
	}
	s := &scene.Scene{Sentence: lostSentence(w), Objects: []scene.Object{page}}
	if t := waysTable(w); len(t.Rows) > 0 {
		s.Tables = []scene.Table{t}
	}
	for _, role := range adders {
		p := w.Process(role)
		if v, has := inHand(w, role); has && p.Life.Alive() {
			p.Note = fmt.Sprintf("has loaded %d", v)
		}
		s.Processes = append(s.Processes, p)
		s.Links = append(s.Links, w.PageLink(role, "counter", page))
	}
	f := scene.Missing("sum", "the sum", "nobody has touched it yet")
	if known {
		f = scene.Count("sum", "the sum", sum, "", scene.Kernel).From("pread(2) of the shared memory, by the tour", "")
	}
	added := scene.Figure{ID: "added", Label: "added by each", Origin: scene.Child,
		Text: scene.Thousands(w.Count("adder-a", "added")) + " and " + scene.Thousands(w.Count("adder-b", "added"))}
	s.Figures = []scene.Figure{f}
	if w.Count("adder-a", "added")+w.Count("adder-b", "added") > 0 { // by hand nothing is counted
		s.Figures = append(s.Figures, added.From("an atomic counter of each in a page shared with the tour, in steps of 1,000", ""))
	}
	return s
}

// latestRun is the run that began or ended last, unless something else was done since.
func latestRun(w *sims.World) *sims.Moment {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		switch m := &w.Moments[i]; m.Name {
		case "added", "adding":
			return m
		case "loaded", "stored":
			return nil
		}
	}
	return nil
}

// lockText is the word of a lock as it is in memory.
func lockText(w *sims.World, how string) string {
	v := w.Object("counter").Level(how)
	if how == "robust mutex" {
		return fmt.Sprintf("%#x", v)
	}
	return fmt.Sprint(v)
}

func addersBusy(w *sims.World) bool {
	return slices.ContainsFunc(adders, func(role string) bool { a := w.Actor(role); return a.Life.Alive() && !a.Idle && a.Gate == "" })
}

// inHand is what a role has loaded and not stored yet.
func inHand(w *sims.World, role string) (int64, bool) {
	for i := len(w.Moments) - 1; i >= 0; i-- {
		if m := &w.Moments[i]; m.Who == role {
			return m.N["value"], m.Name == "loaded"
		}
	}
	return 0, false
}

// waysTable has a row for each way that was tried.
func waysTable(w *sims.World) scene.Table {
	t := scene.Table{Title: scene.Thousands(addsOf(w)) + " additions by each", Columns: []string{"how", "sum", "lost", "ns an add", "alone"}, Origin: scene.Child, Right: []int{1, 2, 3, 4}}
	for _, how := range ways {
		m := sumOf(w, how)
		if m == nil {
			continue
		}
		lost := m.N["adds"] - m.N["sum"]
		if lost != 0 {
			t.Bad = append(t.Bad, len(t.Rows))
		}
		if w.Last("", "added").S["how"] == how {
			t.Now = []int{len(t.Rows)}
		}
		together, alone := costOf(w, how)
		t.Rows = append(t.Rows, []string{how, scene.Thousands(m.N["sum"]), scene.Thousands(lost), tenths(together), tenths(alone)})
	}
	return t
}

func addsOf(w *sims.World) int64 {
	return int64(additions(w.Options["adds"]))
}

// tenths writes tenths of a nanosecond as nanoseconds.
func tenths(n int64) string {
	if n >= 1000 {
		return scene.Thousands((n + 5) / 10)
	}
	return fmt.Sprintf("%d.%d", n/10, n%10)
}

func lostSentence(w *sims.World) string {
	a, b := w.Actor("adder-a"), w.Actor("adder-b")
	switch {
	case a.Ended() != "" && b.Ended() != "":
		return "Both adders are gone, and the memory with them: it had no name."
	case a.Ended() != "":
		return survivorSentence(w, "adder-a", "adder-b")
	case b.Ended() != "":
		return survivorSentence(w, "adder-b", "adder-a")
	case a.Life == scene.Stopped || b.Life == scene.Stopped:
		return "One adder is stopped. If it is stopped inside a lock, the other one cannot get in before it goes on."
	}
	return addingSentence(w)
}

// survivorSentence tells what becomes of one when the other has ended.
func survivorSentence(w *sims.World, dead, left string) string {
	gone := dead + " is gone (" + w.Actor(dead).Ended() + ")"
	switch m := w.Last(left, "broke off"); {
	case w.Asleep(left, "futex") && w.Object("counter").Level("mutex") != share.MutexFree:
		return gone + ", and nobody unlocks what it held: " + left + " sleeps on the lock."
	case w.Last(left, "owner died") != nil:
		return gone + " inside the robust mutex: the kernel has marked the lock, and " + left + " gets EOWNERDEAD, puts it in order and goes on."
	case w.Actor(left).Idle && m != nil && m.S["errno"] == "ETIMEDOUT":
		return gone + " with the spin lock in its hand: " + left + " has looked for two seconds and given up."
	case w.Actor(left).Idle:
		return gone + ". " + left + " can add alone: nobody comes between."
	}
	return gone + ", and " + left + " goes on."
}

func addingSentence(w *sims.World) string {
	if addersBusy(w) && w.Actor("adder-a").PID > 0 {
		if run := latestRun(w); run != nil {
			return "Both add as fast as they can, to one number: " + run.S["how"] + "."
		}
		return "Both are at work."
	}
	for i := len(w.Moments) - 1; i >= 0; i-- {
		m := &w.Moments[i]
		switch m.Name {
		case "loaded":
			if v, has := inHand(w, other(m.Who)); has {
				return fmt.Sprintf("Both have loaded %d. Whoever stores second overwrites what the first one stored.", min(v, m.N["value"]))
			}
			return fmt.Sprintf("%s has loaded %d, and not yet stored.", m.Who, m.N["value"])
		case "stored":
			return storedSentence(w, m)
		case "added":
			return sumSentence(w, m)
		case "broke off":
			return m.Who + " broke off: " + m.S["errno"] + "."
		}
	}
	return "Two processes map one page. There is a number in it, and it is 0."
}

func other(role string) string {
	if role == adders[0] {
		return adders[1]
	}
	return adders[0]
}

func storedSentence(w *sims.World, m *sims.Moment) string {
	if _, has := inHand(w, other(m.Who)); has {
		return fmt.Sprintf("%s has stored %d, and %s does not know: it still has what it loaded before.", m.Who, m.N["value"], other(m.Who))
	}
	if o := w.Last(other(m.Who), "stored"); o != nil && o.N["value"] == m.N["value"] {
		return fmt.Sprintf("Both have stored %d: two additions, and the number has grown by one. One update is lost.", m.N["value"])
	}
	return fmt.Sprintf("%s has stored %d.", m.Who, m.N["value"])
}

func sumSentence(w *sims.World, m *sims.Moment) string {
	lost := m.N["adds"] - m.N["sum"]
	_, alone := costOf(w, m.S["how"])
	together, _ := costOf(w, m.S["how"])
	switch {
	case m.N["parties"] < 2:
		return fmt.Sprintf("Alone, %s: %s, and none is lost, for nobody came between.", m.S["how"], scene.Thousands(m.N["sum"]))
	case lost > 0:
		return fmt.Sprintf("%s: %s of %s. %s updates are lost.", titled(m.S["how"]), scene.Thousands(m.N["sum"]), scene.Thousands(m.N["adds"]), scene.Thousands(lost))
	case m.S["how"] == "plain":
		return fmt.Sprintf("Plain: %s, and none was lost in %d runs. That is luck, or a machine with one processor: nothing promises it.", scene.Thousands(m.N["sum"]), m.N["runs"])
	}
	return fmt.Sprintf("%s: %s, none lost, at %s ns an add; %s alone.", titled(m.S["how"]), scene.Thousands(m.N["sum"]), tenths(together), tenths(alone))
}

func titled(how string) string { return string(how[0]-'a'+'A') + how[1:] }
