package lessons

// Nearest: what somebody may have meant by a name that is not there.

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

const mostNear = 5

// Nearest are the lesson ids that come closest to a word, best first, at most
// five: those that hold the word in their id or title, then those that are a few
// letters away from it.
func (c *Course) Nearest(word string) []string {
	word = strings.ToLower(strings.TrimSpace(word))
	if word == "" {
		return nil
	}
	type near struct {
		id   string
		rank int
	}
	var found []near
	for _, l := range c.Lessons {
		if rank, ok := nearness(word, l.ID, l.Title); ok {
			found = append(found, near{l.ID, rank})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return cmp.Compare(a.rank, b.rank) })
	ids := []string{}
	for _, n := range found[:min(len(found), mostNear)] {
		ids = append(ids, n.id)
	}
	return ids
}

// nearness ranks a lesson against a word: 0 is best, false is not near at all.
func nearness(word, id, title string) (rank int, ok bool) {
	_, name, _ := strings.Cut(id, "/")
	switch {
	case name == word:
		return 0, true
	case strings.HasPrefix(id, word), strings.HasPrefix(name, word):
		return 1, true
	case strings.Contains(id, word):
		return 2, true
	case strings.Contains(strings.ToLower(title), word):
		return 3, true
	}
	steps := distance(word, id)
	if !strings.Contains(word, "/") {
		steps = min(steps, distance(word, name))
	}
	letters := utf8.RuneCountInString(word)
	return 4 + steps, steps <= max(1, min(2, letters/2), letters/3)
}

// distance counts the letters to add, drop or change to make b of a (Levenshtein).
func distance(a, b string) int {
	to := []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	i := 0
	for _, r := range a {
		i++
		corner := row[0]
		row[0] = i
		for j, s := range to {
			change := corner
			if r != s {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
