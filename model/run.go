package model

import "time"

// Run is one execution of an experiment: a trace directory under trace_collection/.
type Run struct {
	Name  string    `json:"name"` // as typed: llama-8b-tp2, or llama-8b-tp2@123 for an older one
	Dir   string    `json:"dir"`
	JobID string    `json:"job_id"`
	Time  time.Time `json:"time"` // newest file in it

	// Experiment is the config as run, from config.yaml in the directory; nil
	// if there is none that can be read (Problem says why).
	Experiment *Experiment `json:"experiment"`
	Problem    string      `json:"problem"`
	Replay     bool        `json:"replay"` // re-emitted recording, not a measurement of this machine
	Files      []RunFile   `json:"files"`

	// Unfinished: the directory is <output_dir>.tmp-<job id>; its job is still
	// writing it or died.
	Unfinished bool     `json:"unfinished,omitempty"`
	Warnings   []string `json:"warnings,omitempty"` // such as a rank with both .json and .json.gz

	// LeftOut: a file that values come from is not read, as Warnings says: of two
	// of one rank the older, or one that is no readable file.
	LeftOut bool `json:"left_out,omitempty"`
}

// FileKind is what a file in a trace directory holds.
type FileKind string

// The kinds of files the runner writes; each may also be gzipped.
const (
	FileKineto   FileKind = "kineto"
	FileET       FileKind = "torch_et"
	FileTiming   FileKind = "timing_stats"
	FileNsys     FileKind = "nsys"
	FileRunJSON  FileKind = "run.json"
	FileConfig   FileKind = "config.yaml"
	FileWorkCard FileKind = "workload_card.yaml"
)

// RunFile is one file of a run.
type RunFile struct {
	Kind FileKind `json:"kind"`
	Path string   `json:"path"`
	Rank int      `json:"rank"` // -1 for files that belong to no rank
	Size int64    `json:"size"`
}
