package pipes

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"ipctour/sims/stage"
)

// Wherever the reads fall, framing gives back the records as they were sent.
func TestCutRestores(t *testing.T) {
	for how, content := range map[string]string{"newline": `[a-z]{0,40}`, "prefix": `(?s).{0,40}`} {
		t.Run(how, rapid.MakeCheck(func(t *rapid.T) {
			sent := rapid.SliceOf(rapid.StringMatching(content)).Draw(t, "sent")
			var stream strings.Builder
			for _, record := range sent {
				stream.WriteString(frame(how, record))
			}
			var got []string
			rest := ""
			for bytes := stream.String(); bytes != ""; {
				n := rapid.IntRange(1, len(bytes)).Draw(t, "read")
				whole, left, err := cut(how, rest+bytes[:n])
				if err != nil {
					t.Fatal(err)
				}
				got, rest, bytes = append(got, whole...), left, bytes[n:]
			}
			if !slices.Equal(got, sent) || rest != "" {
				t.Fatalf("got %q and %q left, sent %q", got, rest, sent)
			}
		}))
	}
}

// A reader that has lost its place says so instead of making records up.
func TestCutOutOfStep(t *testing.T) {
	if _, _, err := cut("prefix", "x0003red"); err == nil {
		t.Error("bytes that are no length were taken for one")
	}
}

func TestRecordChecker(t *testing.T) {
	for _, tt := range []struct {
		name, stream            string
		whole, torn, unfinished int
	}{
		{"one writer", "aaaaaaaa", 2, 0, 0},
		{"one after the other", "aaaabbbbaaaa", 3, 0, 0},
		{"a stranger inside", "aabbbbaa", 1, 1, 0},
		{"each inside the other", "aabbaabb", 0, 2, 0},
		{"a single byte each", "abababab", 0, 2, 0},
		{"three", "aaabccccbbba", 1, 2, 0},
		{"whole again afterwards", "abbbbaaaaaaa", 2, 1, 0},
		{"a writer that was killed", "aabbbb", 1, 0, 1},
	} {
		// However the checker's reads fall, it counts the same.
		for chunk := 1; chunk <= len(tt.stream); chunk++ {
			var whole, torn atomic.Int64
			c := &recordChecker{size: 4, whole: &whole, torn: &torn, say: func(string, ...stage.Note) {}}
			for part := range slices.Chunk([]byte(tt.stream), chunk) {
				c.take(part)
			}
			if whole.Load() != int64(tt.whole) || torn.Load() != int64(tt.torn) || c.unfinished() != tt.unfinished {
				t.Errorf("%s in reads of %d: %d whole, %d torn, %d unfinished; want %d, %d, %d", tt.name, chunk,
					whole.Load(), torn.Load(), c.unfinished(), tt.whole, tt.torn, tt.unfinished)
			}
		}
	}
}
