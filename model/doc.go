// Package model says what is true of an experiment, a job and a run. It is pure, as
// its parts are: no files, processes, clocks or screens, and nothing of ours but these
// parts, so every rule can be tested with values alone.
//
//	model      what a user writes (experiment.go), how it spreads over GPUs (layout.go),
//	           what a model is and what of it a rank holds (shape.go), what it
//	           runs on (site.go), and what happened (job.go, run.go); the rest
//	           is words
//	check      may it be submitted: rules, fixes, memory, placement, price
//	metric     what was measured: definitions, values with reasons, statistics
//	scaling    how runs compare: keys, series, differences between traces
//	board      a row of the board, and the rules on it
//	present    results as neutral tables and sentences
//	shell      the one quoter
//	modeltest  shapes and experiments for tests
package model
