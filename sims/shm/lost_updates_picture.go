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
	cast := addersIn(w)
	page := w.Page("counter", cast...)
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
	for _, role := range cast {
		p := w.Process(role)
		if v, has := inHand(w, role); has && p.Life.Alive() {
			p.Note = "has loaded " + scene.Thousands(v)
		}
		s.Processes = append(s.Processes, p)
		s.Links = append(s.Links, w.PageLink(role, "counter", page))
	}
	f := scene.Missing("sum", "the sum", "nobody has touched it yet")
	if known {
		f = scene.Count("sum", "the sum", sum, "", scene.Kernel).From("pread(2) of the shared memory, by the tour", "")
	}
	s.Figures = []scene.Figure{f}
	if latestSum(w, "robust mutex").parties > 0 {
		s.Figures = append(s.Figures, robustPrice(w))
	}
	if added, any := addedByEach(w); any { // by hand nothing is counted
		s.Figures = append(s.Figures, added)
	}
	return s
}

// robustPrice is what an add costs alone under the robust mutex, by what it costs under
// the other.
func robustPrice(w *sims.World) scene.Figure {
	robust, plain := latestSum(w, "robust mutex").alone, int64(0)
	for _, said := range results(slices.Concat(w.Earlier, w.Moments), "added") {
		if said[0].S["how"] == "mutex" {
			plain = sumOf(said).alone
		}
	}
	if plain == 0 {
		return scene.Missing("robust-price", "robust over mutex, alone", "nothing has been added under the mutex yet")
	}
	return scene.Figure{ID: "robust-price", Label: "robust over mutex, alone", Text: scene.Tenths(10*robust/plain) + " times", Origin: scene.Derived}.
		From("the column \"alone\" of the table: the robust mutex over the mutex", "")
}

// addedByEach is how far they have come: the number of each, or where they are apart
// the least and the most.
func addedByEach(w *sims.World) (f scene.Figure, any bool) {
	var counts []int64
	for _, role := range addersIn(w) {
		counts = append(counts, w.Count(role, "added"))
	}
	least, most := slices.Min(counts), slices.Max(counts)
	f = scene.Figure{ID: "added", Label: "added by each", Origin: scene.Child, Text: scene.Thousands(most)}
	if least != most {
		f.Text = scene.Thousands(least) + " to " + scene.Thousands(most)
	}
	return f.From("an atomic counter of each in a page shared with the tour, in steps of 1,000", ""), most > 0
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
	return slices.ContainsFunc(addersIn(w), func(role string) bool { a := w.Actor(role); return a.Life.Alive() && !a.Idle && a.Gate == "" })
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

// tableRows is how many runs are compared at the most.
const tableRows = 6

// waysTable has a row for each way that this cast has tried, with each number of
// adders that there was, the latest way last. Before this cast has tried one the rows
// are those of the casts before it.
func waysTable(w *sims.World) scene.Table {
	t := scene.Table{Title: "adding, in turn", Columns: []string{"how", "by", "sum", "lost", "ns an add", "alone"}, Origin: scene.Child, Right: []int{1, 2, 3, 4, 5}}
	for _, s := range comparable(w) {
		lost := s.adds - s.sum
		if lost != 0 {
			t.Bad = append(t.Bad, len(t.Rows))
		}
		t.Rows = append(t.Rows, []string{s.how, fmt.Sprint(s.parties), scene.Thousands(s.sum), scene.Thousands(lost), scene.Tenths(s.together), scene.Tenths(s.alone)})
	}
	t.Now = []int{len(t.Rows) - 1} // the latest is the last
	return t
}

func comparable(w *sims.World) (rows []sum) {
	all := results(slices.Concat(w.Earlier, w.Moments), "added")
	tried := results(w.Moments, "added")
	for _, way := range tried {
		for _, said := range all {
			if said[0].S["how"] == way[0].S["how"] && !slices.ContainsFunc(rows, func(s sum) bool { return s.how == way[0].S["how"] && s.parties == said[0].N["parties"] }) {
				rows = append(rows, sumOf(said))
			}
		}
	}
	if len(tried) == 0 {
		for _, said := range all {
			rows = append(rows, sumOf(said))
		}
	}
	return rows[max(0, len(rows)-tableRows):]
}

func lostSentence(w *sims.World) string {
	var dead, living, stopped []string
	for _, role := range addersIn(w) {
		switch a := w.Actor(role); {
		case a.Ended() != "":
			dead = append(dead, role)
		case a.Life == scene.Stopped:
			stopped = append(stopped, role)
		default:
			living = append(living, role)
		}
	}
	switch {
	case len(dead) == len(addersIn(w)):
		return "All adders are gone, and the memory with them: it had no name."
	case len(stopped) > 0:
		return listed(stopped) + " " + verb(stopped, "is", "are") + " stopped. Whoever is stopped inside a lock keeps all others out before it goes on."
	case len(dead) > 0:
		return survivorSentence(w, dead, living)
	}
	return addingSentence(w)
}

// survivorSentence tells what becomes of the others when some have ended.
func survivorSentence(w *sims.World, dead, left []string) string {
	gone := listed(dead) + " " + verb(dead, "is", "are") + " gone (" + w.Actor(dead[0]).Ended() + ")"
	asleep := slices.DeleteFunc(slices.Clone(left), func(role string) bool { return !w.Asleep(role, "futex") })
	free := slices.DeleteFunc(slices.Clone(left), func(role string) bool { return !w.Actor(role).Idle })
	m := w.Last("", "broke off")
	switch {
	case len(asleep) == len(left) && w.Object("counter").Level("mutex") != share.MutexFree:
		return gone + ", and nobody unlocks what it held: " + listed(asleep) + " " + verb(asleep, "sleeps", "sleep") + " on the lock."
	case w.Last("", "owner died") != nil:
		who := w.Last("", "owner died").Who
		return gone + " inside the robust mutex: the kernel has marked the lock, and " + who + " gets EOWNERDEAD, puts it in order and goes on."
	case len(free) == len(left) && m != nil && m.S["errno"] == "ETIMEDOUT":
		return gone + " with the spin lock in its hand: " + m.Who + " has looked for two seconds and given up."
	case len(free) == len(left) && len(left) == 1:
		return gone + ". " + left[0] + " can add alone: nobody comes between."
	case len(free) == len(left):
		return gone + ". The others can add without " + verb(dead, "it", "them") + "."
	}
	return gone + ", and " + listed(left) + " " + verb(left, "goes", "go") + " on."
}

func addingSentence(w *sims.World) string {
	if addersBusy(w) && w.Actor("adder-a").PID > 0 {
		if run := latestRun(w); run != nil {
			return "All " + numberWord(addersOf(w.Options)) + " add as fast as they can, to one number: " + run.S["how"] + "."
		}
		return "The adders are at work."
	}
	for i := len(w.Moments) - 1; i >= 0; i-- {
		m := &w.Moments[i]
		switch m.Name {
		case "loaded":
			if v, has := inHand(w, other(m.Who)); has {
				return "Both have loaded " + scene.Thousands(min(v, m.N["value"])) + ". Whoever stores second overwrites what the first one stored."
			}
			return m.Who + " has loaded " + scene.Thousands(m.N["value"]) + ", and not yet stored."
		case "stored":
			return storedSentence(w, m)
		case "added":
			return sumSentence(w, m)
		case "broke off":
			return m.Who + " broke off: " + m.S["errno"] + "."
		}
	}
	return titled(numberWord(addersOf(w.Options))) + " processes map one page. There is a number in it, and it is 0."
}

// other is the other one of the two that a learner leads by hand.
func other(role string) string {
	if role == adders[0] {
		return adders[1]
	}
	return adders[0]
}

func storedSentence(w *sims.World, m *sims.Moment) string {
	stored := " has stored " + scene.Thousands(m.N["value"])
	if _, has := inHand(w, other(m.Who)); has {
		return m.Who + stored + ", and " + other(m.Who) + " does not know: it still has what it loaded before."
	}
	if o := w.Last(other(m.Who), "stored"); o != nil && o.N["value"] == m.N["value"] {
		return "Both have stored " + scene.Thousands(m.N["value"]) + ": two additions, and the number has grown by one. One update is lost."
	}
	return m.Who + stored + "."
}

func sumSentence(w *sims.World, m *sims.Moment) string {
	lost, cost := m.N["adds"]-m.N["sum"], latestSum(w, m.S["how"])
	switch {
	case m.N["parties"] < 2:
		return fmt.Sprintf("Alone, %s: %s, and none is lost, for nobody came between.", m.S["how"], scene.Thousands(m.N["sum"]))
	case lost > 0:
		return fmt.Sprintf("%s: %s of %s. %s updates are lost.", titled(m.S["how"]), scene.Thousands(m.N["sum"]), scene.Thousands(m.N["adds"]), scene.Thousands(lost))
	case m.S["how"] == "plain":
		return fmt.Sprintf("Plain: %s, and none was lost in %d runs. That is luck, or a machine with one processor: nothing promises it.", scene.Thousands(m.N["sum"]), m.N["runs"])
	case cost.together == 0: // the others have not told yet
		return fmt.Sprintf("%s: %s, none lost.", titled(m.S["how"]), scene.Thousands(m.N["sum"]))
	}
	return fmt.Sprintf("%s: %s, none lost, at %s ns an add; %s alone.", titled(m.S["how"]), scene.Thousands(m.N["sum"]), scene.Tenths(cost.together), scene.Tenths(cost.alone))
}

// numberWord is a small number in words.
func numberWord(n int) string {
	return []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight"}[n]
}

func titled(how string) string { return string(how[0]-'a'+'A') + how[1:] }
