// Package lab is the use cases: check, generate, submit, follow, analyse, compare.
// It is the one backend package that ui calls, so that a command and the pane that
// is its twin are the same few calls. Its methods may wait (for files, the
// scheduler, the pool), so a pane calls them from a command, never from Update; all
// are safe for concurrent use and all stop when their context ends.
//
// Read lab.go first (what an open workspace holds), then by use case: board.go,
// draft.go, new.go and generate.go (before a job), preview.go and submit.go (the job
// is born), jobs.go, past.go, log.go, why.go and watch.go (the job lives and ends),
// runs.go, analyse.go, read.go, optrace.go and flights.go (its run becomes metrics),
// budget.go, onnode.go and rank.go (traces too large for a login node are read by a
// job), scaling.go, points.go, compare.go, tracediff.go, export.go and card.go (runs
// side by side). results.go holds
// what they return; errors.go the kinds of errors that ui acts upon.
package lab
