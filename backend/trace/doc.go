// Package trace turns the files of a run into per-rank records: Kineto JSON (plain
// or gzipped), timing statistics and run.json. It reads in one pass, at memory
// speed, in memory that does not grow with the file but for the kernels kept, and it
// never returns a number from a damaged file without saying what was lost.
package trace
