package main

import "testing"

// The test's terminal is tested itself: what it does not understand it would
// show wrongly, and every test that looks at it would look at that.
func TestScreen(t *testing.T) {
	for _, c := range []struct{ name, sent, want string }{
		{"words", "one\r\ntwo", "one\ntwo\n\n"},
		{"wrap", "abcdefghij", "abcdefgh\nij\n\n"},
		{"cursor", "\x1b[2;3Hx\x1b[Hy\x1b[1Bz\x1b[3dq\x1b[5Gp", "y\n zx\n  q p\n"},
		{"erase", "abcdef\x1b[3D\x1b[Kg\x1b[H\x1b[2X", "  cg\n\n\n"},
		{"insert and delete", "abcdef\x1b[H\x1b[2P\x1b[1@", " cdef\n\n\n"},
		{"scroll", "1\r\n2\r\n3\r\n4", "2\n3\n4\n"},
		{"region", "1\r\n2\r\n3\x1b[2;3r\x1b[2H\x1b[M", "1\n3\n\n"},
		{"up and over the top", "1\r\n2\x1b[1;2r\x1b[2H\x1bMx\x1bM", "\nx\n\n"},
		{"repeat", "a\x1b[3b\x1b[31mred\x1b[m", "aaaared\n\n\n"},
		{"all", "abc\x1b[2J\x1b[Hd", "d\n\n\n"},
		{"titles and questions", "\x1b]0;title\x07\x1b]11;?\x1b\\\x1b[?2026$p\x1bP+q\x1b\\ok", "ok\n\n\n"},
		{"wide", "\u4e16x", "\u4e16x\n\n\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole, bytewise := newScreen(8, 3), newScreen(8, 3)
			if _, err := whole.Write([]byte(c.sent)); err != nil {
				t.Fatal(err)
			}
			for i := range len(c.sent) { // as a terminal may get it
				if _, err := bytewise.Write([]byte(c.sent[i : i+1])); err != nil {
					t.Fatal(err)
				}
			}
			if got := whole.String(); got != c.want {
				t.Errorf("the screen shows %q, want %q", got, c.want)
			}
			if got := bytewise.String(); got != c.want {
				t.Errorf("byte by byte the screen shows %q, want %q", got, c.want)
			}
		})
	}
}
