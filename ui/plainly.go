package ui

// The plain mode: no drawing, a line of words at a time. It is for a screen
// reader, a dumb terminal and a pipe.

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"ipctour/lessons"
	"ipctour/sims/probe"
	"ipctour/sims/scene"
	"ipctour/sims/stage"
	"ipctour/ui/plain"
	"ipctour/ui/prose"
)

// PlainOptions are what the plain mode needs.
type PlainOptions struct {
	Course   *lessons.Course
	House    *stage.House
	Progress *lessons.Progress
	Lesson   *lessons.Lesson  // to begin with
	Chapter  *lessons.Chapter // or its first words; neither for the list of chapters
	In       io.Reader
	Out      io.Writer
	Width    int // of a line of prose; 0 for PlainWidth
}

// PlainWidth is how long a line of prose may be.
const PlainWidth = 78

// Plain goes through the course in sentences and numbered choices, till the
// learner quits, the input ends or ctx does. Every cast is stopped by then.
func Plain(ctx context.Context, o PlainOptions) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &plainly{PlainOptions: o, ctx: inner, lines: readLines(inner, o.In)}
	p.say("IPC, with real processes, in plain words. Type a word or a number and press enter; ? helps, q quits.")
	var err error
	switch {
	case o.Lesson != nil:
		err = p.lesson(o.Lesson)
	case o.Chapter != nil:
		err = p.chapter(o.Chapter)
	}
	if err == nil && !p.quit {
		err = p.chapters()
	}
	p.save()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// plainly is one session.
type plainly struct {
	PlainOptions
	ctx   context.Context
	lines <-chan string // closed where the input ends
	quit  bool
}

// readLines reads the input on a goroutine of its own, for a terminal cannot be
// waited for together with a cast. It may outlive ctx by one read.
func readLines(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case lines <- strings.TrimSpace(s.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// next is the next line that the learner types; false ends the session.
func (p *plainly) next() (string, bool) {
	select {
	case line, ok := <-p.lines:
		p.quit = p.quit || !ok
		return line, ok
	case <-p.ctx.Done():
		p.quit = true
		return "", false
	}
}

// say prints sentences, each a paragraph; an empty one is an empty line.
func (p *plainly) say(sentences ...string) {
	for _, s := range sentences {
		if s == "" {
			fmt.Fprintln(p.Out)
		}
		p.words(escape(s))
	}
}

// words prints Markdown.
func (p *plainly) words(m string) { p.prose(m, prose.Options{}) }

func (p *plainly) prose(m string, o prose.Options) {
	for _, line := range prose.Lines(m, cmp.Or(p.Width, PlainWidth), o) {
		fmt.Fprintln(p.Out, strings.TrimRight(line.String(), " "))
	}
}

// escape keeps Markdown from reading marks into a sentence.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]<>()#+-.!|~&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// row prints one choice.
func (p *plainly) row(key, words string) { fmt.Fprintf(p.Out, "  %s  %s\n", key, words) }

// chapters lets the learner choose a chapter.
func (p *plainly) chapters() error {
	for !p.quit {
		place := p.Course.Resume(p.Progress)
		p.listChapters(place)
		for again := false; !again && !p.quit; {
			line, ok := p.next()
			if !ok {
				return nil
			}
			var err error
			if again, err = p.chosen(line, place); err != nil {
				return err
			}
		}
	}
	return nil
}

// chosen does what a line asks for in the list of chapters. It reports whether the
// list is to be shown again.
func (p *plainly) chosen(line string, place *lessons.Lesson) (again bool, err error) {
	n, _ := strconv.Atoi(line)
	c := p.Course.Chapter(line)
	if n >= 1 && n <= len(p.Course.Chapters) {
		c = &p.Course.Chapters[n-1]
	}
	l := p.Course.Lesson(line)
	if line == "c" || line == "continue" {
		l = place
	}
	switch {
	case line == "q" || line == "quit":
		p.quit = true
	case line == "" || line == "b" || line == "back":
	case line == "d" || line == "doctor":
		p.doctor()
	case line == "r" || line == "review":
		p.review()
	case l != nil:
		err = p.lesson(l)
	case c != nil:
		err = p.chapter(c)
	default:
		p.unknown(line, fmt.Sprintf("the number of a chapter, 1 to %d, or its name, such as %s; a lesson by its name, such as %s; c to continue; d for what this machine allows; r for the questions that are due; q to quit",
			len(p.Course.Chapters), p.Course.Chapters[0].ID, p.Course.Lessons[0].ID))
		return false, nil
	}
	return true, err
}

func (p *plainly) listChapters(place *lessons.Lesson) {
	p.say("", "The chapters:")
	for i := range p.Course.Chapters {
		c := &p.Course.Chapters[i]
		done, open := p.counts(c)
		p.row(strconv.Itoa(c.Number), c.Title+": "+standing(len(c.Lessons), open, done))
	}
	switch {
	case place != nil && p.Progress.Place() == "":
		p.row("c", fmt.Sprintf("begin with %s, %d min", place.Title, place.Minutes))
	case place != nil:
		p.row("c", fmt.Sprintf("continue with %s, %d min", place.Title, place.Minutes))
	}
	if n := len(p.Course.Due(p.Progress)); n > 0 {
		p.row("r", scene.Many(int64(n), "question")+" to answer again")
	}
	p.row("d", "what this machine allows")
}

// standing is "7 lessons, 2 done", or how far a chapter is still to come.
func standing(lessons, open, done int) string {
	said := scene.Many(int64(lessons), "lesson")
	switch {
	case open == 0:
		return said + ", all still to come"
	case open < lessons:
		said += fmt.Sprintf(", of which %d are there", open)
	}
	if done > 0 {
		said += fmt.Sprintf(", %d done", done)
	}
	return said
}

// doctor tells what this machine allows, and what to do about the rest.
func (p *plainly) doctor() {
	for _, c := range probe.Capabilities() {
		if c.OK {
			p.row("yes", c.Name)
			continue
		}
		p.row("no ", c.Name)
		p.say("It was tried: "+strings.TrimRight(c.Detail, ".")+".", "What to do: "+strings.TrimRight(c.Advice, ".")+".")
	}
}

// review asks the questions that are due, one after the other.
func (p *plainly) review() {
	cards := p.Course.Due(p.Progress)
	if len(cards) == 0 {
		p.say("Nothing is due. Each lesson that you finish adds its questions.")
		return
	}
	for _, card := range cards {
		p.say("")
		p.words(string(card.Ask))
		p.say("Say it aloud; enter shows the answer.")
		line, ok := p.next()
		if !ok || line == "b" || line == "q" {
			break
		}
		p.words(string(card.Answer))
		p.say("1 if you did not know it, 2 if you did.")
		if line, ok = p.next(); !ok || line == "b" || line == "q" {
			break
		}
		p.Progress.Review(card.ID, line == "2")
	}
	p.save()
}

// chapter lets the learner choose a lesson of a chapter.
func (p *plainly) chapter(c *lessons.Chapter) error {
	list := p.Course.Of(c)
	p.say("", fmt.Sprintf("Chapter %d: %s", c.Number, c.Title), "")
	for _, piece := range c.Opening.Pieces() {
		if piece.Picture == nil {
			p.words(string(piece.Words))
			continue
		}
		for _, sentence := range plain.Sentences(piece.Picture) {
			p.say(sentence)
		}
		p.say("")
	}
	for listed := false; ; {
		if !listed {
			p.listLessons(list)
			listed = true
		}
		line, ok := p.next()
		if !ok {
			return nil
		}
		n, _ := strconv.Atoi(line)
		l := p.Course.Lesson(line)
		switch {
		case line == "q" || line == "quit":
			p.quit = true
			return nil
		case line == "b" || line == "back":
			return nil
		case n >= 1 && n <= len(list):
			l = list[n-1]
		case line == "":
			listed = false
		case l == nil:
			p.unknown(line, fmt.Sprintf("the number of a lesson, 1 to %d; b for the chapters; q to quit", len(list)))
		}
		if l == nil {
			continue
		}
		listed = false
		if err := p.lesson(l); err != nil || p.quit {
			return err
		}
	}
}

func (p *plainly) listLessons(list []*lessons.Lesson) {
	p.say("", "The lessons:")
	for _, l := range list {
		p.row(strconv.Itoa(l.Number), fmt.Sprintf("%s, %d min%s", l.Title, l.Minutes, p.state(l)))
	}
	p.row("b", "back to the chapters")
}

func (p *plainly) counts(c *lessons.Chapter) (done, open int) {
	for _, l := range p.Course.Of(c) {
		if _, ok := p.Progress.Done(l.ID); ok {
			done++
		}
		if l.Sim != nil {
			open++
		}
	}
	return done, open
}

func (p *plainly) state(l *lessons.Lesson) string {
	switch d, done := p.Progress.Done(l.ID); {
	case l.Text == nil && l.Sim == nil:
		return ", still to come"
	case done && d.Right:
		return ", done, and you predicted it"
	case done:
		return ", done"
	case l.Sim == nil:
		return ", words only: the experiment is still to come"
	}
	return ""
}

// unknown answers what means nothing here, in a line. A question mark asks for what
// can be typed.
func (p *plainly) unknown(line, can string) {
	if line != "?" && line != "help" {
		p.say(fmt.Sprintf("Nothing here is called %q; ? lists what you can type.", line))
		return
	}
	p.say("You can type: " + can + ".")
}

// save keeps the progress, and says so where it cannot.
func (p *plainly) save() {
	messages, err := p.Progress.Save()
	p.say(messages...)
	if err != nil {
		p.say("Progress could not be saved: " + err.Error() + ".")
	}
}
