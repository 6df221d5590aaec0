package main

// Who may import whom: ARCHITECTURE.md draws it, this test holds it.

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "ipctour"

// listed is what `go list` says of one package.
type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

// packages lists packages with everything they need, by import path.
func packages(t *testing.T, patterns ...string) map[string]listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=ImportPath,Imports,Standard"}, patterns...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := map[string]listed{}
	for dec := json.NewDecoder(out); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		found[p.ImportPath] = p
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("go list: %v", err)
	}
	return found
}

// rooms says which of our packages a package may import. Patterns match the
// path below the module; the first room that matches a package is its own.
var rooms = []struct{ room, mayImport string }{
	{`^$`, `^(ui/command|lessons|sims/(stage|probe))$`},
	{`^ui/command$`, `^(ui|ui/(page|draw)|lessons|sims|sims/(stage|probe))$`},
	{`^ui$`, `^(ui/(page|draw|plain|prose)|lessons|sims|sims/(stage|probe|scene))$`},
	{`^ui/page$`, `^(ui/(draw|prose)|lessons|sims|sims/(stage|probe|scene))$`},
	{`^ui/(draw|plain)$`, `^sims/scene$`},
	{`^ui/prose$`, `^lessons/markdown$`},
	{`^lessons/markdown$`, `^$`},
	{`^lessons$`, `^(lessons/markdown|content|sims|sims/(all|stage|probe|scene))$`},
	{`^content$`, `^$`},
	{`^sims$`, `^sims/(stage|probe|scene)$`},
	{`^sims/all$`, `^sims($|/)`},
	{`^sims/stage$`, `^sims/(probe|sys)$`},
	{`^sims/probe$`, `^sims/sys$`},
	{`^sims/(sys|scene|residue)$`, `^$`},
	{`^sims/share$`, `^sims/sys$`},
	{`^sims/scenetest$`, `^sims/scene$`},
	{`^sims/simtest$`, `^(sims|sims/(stage|probe|residue))$`},
	{`^sims/[a-z0-9]+$`, `^(sims|sims/(stage|probe|sys|scene|share))$`}, // a chapter
}

// outside says which of our packages may import a package of somebody else's.
var outside = []struct{ imported, mayBeImportedBy string }{
	{`^charm\.land/(bubbletea|bubbles)/`, `^(ui|ui/page)$`},
	{`^charm\.land/lipgloss/`, `^(ui|ui/(page|draw|prose))$`},
	{`^golang\.org/x/sys/`, `^sims($|/)`},
	{`^github\.com/spf13/cobra$`, `^ui/command$`},
	{`^github\.com/yuin/goldmark`, `^(ui/prose|lessons|lessons/markdown)$`},
	{`^github\.com/(google/renameio|adrg/xdg)`, `^(lessons|sims/stage)$`},
	{`^github\.com/charmbracelet/`, `^ui($|/)`},
	{`^unsafe$`, `^sims($|/)`},
	{`^os/exec$`, `^$`}, // the stage starts processes, by syscall.ForkExec
	{`^os/user$`, `^$`}, // Bubble Tea links it (by colorprofile and terminfo), we need none of it
	{`^net$`, `^$`},     // its poller would put the sockets of a lesson to sleep elsewhere
}

func TestImports(t *testing.T) {
	all := packages(t, "./...")
	ours := 0
	for name, p := range all {
		below, isOurs := ourPath(name)
		if !isOurs {
			continue
		}
		ours++
		i := slices.IndexFunc(rooms, func(r struct{ room, mayImport string }) bool { return matches(r.room, below) })
		if i < 0 {
			t.Errorf("package %s is in no room: say in rooms what it may import", name)
			continue
		}
		for _, imported := range p.Imports {
			if to, ok := ourPath(imported); ok {
				if !matches(rooms[i].mayImport, to) {
					t.Errorf("%s imports %s: only %s is allowed there", name, imported, rooms[i].mayImport)
				}
				continue
			}
			for _, rule := range outside {
				if matches(rule.imported, imported) && !matches(rule.mayBeImportedBy, below) {
					t.Errorf("%s imports %s: only %s may", name, imported, rule.mayBeImportedBy)
				}
			}
		}
	}
	if ours < len(rooms)-1 {
		t.Errorf("go list found %d packages of ours: too few to believe", ours)
	}
}

// forbidden packages would cost every child start-up time, or would let a tour
// of one machine talk to others.
var forbidden = []string{
	`^github\.com/charmbracelet/(bubbletea|lipgloss|bubbles|glamour)`, // version 1, and Glamour
	`^github\.com/(alecthomas/chroma|muesli/termenv)`,
	`^net/http`, `^testing$`, `^plugin$`, `^C$`, `^runtime/cgo$`,
	`^github\.com/yuin/goldmark(/extension|/renderer.*)?$`, // expressions compiled at every start
}

func TestBinaryHoldsNothingForbidden(t *testing.T) {
	deps := packages(t, ".")
	if _, ok := deps[module]; !ok {
		t.Fatal("go list does not know the program itself")
	}
	for name := range deps {
		for _, f := range forbidden {
			if matches(f, name) {
				t.Errorf("the program links %s", name)
			}
		}
	}
}

// TestFolders: a new top-level folder is a decision, not an accident.
func TestFolders(t *testing.T) {
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Logf("not a git checkout (%v): looking at the folder itself", err)
		out = []byte(strings.Join(names(t), "\n"))
	}
	want := []string{".ci", "content", "lessons", "sims", "ui"}
	got := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if top, _, nested := strings.Cut(path.Clean(line), "/"); nested {
			got[top] = true
		}
	}
	for _, folder := range want {
		if !got[folder] {
			t.Errorf("no folder %s", folder)
		}
		delete(got, folder)
	}
	for folder := range got {
		t.Errorf("the folder %s is not one of %v", folder, want)
	}
}

// names are the folders of the checkout, each with something in it.
func names(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != ".git" {
			list = append(list, e.Name()+"/something")
		}
	}
	return list
}

func ourPath(name string) (below string, ours bool) {
	if name == module {
		return "", true
	}
	return strings.CutPrefix(name, module+"/")
}

func matches(pattern, s string) bool { return regexp.MustCompile(pattern).MatchString(s) }
