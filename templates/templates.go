// Package templates is the embedded file system: catalogue, model shapes, GPUs,
// sites, script templates, the Python runner and the demo recordings. It is data
// and nothing else; backend/catalog and backend/render read it.
//
//	experiments.yaml   the catalogue that `generate` starts from
//	models.yaml        shapes of models
//	gpus.yaml          kinds of GPU and their peaks
//	sites/             one file a cluster
//	scripts/           templates of job scripts
//	vllm_profiler.py   the Python runner
//	demo/              thinned recordings of real runs
package templates

import "embed"

// FS holds every file of this folder, under the names of the list above.
//
// The patterns are wide so that a folder which does not exist yet is no error:
// *.yaml and *.py, and the folders sites, scripts and demo.
//
//go:embed *.[yp]* [sd]*
var FS embed.FS
