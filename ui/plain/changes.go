package plain

import (
	"reflect"
	"slices"

	"ipctour/sims/scene"
)

// Changes tells what is different in after, and nothing when nothing worth
// saying is: a process that fell asleep, ended or is held; an end that was
// closed; a buffer that became full or empty; the scene's sentence.
//
// What only flickers is left out. A process that is awake for a moment between
// two sleeps, a level that moves, a figure that counts: the caller compares the
// scenes it has, so what is told is where things stand at the end. A figure is
// told when everything else holds still.
func Changes(before, after *scene.Scene) []string {
	switch {
	case after == nil:
		return nil
	case before == nil:
		return Sentences(after)
	case reflect.DeepEqual(before, after):
		return nil
	}
	var out telling
	for i := range after.Processes {
		q := &after.Processes[i]
		old := before.Process(q.ID)
		if old == nil || noteworthy(old, q) {
			out.add(process(q))
		}
		if old == nil || !slices.Equal(old.FDs, q.FDs) {
			out.add(descriptors(after, q)...)
		}
		out.add(failures(old, q)...)
	}
	for _, o := range after.Objects {
		if o != nil {
			out.add(objectChange(before, after, o)...)
		}
	}
	for i := range after.Links {
		if l := &after.Links[i]; linkChanged(before, l) {
			out.add(link(after, l))
		}
	}
	out.add(tableChanges(before, after)...)
	quiet := len(out) == 0 && settled(before, after)
	for i := range after.Figures {
		f := &after.Figures[i]
		if old := findFigure(before, f.ID); old == nil || old.Missing != f.Missing || quiet && old.Text != f.Text {
			out.add(figure(f))
		}
	}
	if after.Sentence == before.Sentence {
		return out
	}
	var first telling
	first.add(after.Sentence)
	return append(first, out...)
}

// noteworthy reports whether a process came to another kind of state. Running
// and asleep by itself alternate thousands of times a second, so falling asleep
// counts only where it has a place to sleep in that was not told before, and
// waking up only from a sleep that was.
func noteworthy(old, now *scene.Process) bool {
	if old.PID != now.PID || old.End != now.End || old.Gate != now.Gate || old.Note != now.Note {
		return true
	}
	awake := func(l scene.Life) bool { return l == scene.Running || l == scene.Asleep }
	if awake(old.Life) && awake(now.Life) {
		return now.Life == scene.Asleep && now.Where != "" && old.Where != now.Where
	}
	return old.Life != now.Life
}

// failures are the calls that failed since before.
func failures(old, now *scene.Process) []string {
	var out []string
	for i := range now.Calls {
		c := &now.Calls[i]
		if !c.Failed || old != nil && slices.Contains(old.Calls, *c) {
			continue
		}
		out = append(out, call(now, c))
	}
	return out
}

// objectChange tells an object again when it is new, or has come to an edge.
func objectChange(before, after *scene.Scene, o scene.Object) []string {
	old := object(before, o.Key())
	if old == nil {
		return tellObject(after, o)
	}
	if was, ok := asPipe(old); ok {
		if is, ok := asPipe(o); ok {
			return pipeChange(was, is)
		}
	}
	if was, ok := old.(scene.Queue); ok {
		if is, ok := o.(scene.Queue); ok {
			return queueChange(&was, &is)
		}
	}
	if reflect.DeepEqual(old, o) {
		return nil
	}
	if was, ok := old.(scene.Ring); ok {
		if is, ok := o.(scene.Ring); ok && ringEdge(&was) == ringEdge(&is) {
			return nil // it moves: the figures tell where it has come to
		}
	}
	if was, ok := old.(scene.Chart); ok {
		if is, ok := o.(scene.Chart); ok && len(was.Lines) == len(is.Lines) {
			return chartChange(after, &was, &is)
		}
	}
	if was, ok := asOutput(old); ok {
		if is, ok := asOutput(o); ok {
			return outputChange(was, is)
		}
	}
	switch is := o.(type) {
	case scene.Mapped:
		if was, ok := old.(scene.Mapped); ok {
			return mappedChange(after, &was, &is)
		}
	case scene.Timer:
		if was, ok := old.(scene.Timer); ok && !timerRung(&was, &is) {
			return nil
		}
	case scene.Loop:
		if was, ok := old.(scene.Loop); ok {
			return loopChange(after, &was, &is)
		}
	}
	if flickers(old, o) && !settled(before, after) {
		return nil
	}
	return tellObject(after, o)
}

// flickers reports whether nothing has changed but words in memory, which count
// for as long as their processes run.
func flickers(old, now scene.Object) bool {
	switch now := now.(type) {
	case scene.Page:
		was, ok := old.(scene.Page)
		return ok && sameButWords(&was, &now)
	case scene.Futex:
		was, ok := old.(scene.Futex)
		return ok && was.Gone == now.Gone && was.Died == now.Died && was.Known == now.Known
	case scene.Counter:
		was, ok := old.(scene.Counter)
		return ok && was.Gone == now.Gone && was.Known == now.Known && was.Semaphore == now.Semaphore
	}
	return false
}

func asPipe(o scene.Object) (*scene.Pipe, bool) {
	p, ok := o.(scene.Pipe)
	return &p, ok
}

func asOutput(o scene.Object) (*scene.Output, bool) {
	p, ok := o.(scene.Output)
	return &p, ok
}

func linkChanged(before *scene.Scene, l *scene.Link) bool {
	for i := range before.Links {
		old := &before.Links[i]
		if old.From != l.From || old.To != l.To || old.FD != l.FD || old.Label != l.Label {
			continue
		}
		// That a process is blocked is told of the process.
		lively := func(f scene.Flow) bool { return f != scene.Cut && f != scene.Broken }
		return old.Through != l.Through || old.State != l.State && !(lively(old.State) && lively(l.State))
	}
	return true
}

func tableChanges(before, after *scene.Scene) []string {
	var out []string
	for i := range after.Tables {
		t := &after.Tables[i]
		if i >= len(before.Tables) || before.Tables[i].Title != t.Title {
			out = append(out, table(t)...)
			continue
		}
		old := &before.Tables[i]
		for r := range t.Rows {
			if r >= len(old.Rows) || !slices.Equal(old.Rows[r], t.Rows[r]) {
				out = append(out, tableRow(t, r))
			}
		}
	}
	return out
}

// settled reports whether no process runs any more that ran before, so that the
// figures may be read as results.
func settled(before, after *scene.Scene) bool {
	for i := range after.Processes {
		q := &after.Processes[i]
		if q.Life == scene.Running {
			return false
		}
		if old := before.Process(q.ID); old == nil || old.Life != q.Life {
			return false
		}
	}
	return true
}

func findFigure(s *scene.Scene, id string) *scene.Figure {
	for i := range s.Figures {
		if s.Figures[i].ID == id {
			return &s.Figures[i]
		}
	}
	return nil
}
