//go:build race

package stage

// maxData is larger under the race detector, which notes every access to memory.
const maxData = 8 << 30
