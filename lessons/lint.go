package lessons

// Lint: what is wrong with the course itself. A test and the hidden command
// `ipctour check` run it; it needs no process.

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"unicode/utf8"

	"ipctour/content"
	"ipctour/sims"
	"ipctour/sims/all"
)

// Lint finds what does not fit together: words without an experiment's step or
// claim and the other way round, roles that nothing starts, keys that clash with
// each other or with the reserved ones, files that do not belong into words. The
// error joins everything that is wrong, each with what to do about it.
func Lint(words fs.FS, experiments []*sims.Sim, reserved []string) error {
	errs := []error{strayFiles(words)}
	course, err := join(words, experiments)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, l := range course.Lessons {
		if l.Sim == nil {
			continue
		}
		f := &faults{lesson: l.ID}
		f.cast(l.Sim)
		f.knobs(l.Sim, reserved)
		f.options(l.Sim)
		f.walk(l.Sim, l.Text)
		f.claims(l.Sim, l.Text)
		f.prediction(l.Sim, l.Text)
		errs = append(errs, f.errs...)
	}
	return errors.Join(errs...)
}

// strayFiles finds what is neither words nor the code that embeds them.
func strayFiles(words fs.FS) error {
	var errs []error
	err := fs.WalkDir(words, ".", func(name string, d fs.DirEntry, err error) error {
		ok := path.Ext(name) == ".md" || path.Dir(name) == "." && path.Ext(name) == ".go"
		if err == nil && !d.IsDir() && !ok {
			errs = append(errs, fmt.Errorf("content/%s: only Markdown belongs here: remove the file", name))
		}
		return err
	})
	return errors.Join(append(errs, err)...)
}

// faults gathers what is wrong with one lesson.
type faults struct {
	lesson string
	errs   []error
}

func (f *faults) add(format string, args ...any) {
	f.errs = append(f.errs, fmt.Errorf(f.lesson+": "+format, args...))
}

// cast checks the roles: each has code and a name of its own, and somebody starts it.
func (f *faults) cast(s *sims.Sim) {
	if s.Wire == nil || s.Draw == nil || s.Source == "" {
		f.add("an experiment needs Wire, Draw and Source: fill them in")
	}
	if len(s.Roles) == 0 {
		f.add("nobody plays: add a role")
	}
	seen := map[string]bool{}
	for _, r := range s.Roles {
		if r.Run == nil || r.Name == "" || seen[r.Name] {
			f.add("role %q: give it a name of its own and a Run", r.Name)
		}
		seen[r.Name] = true
		if r.By != "" && s.Role(r.By) == nil {
			f.add("role %s is forked by %q, which is no role", r.Name, r.By)
		}
		if r.When != nil && !chosen(s, r) {
			f.add("role %s is in no cast: give an option the value with which it plays", r.Name)
		}
		if r.Late && !walkStarts(s, r.Name) {
			f.add("role %s is late and no step of the walk turns a knob that starts it", r.Name)
		}
	}
}

// chosen reports whether a value of some option brings a role into the cast.
func chosen(s *sims.Sim, r sims.Role) bool {
	for _, o := range s.Options {
		for _, v := range o.Values {
			options := s.Defaults()
			options[o.Name] = v
			if r.When(options) {
				return true
			}
		}
	}
	return false
}

// walkStarts reports whether some step turns a knob that starts the role.
func walkStarts(s *sims.Sim, role string) bool {
	for _, step := range s.Walk {
		for _, t := range step.Turn {
			if k := s.Knob(t.Knob); k != nil {
				if start, ok := k.Act.(sims.Start); ok && start.Role == role {
					return true
				}
			}
		}
	}
	return false
}

// knobs checks that each has a free key, a name, a line of help and something to act on.
func (f *faults) knobs(s *sims.Sim, reserved []string) {
	keys, names := map[string]bool{}, map[string]bool{}
	for _, k := range s.Knobs {
		switch {
		case utf8.RuneCountInString(k.Key) != 1:
			f.add("knob %q: its key is %q: give it one letter or digit", k.Name, k.Key)
		case slices.Contains(reserved, k.Key):
			f.add("knob %q: the key %q means something in every lesson: choose another", k.Name, k.Key)
		case keys[k.Key]:
			f.add("knob %q: the key %q is another knob's too: choose another", k.Name, k.Key)
		}
		if k.Name == "" || names[k.Name] {
			f.add("two knobs are called %q: give each a name of its own", k.Name)
		}
		if k.Help == "" {
			f.add("knob %q has no help: say in one line what it does", k.Name)
		}
		keys[k.Key], names[k.Name] = true, true
		f.act(s, k)
	}
}

// act checks that what a knob acts on is there.
func (f *faults) act(s *sims.Sim, k sims.Knob) {
	needs := func(role string) *sims.Role {
		r := s.Role(role)
		if r == nil {
			f.add("knob %q acts on %q, which is no role", k.Name, role)
		}
		return r
	}
	switch act := k.Act.(type) {
	case sims.Tell:
		needs(act.Role)
		if act.Peer != "" {
			needs(act.Peer)
		}
	case sims.Set:
		if r := needs(act.Role); r != nil && !slices.Contains(r.Settings, act.Setting) {
			f.add("knob %q sets %q, which role %s does not have", k.Name, act.Setting, r.Name)
		}
		if len(act.Values) == 0 || len(act.Values) != len(act.Names) {
			f.add("knob %q needs as many names as values, and one at least", k.Name)
		}
	case sims.Choose:
		if !slices.ContainsFunc(s.Options, func(o sims.Option) bool { return o.Name == act.Option }) {
			f.add("knob %q chooses %q, which is no option", k.Name, act.Option)
		}
	case sims.Start:
		needs(act.Role)
	case sims.Break:
		needs(act.Role)
	case sims.Trace:
		needs(act.Role)
	case sims.Do:
		if act.Run == nil {
			f.add("knob %q does nothing: give it a Run", k.Name)
		}
	default:
		f.add("knob %q does nothing: give it an Act", k.Name)
	}
}

// options checks that each has a default that it would accept.
func (f *faults) options(s *sims.Sim) {
	for _, o := range s.Options {
		if o.Name == "" || len(o.Values) == 0 {
			f.add("option %q needs a name and a value: the first value is the default", o.Name)
		}
		for _, v := range o.Values {
			if o.Check == nil {
				break
			}
			if err := o.Check(v); err != nil {
				f.add("option %s refuses its own value %q: %v", o.Name, v, err)
			}
		}
	}
}

// walk checks that steps and words match, one to one and in the same order.
func (f *faults) walk(s *sims.Sim, t *Text) {
	if len(s.Walk) == 0 {
		f.add("there is no walk: without steps nothing proves its claims")
	}
	var steps, said []string
	waits := map[string]bool{}
	for _, step := range s.Walk {
		steps = append(steps, step.ID)
		if waits[step.For] {
			f.add("step %s waits for %q, as another does: the list of steps must tell them apart", step.ID, step.For)
		}
		waits[step.For] = true
		if step.From != "" && !slices.Contains(steps, step.From) {
			f.add("step %s goes back to %q, which is neither it nor a step before it", step.ID, step.From)
		}
		if _, ok := t.Step(step.ID); !ok {
			f.add("step %s has no words: write ### %s under ## Steps", step.ID, step.ID)
		}
		if step.Until == nil || step.For == "" {
			f.add("step %s: say what it waits for, as Until and in words as For", step.ID)
		}
		for _, turn := range step.Turn {
			if s.Knob(turn.Knob) == nil {
				f.add("step %s turns %q, which is no knob", step.ID, turn.Knob)
			}
		}
	}
	for _, words := range t.Steps {
		said = append(said, words.ID)
		if !slices.Contains(steps, words.ID) {
			f.add("the words of step %s belong to no step of the walk: rename or remove them", words.ID)
		}
	}
	if len(f.errs) == 0 && !slices.Equal(steps, said) {
		f.add("the walk goes %v and the words %v: put them in the same order", steps, said)
	}
}

// claims checks that every claim is cited by the words, and that they cite no other.
func (f *faults) claims(s *sims.Sim, t *Text) {
	if len(s.Claims) == 0 {
		f.add("it claims nothing: a lesson proves at least one sentence")
	}
	seen := map[string]bool{}
	for _, c := range s.Claims {
		if c.ID == "" || c.Says == "" || c.Check == nil || seen[c.ID] {
			f.add("claim %q: give it an id of its own, a sentence and a Check", c.ID)
		}
		if !slices.ContainsFunc(s.Walk, func(step sims.Step) bool { return step.ID == c.After }) {
			f.add("claim %q is judged after step %q, which the walk does not have", c.ID, c.After)
		}
		if !slices.Contains(t.Cites, c.ID) {
			f.add("no text cites claim %s: write [its words](claim:%s) where it is told", c.ID, c.ID)
		}
		seen[c.ID] = true
	}
	for _, id := range t.Cites {
		if !seen[id] {
			f.add("the text cites claim %s, which the experiment does not make", id)
		}
	}
}

// prediction checks that what is asked is measured, and the other way round.
func (f *faults) prediction(s *sims.Sim, t *Text) {
	switch {
	case t.Predict != nil && s.Measured == nil:
		f.add("the prediction can never be graded: give the experiment a Measured")
	case t.Predict == nil && s.Measured != nil:
		f.add("the experiment measures an answer that nobody is asked for: write ## Predict, or take Measured out")
	}
}

// Check lints the course that the program holds.
func Check(reserved []string) error { return Lint(content.Files, all.Sims(), reserved) }
