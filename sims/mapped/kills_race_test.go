//go:build race

package mapped

// kills is fewer under the race detector, where a process takes ten times as long to start.
const kills = 60
