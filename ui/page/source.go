package page

// This file holds Go source as styled lines: comments dim, keywords bold, and
// where each function begins and ends.

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"ipctour/sims"
	"ipctour/ui/draw"
)

// source is one file, ready to be shown.
type source struct {
	lines []line // without line numbers
	text  []string
	funcs map[string][2]int // first and last line, from 0
}

// readSource styles a file. One that is no Go is shown plain.
func readSource(text string) *source {
	text = strings.ReplaceAll(strings.TrimRight(text, "\n"), "\t", "    ")
	s := &source{text: strings.Split(text, "\n"), funcs: map[string][2]int{}}
	s.lines = make([]line, len(s.text))
	s.style(text)
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return s
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			first := f.Pos()
			if f.Doc != nil {
				first = f.Doc.Pos()
			}
			s.funcs[f.Name.Name] = [2]int{set.Position(first).Line - 1, set.Position(f.End()).Line - 1}
		}
	}
	return s
}

// style cuts the text into spans at the tokens that look different.
func (s *source) style(text string) {
	set := token.NewFileSet()
	file := set.AddFile("", set.Base(), len(text))
	var sc scanner.Scanner
	sc.Init(file, []byte(text), func(token.Position, string) {}, scanner.ScanComments)
	row, done := 0, 0
	add := func(to int, st draw.Style) {
		for i, part := range strings.Split(text[done:to], "\n") {
			if i > 0 {
				row++
			}
			if part != "" {
				s.lines[row] = append(s.lines[row], span{part, st})
			}
		}
		done = to
	}
	for {
		pos, tok, lit := sc.Scan()
		if tok == token.EOF {
			break
		}
		at := file.Offset(pos)
		st := draw.Text
		switch {
		case tok == token.COMMENT:
			st = draw.Dim
		case tok.IsKeyword():
			st, lit = draw.Strong, tok.String()
		default:
			continue
		}
		if at < done || at+len(lit) > len(text) {
			continue
		}
		add(at, draw.Text)
		add(at+len(lit), st)
	}
	add(len(text), draw.Text)
}

// function is the first and last line of the function that a role runs, or the whole file.
func (s *source) function(role *sims.Role) (first, last int, name string) {
	if role != nil && role.Run != nil {
		full := runtime.FuncForPC(reflect.ValueOf(role.Run).Pointer()).Name()
		for _, part := range strings.Split(full[strings.LastIndex(full, "/")+1:], ".") {
			if at, ok := s.funcs[part]; ok {
				return at[0], at[1], part
			}
		}
	}
	return 0, len(s.lines) - 1, ""
}

// gate is the line of the function at which a process waits, or -1.
func (s *source) gate(first, last int, gate string) int {
	if gate == "" {
		return -1
	}
	want := "Gate(" + strconv.Quote(gate)
	for i := first; i <= last && i < len(s.text); i++ {
		if strings.Contains(s.text[i], want) {
			return i
		}
	}
	return -1
}

// call is the line of the function where a process is in a system call, or -1
// where the function makes that call nowhere or in more than one place.
func (s *source) call(first, last int, name string) int {
	if name == "" {
		return -1
	}
	found := -1
	for i := first; i <= last && i < len(s.text); i++ {
		if !strings.Contains(s.text[i], "unix."+strings.ToUpper(name[:1])+name[1:]+"(") {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}
