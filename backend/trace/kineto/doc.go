// Package kineto reads Kineto traces, as PyTorch's profiler writes them, into plain records.
//
// The way of one kernel, from the file to a trace.Record: open.go opens the file, of which jsonscan's Window holds one block
// of text; reader.go reads the small values of the document and, around its events, goes the fastest way for each:
//
//	readKnown  (fastpath.go)  events known by their text alone, one after another: those of a kind
//	                          that is not kept, by their first bytes, and launches that came before,
//	                          which are one comparison with their template (launches.go)
//	scanner    (scanner.go)   any other: what is kept of it, a Record, a Mark (records.go), or nothing.
//	                          One laid out like an earlier one is read without looking at its keys
//	                          (layouts.go); anything else key by key (keys.go, event.go)
//
// Key by key is what the others must equal: the fuzz target holds them to it. damage.go says what was wrong, and finds the
// next event after a broken one. Names and NCCL metadata are kept once (collectives.go), a record is 40 bytes, and nothing is
// allocated per event, so that memory grows with the kernels of a trace and not with its length. A large file may be split
// over workers (parallel.go).
//
// OpenLinks (links.go) asks which operators launched the kernels, in a reading of its own.
package kineto
