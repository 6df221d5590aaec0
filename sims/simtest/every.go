//go:build !race

package simtest

// everyStep has KillEach kill after every step of a walk.
const everyStep = true
