//go:build race

package failures

// raceDetector: Store of sync/atomic goes through the detector's own, which is a
// release and no more. It does not empty the store buffer: the litmus shows it.
const raceDetector = true
