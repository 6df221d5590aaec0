// Package lessons is what is learned: the words of the course parsed from their
// Markdown, in order, and what the learner has done so far.
package lessons

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// Markdown is a piece of a lesson's source as it was written. ui/prose lays it out.
type Markdown string

// Text is the words of one lesson.
type Text struct {
	ID      string // chapter/lesson
	Title   string
	Minutes int         // the reader's time for all of it
	Intro   Markdown    // before it runs
	Predict *Prediction // nil where there is nothing to guess
	Steps   []StepText  // in the order of the walk
	Hints   []Markdown
	Seen    Markdown // after it ran; cites the claims
	Cards   []Card
	More    Markdown // longer reading, may be empty
	Cites   []string // ids of the claims that any part of the text cites, each once
}

// Prediction is the question that the run answers.
type Prediction struct {
	Ask     Markdown
	Choices []Choice
}

// Choice is one answer. Value is compared with what the run measures.
type Choice struct {
	Value string
	Label Markdown
}

// StepText is what to say at one step of the walk.
type StepText struct {
	ID      string
	Body    Markdown
	Figures []string // ids of the scene's figures that the body shows in braces
}

// Card is a question of the review. Its ID holds as long as the question does.
type Card struct {
	ID     string
	Ask    Markdown
	Answer Markdown
}

// Step finds the words of a step by its id.
func (t *Text) Step(id string) (StepText, bool) {
	for _, s := range t.Steps {
		if s.ID == id {
			return s, true
		}
	}
	return StepText{}, false
}

// The headings of a lesson, level two. Nothing else is allowed there, so that a
// misspelt one is an error and not a section that is silently left out.
const (
	predictHeading = "Predict"
	stepsHeading   = "Steps"
	hintsHeading   = "Hints"
	seenHeading    = "What you saw"
	cardsHeading   = "Cards"
	moreHeading    = "Also in the source"
)

// isSlug reports whether s may be the id of a step, a figure or a claim:
// lower-case letters, digits and hyphens.
func isSlug(s string) bool {
	return s != "" && s[0] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// ParseText reads the words of the lesson id from its Markdown. The error joins
// everything that is wrong, each with file, line and what to do about it.
func ParseText(id string, source []byte) (*Text, error) {
	m := readMarkdown("content/"+id+".md", source)
	t := &Text{ID: id}
	p := textParser{page: m, text: t}
	p.head()
	for _, s := range m.sections {
		p.section(s)
	}
	p.complete()
	t.Cites = m.cites()
	if err := m.err(); err != nil {
		return nil, err
	}
	return t, nil
}

// textParser fills a Text from the sections of a page.
type textParser struct {
	*page
	text *Text
	seen map[string]bool
}

// head reads the title, the minutes and the introduction.
func (p *textParser) head() {
	p.seen = map[string]bool{}
	p.text.Title = p.title
	if p.title == "" {
		p.bad(0, "there is no title", "begin the file with a line \"# Title\"")
		return
	}
	if len(p.opening) == 0 {
		p.bad(0, "there are no minutes under the title", "write a line like \"4 minutes\" there, then a blank line")
		return
	}
	first := p.opening[0]
	words := strings.Fields(p.plain(first))
	minutes := 0
	if len(words) == 2 && strings.HasPrefix(words[1], "minute") {
		minutes, _ = strconv.Atoi(words[0])
	}
	if minutes < 1 || minutes > 60 {
		p.bad(first.Pos(), "the line under the title is not a number of minutes", "write a line like \"4 minutes\" there, then a blank line")
		return
	}
	p.text.Minutes = minutes
	p.text.Intro = p.between(p.end(first), p.openingEnd)
	if p.text.Intro == "" {
		p.bad(first.Pos(), "there is no introduction", "say under the minutes what to look at before it runs")
	}
}

// section reads one part of the lesson by its heading.
func (p *textParser) section(s *section) {
	if p.seen[s.title] {
		p.bad(s.start, "the heading \""+s.title+"\" is there twice", "join the two")
		return
	}
	p.seen[s.title] = true
	if s.title != stepsHeading && s.title != cardsHeading && s.title != moreHeading && len(s.parts) > 0 {
		p.bad(s.parts[0].start, "a third-level heading under \""+s.title+"\"", "only Steps and Cards are divided that way; use plain paragraphs")
	}
	switch s.title {
	case predictHeading:
		p.predict(s)
	case stepsHeading:
		p.steps(s)
	case hintsHeading:
		for _, item := range p.items(s) {
			p.text.Hints = append(p.text.Hints, p.itemText(item))
		}
	case seenHeading:
		p.text.Seen = p.between(s.body, s.end)
	case cardsHeading:
		p.cards(s)
	case moreHeading:
		p.text.More = p.between(s.body, s.end)
	default:
		p.bad(s.start, "the heading \""+s.title+"\" is not known", "use one of "+strings.Join([]string{
			predictHeading, stepsHeading, hintsHeading, seenHeading, cardsHeading, moreHeading}, ", "))
	}
}

// predict reads the question and its choices: "- `value` label".
func (p *textParser) predict(s *section) {
	items := p.items(s)
	if len(items) == 0 {
		return
	}
	list := items[0].Parent()
	q := &Prediction{Ask: p.between(s.body, p.lineStart(list.Pos()))}
	if q.Ask == "" {
		p.bad(s.start, "the prediction asks nothing", "write the question above its choices")
	}
	known := map[string]bool{}
	for _, item := range items {
		c, ok := p.choice(item)
		if !ok {
			p.bad(item.Pos(), "a choice without a value", "begin it with the value that the run would measure: - `65536` 65,536")
			continue
		}
		if known[c.Value] {
			p.bad(item.Pos(), "the value `"+c.Value+"` is there twice", "give each choice a value of its own")
		}
		known[c.Value] = true
		q.Choices = append(q.Choices, c)
	}
	if len(items) < 2 {
		p.bad(s.start, "there is nothing to choose from", "give at least two choices")
	}
	p.text.Predict = q
}

// choice splits an item into the code span it begins with and the label after it.
func (p *textParser) choice(item ast.Node) (Choice, bool) {
	block := item.FirstChild()
	if block == nil {
		return Choice{}, false
	}
	span, ok := block.FirstChild().(*ast.CodeSpan)
	if !ok {
		return Choice{}, false
	}
	last, ok := span.LastChild().(*ast.Text)
	if !ok {
		return Choice{}, false
	}
	rest := last.Segment.Stop
	for rest < len(p.source) && (p.source[rest] == '`' || p.source[rest] == ' ') {
		rest++
	}
	c := Choice{Value: strings.TrimSpace(p.plain(span)), Label: p.between(rest, p.end(block))}
	return c, c.Value != "" && c.Label != ""
}

// steps reads a third-level heading a step: the id, then what to say.
func (p *textParser) steps(s *section) {
	p.nothingBefore(s)
	known := map[string]bool{}
	for _, part := range s.parts {
		step := StepText{ID: part.title, Body: p.between(part.body, part.end)}
		switch {
		case !isSlug(step.ID):
			p.bad(part.start, "\""+step.ID+"\" is no step id", "use lower-case letters, digits and hyphens, as the walk does")
		case known[step.ID]:
			p.bad(part.start, "the step \""+step.ID+"\" is there twice", "join the two")
		case step.Body == "":
			p.bad(part.start, "the step \""+step.ID+"\" says nothing", "write one to four sentences under it")
		}
		known[step.ID] = true
		for _, n := range part.nodes {
			step.Figures = append(step.Figures, p.figures(n)...)
		}
		p.text.Steps = append(p.text.Steps, step)
	}
}

// cards reads a third-level heading a card: the question, then the answer.
func (p *textParser) cards(s *section) {
	p.nothingBefore(s)
	known := map[string]bool{}
	for _, part := range s.parts {
		c := Card{
			ID:     p.text.ID + "#" + slugOf(part.title),
			Ask:    p.line(part.start),
			Answer: p.between(part.body, part.end),
		}
		if c.Answer == "" {
			p.bad(part.start, "the card has no answer", "write a short one under the question")
		}
		if known[c.ID] {
			p.bad(part.start, "the question is there twice", "ask it once")
		}
		known[c.ID] = true
		p.text.Cards = append(p.text.Cards, c)
	}
}

// nothingBefore complains of words that no step or card owns.
func (p *textParser) nothingBefore(s *section) {
	if len(s.nodes) > 0 {
		p.bad(s.nodes[0].Pos(), "words between \""+s.title+"\" and its first \"###\"", "put them under a third-level heading")
	}
	if len(s.parts) == 0 {
		p.bad(s.start, "nothing under \""+s.title+"\"", "add a third-level heading, or take the section out")
	}
}

// complete checks that what every lesson needs is there.
func (p *textParser) complete() {
	for _, need := range []string{stepsHeading, seenHeading} {
		if !p.seen[need] {
			p.bad(len(p.source), "there is no section \""+need+"\"", "add \"## "+need+"\"")
		}
	}
	if p.seen[seenHeading] && p.text.Seen == "" {
		p.bad(len(p.source), "\""+seenHeading+"\" is empty", "say what the run has shown, and cite its claims")
	}
}

// items are the entries of the one list that a section consists of or ends with.
func (p *textParser) items(s *section) []ast.Node {
	var items []ast.Node
	for _, n := range s.nodes {
		if items != nil {
			p.bad(n.Pos(), "words after the list of \""+s.title+"\"", "end the section with its list")
			break
		}
		if list, ok := n.(*ast.List); ok {
			for c := list.FirstChild(); c != nil; c = c.NextSibling() {
				items = append(items, c)
			}
		} else if s.title == hintsHeading {
			p.bad(n.Pos(), "words outside the list of \""+s.title+"\"", "write each as \"- one line\"")
		}
	}
	if items == nil {
		p.bad(s.start, "no list under \""+s.title+"\"", "write each entry as \"- one line\"")
	}
	return items
}

// itemText is a list entry without its bullet, on one line.
func (p *textParser) itemText(item ast.Node) Markdown {
	block := item.FirstChild()
	if block == nil || block.Lines() == nil || block.Lines().Len() == 0 || block.NextSibling() != nil {
		p.bad(item.Pos(), "an entry that is not one line of text", "write \"- one line\"")
		return ""
	}
	lines := block.Lines()
	var b bytes.Buffer
	for i := range lines.Len() {
		seg := lines.At(i)
		b.Write(bytes.TrimSpace(seg.Value(p.source)))
		b.WriteByte(' ')
	}
	return Markdown(strings.TrimSpace(b.String()))
}

// slugOf makes an id of a question: its letters and digits, joined by hyphens.
func slugOf(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	id := strings.Join(words, "-")
	if len(id) > 80 {
		id = strings.TrimRight(id[:80], "-")
	}
	return id
}
