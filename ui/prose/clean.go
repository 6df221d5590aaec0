package prose

// What may reach a terminal: no control characters, nothing that turns the
// direction of writing, and in ASCII mode nothing above 0x7e.

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// noBreak is a space at which a line is not broken. It leaves as a plain space.
const noBreak = "\u00a0"

// tabWidth is how many spaces a tab becomes.
const tabWidth = 4

// asciiFor spells signs of the course that ASCII lacks.
var asciiFor = map[rune]string{
	'−': "-", '–': "-", '—': "--", '‘': "'", '’': "'", '“': `"`, '”': `"`, '…': "...", '×': "x", 'µ': "u", 'μ': "u",
	'→': "->", '←': "<-", '≤': "<=", '≥': ">=", '≈': "~", '≠': "!=", '≪': "<<", '·': "-", '•': "*", '²': "^2",
	'✓': "+", '✗': "x", '○': "o", '●': "*", '▸': ">",
}

// clean makes s fit to be shown. Line ends become spaces.
func (l *layout) clean(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	last := ' '
	for _, r := range s {
		joins := r == '\u200d' || unicode.In(r, unicode.Mn, unicode.Me)
		if joins && (last == ' ' || last == '\n' || last == '\t') {
			continue // it would join a space, and a line may end there
		}
		last = r
		switch {
		case r == '\t':
			b.WriteString(spaces(tabWidth))
		case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			b.WriteByte(' ')
		case r == utf8.RuneError || unicode.IsControl(r) || turns(r):
			b.WriteString(l.ascii('\ufffd'))
		case l.ASCII && r >= utf8.RuneSelf && string(r) != noBreak:
			b.WriteString(l.ascii(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// ascii is the plain form of r in ASCII mode, else r.
func (l *layout) ascii(r rune) string {
	if !l.ASCII {
		return string(r)
	}
	if s, ok := asciiFor[r]; ok {
		return s
	}
	return "?"
}

// isPlain reports whether s is printable ASCII, as most of the course is.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// turns reports whether r changes the direction of the text around it: with it,
// a line can be made to read otherwise than it is.
func turns(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f' || r == '\u061c'
}
