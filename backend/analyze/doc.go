// Package analyze turns the traces and timings of a run into metrics. Nothing is
// read here: records come in, a model.Analysis goes out, and the same input gives
// the same output.
//
// The story of a number: traces that are not of this run are left out (foreign.go),
// and what is not sound is said before anything else. Each rank's trace becomes a
// lane, its kernels in order of time, told apart by name (names.go, classes.go) into
// compute and communication (lane.go). Communication kernels become calls with a type
// and a group (calls.go, groups.go); the k-th call of one type in one group is the
// same call on every rank (match.go), which gives hosts one clock (clock.go) and all
// ranks the moment from which all of them were recorded, the steady window
// (window.go). Everything after that is lengths of unions of intervals (intervals.go)
// inside that window: one file a family of metrics.
//
// The definitions are those of model.Definitions. All times are whole nanoseconds.
package analyze
