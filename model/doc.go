// Package model says what is true of an experiment: its layout and groups,
// whether it is legal, fits the GPUs and what it costs; what a job, a run and a
// metric are; and how runs compare. It is pure: no files, processes, clocks or
// screens, and it imports nothing of ours, so every rule here can be tested
// with values alone.
//
// Read in this order: experiment.go (what a user writes), layout.go and groups.go
// (how it spreads over GPUs), shape.go, params.go and weights.go (what a model is, and
// what of it a rank holds), gpu.go and site.go (what it runs on). Then what we say before the
// job is paid for: world.go and check.go (an experiment is judged against a world),
// rules.go and rules_*.go (the tables of what can be wrong, each with its fix), legal.go (what a
// stepper offers), place.go, memory.go and price.go (what the job asks for, whether it fits, what
// it costs). Then job.go, reasons.go, run.go and runinfo.go (what happened), metric.go,
// definitions.go and summary.go (what was measured), scaling.go and stats.go (what it means).
// The small rest is words: names.go, nearest.go, text.go, timelimit.go, autoint.go, progress.go.
package model
