// Package templates is the embedded file system: catalogue, model shapes, GPUs,
// sites, failures, script templates, the Python runner and the demo recordings. It is data
// and nothing else.
//
//	experiments.yaml   the catalogue that `generate` starts from
//	models.yaml        shapes of models
//	gpus.yaml          kinds of GPU and their peaks
//	priors.yaml        constants of laws of time, before any run
//	kernels.yaml       what GPU kernels do, by their names
//	xray.yaml          which part of an operator a kernel is, by its name
//	steps.yaml         which forward step an annotation is of, by its name
//	tracenames.yaml    how profilers name the traces of ranks
//	accelerators.yaml  what traces without kernels hold instead
//	upstream.yaml      faults of the scripts that shardeck replaces
//	software.yaml      what jobs need of their software environment
//	vllm_arguments.yaml what vLLM takes, release by release, and which settings contradict each other
//	stages.yaml        what engines log, stage by stage
//	failures.yaml      why jobs fail, by what their logs say, and what to do
//	loglines.yaml      how programs print their lines: whose a line is, and what it says
//	slurm_reasons.yaml what Slurm says of jobs that wait or ended, in words
//	slurm.yaml         Slurm's states as ours; what its errors mean, and what to do
//	sites/             one file a cluster
//	manual.roff        template of the manual page
//	scripts/           templates of job scripts, and of the card of a run
//	runner/            the Python runner: a program, and the folder of its modules
//	report/            the page of a report: HTML, CSS and a little JavaScript
//	demo/              thinned recordings of real runs
package templates

import "embed"

// FS holds the files of the list above, under those names.
//
//go:embed *.yaml manual.roff runner/*.py runner/shardeck_runner/*.py scripts sites report demo
var FS embed.FS
