package page

// This file holds the keys of every page. A key becomes an intent here and
// nowhere else; the key line and the help page are made from the same tables.

import "slices"

// Intent is what a key asks for.
type Intent int

// The intents of all pages.
const (
	doNone Intent = iota
	doUp
	doDown
	doLeft
	doRight
	doPageUp
	doPageDown
	doTop
	doBottom
	doEnter
	doLeave
	doQuit
	doHelp
	doFind
	doReview
	doDoctor
	doSkip
	doNext
	doFreeze
	doEarlierEvent
	doLaterEvent
	doEarlierJump
	doLaterJump
	doEvidence
	doCode
	doText
	doXRay
	doStepMode
	doNextProcess
	doPrevProcess
	doKill
	doStopProcess
	doContinueProcess
	doCloseEnd
	doAgain
	doHint
	doSlower
	doFaster
	doChoice1
	doChoice2
	doShow
)

// Key is one row of a keymap.
type Key struct {
	Do    Intent
	Press []string // as tea.KeyPressMsg.String writes them
	Shown string   // on the screen: "⏎"
	Says  string   // in the key line: two words or three
	Help  string   // on the help page: a sentence; empty takes Says
	Quiet bool     // not in the key line
}

// Section is a keymap under a heading of the help page.
type Section struct {
	Name string
	Keys []Key
}

// intent finds what a key asks for.
func intent(key string, keys ...[]Key) Intent {
	for _, m := range keys {
		for _, k := range m {
			if slices.Contains(k.Press, key) {
				return k.Do
			}
		}
	}
	return doNone
}

var anyKeys = []Key{
	{doHelp, []string{"?"}, "?", "help", "all the keys of this page", false},
	{doLeave, []string{"esc"}, "esc", "back", "one page back", true},
	{doQuit, []string{"q"}, "q", "quit", "end the tour; what runs is stopped and cleared away", false},
}

var scrollKeys = []Key{
	{doUp, []string{"up", "k"}, "↑", "up", "one line up", true},
	{doDown, []string{"down", "j"}, "↓", "down", "one line down", true},
	{doPageUp, []string{"pgup", "b", "ctrl+b"}, "PgUp", "page up", "", true},
	{doPageDown, []string{"pgdown", "space", "f", "ctrl+f"}, "PgDn", "page down", "", true},
	{doTop, []string{"home"}, "Home", "to the start", "", true},
	{doBottom, []string{"end"}, "End", "to the end", "", true},
}

var courseKeys = []Key{
	{doUp, []string{"up", "k"}, "↑↓", "choose", "the chapter, or the lesson, above and below", true},
	{doDown, []string{"down", "j"}, "↓", "", "", true},
	{doRight, []string{"right", "l", "tab"}, "→", "lessons", "from the chapters to their lessons", false},
	{doLeft, []string{"left", "h", "shift+tab"}, "←", "chapters", "from the lessons to the chapters", true},
	{doEnter, []string{"enter"}, "⏎", "open", "open the chapter's first words, or the lesson", false},
	{doFind, []string{"/"}, "/", "find", "find a lesson by a word of its title", false},
	{doReview, []string{"r"}, "r", "review", "the questions that are due", false},
	{doNext, []string{"n"}, "n", "continue", "the lesson where you left off", true},
	{doDoctor, []string{"d"}, "d", "doctor", "what this machine allows", false},
	{doPageUp, []string{"pgup"}, "PgUp", "", "five up", true},
	{doPageDown, []string{"pgdown"}, "PgDn", "", "five down", true},
	{doTop, []string{"home", "g"}, "Home", "", "the first", true},
	{doBottom, []string{"end", "G"}, "End", "", "the last", true},
}

var predictKeys = []Key{
	{doUp, []string{"up", "k"}, "↑↓", "choose", "the answer above or below; its digit chooses it too", false},
	{doDown, []string{"down", "j"}, "↓", "", "", true},
	{doEnter, []string{"enter"}, "⏎", "run it and see", "start the processes", false},
	{doSkip, []string{"s"}, "s", "skip", "start without a prediction", false},
	{doText, []string{"t"}, "t", "text", "the whole text of the lesson", false},
}

// lessonKeys are the same in every lesson. No knob may use one of them: see Reserved.
var lessonKeys = []Key{
	{doNext, []string{"n"}, "n", "next step", "the next step of the walk", false},
	{doFreeze, []string{"space"}, "space", "freeze", "the picture stands still while the recording goes on; again to go on", false},
	{doEarlierEvent, []string{"["}, "[ ]", "back and forth", "one event back or forth through what happened", false},
	{doLaterEvent, []string{"]"}, "]", "", "", true},
	{doEarlierJump, []string{"{"}, "{ }", "", "a second back or forth", true},
	{doLaterJump, []string{"}"}, "}", "", "", true},
	{doEvidence, []string{"e"}, "e", "evidence", "every figure: how it was read, and the command that reads it elsewhere", false},
	{doCode, []string{"c"}, "c", "code", "the Go code that the process runs", false},
	{doText, []string{"t"}, "t", "text", "the whole text of the lesson", false},
	{doHelp, []string{"?"}, "?", "all keys", "all the keys of this page", false},
	{doNextProcess, []string{"tab"}, "tab", "process", "choose the process that the keys below act on", true},
	{doPrevProcess, []string{"shift+tab"}, "shift+tab", "", "", true},
	{doXRay, []string{"x"}, "x", "x-ray", "show the system calls of the chosen process, or stop showing them", true},
	{doStepMode, []string{"S"}, "S", "step mode", "every process waits at its gates until you let it go", true},
	{doEnter, []string{"enter"}, "⏎", "let go", "in step mode: let the chosen process go to its next gate", true},
	{doKill, []string{"K"}, "K", "kill -9", "send SIGKILL to the chosen process", true},
	{doStopProcess, []string{"Z"}, "Z", "stop", "send SIGSTOP to the chosen process", true},
	{doContinueProcess, []string{"C"}, "C", "continue", "send SIGCONT to the chosen process", true},
	{doCloseEnd, []string{"X"}, "X", "close an end", "close one of the descriptors of the chosen process", true},
	{doAgain, []string{"R"}, "R", "again", "end these processes and start new ones", true},
	{doHint, []string{"h"}, "h", "hint", "a hint for this step", true},
	{doUp, []string{"up"}, "↑↓", "scroll", "scroll the words", true},
	{doDown, []string{"down"}, "↓", "", "", true},
	{doPageUp, []string{"pgup"}, "PgUp", "", "scroll the words by a page", true},
	{doPageDown, []string{"pgdown"}, "PgDn", "", "", true},
	{doLeft, []string{"left"}, "← →", "words, picture", "on a small screen: the words or the picture", true},
	{doRight, []string{"right"}, "→", "", "", true},
	{doLeave, []string{"esc"}, "esc", "back", "back to the course; the processes are ended", true},
	{doQuit, []string{"q"}, "q", "quit", "end the tour; what runs is stopped and cleared away", true},
}

var replayKeys = []Key{
	{doFreeze, []string{"space"}, "space", "play, pause", "play it, or pause", false},
	{doNext, []string{"n"}, "n", "next step", "to the end of the next step", false},
	{doEarlierEvent, []string{"[", "left"}, "[ ]", "back and forth", "one event back or forth", false},
	{doLaterEvent, []string{"]", "right"}, "]", "", "", true},
	{doEarlierJump, []string{"{"}, "{ }", "by a second", "a second back or forth", false},
	{doLaterJump, []string{"}"}, "}", "", "", true},
	{doSlower, []string{"-"}, "- +", "slower, faster", "play it slower, or faster, than it happened", false},
	{doFaster, []string{"+", "="}, "+", "", "", true},
	{doTop, []string{"home"}, "Home", "start", "to the first event", false},
	{doBottom, []string{"end"}, "End", "end", "to the last event", false},
	{doEvidence, []string{"e"}, "e", "evidence", "every figure: how it was read, and the command that reads it elsewhere", false},
}

var reviewKeys = []Key{
	{doShow, []string{"space", "enter"}, "space", "show the answer", "", false},
	{doChoice1, []string{"1"}, "1", "not yet", "I did not know it: ask again in ten minutes", false},
	{doChoice2, []string{"2", "3"}, "2", "knew it", "I knew it: ask again in some days", false},
}

// Reserved are the keys that no knob may use, because they mean the same in
// every lesson. The course linter asks for it.
func Reserved() []string {
	var keys []string
	for _, k := range lessonKeys {
		keys = append(keys, k.Press...)
	}
	return append(keys, "ctrl+c", "ctrl+z")
}
