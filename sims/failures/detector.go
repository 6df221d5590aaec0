//go:build !race

package failures

const raceDetector = false
