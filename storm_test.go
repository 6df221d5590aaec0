package main

// The storm: the program is killed at random moments in random lessons, and each
// time nothing may be left and the terminal must be as it was.
//
//	go test -run Storm -storm 200 -seed 7 .
//	go test -run Storm -storm 50 -lesson queues/priority .

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"ipctour/lessons"
	"ipctour/sims/residue"
)

var (
	storm       = flag.Int("storm", 4, "how often the program is killed at a random moment")
	stormSeed   = flag.Uint64("seed", 1, "what the moments are drawn from")
	stormLesson = flag.String("lesson", "", "the lesson to kill it in; all of them by default")
)

func TestKillStorm(t *testing.T) {
	course, err := lessons.Load()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, l := range course.Lessons {
		if l.Sim != nil && (*stormLesson == "" || l.ID == *stormLesson) {
			ids = append(ids, l.ID)
		}
	}
	if len(ids) == 0 {
		t.Fatalf("there is no lesson %q", *stormLesson)
	}
	random := rand.New(rand.NewPCG(*stormSeed, 0))
	for i := range *storm {
		id := ids[random.IntN(len(ids))]
		t.Run(fmt.Sprintf("%d/%s", i, id), func(t *testing.T) { killAtRandom(t, id, random) })
	}
}

// killAtRandom plays on until as much has been drawn as was drawn by lot: before
// the first picture, in a step, between two. A moment in bytes comes on any machine.
func killAtRandom(t *testing.T, lesson string, random *rand.Rand) {
	s := open(t, lesson)
	deepest, most := 14, 8 // 8 KB: about the first picture of the lesson
	if *storm > 10 {
		deepest, most = 17, 20 // deep into the walk: these take longer
	}
	moment, pressed, last, still, presses := random.IntN(1<<random.IntN(deepest)+1), 0, 0, 0, 0
	enough := 1 + random.IntN(most) // where a lesson draws little, its keys are counted
	residue.Wait(t, "the moment has come", func() (bool, string) {
		drawn := len(s.screen.written())
		if still++; drawn != last {
			last, still = drawn, 0
		}
		switch keys := 1 + drawn/1500; {
		case drawn == 0:
		case pressed == 0: // the first leads past the prediction
			pressed = keys
			s.press("\r")
		case keys > pressed || still > 50: // so many looks without a change: another key
			pressed, still = keys, 0
			presses++
			s.press(string("snnRx1RnK2nn"[random.IntN(12)]))
		}
		return drawn >= moment || presses >= enough, fmt.Sprintf("%d bytes of %d are drawn, %d keys of %d pressed", drawn, moment, presses, enough)
	})
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait() // it was killed: that is its status
	nothingLeft(t, s.place)
	if text := s.screen.written(); strings.Contains(text, "\x1b[?1049h") {
		s.restored()
	}
	residue.Wait(t, "no shared memory is left", func() (bool, string) {
		left, err := filepath.Glob(fmt.Sprintf("/dev/shm/ipctour-%d-*", s.cmd.Process.Pid))
		return err == nil && len(left) == 0, strings.Join(left, ", ")
	})
}
