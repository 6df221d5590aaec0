package pipes

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
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
		if stages, err := parseLine(line); err != nil || expected[line].prints == "" || len(expected[line].ends) != len(stages) {
			t.Errorf("%q: what it prints, or how each stage ends, is not known", line)
		}
	}
}

// TestShellAgrees has a real shell run each line that the lesson offers: what the
// lesson calls the shell's output, and each stage's end, is what /bin/sh gives.
func TestShellAgrees(t *testing.T) {
	sh, err := exec.LookPath("/bin/sh")
	if err != nil {
		t.Skip("there is no /bin/sh here to be asked:", err)
	}
	for line, want := range expected {
		t.Run(line, func(t *testing.T) {
			folder := t.TempDir()
			for name, text := range samples {
				if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			run := func(line string) (out string, statuses []byte) {
				read, write, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				defer read.Close()
				c := exec.Command(sh, "-c", line)
				c.Dir, c.Env, c.ExtraFiles = folder, append(os.Environ(), "LC_ALL=C"), []*os.File{write} // descriptor 3
				text, err := c.Output()
				write.Close()
				if err != nil {
					t.Fatalf("sh -c %q: %v", line, err)
				}
				if statuses, err = io.ReadAll(read); err != nil {
					t.Fatal(err)
				}
				return strings.Join(strings.Fields(string(text)), " "), statuses
			}
			if got, _ := run(line); got != want.prints {
				t.Errorf("prints %q, and the lesson says %q", got, want.prints)
			}
			var told []string // the same line, and each stage tells its status on descriptor 3
			for i, stage := range strings.Split(line, "|") {
				told = append(told, fmt.Sprintf("{ %s 3>&-; echo %d $? >&3; }", stage, i))
			}
			_, statuses := run(strings.Join(told, " | "))
			got := map[int]int{}
			for l := range strings.Lines(string(statuses)) {
				var i, status int
				if _, err := fmt.Sscan(l, &i, &status); err != nil {
					t.Fatalf("%q: %v", l, err)
				}
				got[i] = status
			}
			for i, end := range want.ends {
				how := fmt.Sprintf("exit %d", got[i])
				if got[i] == 128+int(unix.SIGPIPE) {
					how = "killed by SIGPIPE" // as a shell says it
				}
				if _, known := got[i]; !known || !endsAs(how, end) {
					t.Errorf("stage %d: %s (known: %v), and the lesson says %s", i+1, how, known, end)
				}
			}
		})
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
