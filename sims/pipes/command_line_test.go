package pipes

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLinesAllowed(t *testing.T) {
	for line, want := range map[string][][]string{
		"ls":                               {{"ls"}},
		"  ls |grep  txt ":                 {{"ls"}, {"grep", "txt"}},
		"yes | head -1":                    {{"yes"}, {"head", "-1"}},
		"head -n 3 words.txt":              {{"head", "-n", "3", "words.txt"}},
		"grep 'a | b' words.txt":           {{"grep", "a | b", "words.txt"}},
		`grep "it's" words.txt`:            {{"grep", "it's", "words.txt"}},
		`grep '' words.txt`:                {{"grep", "", "words.txt"}},
		"tr '[:lower:]' '[:upper:]'":       {{"tr", "[:lower:]", "[:upper:]"}},
		"sort -t, -k2 -rn":                 {{"sort", "-t,", "-k2", "-rn"}},
		"sort -k 2,2":                      {{"sort", "-k", "2,2"}},
		"seq -5 5 | wc -l":                 {{"seq", "-5", "5"}, {"wc", "-l"}},
		"seq 1 2 9 | sort -r | uniq | cat": {{"seq", "1", "2", "9"}, {"sort", "-r"}, {"uniq"}, {"cat"}},
		"grep -e -v notes.md":              {{"grep", "-e", "-v", "notes.md"}},
		"cat -- -n":                        {{"cat", "--", "-n"}},
		"yes a'b'\"c\"":                    {{"yes", "abc"}},
		"grep –x words.txt":                {{"grep", "–x", "words.txt"}}, // a dash that is no option
	} {
		got, err := parseLine(line)
		if err != nil || !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Errorf("%q: %q, %v; expected %q", line, got, err, want)
		}
	}
}

func TestLinesRefused(t *testing.T) {
	for line, why := range map[string]string{
		"":                            "has no program",
		"ls |":                        "has no program",
		"| ls":                        "stage 1 has no program",
		"ls || wc":                    "stage 2 has no program",
		"ls | ls | ls | ls | ls":      "at most 4",
		strings.Repeat("x", 200):      "at most 120",
		"rm readme":                   "not a program for this lesson",
		"/bin/ls":                     "not a program",
		"'' x":                        "not a program",
		"sh -c ls":                    "not a program",
		"ls; ls":                      "one pipeline",
		"ls & ls":                     "background",
		"ls > x":                      "redirection",
		"cat < x":                     "redirection",
		"yes $HOME":                   "variables",
		"yes `ls`":                    "command inside",
		`yes "$HOME"`:                 "single quotes",
		`yes "a\b"`:                   "single quotes",
		"ls *.txt":                    "in quotes",
		"ls [a]":                      "in quotes",
		"ls ~":                        "home",
		`ls \*`:                       "quotes instead",
		"yes 'a":                      "not closed",
		"ls (x)":                      "no groups",
		"cat /etc/passwd":             "out of the lesson's folder",
		"cat ../x":                    "out of the lesson's folder",
		"ls ..":                       "out of the lesson's folder",
		"cat '/etc/passwd'":           "out of the lesson's folder",
		"cat -- /etc/passwd":          "out of the lesson's folder",
		"grep -e/etc x":               "out of the lesson's folder",
		"grep -f words.txt x":         "-f is not allowed",
		"grep -vf words.txt x":        "-f is not allowed",
		"grep --file=x y":             "no long options",
		"sort -o out words.txt":       "-o is not allowed",
		"sort -ro out words.txt":      "-o is not allowed",
		"sort words.txt -oout":        "-o is not allowed",
		"sort -T x":                   "-T is not allowed",
		"sort --compress-program=yes": "no long options",
		"sort --compress-prog ls":     "no long options",
		"wc --files0-from=words.txt":  "no long options",
		"uniq words.txt out":          "at most 1",
		"uniq -- words.txt out":       "at most 1",
		"uniq -f":                     "needs a value",
		"yes --help":                  "no long options",
		"yes -x":                      "takes none",
		"ls -:":                       "not allowed",
		"ls \x1b[31m":                 "printable",
		"ls \xff":                     "printable",
		"ls\nls":                      "one line",
		"ls\tx":                       "printable",
	} {
		got, err := parseLine(line)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %q, %v; expected a refusal with %q", line, got, err, why)
		}
	}
}

// TestLinesOffered holds that what the lesson itself offers is allowed, and that
// the tour knows what comes out of each.
func TestLinesOffered(t *testing.T) {
	for _, line := range shell.Options[0].Values {
		if err := checkLine(line); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if expected[line] == "" {
			t.Errorf("%q: what it prints is not known", line)
		}
	}
}

// TestQuotesKeepAnything puts any printable words in quotes and gets them back.
func TestQuotesKeepAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[ -&(-~äö]{0,8}`) // printable, without the single quote
		words := rapid.SliceOfN(word, 1, 6).Draw(t, "words")
		line := "'" + strings.Join(words, "' '") + "'"
		got, err := split(line)
		if err != nil || len(got) != 1 || !slices.Equal(got[0], words) {
			t.Fatalf("%q: %q, %v", line, got, err)
		}
	})
}

// harmless is what every line that is allowed must be.
func harmless(t interface{ Fatalf(string, ...any) }, line string) {
	stages, err := parseLine(line)
	if err != nil {
		return
	}
	if len(stages) == 0 || len(stages) > maxStages {
		t.Fatalf("%q: %d stages", line, len(stages))
	}
	for _, words := range stages {
		t0, ok := tools[words[0]]
		if !ok {
			t.Fatalf("%q: %q is no tool", line, words[0])
		}
		for _, w := range words[1:] {
			if strings.ContainsAny(w, "/\n\x00") || strings.Contains(w, "..") {
				t.Fatalf("%q: %q leads elsewhere", line, w)
			}
			if strings.HasPrefix(w, "--") && len(w) > 2 && !slices.Contains(words, "--") && t0.flags == strings.ReplaceAll(t0.flags, ":", "") {
				t.Fatalf("%q: the long option %q", line, w)
			}
		}
		if words[0] == "sort" && slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "-o") }) && !slices.Contains(words, "--") && !slices.ContainsFunc(words, takesValue) {
			t.Fatalf("%q: sort may write", line)
		}
	}
}

// takesValue is a word after which the next may look like an option and be none.
func takesValue(w string) bool { return strings.HasSuffix(w, "k") || strings.HasSuffix(w, "t") }

func FuzzLine(f *testing.F) {
	for _, line := range shell.Options[0].Values {
		f.Add(line)
	}
	for _, line := range []string{"sort -o x", "cat '/x'", "ls | 'sort' -- -o", "grep -e -f x", "uniq a b", "a\"'|"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) { harmless(t, line) })
}
