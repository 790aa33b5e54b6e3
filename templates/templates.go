// Package templates is the embedded file system: catalogue, model shapes, GPUs,
// sites, script templates, the Python runner and the demo recordings. It is data
// and nothing else; backend/catalog and backend/render read it.
//
//	experiments.yaml   the catalogue that `generate` starts from
//	models.yaml        shapes of models
//	gpus.yaml          kinds of GPU and their peaks
//	sites/             one file a cluster
//	scripts/           templates of job scripts
//	runner/            the Python runner: a program, and the folder of its modules
//	demo/              thinned recordings of real runs
package templates

import "embed"

// FS holds the files of the list above, under those names.
//
//go:embed *.yaml runner/*.py runner/shardeck_runner/*.py scripts sites demo
var FS embed.FS
