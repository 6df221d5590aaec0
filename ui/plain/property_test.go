package plain

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"ipctour/sims/scenetest"

	"pgregory.net/rapid"
)

// Whatever the scene, what is told can be printed and spoken, and nothing new is
// told of a scene that has not changed.

func TestWhatIsToldIsHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := scenetest.Scene(t), scenetest.Scene(t)
		if rapid.Bool().Draw(t, "nil object") {
			a.Objects = append(a.Objects, nil)
		}
		harmless(t, Sentences(a))
		harmless(t, Changes(a, b))
		harmless(t, Changes(b, a))
		harmless(t, Changes(nil, a))
	})
}

func harmless(t *rapid.T, sentences []string) {
	for _, s := range sentences {
		if s == "" || s != strings.TrimSpace(s) || !utf8.ValidString(s) {
			t.Fatalf("told %q", s)
		}
		for _, r := range s {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q is in %q", r, s)
			}
		}
	}
}

func TestNothingIsToldOfWhatStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := scenetest.Scene(t)
		copied := *s
		if got := Changes(s, &copied); len(got) > 0 {
			t.Fatalf("told %q", got)
		}
	})
}
