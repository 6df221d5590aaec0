//go:build race

package stage

// maxData is larger under the race detector, which notes every access to memory.
const maxData = 8 << 30

// raceEnv has a child end at once: the race detector sleeps a second at the exit
// of every process, in case other threads still find something.
var raceEnv = []string{"GORACE=atexit_sleep_ms=0"}
