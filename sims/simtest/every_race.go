//go:build race

package simtest

// everyStep is off under the race detector, where a walk takes ten times as long:
// KillEach kills after the last step, which has all the others before it.
const everyStep = false
