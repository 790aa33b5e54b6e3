// Package trace says what the files of a profiled run hold, whatever wrote them.
//
//	open.go               the way in: which reader knows a file
//	record.go             what a GPU did, what a trace says of its world, names by number
//	damage.go             what was wrong with a file, in words, and the counter of it
//	times.go              kernels whose times cannot be are clipped or taken out
//	source.go             the text of a file, through gzip
//	smallfiles.go         timings and run.json, beside the traces
//
// Behind it are the readers: kineto and nsys give ranks, et gives the operators that ran.
// Beneath are jsondoc (a document around a long list), jsonscan (where pieces of JSON end)
// and codec (ranks packed for the cache). This package imports no reader: who opens traces
// gives Open the list of formats.
package trace
