// Package scenetest makes scenes of any content, for the tests of those who draw and
// tell them: names with escape codes, levels below zero, objects nobody knows.
package scenetest

import (
	"time"

	"pgregory.net/rapid"

	"ipctour/sims/scene"
)

// Odd is an object of a kind that nobody knows, with an escape code in its name.
type Odd struct{}

// Key is scene.Object.
func (Odd) Key() string { return "odd" }

// Kind is scene.Object.
func (Odd) Kind() string { return "odd\x1bthing" }

var (
	anyText = rapid.OneOf(
		rapid.SampledFrom([]string{"", "pipe", "anon_pipe_write", "paused by you", "hello world", "世界", "\x1b[2J\x1b]0;x\a",
			"e\u0301", "\u202e\u200b", "\xff\xc3", "👩‍👩‍👧", "🇩🇪", "a\nb\tc\x00", "...........................................", "  "}),
		rapid.String(),
	)
	anyKey   = rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "p", "q", "r", ""})
	anyBytes = rapid.OneOf(rapid.Int64Range(-1, 100_000), rapid.Int64())
	anyFlow  = rapid.SampledFrom([]scene.Flow{scene.Idle, scene.Moving, scene.Blocked, scene.Cut, scene.Broken, "odd"})
)

func anySegments(t *rapid.T) []scene.Segment {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) scene.Segment {
		return scene.Segment{Who: anyKey.Draw(t, "who"), Bytes: anyBytes.Draw(t, "bytes"), Text: anyText.Draw(t, "text")}
	}), 0, 4).Draw(t, "segments")
}

// otherKinds are the objects that any value of their fields can make.
var otherKinds = []*rapid.Generator[scene.Object]{
	kind[scene.Socket](), kind[scene.Queue](), kind[scene.Page](), kind[scene.Futex](), kind[scene.Ring](), kind[scene.Chart](), kind[scene.Signals](),
	kind[scene.Counter](), kind[scene.Timer](), kind[scene.Loop](), kind[scene.Mapped](), kind[scene.Thing](),
}

func kind[T scene.Object]() *rapid.Generator[scene.Object] {
	return rapid.Map(rapid.Make[T](), func(o T) scene.Object { return o })
}

func anyObject(t *rapid.T) scene.Object {
	id := anyKey.Draw(t, "key")
	switch rapid.IntRange(0, 7).Draw(t, "kind") {
	case 0:
		return scene.File{ID: id, Path: anyText.Draw(t, "path"), Mode: anyText.Draw(t, "mode"), Size: anyBytes.Draw(t, "size"),
			Gone: rapid.Bool().Draw(t, "gone"), Note: anyText.Draw(t, "note")}
	case 1:
		return scene.Output{ID: id, Label: anyText.Draw(t, "label"), Lines: rapid.SliceOfN(anyText, 0, 12).Draw(t, "lines"), More: anyBytes.Draw(t, "more")}
	case 2:
		return scene.Stream{ID: id, Label: anyText.Draw(t, "label"), Sent: anySegments(t), Reads: anySegments(t), Whole: anyBytes.Draw(t, "whole")}
	case 3:
		return Odd{}
	case 4, 5, 6:
		return rapid.OneOf(otherKinds...).Draw(t, "object")
	}
	return scene.Pipe{ID: id, Label: anyText.Draw(t, "label"), Path: anyText.Draw(t, "path"), Capacity: anyBytes.Draw(t, "capacity"),
		Queued: anyBytes.Draw(t, "queued"), Page: anyBytes.Draw(t, "page"), Writers: rapid.Int().Draw(t, "writers"),
		Readers: rapid.IntRange(-1, 3).Draw(t, "readers"), Segments: anySegments(t), Gone: rapid.Bool().Draw(t, "gone")}
}

func anyProcess(t *rapid.T) scene.Process {
	lives := []scene.Life{scene.Unborn, scene.Running, scene.Asleep, scene.Waiting, scene.Stopped, scene.Exited, scene.Killed, "odd"}
	q := scene.Process{ID: anyKey.Draw(t, "id"), Name: anyText.Draw(t, "name"), PID: rapid.IntRange(-1, 1<<22).Draw(t, "pid"),
		Life: rapid.SampledFrom(lives).Draw(t, "life"), Letter: anyText.Draw(t, "letter"), Where: anyText.Draw(t, "where"),
		Note: anyText.Draw(t, "note"), End: anyText.Draw(t, "end"), Gate: anyText.Draw(t, "gate"), Traced: rapid.Bool().Draw(t, "traced")}
	for range rapid.IntRange(0, 4).Draw(t, "fds") {
		q.FDs = append(q.FDs, scene.FD{N: rapid.Int().Draw(t, "n"), Target: anyText.Draw(t, "target"), Object: anyKey.Draw(t, "object"),
			End: anyText.Draw(t, "end"), Cut: rapid.Bool().Draw(t, "cut")})
	}
	for range rapid.IntRange(0, 4).Draw(t, "calls") {
		q.Calls = append(q.Calls, scene.Call{Name: anyText.Draw(t, "call"), Args: anyText.Draw(t, "args"), Result: anyText.Draw(t, "result"),
			Failed: rapid.Bool().Draw(t, "failed"), Blocked: rapid.Bool().Draw(t, "blocked"), Took: time.Duration(rapid.Int64().Draw(t, "took"))})
	}
	return q
}

// Scene draws a scene.
func Scene(t *rapid.T) *scene.Scene {
	s := &scene.Scene{Sentence: anyText.Draw(t, "sentence")}
	for range rapid.IntRange(0, 5).Draw(t, "processes") {
		s.Processes = append(s.Processes, anyProcess(t))
	}
	for range rapid.IntRange(0, 4).Draw(t, "objects") {
		s.Objects = append(s.Objects, anyObject(t))
	}
	for range rapid.IntRange(0, 8).Draw(t, "links") {
		s.Links = append(s.Links, scene.Link{From: anyKey.Draw(t, "from"), To: anyKey.Draw(t, "to"), FD: rapid.IntRange(-1, 300).Draw(t, "fd"),
			Label: anyText.Draw(t, "label"), Both: rapid.Bool().Draw(t, "both"), State: anyFlow.Draw(t, "state"), Through: anyText.Draw(t, "through")})
	}
	for range rapid.IntRange(0, 4).Draw(t, "figures") {
		s.Figures = append(s.Figures, scene.Figure{Label: anyText.Draw(t, "label"), Text: anyText.Draw(t, "value"), Missing: anyText.Draw(t, "missing"),
			Origin: scene.Kernel, History: rapid.SliceOfN(rapid.Float64(), 0, 40).Draw(t, "history")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "tables") {
		s.Tables = append(s.Tables, scene.Table{Title: anyText.Draw(t, "title"), Columns: rapid.SliceOfN(anyText, 0, 5).Draw(t, "columns"),
			Rows:  rapid.SliceOfN(rapid.SliceOfN(anyText, 0, 6), 0, 6).Draw(t, "rows"),
			Bad:   rapid.SliceOfN(rapid.IntRange(-1, 6), 0, 3).Draw(t, "bad"),
			Right: rapid.SliceOfN(rapid.IntRange(-1, 6), 0, 3).Draw(t, "right")})
	}
	return s
}
