package plain

import (
	"fmt"
	"strings"
	"time"

	"ipctour/sims/scene"
)

// How a process, its descriptors, its calls and its links are told.

func processName(q *scene.Process) string {
	if q.Name != "" {
		return q.Name
	}
	return q.ID
}

// process is "The writer (pid 41022) is asleep in anon_pipe_write."
func process(q *scene.Process) string {
	who := capital(the(processName(q)))
	if q.Life == scene.Drawn {
		if q.Note == "" {
			return ""
		}
		return processName(q) + ": " + q.Note + "."
	}
	if q.PID > 0 {
		who += fmt.Sprintf(" (pid %d)", q.PID)
	}
	return who + " " + doing(q) + "."
}

func doing(q *scene.Process) string {
	did := ""
	switch q.Life {
	case scene.Unborn:
		did = "is not started yet"
	case scene.Running:
		did = "is running"
	case scene.Asleep:
		did = "is asleep"
	case scene.Waiting:
		did = "is held by the tour"
	case scene.Stopped:
		did = "is stopped"
	case scene.Exited:
		did = "has ended"
	case scene.Killed:
		did = "was killed"
	default:
		did = "is in a state that has no name here"
	}
	switch {
	case !q.Life.Alive() && strings.HasPrefix(q.End, "killed"):
		did = "was " + q.End
	case !q.Life.Alive() && q.End != "":
		did += ": " + q.End
	case q.Life.Alive() && q.Where != "":
		did += " in " + strings.TrimPrefix(q.Where, "in ")
	}
	if q.Gate != "" {
		did += ", at gate " + q.Gate
	}
	switch {
	case q.Note == "stopped":
		return "is stopped"
	case q.Note == "", q.Gate != "" && strings.Contains(q.Note, q.Gate):
	case q.Life == scene.Asleep && strings.HasPrefix(q.Note, "sleeps "):
		did += strings.TrimPrefix(q.Note, "sleeps")
	case strings.HasPrefix(q.Note, "waits "):
		did += ": it " + q.Note
	default:
		did += ": " + q.Note
	}
	return did
}

// descriptors is a sentence for the table: the open ones, then the closed.
func descriptors(s *scene.Scene, q *scene.Process) []string {
	var open, closed []string
	for i := range q.FDs {
		f := &q.FDs[i]
		if f.Cut {
			closed = append(closed, fmt.Sprint(f.N))
			continue
		}
		open = append(open, fmt.Sprintf("%d is %s", f.N, descriptor(s, f)))
	}
	var out []string
	if len(open) > 0 {
		out = append(out, fmt.Sprintf("In %s, descriptor %s.", the(processName(q)), strings.Join(open, ", ")))
	}
	if len(closed) > 0 {
		out = append(out, fmt.Sprintf("%s has closed %s.", capital(the(processName(q))), strings.Join(closed, ", ")))
	}
	return out
}

func descriptor(s *scene.Scene, f *scene.FD) string {
	target := f.Target
	if f.Object != "" && object(s, f.Object) != nil {
		target = named(s, f.Object)
	}
	if f.End != "" {
		return "the " + f.End + " of " + target
	}
	return target
}

// calls tells the last call of a watched process; the ones before it were told
// when they were the last.
func calls(q *scene.Process) []string {
	if len(q.Calls) == 0 {
		return nil
	}
	return []string{call(q, &q.Calls[len(q.Calls)-1])}
}

func call(q *scene.Process, c *scene.Call) string {
	what := fmt.Sprintf("%s called %s(%s)", capital(the(processName(q))), c.Name, c.Args)
	switch {
	case c.Failed:
		return what + ", which failed: " + c.Result + "."
	case c.Blocked:
		return what + fmt.Sprintf(" and has been asleep in it for %s.", spoken(c.Took))
	case c.Result == "":
		return what + ", which has not returned."
	}
	return what + ", which returned " + c.Result + "."
}

// spoken is a time as one would say it.
func spoken(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// link is a sentence where a link has something to say: it blocks, it is
// closed, it failed, or words travel on it. Open and idle goes without saying.
func link(s *scene.Scene, l *scene.Link) string {
	by, other := l.From, l.To
	if s.Process(by) == nil {
		by, other = l.To, l.From
	}
	end := ""
	switch {
	case l.Label != "":
		end = " (" + l.Label + ")"
	case l.FD > 0:
		end = fmt.Sprintf(" (descriptor %d)", l.FD)
	}
	subject, object := capital(named(s, by)), named(s, other)+end
	switch l.State {
	case scene.Blocked:
		return subject + " is blocked on " + object + because(l.Through) + "."
	case scene.Cut:
		if q := s.Process(by); q != nil && !q.Life.Alive() && end == "" { // its end closed it, or it never held it
			return subject + " has ended and leads to " + object + " no more" + because(l.Through) + "."
		}
		if l.Through != "" {
			return fmt.Sprintf("Nothing goes from %s to %s: %s.", named(s, l.From), named(s, l.To), l.Through)
		}
		return subject + " has closed " + object + because(l.Through) + "."
	case scene.Broken:
		return subject + " failed on " + object + because(l.Through) + "."
	}
	drawn := func(key string) bool { q := s.Process(key); return q != nil && q.Life == scene.Drawn }
	switch {
	case l.Plain && (drawn(l.From) || drawn(l.To)):
		return capital(named(s, l.From)) + " and " + named(s, l.To) + " are joined" + because(l.Through) + "."
	case l.Through == "" && (drawn(l.From) || drawn(l.To)):
		return "From " + named(s, l.From) + " to " + named(s, l.To) + "."
	case l.Through == "":
		return ""
	}
	return fmt.Sprintf("%s goes from %s to %s.", capital(l.Through), named(s, l.From), named(s, l.To))
}

func because(words string) string {
	if words == "" {
		return ""
	}
	return ": " + words
}
