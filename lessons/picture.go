package lessons

// Diagrams in the words. A fenced block with the word "picture" is a scene in
// short, a line each:
//
//	process A: pid 1042                      a process; a note after the colon
//	object buffer: kernel buffer | ring 0    a thing: its title, then its lines
//	A -> buffer: copy 1                      data moves; words on the arrow
//	A <-> socket                             both ways
//	A -- page: maps                          joined, nothing moves

import (
	"fmt"
	"strings"

	"ipctour/sims/scene"
)

// Piece is a stretch of words, or a picture between them.
type Piece struct {
	Words   Markdown
	Picture *scene.Scene // nil for words
}

const (
	fence        = "```"
	pictureFence = fence + "picture"
)

// Pieces cuts the words at their pictures. A picture that cannot be read stays
// among the words as it was written; the course's check refuses it.
func (m Markdown) Pieces() []Piece {
	pieces, _ := cutPictures(string(m)) // the error is told by the check
	return pieces
}

func cutPictures(text string) (pieces []Piece, err error) {
	for text != "" {
		words, rest, found := strings.Cut(text, pictureFence+"\n")
		if !found {
			break
		}
		drawing, after, closed := strings.Cut(rest, "\n"+fence)
		picture, wrong := parsePicture(drawing)
		if !closed || wrong != nil {
			if err == nil {
				err = fmt.Errorf("a picture that cannot be drawn: %w", wrong)
			}
			break
		}
		if words = strings.Trim(words, "\n"); words != "" {
			pieces = append(pieces, Piece{Words: Markdown(words)})
		}
		pieces = append(pieces, Piece{Picture: picture})
		text = strings.TrimPrefix(after, "\n")
	}
	if text = strings.Trim(text, "\n"); text != "" {
		pieces = append(pieces, Piece{Words: Markdown(text)})
	}
	return pieces, err
}

// parsePicture reads the lines of one picture.
func parsePicture(text string) (*scene.Scene, error) {
	s := &scene.Scene{}
	for n, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		if l == "" {
			continue
		}
		if err := pictureLine(s, l); err != nil {
			return nil, fmt.Errorf("line %d, %q: %w", n+1, l, err)
		}
	}
	return s, nil
}

func pictureLine(s *scene.Scene, l string) error {
	what, says, _ := strings.Cut(l, ":")
	says = strings.TrimSpace(says)
	f := strings.Fields(what)
	switch {
	case len(f) == 2 && f[0] == "process":
		s.Processes = append(s.Processes, scene.Process{ID: f[1], Name: f[1], Life: scene.Drawn, Note: says})
		return nil
	case len(f) == 2 && f[0] == "object":
		t := scene.Thing{ID: f[1], Label: f[1]}
		if says != "" {
			lines := strings.Split(says, "|")
			for i := range lines {
				lines[i] = strings.TrimSpace(lines[i])
			}
			t.Label, t.Lines = lines[0], lines[1:]
		}
		s.Objects = append(s.Objects, t)
		return nil
	case len(f) != 3:
		return fmt.Errorf("write \"process NAME: note\", \"object NAME: title | line\" or \"A -> B: words\"")
	}
	link := scene.Link{From: f[0], To: f[2], Through: says}
	switch f[1] {
	case "->":
		link.State = scene.Moving
	case "<->":
		link.State, link.Both = scene.Moving, true
	case "--":
		link.State, link.Plain = scene.Idle, true
	default:
		return fmt.Errorf("a link is ->, <-> or --, not %s", f[1])
	}
	for _, end := range []string{link.From, link.To} {
		if s.Process(end) == nil && s.Object(end) == nil {
			return fmt.Errorf("%s stands nowhere above", end)
		}
	}
	s.Links = append(s.Links, link)
	return nil
}
