//go:build !race

package trace

// raceDetector says that tests run with the race detector, many times slower.
const raceDetector = false
