// Package command is the command line: one file a command. It parses, talks and
// sets the exit status; the work is done in lessons and below.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"ipctour/lessons"
)

// Exit statuses: a contract.
const (
	statusDone   = 0
	statusFailed = 1 // a claim failed, or an error
	statusUsage  = 2 // unknown flag, command or lesson, wrong arguments
)

// errClaimFailed ends a command whose report has said already what failed.
var errClaimFailed = errors.New("a claim failed")

// usageError is what the person who typed the command can put right.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// app is what every command needs: the streams, and the course once it is loaded.
type app struct {
	stdin   *os.File
	stdout  *os.File
	out     io.Writer // for people: ASCII alone where the locale has no more
	json    *output   // for programs: stdout, which may be closed at the other end
	err     io.Writer
	begun   bool // the command line was understood and a command has begun
	course  *lessons.Course
	courseE error
}

// Main runs one command line and gives the exit status.
func Main(args []string, stdin, stdout, stderr *os.File) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	// A closed pipe must be an error of write(2), not our death: a lesson may
	// have processes to end. Notify, unlike Ignore, is not inherited by children.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	defer signal.Stop(broken)

	a := &app{stdin: stdin, stdout: stdout}
	a.json = &output{to: stdout, broken: cut}
	out := &folder{to: a.json, cells: cellsOf(stdout)}
	a.out, a.err = out, &folder{to: stderr, cells: cellsOf(stderr)}
	if !utf8Locale(os.Getenv) {
		a.asciiOnly()
	}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	out.end()
	return a.status(err, context.Cause(ctx))
}

func (a *app) asciiOnly() { a.out, a.err = asciiWriter{a.out}, asciiWriter{a.err} }

// status tells the error, if somebody should read it, and makes it a number.
func (a *app) status(err, cause error) int {
	var wrong usageError
	if a.json.failed != nil { // whatever came of it, it was not said
		err = a.json.failed
	}
	switch {
	case err == nil:
		return statusDone
	case errors.Is(err, errClaimFailed), errors.Is(cause, errBrokenPipe):
		return statusFailed
	case (errors.As(err, &wrong) || !a.begun) && a.json.failed == nil:
		a.tell("ipctour: %v", err)
		if !errors.As(err, &wrong) {
			a.tell("`ipctour --help` lists the commands and their flags.")
		}
		return statusUsage
	}
	a.tell("ipctour: %v", err)
	return statusFailed
}

// tell prints a message on standard error.
func (a *app) tell(format string, args ...any) { fmt.Fprintf(a.err, format+"\n", args...) }

// root puts the commands together.
func (a *app) root() *cobra.Command {
	root := a.tourCommand()
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SuggestionsMinimumDistance = 2 // letters to change in a name that is not there
	root.PersistentPreRun = func(*cobra.Command, []string) { a.begun = true }
	root.AddCommand(a.listCommand(), a.runCommand(), a.verifyCommand(), a.doctorCommand(),
		a.replayCommand(), a.cleanCommand(), a.checkCommand())
	root.SetHelpCommand(helpCommand())
	root.CompletionOptions.HiddenDefaultCmd = false
	root.InitDefaultCompletionCmd()
	if c, _, err := root.Find([]string{"completion"}); err == nil {
		c.RunE = func(_ *cobra.Command, args []string) error {
			return usage("completion is for bash, fish, powershell or zsh, as in `ipctour completion bash`, not for %q.", strings.Join(args, " "))
		}
		c.Args = cobra.ArbitraryArgs
	}
	return root
}

// helpCommand is cobra's, but a topic that is not there is wrong usage.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Say how a command is used",
		RunE: func(c *cobra.Command, args []string) error {
			topic, rest, err := c.Root().Find(args)
			if err != nil || topic == nil || len(args) > 0 && topic == c.Root() {
				return usage("there is no command %q. `ipctour --help` lists them.", strings.Join(args, " "))
			}
			if len(rest) > 0 {
				return usage("%s has no command %q.", topic.CommandPath(), strings.Join(rest, " "))
			}
			topic.InitDefaultHelpFlag()
			return topic.Help()
		},
	}
}

// load gives the course: the words and the experiments, joined.
func (a *app) load() (*lessons.Course, error) {
	if a.course == nil && a.courseE == nil {
		a.course, a.courseE = lessons.Load()
	}
	return a.course, a.courseE
}

// lesson finds a lesson, or says which ones have a name like it.
func (a *app) lesson(id string) (*lessons.Lesson, error) {
	course, err := a.load()
	if err != nil {
		return nil, err
	}
	if c := course.Chapter(id); c != nil {
		return nil, usage("%s is a chapter. Name one of its lessons: %s.", id, strings.Join(ids(course.Of(c)), ", "))
	}
	return a.find("lesson", id)
}

func ids(list []*lessons.Lesson) []string {
	var out []string
	for _, l := range list {
		out = append(out, l.ID)
	}
	return out
}

// find is lesson, with the word for what was looked for, and commands that may
// have been meant.
func (a *app) find(kind, id string, commands ...string) (*lessons.Lesson, error) {
	course, err := a.load()
	if err != nil {
		return nil, err
	}
	if l := course.Lesson(id); l != nil {
		return l, nil
	}
	text := fmt.Sprintf("there is no %s %q.", kind, id)
	if kind != "lesson" {
		for i := range course.Chapters {
			if c := course.Chapters[i].ID; strings.HasPrefix(c, id) && id != "" {
				commands = append(commands, c)
			}
		}
	}
	if near := append(commands, course.Nearest(id)...); len(near) > 0 {
		text += " Near it: " + strings.Join(near, ", ") + "."
	}
	return nil, usage("%s `ipctour list` shows all lessons, `ipctour --help` the commands.", text)
}

// completeLessons offers lesson ids to the shell, and chapters where they do too,
// without those already typed.
func (a *app) completeLessons(most int, chapters bool) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		course, err := a.load()
		if err != nil || most > 0 && len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var offer []string
		add := func(id, title string) {
			if strings.HasPrefix(id, typed) && !slices.Contains(args, id) {
				offer = append(offer, id+"\t"+title)
			}
		}
		for i := range course.Chapters {
			if c := &course.Chapters[i]; chapters {
				add(c.ID, "chapter: "+c.Title)
			}
		}
		for _, l := range course.Lessons {
			add(l.ID, l.Title)
		}
		return offer, cobra.ShellCompDirectiveNoFileComp
	}
}

// takesOne wants one argument, and says what it is.
func takesOne(what, example string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usage("%s wants %s, as in `ipctour %s`.", c.Name(), what, example)
		case len(args) > 1:
			return usage("%s wants %s: %q is one too many.", c.Name(), what, args[1])
		}
		return nil
	}
}

// takesNone wants no argument.
func takesNone(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s wants nothing after it but flags: %q is one too many.", c.Name(), args[0])
	}
	return nil
}
