// Package model says what is true of an experiment: its layout and groups,
// whether it is legal, fits the GPUs and what it costs; what a job, a run and a
// metric are; and how runs compare. It is pure: no files, processes, clocks or
// screens, and it imports nothing of ours, so every rule here can be tested
// with values alone.
//
// Read in this order: experiment.go (what a user writes), layout.go (how it
// spreads over GPUs), shape.go, gpu.go and site.go (what it runs on), check.go, memory.go
// and price.go (what we say before the job is paid for), job.go and run.go (what
// happened), metric.go and summary.go (what was measured), scaling.go and
// stats.go (what it means).
package model
