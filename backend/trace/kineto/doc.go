// Package kineto reads Kineto traces, as PyTorch's profiler writes them, into plain records.
//
// The way through it:
//
//	Open       (kineto.go)    opens the file and returns a trace.Rank
//	Source     (package trace) bytes of the file, through gzip where the magic bytes say so
//	window     (window.go)    one reused block of text (package jsonscan); the unfinished tail moves to the front
//	document   (document.go)  walks the top-level keys; header.go reads the small ones
//	list       (list.go)      the list of events, one at a time
//	scanner    (scanner.go)   what is kept of an event: a Record, a Mark, or nothing
//	faults     (damage.go)    what was wrong; resync.go finds the next event after a broken one
//
// The scanner has four ways to read an event, each faster than the next and none with
// a result of its own. An event of a kind that is not kept is known by its first bytes
// (layout.go) and skipped (skip.go). A launch seen before is one comparison (stamp.go,
// cut.go, match.go). An event spelled like an earlier one is read without looking at its keys
// (shape.go, learn.go). Anything else is read key by key (walk.go, event.go), and
// that is what the others must equal: the fuzz target holds them to it.
//
// The two loops that see nearly every byte, to the end of an event that is skipped
// and along the text of a launch, are in assembly where the processor has AVX2
// (vector_amd64.s), and in Go elsewhere or with the build tag purego; the tests hold
// one to the other.
//
// Times are integer nanoseconds, read from the decimal text and never through a
// float (number.go). Names and NCCL metadata are kept once (intern.go, coll.go), a
// record is 40 bytes, and nothing is allocated per event, so that memory grows with
// the kernels of a trace and not with its length. A large file may be split over
// workers (ahead.go, join.go).
//
// Damaged input gives what is sound, together with a Damage for what is not; only a
// file that cannot be read at all, or is something else, is an error.
//
// OpenLinks (links.go) asks which operators launched the kernels, in a reading of its own.
package kineto
