//go:build !race

package kineto

// raceDetector says that tests run with the race detector, many times slower.
const raceDetector = false
