package lessons

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawn is any record with few names and few instants, so that they collide.
func drawn(t *rapid.T, label string) record {
	name := rapid.SampledFrom([]string{"a", "b", "c", "d"})
	at := rapid.Custom(func(t *rapid.T) time.Time {
		return noon.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "hours")) * time.Hour)
	})
	word := rapid.SampledFrom([]string{"", "x", "y"})
	r := newRecord()
	r.Lessons = rapid.MapOfN(name, rapid.Custom(func(t *rapid.T) Done {
		return Done{at.Draw(t, "at"), word.Draw(t, "predicted"), word.Draw(t, "measured"), rapid.Bool().Draw(t, "right")}
	}), 0, 4).Draw(t, label+" lessons")
	r.Cards = rapid.MapOfN(name, rapid.Custom(func(t *rapid.T) Reviewed {
		return Reviewed{at.Draw(t, "at"), at.Draw(t, "due"), rapid.IntRange(0, 2).Draw(t, "days"), 1, 0}
	}), 0, 4).Draw(t, label+" cards")
	r.Settings = rapid.MapOfN(name, rapid.Custom(func(t *rapid.T) Setting {
		return Setting{at.Draw(t, "at"), word.Draw(t, "value")}
	}), 0, 4).Draw(t, label+" settings")
	r.Place = Place{at.Draw(t, label+" at"), word.Draw(t, label+" lesson")}
	return r
}

func TestMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawn(t, "a"), drawn(t, "b"), drawn(t, "c")
		same := func(law string, x, y record) {
			if diff := cmp.Diff(x, y); diff != "" {
				t.Fatalf("not %s: %s", law, diff)
			}
		}
		ab := merge(a, b)
		same("commutative", ab, merge(b, a))
		same("associative", merge(ab, c), merge(a, merge(b, c)))
		same("idempotent", ab, merge(ab, b))
		kept(t, a.Lessons, b.Lessons, ab.Lessons)
		kept(t, a.Cards, b.Cards, ab.Cards)
		kept(t, a.Settings, b.Settings, ab.Settings)
		if ab.Place != a.Place && ab.Place != b.Place || ab.Place.At.Before(a.Place.At) || ab.Place.At.Before(b.Place.At) {
			t.Fatalf("place %v of %v and %v", ab.Place, a.Place, b.Place)
		}
	})
}

// kept checks that every name is there, with the newer of its entries.
func kept[E entry](t *rapid.T, a, b, merged map[string]E) {
	for _, from := range []map[string]E{a, b} {
		for k, v := range from {
			m, ok := merged[k]
			if !ok || m.at().Before(v.at()) || m != a[k] && m != b[k] {
				t.Fatalf("%s: %v of %v and %v", k, m, a[k], b[k])
			}
		}
	}
}

func TestRecordRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawn(t, "r")
		data, err := encodeRecord(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeRecord(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Whatever is said, in whatever year, what is saved can be read again.
func TestAnythingCanBeKept(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		c := &clock{time.Unix(rapid.Int64().Draw(t, "seconds"), 0)}
		p, _ := Open(dir, c.now)
		word := rapid.String()
		p.Finish(word.Draw(t, "lesson"), word.Draw(t, "predicted"), word.Draw(t, "measured"), true)
		p.Set(word.Draw(t, "name"), word.Draw(t, "value"))
		p.Leave(word.Draw(t, "place"))
		p.Review(word.Draw(t, "card"), true)
		if messages, err := p.Save(); err != nil || len(messages) > 0 {
			t.Fatalf("Save: %q, %v", messages, err)
		}
	})
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add([]byte(`{"version":1,"lessons":{"a/b":{"at":"2030-01-01T00:00:00+02:00","right":true}},"cards":{"c":{"at":"2030-01-01T00:00:00Z","due":"2030-01-02T00:00:00Z","days":1,"times":1,"lapses":0}},"settings":{"theme":{"at":"2030-01-01T00:00:00Z","value":"x"}}}`))
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decodeRecord(data)
		if err != nil {
			return
		}
		again, err := encodeRecord(r)
		if err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		s, err := decodeRecord(again)
		if err != nil {
			t.Fatalf("written but not read: %v", err)
		}
		if diff := cmp.Diff(r, s); diff != "" {
			t.Fatal(diff)
		}
	})
}
