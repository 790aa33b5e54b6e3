// Command bench compares the trace engine with other readers of JSON and with the
// commands one would reach for, and writes the table of docs/benchmarks.md.
//
//	go run . -o ../../docs/benchmarks.md               the recordings in tests/recordings, tiled
//	go run . -o … graph=kineto_trace_0.json         and another recording
//	go run . -alone -rounds 20 -run llama-8b-tp2    shardeck metrics beside the reader alone and wc
//	go run . -ranks 8,16,32,64 kineto_trace_0.json kineto_trace_1.json   runs of many ranks, and further questions
//
// The way through it: inputs.go makes documents of two sizes by tiling recordings
// (package tiling). parts.go runs the contestants (package peers) in child processes
// of this program, pinned to one core or with two, round after round, each in turn
// (rounds.go), checks that all came to the same result, and measures memory, the time
// to stop, a run of two matched ranks (pair.go) and runs of many (ranks.go). targets.go says what is asked of
// the engine, report.go writes it down.
package main
