package markdown

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	table "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"
)

// dump is a tree as text: kinds, the alignment of cells, and what they say.
func dump(source []byte, root ast.Node) string {
	var b bytes.Buffer
	depth := 0
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			depth--
			return ast.WalkContinue, nil
		}
		fmt.Fprintf(&b, "%s%s", strings.Repeat("  ", depth), n.Kind())
		switch n := n.(type) {
		case *table.TableCell:
			if n.HasChildren() { // how nothing is aligned does not matter
				fmt.Fprintf(&b, " %v", n.Alignment)
			}
		case *ast.Text:
			fmt.Fprintf(&b, " %q", n.Segment.Value(source))
		}
		b.WriteString("\n")
		depth++
		return ast.WalkContinue, nil
	})
	return b.String()
}

// same compares with goldmark's own tables.
func same(source []byte) string {
	want := newParser(extension.NewTableParagraphTransformer()).Parse(text.NewReader(source))
	return cmp.Diff(dump(source, want), dump(source, Parse(source)))
}

func TestTheCourse(t *testing.T) {
	files := 0
	err := filepath.WalkDir("../../content", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		if diff := same(source); diff != "" {
			t.Errorf("%s:\n%s", path, diff)
		}
		return nil
	})
	if err != nil || files < 40 {
		t.Errorf("%d files: %v", files, err)
	}
}

func TestTables(t *testing.T) {
	for _, source := range []string{
		"| a | b |\n|---|:-:|\n| 1 | 2 |",
		"a | b\n--|--:\n1 | 2 | 3\n4",
		"| a \\| b | c |\n| --- | --- |\n| `x` | *y* |",
		"|a|\n|-|\n||",
		"| a | b | c |\n|---|---|",
		"a\nb",
		"a | b\n- | x",
		"a | b\n---",
		"a\n---\nb",
		"a\n:--\nb",
		"> | a |\n> |---|\n> | b |",
		"- | a |\n  |---|\n  | b |",
		"| a | b |\n|---|",
	} {
		if diff := same([]byte(source)); diff != "" {
			t.Errorf("%q:\n%s", source, diff)
		}
	}
}

func TestAnyTable(t *testing.T) {
	cell := rapid.StringMatching(`[a-z *_0-9]{0,6}`)
	dashes := rapid.StringMatching(`:?-{1,4}:?`)
	line := func(t *rapid.T, cell *rapid.Generator[string]) string {
		return "| " + strings.Join(rapid.SliceOfN(cell, 1, 4).Draw(t, "cells"), " | ") + " |"
	}
	rapid.Check(t, func(t *rapid.T) {
		lines := []string{line(t, cell), line(t, dashes)}
		for range rapid.IntRange(0, 3).Draw(t, "rows") {
			lines = append(lines, line(t, cell))
		}
		source := []byte(strings.Join(lines, "\n"))
		if diff := same(source); diff != "" {
			t.Fatalf("%q:\n%s", source, diff)
		}
	})
}
