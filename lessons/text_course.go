package lessons

// The outline of the course: chapters in order, their lessons, also those whose
// words are still to be written.

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// Chapter is one chapter of the outline.
type Chapter struct {
	ID      string // "pipes"
	Number  int    // from 1
	Title   string
	Tagline string
	Opening Markdown // its first page; empty while there is none
	Lessons []Row
}

// Row is a lesson as the outline lists it.
type Row struct {
	ID      string // "pipes/hose"
	Title   string
	Minutes int
}

const courseFile = "course.md"

// openingFile is the name of a chapter's first page in its folder.
const openingFile = "chapter.md"

// ParseCourse reads the outline from course.md and each chapter's first page.
func ParseCourse(files fs.FS) ([]Chapter, error) {
	source, err := fs.ReadFile(files, courseFile)
	if err != nil {
		return nil, fmt.Errorf("outline of the course: %w", err)
	}
	p := readMarkdown("content/"+courseFile, source)
	var chapters []Chapter
	known := map[string]bool{}
	for i, s := range p.sections {
		c := p.chapter(s)
		c.Number = i + 1
		if known[c.ID] {
			p.bad(s.start, "the chapter `"+c.ID+"` is there twice", "give it an id of its own")
		}
		known[c.ID] = true
		chapters = append(chapters, c)
	}
	if len(chapters) == 0 {
		p.bad(0, "there are no chapters", "add a heading \"## Title\" for each")
	}
	err = p.err()
	for i := range chapters {
		err = errors.Join(err, chapters[i].open(files))
	}
	if err != nil {
		return nil, err
	}
	return chapters, nil
}

// chapter reads a heading, the line "`id` tagline", and the table of lessons.
func (p *page) chapter(s *section) Chapter {
	c := Chapter{Title: s.title}
	if len(s.nodes) != 2 || len(s.parts) > 0 {
		p.bad(s.start, "a chapter is one line and one table", "write \"`id` one sentence\" and below it | id | title | minutes |")
		return c
	}
	line := s.nodes[0]
	code, _ := line.FirstChild().(*ast.CodeSpan)
	if code != nil {
		c.ID = p.plain(code)
		c.Tagline = strings.TrimSpace(strings.TrimPrefix(p.plain(line), c.ID))
	}
	if !isSlug(c.ID) || c.Tagline == "" {
		p.bad(line.Pos(), "a chapter without its id and a sentence", "write \"`id` one sentence\" under the heading")
	}
	table, ok := s.nodes[1].(*east.Table)
	if !ok {
		p.bad(s.nodes[1].Pos(), "not a table of lessons", "write | id | title | minutes | and a row a lesson")
		return c
	}
	known := map[string]bool{}
	for n := table.FirstChild(); n != nil; n = n.NextSibling() {
		if _, ok := n.(*east.TableRow); !ok {
			continue
		}
		row, ok := p.row(n)
		if !ok || path.Dir(row.ID) != c.ID || !isSlug(path.Base(row.ID)) {
			p.bad(n.Pos(), "not a row of lessons of `"+c.ID+"`", "write | `"+c.ID+"/lesson` | title | minutes |")
			continue
		}
		if known[row.ID] {
			p.bad(n.Pos(), "the lesson `"+row.ID+"` is there twice", "list it once")
		}
		known[row.ID] = true
		c.Lessons = append(c.Lessons, row)
	}
	if len(c.Lessons) == 0 {
		p.bad(s.start, "a chapter without lessons", "add a row a lesson")
	}
	return c
}

// row reads one lesson; false if a cell is missing or not what it should be.
func (p *page) row(n ast.Node) (Row, bool) {
	var cells []string
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		cells = append(cells, p.plain(c))
	}
	if len(cells) != 3 || cells[1] == "" {
		return Row{}, false
	}
	minutes, err := strconv.Atoi(cells[2])
	return Row{ID: cells[0], Title: cells[1], Minutes: minutes}, err == nil && minutes > 0
}

// open reads the chapter's first page, where there is one.
func (c *Chapter) open(files fs.FS) error {
	name := path.Join(c.ID, openingFile)
	if !fs.ValidPath(name) {
		return nil // its bad id has been reported
	}
	source, err := fs.ReadFile(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("opening page of %s: %w", c.ID, err)
	}
	p := readMarkdown("content/"+name, source)
	if p.title != c.Title {
		p.bad(0, fmt.Sprintf("the title is %q, in %s it is %q", p.title, courseFile, c.Title), "make them the same")
	}
	c.Opening = p.between(p.openingAt, len(source))
	if c.Opening == "" {
		p.bad(0, "the page is empty", "tell the chapter, or remove the file")
	}
	if _, err := cutPictures(string(c.Opening)); err != nil {
		p.bad(p.openingAt, err.Error(), "see lessons/picture.go")
	}
	return p.err()
}

// ParseLessons reads the words of every lesson that has them, by id. A file that
// the outline does not know, and a title or a time that differs from the
// outline's, is an error.
func ParseLessons(files fs.FS, chapters []Chapter) (map[string]*Text, error) {
	rows := map[string]Row{}
	for _, c := range chapters {
		for _, r := range c.Lessons {
			rows[r.ID] = r
		}
	}
	texts := map[string]*Text{}
	var errs []error
	walked := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".md" || name == courseFile || path.Base(name) == openingFile {
			return err
		}
		id := strings.TrimSuffix(name, ".md")
		row, ok := rows[id]
		if !ok {
			errs = append(errs, fmt.Errorf("content/%s: no lesson of the outline has these words: add a row to %s or remove the file", name, courseFile))
			return nil
		}
		source, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("words of %s: %w", id, err)
		}
		t, err := ParseText(id, source)
		if err != nil {
			errs = append(errs, err)
			return nil
		}
		if t.Title != row.Title || t.Minutes != row.Minutes {
			errs = append(errs, fmt.Errorf("content/%s:1: %q, %d minutes, but %s says %q, %d minutes: make them the same",
				name, t.Title, t.Minutes, courseFile, row.Title, row.Minutes))
		}
		texts[id] = t
		return nil
	})
	if err := errors.Join(append(errs, walked)...); err != nil {
		return nil, err
	}
	return texts, nil
}
