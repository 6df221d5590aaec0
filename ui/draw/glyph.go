package draw

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Cutting text into glyphs. A scene may come from a hostile file, so this is
// where every string is made harmless: whatever could move the cursor, reorder
// the line, hide, or join with its neighbour becomes one visible cell.

const replacement = "�"

// controls are the visible names of the characters below space.
var controls = [32]string{
	"␀", "␁", "␂", "␃", "␄", "␅", "␆", "␇", "␈", "⇥", "↵", "␋", "␌", "␍", "␎", "␏",
	"␐", "␑", "␒", "␓", "␔", "␕", "␖", "␗", "␘", "␙", "␚", "␛", "␜", "␝", "␞", "␟",
}

// nextGlyph takes the first glyph off s, which is not empty: what to show, its
// width in cells (1 or 2), and the rest. It allocates nothing.
func nextGlyph(s string) (glyph string, width int, rest string) {
	c := s[0]
	if c < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return asciiGlyph(c, s), 1, s[1:]
	}
	r, size := utf8.DecodeRuneInString(s)
	if size == 1 && r == utf8.RuneError {
		return replacement, 1, s[1:]
	}
	cluster, w := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	if len(cluster) == 0 {
		return replacement, 1, s[size:]
	}
	rest = s[len(cluster):]
	switch {
	case c < utf8.RuneSelf && len(cluster) == 1:
		return asciiGlyph(c, s), 1, rest
	case unicode.Is(unicode.Zs, r) && len(cluster) == size:
		return " ", 1, rest
	case !harmless(cluster) || w < 1 || w > 2:
		return replacement, 1, rest
	}
	return cluster, w, rest
}

func asciiGlyph(c byte, s string) string {
	switch {
	case c < 0x20:
		return controls[c]
	case c == 0x7f:
		return "␡"
	}
	return s[:1]
}

// harmless reports whether a grapheme cluster is one printable character with
// a few marks on it. Sequences that terminals disagree about (joined emoji,
// flags, variation selectors) are not: a wrong width tears the frame.
func harmless(cluster string) bool {
	if len(cluster) > 12 {
		return false
	}
	for i, r := range cluster {
		switch {
		case i == 0 && (!unicode.IsPrint(r) || unicode.Is(unicode.M, r)):
			return false
		case i > 0 && !unicode.Is(unicode.M, r):
			return false
		case unicode.Is(unicode.Variation_Selector, r),
			unicode.Is(unicode.Regional_Indicator, r),
			unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r),
			unicode.Is(unicode.Prepended_Concatenation_Mark, r):
			return false
		}
	}
	return true
}

// Width is how many cells Canvas.Text will use for s.
func Width(s string) int {
	n := 0
	for len(s) > 0 {
		if s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
			n, s = n+1, s[1:]
			continue
		}
		_, w, rest := nextGlyph(s)
		n, s = n+w, rest
	}
	return n
}

// sevenBits holds every printable ASCII character, to slice one from.
const sevenBits = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

// latin transliterates U+00C0…U+00FF.
const latin = "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty"

// toASCII is the 7-bit replacement of a glyph, one cell for one cell.
func toASCII(glyph string) string {
	if glyph == "" || glyph[0] < utf8.RuneSelf {
		return glyph[:min(len(glyph), 1)] // without the marks on it
	}
	r, _ := utf8.DecodeRuneInString(glyph)
	b, ok := asciiFor[r]
	switch {
	case ok:
	case r >= 0xc0 && r <= 0xff:
		b = latin[r-0xc0]
	default:
		b = '?'
	}
	return sevenBits[b-' ' : b-' '+1]
}

// ASCII is a text with every character outside ASCII replaced by one of it, a glyph
// by a glyph. Line breaks stay.
func ASCII(text string) string {
	var b strings.Builder
	for rest := text; len(rest) > 0; {
		if rest[0] < utf8.RuneSelf {
			b.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		glyph, _, next := nextGlyph(rest)
		b.WriteString(toASCII(glyph))
		rest = next
	}
	return b.String()
}

// asciiFor says what stands for each glyph of this package, and for the
// punctuation that course text likes.
var asciiFor = map[rune]byte{
	'─': '-', '━': '=', '│': '|', '┃': '|', '╌': '-', '╍': '=', '┆': ':', '╎': ':', '╸': '-', '╻': '.',
	'╭': '+', '╮': '+', '╰': '+', '╯': '+', '┌': '+', '┐': '+', '└': '+', '┘': '+',
	'├': '+', '┤': '+', '┬': '+', '┴': '+', '┼': '+', '╵': '\'', '╷': '.',
	'┸': '\'', '┰': '.', '╂': '|',
	'┏': '+', '┓': '+', '┗': '+', '┛': '+', '┣': '+', '┫': '+', '┳': '+', '┻': '+', '╋': '+',
	'◂': '<', '▶': '>', '◀': '<', '▼': 'v', '▲': '^', '▷': '>', '◁': '<', '▽': 'v', '△': '^', '▸': '>', '›': '>',
	'╳': 'x', '✗': 'x', '✓': 'v', '✝': 'X', '‖': '!', '◆': '#', '●': '*', '◎': '@', '•': '*', '·': '.', '○': 'o',
	'█': '#', '▓': '#', '▒': '%', '░': '.', '▐': '[', '▌': ']', '▏': '|', '▕': '|',
	'▁': '.', '▂': ':', '▃': '-', '▄': '=', '▅': '+', '▆': '*', '▇': '%',
	'…': '~', '–': '-', '—': '-', '−': '-', '‘': '\'', '’': '\'', '“': '"', '”': '"', '×': 'x', '÷': '/',
	'µ': 'u', 'μ': 'u', '→': '>', '←': '<', '↑': '^', '↓': 'v', '⇄': '=', '↔': '=', '≥': '>', '≤': '<',
	'↵': '\\', '⇥': '>', '⌁': '~', '⟦': '[', '⟧': ']',
}
