// Package trace turns the files a profiled run leaves behind into plain records.
//
// The way through it, for a Kineto trace:
//
//	OpenKineto (kineto.go)   opens the file and returns a Rank
//	source     (source.go)   bytes of the file, through gzip where the magic bytes say so
//	window     (window.go)   one reused block of text; the unfinished tail moves to the front
//	document   (kineto.go)   walks the top-level keys; header.go reads the small ones
//	scanner    (events.go)   one event at a time: skip.go passes over the many that no
//	                         metric needs, walk.go reads the few that are kept
//	record     (record.go)   what is kept: fixed-size records, interned names (intern.go)
//	faults     (damage.go)   what was wrong; resync.go finds the next event after a broken one
//
// Times are integer nanoseconds, read from the decimal text and never through a
// float (number.go). Nothing is allocated per event. Damaged input gives what is
// sound together with a Damage for what is not; only a file that cannot be read at
// all, or is something else, is an error.
//
// OpenTiming (timing.go) and OpenRunJSON (runjson.go) read the small files beside
// the trace.
package trace
