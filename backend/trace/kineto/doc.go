// Package kineto reads Kineto traces, as PyTorch's profiler writes them, into plain records.
//
// The way of one kernel, from the file to a trace.Record:
//
//	Open       (open.go)       opens the file; the rank that it returns is put together here
//	Source     (trace)         bytes of the file, through gzip where the first bytes say so
//	Window     (jsonscan)      one reused block of text; the unfinished tail moves to the front
//	reader     (reader.go)     the document around the events (jsondoc); header.go has its small values
//	fast path  (fastpath.go)   events known by their text alone, one after another
//	scanner    (scanner.go)    any other event: what is kept of it, a Record, a Mark, or nothing
//	list       (records.go)    where records are gathered
//	damage     (damage.go)     what was wrong; resync.go finds the next event after a broken one
//
// The scanner has four ways to read an event, each faster than the next and none with
// a result of its own. An event of a kind that is not kept is known by its first bytes
// (ignored.go) and skipped (jsonscan). A launch that came before is one comparison with its
// template (launches.go, launchlearn.go). An event laid out like an earlier one is read without
// looking at its keys (layouts.go, layoutlearn.go). Anything else is read key by key
// (keys.go, event.go), and that is what the others must equal: the fuzz target holds
// them to it.
//
// Names and NCCL metadata are kept once (collectives.go; steps.go for annotations), a record
// is 40 bytes, and nothing is allocated per event, so that memory grows with the kernels of
// a trace and not with its length. A large file may be split over workers (parallel.go,
// paralleljoin.go).
//
// Damaged input gives what is sound, together with a Damage for what is not; only a
// file that cannot be read at all, or is something else, is an error.
//
// OpenLinks (links.go) asks which operators launched the kernels, in a reading of its own.
package kineto
