// Command ipctour is a tour of inter-process communication in a terminal.
package main

import (
	"os"

	"ipctour/lessons"
	"ipctour/sims/probe"
	"ipctour/sims/stage"
	"ipctour/ui/command"
)

func main() {
	stage.Become(os.Args, lessons.Role) // a part in a lesson? Then this does not return.
	if probe.Become(os.Args) {          // the same for a helper of `ipctour doctor`
		return
	}
	os.Exit(command.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
