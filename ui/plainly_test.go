package ui

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"ipctour/lessons"
	"ipctour/sims/probe"
	"ipctour/sims/residue"
	"ipctour/sims/stage"
)

// TestMain: a lesson's children are this test program, started again in a role.
func TestMain(m *testing.M) {
	stage.Become(os.Args, lessons.Role)
	probe.Become(os.Args)
	os.Exit(m.Run())
}

// plainTest is a session of the plain mode with everything it needs.
func plainTest(t *testing.T, lesson string, in io.Reader, out io.Writer) PlainOptions {
	t.Helper()
	residue.Check(t)
	house, err := stage.NewHouse()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := house.Close(); err != nil {
			t.Errorf("closing the house: %v", err)
		}
	})
	course, err := lessons.Load()
	if err != nil {
		t.Fatal(err)
	}
	progress, _ := lessons.Open("", time.Now)
	return PlainOptions{Course: course, House: house, Progress: progress, Lesson: course.Lesson(lesson), In: in, Out: out}
}

// typed is what the plain mode prints when these lines are typed.
func typed(t *testing.T, lesson string, lines ...string) (string, PlainOptions) {
	t.Helper()
	var out strings.Builder
	o := plainTest(t, lesson, strings.NewReader(strings.Join(lines, "\n")), &out)
	if err := Plain(t.Context(), o); err != nil {
		t.Errorf("Plain: %v", err)
	}
	t.Log(out.String())
	return out.String(), o
}

// inOrder fails where a text is not there after the ones before it.
func inOrder(t *testing.T, out string, texts ...string) {
	t.Helper()
	rest := strings.Join(strings.Fields(out), " ")
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("%q is not there, or not in its place", text)
		}
		rest = after
	}
}

// Everything that the screen offers is there in words too.
func TestPlainLooksCloser(t *testing.T) {
	out, _ := typed(t, "pipes/full-buffer", "", "n", "xray writer", "xray writer", "step", "1", "gates", "go reader", "step", "past 200",
		"xray nobody", "back", "d", "r", "q")
	inOrder(t, out, "The system calls of the writer are watched.", "write(fd=3,", "has not returned", "Step mode is on",
		"The reader waits at its gate read", "Step mode is off", "the processes are started", "writer is asleep in anon_pipe_write",
		`No process is called "nobody". There are: writer, reader.`, "All of it is gone.", "the x-ray: tracing a child's system calls", "Nothing is due.")
}

func TestPlainReview(t *testing.T) {
	var out strings.Builder
	o := plainTest(t, "", strings.NewReader("r\n\n2\n\n1\nq\n"), &out)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	o.Progress, _ = lessons.Open("", func() time.Time { return now })
	o.Progress.Finish("pipes/full-buffer", "", "", false)
	now = now.Add(48 * time.Hour)
	due := len(o.Course.Due(o.Progress))
	if err := Plain(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	inOrder(t, out.String(), "questions to answer again", "How large is a pipe's buffer", "Say it aloud", "16 pages by default", "1 if you did not know it")
	if left := len(o.Course.Due(o.Progress)); due == 0 || left >= due {
		t.Errorf("%d questions were due, %d are", due, left)
	}
}

func TestPlainWalk(t *testing.T) {
	script := []string{"2"}
	for range 7 {
		script = append(script, "n")
	}
	out, o := typed(t, "pipes/full-buffer", append(script, "n", "back", "q")...)
	inOrder(t, out,
		"64 KiB and not a byte more", "A pipe is a buffer in the kernel", "Predict:", "1 4,096", "2 65,536", "You say: 65,536.",
		"Step 1 of 7", "the writer is asleep", "The pipe holds 65,536", "Step 2 of 7", "You turn: drain 1 byte.", "One free byte did not",
		"judged by this run", "holds: ", "You predicted: 65,536. That is right.", "The walk is done", "All of it is gone.", "The chapters:")
	if d, done := o.Progress.Done("pipes/full-buffer"); !done || !d.Right || d.Predicted != "65536" {
		t.Errorf("progress: %+v, %v", d, done)
	}
	if strings.Contains(out, "Still waiting") {
		t.Error("a step that is done is still waited for")
	}
	if strings.Contains(out, "nobody holds it") {
		t.Error("a pipe is told that the kernel was not asked about yet")
	}
	if strings.ContainsAny(out, "\x1b\r\t\a") {
		t.Error("there are control characters in it")
	}
}

// The words of a step keep the figures of its end.
func TestPlainTextKeepsFigures(t *testing.T) {
	out, _ := typed(t, "pipes/full-buffer", "", "n", "n", "n", "t", "q")
	_, text, _ := strings.Cut(out, "In a moment a writer will write") // before it runs, and again in the text
	_, text, _ = strings.Cut(text, "In a moment a writer will write")
	inOrder(t, text, "The pipe holds 65,536 B", "the pipe holds … again")
}

func TestPlainCommands(t *testing.T) {
	out, _ := typed(t, "pipes/full-buffer", "", "n", "1", "w 2049", "w nonsense", "e", "c", "h", "?", "nonsense",
		"k nobody", "close", "stop writer", "cont writer", "k writer", "r", "q")
	inOrder(t, out, "You turn: drain 1 byte.", "You choose: write size = 2049. New processes are started.", "That did not work",
		"The evidence", "Who says so: the kernel.", "func ", "To try: ", "drain 1 byte: the reader takes a single byte",
		`Nothing here is called "nonsense"; ? lists what you can type.`, `No process is called "nobody".`,
		"Which process? Type its name", "is stopped", "killed by SIGKILL", "All of it is gone.")
}

// The letters of the screen do the same here, without a name to the process named last.
func TestPlainLetters(t *testing.T) {
	out, _ := typed(t, "pipes/full-buffer", "", "n", "K", "Z writer", "C", "S", "S", "X reader", "R", "c reader", "c", "c all", "K nobody", "K", "q")
	inOrder(t, out, "Which process? Type its name after the word: writer, reader.", "The writer (pid", "is stopped.", "Step mode is on", "Step mode is off",
		"The reader has closed the pipe", "Step 1 of 7", "reader: drainPipe.", "writer: fillPipe.", "package pipes", "No process is called \"nobody\"", "The reader (pid", "was killed by SIGKILL")
}

func TestPlainCourse(t *testing.T) {
	out, _ := typed(t, "", "nonsense", "?", "1", "?", "b", "1", "pipes/full-buffer", "what", "t", "b", "q")
	inOrder(t, out, "The chapters:", "1 ", `Nothing here is called "nonsense"; ? lists what you can type.`, "You can type: the number of a chapter",
		"The lessons:", "You can type: the number of a lesson", "The chapters:", "The lessons:", "Predict:",
		`Nothing here is called "what"; ?`, "A pipe is a buffer in the kernel", "Predict:", "The lessons:")
	if strings.Contains(out, "What you saw") || strings.Contains(out, "Also in the source") {
		t.Error("the text before the prediction gives the answer away")
	}
}

// TestPlainEnds: the end of the input and a signal stop the cast.
func TestPlainEnds(t *testing.T) {
	t.Run("input", func(t *testing.T) {
		out, _ := typed(t, "pipes/full-buffer", "", "n")
		inOrder(t, out, "The pipe holds 65,536", "All of it is gone.")
	})
	t.Run("signal", func(t *testing.T) {
		in, typing := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var out watched
		out.when, out.do = "Step 1 of 7", cancel
		o := plainTest(t, "pipes/full-buffer", in, &out)
		go func() { _, _ = io.WriteString(typing, "\nn\n") }()
		if err := Plain(ctx, o); !errors.Is(err, context.Canceled) {
			t.Errorf("Plain: %v", err)
		}
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		inOrder(t, out.String(), "Step 1 of 7", "All of it is gone.")
		if strings.Contains(out.String(), "The chapters:") {
			t.Error("it goes on after the signal")
		}
	})
}

// A chapter is a way in, and back leads to the list.
func TestPlainChapter(t *testing.T) {
	var out strings.Builder
	o := plainTest(t, "", strings.NewReader("b\nq\n"), &out)
	o.Chapter = o.Course.Chapter("pipes")
	if err := Plain(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	inOrder(t, out.String(), "Chapter 2: Pipes and FIFOs", "The lessons:", "The hose", "The chapters:")
}

// watched calls do once what is printed holds when.
type watched struct {
	strings.Builder
	when string
	do   func()
}

func (w *watched) Write(b []byte) (int, error) {
	n, err := w.Builder.Write(b)
	if strings.Contains(w.String(), w.when) {
		w.do()
	}
	return n, err
}
