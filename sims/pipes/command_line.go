package pipes

// The command line of the lesson on the shell: words, quotes and the bar, and
// nothing else. It is never given to a shell. A stage may be one of a few
// programs, with options that only read the lesson's folder and print.

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

const (
	maxStages = 4
	maxLine   = 120 // characters
)

// tool is a program that a stage may become.
type tool struct {
	flags    string // the letters allowed, as in getopt(3): "n:" takes a value
	operands int    // how many at most; -1 any number
	numbers  bool   // -1, -20 are allowed as well
}

// tools are the programs allowed. What writes a file (sort -o, the second operand
// of uniq), starts a program (sort --compress-program) or takes names from
// elsewhere (--files0-from, grep -f) is not among their options.
var tools = map[string]tool{
	"ls":   {flags: "1aAdFghilmnoprRsStX", operands: -1},
	"cat":  {flags: "AbeEnstTv", operands: -1},
	"grep": {flags: "A:B:cC:e:EFhHilLm:noqrsvwx", operands: -1},
	"sort": {flags: "bcdfghk:Mnrst:uV", operands: -1},
	"uniq": {flags: "cdf:is:uw:", operands: 1},
	"wc":   {flags: "clLmw", operands: -1},
	"head": {flags: "c:n:qv", operands: -1, numbers: true},
	"tr":   {flags: "cCdst", operands: 2},
	"seq":  {flags: "s:w", operands: 3, numbers: true},
	"yes":  {operands: -1},
}

const toolNames = "ls, cat, grep, sort, uniq, wc, head, tr, seq, yes"

// parseLine takes a command line apart into stages of words, or says what in it
// is not allowed here, and why.
func parseLine(line string) ([][]string, error) {
	if n := utf8.RuneCountInString(line); n > maxLine {
		return nil, fmt.Errorf("%d characters are too many: at most %d", n, maxLine)
	}
	stages, err := split(line)
	if err != nil {
		return nil, err
	}
	if len(stages) > maxStages {
		return nil, fmt.Errorf("%d stages are too many: at most %d", len(stages), maxStages)
	}
	for i, words := range stages {
		if len(words) == 0 {
			return nil, fmt.Errorf("stage %d has no program: write one of %s", i+1, toolNames)
		}
		if err := allow(words); err != nil {
			return nil, err
		}
	}
	return stages, nil
}

// checkLine is parseLine as the check of an option; it looks for the programs too.
func checkLine(line string) error {
	stages, err := parseLine(line)
	if err != nil {
		return err
	}
	for _, words := range stages {
		if _, err := program(words[0]); err != nil {
			return err
		}
	}
	return nil
}

// meaning is what a shell makes of a character, and why there is none of it here.
var meaning = map[rune]string{
	';': "one pipeline at a time", '&': "nothing runs in the background here", '\n': "one line only",
	'>': "no redirection to files: this lesson is about the bar", '<': "no redirection from files: this lesson is about the bar",
	'$': "there is no shell here that knows variables", '`': "there is no shell here that runs a command inside another",
	'(': "no groups", ')': "no groups", '{': "no groups", '}': "no groups",
	'*': "there is no shell here that looks for file names: to mean the character itself, put it in quotes",
	'?': "there is no shell here that looks for file names: to mean the character itself, put it in quotes",
	'[': "there is no shell here that looks for file names: to mean the character itself, put it in quotes",
	']': "there is no shell here that looks for file names: to mean the character itself, put it in quotes",
	'~': "there is no way to your home folder from here", '#': "no comments", '!': "no history", '\\': "use quotes instead of a backslash",
}

// split cuts a line into stages and words. Single and double quotes keep what is
// between them together and take away its meaning.
func split(line string) ([][]string, error) {
	var word strings.Builder
	var words []string
	var stages [][]string
	quote, open := rune(0), false // open: there is a word, be it empty
	end := func() {
		if open {
			words = append(words, word.String())
			word.Reset()
			open = false
		}
	}
	for _, r := range line {
		switch {
		case r == utf8.RuneError || !unicode.IsPrint(r) && r != '\n':
			return nil, errors.New("only printable characters, please")
		case quote == 0 && (r == '\'' || r == '"'):
			quote, open = r, true
		case quote == r:
			quote = 0
		case quote == '"' && (r == '$' || r == '`' || r == '\\'):
			return nil, fmt.Errorf("%q keeps its meaning between double quotes: use single quotes", r)
		case quote != 0 && r != '\n':
			word.WriteRune(r)
		case r == ' ':
			end()
		case r == '|':
			end()
			stages, words = append(stages, words), nil
		case meaning[r] != "":
			return nil, fmt.Errorf("%q is not allowed: %s", r, meaning[r])
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("the quote %c is not closed", quote)
	}
	end()
	return append(stages, words), nil
}

// allow checks one stage: its program, its options, and that no word leads out
// of the folder.
func allow(words []string) error {
	name := words[0]
	t, ok := tools[name]
	if !ok {
		return fmt.Errorf("%q is not a program for this lesson: take one of %s", name, toolNames)
	}
	for _, w := range words[1:] {
		if strings.Contains(w, "/") || strings.Contains(w, "..") {
			return fmt.Errorf("%q may lead out of the lesson's folder: no / and no .. in a word", w)
		}
	}
	operands := 0
	for i := 1; i < len(words); i++ {
		w := words[i]
		if w == "--" { // only operands from here on
			operands += len(words) - i - 1
			break
		}
		if len(w) < 2 || w[0] != '-' || t.numbers && isNumber(w[1:]) {
			operands++
			continue
		}
		takesNext, err := t.options(name, w)
		if err != nil {
			return err
		}
		if takesNext {
			if i++; i == len(words) {
				return fmt.Errorf("%s: %s needs a value", name, w)
			}
		}
	}
	if t.operands >= 0 && operands > t.operands {
		return fmt.Errorf("%s takes at most %d words here besides its options", name, t.operands)
	}
	return nil
}

// options checks a word of options, and says whether its last takes the next word.
func (t tool) options(name, word string) (takesNext bool, err error) {
	for i, r := range word[1:] {
		at := strings.IndexRune(t.flags, r)
		if at < 0 || r == ':' {
			known := "it takes none here"
			if t.flags != "" {
				known = "it takes -" + strings.ReplaceAll(t.flags, ":", "") + " here"
			}
			if r == '-' {
				return false, fmt.Errorf("%s: no long options such as %s: %s", name, word, known)
			}
			return false, fmt.Errorf("%s: -%c is not allowed: %s, as a stage may only read its folder and print", name, r, known)
		}
		if strings.HasPrefix(t.flags[at+1:], ":") { // the rest of the word is its value, or the next word
			return i+2 == len(word), nil
		}
	}
	return false, nil
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789.") == "" }

// program finds a program on PATH, as execvp(3) does.
func program(name string) (string, error) {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if !filepath.IsAbs(path) {
			continue // a relative PATH would find what lies where the tour was started
		}
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() && unix.Access(path, unix.X_OK) == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not on this machine (not found on PATH): try another program", name)
}
