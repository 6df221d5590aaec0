//go:build !race

package stage

// maxData is how much memory of its own a child may have (RLIMIT_DATA), in bytes.
const maxData = 256 << 20

// raceEnv is for a build with the race detector alone.
var raceEnv []string
