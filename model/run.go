package model

import (
	"maps"
	"slices"
	"strings"
	"time"
)

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

// KernelFiles lists the files of a run that kernels are read from: Kineto traces, else
// what nsys left, of each node the form that is read best.
func (r Run) KernelFiles() []RunFile {
	var files []RunFile
	best := map[int]RunFile{}
	for _, f := range r.Files {
		switch old, seen := best[f.Rank]; {
		case f.Kind == FileKineto:
			files = append(files, f)
		case f.Kind == FileNsys && (!seen || f.nsysForm() < old.nsysForm()):
			best[f.Rank] = f
		}
	}
	if len(files) > 0 {
		return files
	}
	for _, rank := range slices.Sorted(maps.Keys(best)) {
		files = append(files, best[rank])
	}
	return files
}

// TraceBytes is the size of the files that kernels are read from.
func (r Run) TraceBytes() (sum int64) {
	for _, f := range r.KernelFiles() {
		sum += f.Size
	}
	return sum
}

// nsysForms are the forms of a report, the one that tells most for least work first:
// a CSV has no GPUs, steps or samples, a report must be exported first, and a recording
// is only good for saying what became of the report.
var nsysForms = []string{".sqlite", ".csv", ".csv.gz", ".nsys-rep", ".qdstrm"}

func (f RunFile) nsysForm() int {
	i := slices.IndexFunc(nsysForms, func(form string) bool { return strings.HasSuffix(f.Path, form) })
	if i < 0 {
		return len(nsysForms)
	}
	return i
}

// Readable refuses a folder that holds nothing to read.
func (r Run) Readable() error {
	for _, f := range r.Files {
		switch f.Kind {
		case FileKineto, FileTiming, FileNsys:
			return nil
		}
	}
	return Failed(r.Name+" holds no timing_stats_<rank>.json, no kineto_trace_<rank>.json and no export of nsys: nothing to read", nil,
		"is this the folder of a run? a job that failed leaves none of them; see shardeck why")
}

// UnreadRun is a run with those of its ranks whose traces nobody has read.
type UnreadRun struct {
	Run     Run
	Ranks   []int // ascending
	Bytes   int64 // of their traces
	Largest int64 // the largest of these
}
