package lab

import (
	"time"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/metric"
)

// Row is one experiment on the board: its config, the newest job of it and the
// key figures of its newest run, joined.
type Row struct {
	File       string           `json:"file"`       // path of the YAML, relative to the workspace
	Experiment model.Experiment `json:"experiment"` // what could be read of it
	Problem    string           `json:"problem"`    // why the file cannot be used; empty: fine
	Verdict    check.Verdict    `json:"verdict"`
	Job        *model.Job       `json:"job"`      // newest, nil: never submitted
	Run        *model.Run       `json:"run"`      // newest, nil: none
	Analysis   *metric.Analysis `json:"analysis"` // of Run, when the cache or its timing files give it without reading a trace; nil: ask Analyse
}

// JobList is one answer of the scheduler, joined with what was submitted.
type JobList struct {
	Scheduler string      `json:"scheduler"`
	AsOf      time.Time   `json:"as_of"`              // of the last good answer
	Stale     string      `json:"stale"`              // why the last query failed; empty: it did not
	Since     time.Time   `json:"since,omitzero"`     // when the queries began to fail; zero: they do not
	Jobs      []model.Job `json:"jobs"`               // newest first
	Next      time.Time   `json:"next"`               // a refresh before this time gets the same answer
	Due       time.Time   `json:"due,omitzero"`       // when Jobs will ask anew without one: later after errors
	Warnings  []string    `json:"warnings,omitempty"` // such as a damaged record of a submission
}

// Setting is one resolved setting and where it comes from.
type Setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"` // built in, site perlmutter, ~/.config/shardeck/config.yaml, shardeck.yaml, --set …
}

// Wrote says what Generate did with one file.
type Wrote struct {
	Path   string `json:"path"`
	Action Action `json:"action"`
}

// Action on a generated file.
type Action string

// What became of a generated file: written new, already right, refused because
// a user edited it, or overwritten by --force.
const (
	Created     Action = "created"
	Unchanged   Action = "unchanged"
	Updated     Action = "updated"     // ours and never edited, now newer
	Refused     Action = "refused"     // edited by the user
	Kept        Action = "kept"        // ours and older, left as it fits one that was refused
	Overwritten Action = "overwritten" // by --force
)

// Preview is what a submission would do.
type Preview struct {
	Row    Row    `json:"row"`
	Script string `json:"script"`
	Diff   string `json:"diff"` // against the script last submitted for this experiment; empty: the same, or none before
	Path   string `json:"path"`
	Nsys   bool   `json:"nsys"`
	Config string `json:"config"`          // what the job reads: the experiment's file, or one of its own where --set changes it
	Log    string `json:"log"`             // where the job's output will lie, relative to the workspace; %j is the job's id
	Keeps  string `json:"keeps,omitempty"` // the name that the result there is now will have once the job has a whole one; empty: there is none

	reads  string // the run, for a job that reads traces
	config []byte // text of Config where it is the job's own
}

// LogPart is a piece of a job's log.
type LogPart struct {
	Path  string   `json:"path"`
	Size  int64    `json:"size"`
	Lines []string `json:"lines"` // cleaned of control characters
	First int64    `json:"first"` // byte offset of Lines[0]; -1: not known, but not the log's begin
	Line  int      `json:"line"`  // number of Lines[0], from 1; 0: not counted
	Stage string   `json:"stage"` // word for what the job is doing, empty: not known
	Done  int      `json:"done"`  // iterations, where the log tells
	Total int      `json:"total"`
}

// Cause is why a job failed, as its log and its state tell.
type Cause struct {
	Job   model.Job `json:"job"`
	Title string    `json:"title"` // "CUDA out of memory"
	Line  string    `json:"line"`  // the line that proves it
	Where string    `json:"where"` // file:line
	Fixes []string  `json:"fixes"`

	Remedies []Remedy `json:"remedies,omitempty"` // those of the fixes that an edit of the config makes
}

// Series is one line of a chart: runs that may be compared, by rising X.
type Series struct {
	Kin    string  `json:"kin"`  // series with the same differ in nothing but the layout; empty: a second run of one
	Name   string  `json:"name"` // "Llama-3.1-8B · batch 4 · 2048+512 · vllm · A100-40GB"
	Points []Point `json:"points"`
}

// Point is one run in a chart.
type Point struct {
	Run        string  `json:"run"`
	Layout     string  `json:"layout"` // TP2
	X          float64 `json:"x"`
	Y          float64 `json:"y"`
	Spread     float64 `json:"spread"` // % of Y, half range over iterations; 0: not known
	N          int     `json:"n"`
	Speedup    float64 `json:"speedup"`    // against the smallest X of the series; 0: none
	Efficiency float64 `json:"efficiency"` // %, 0: none
	Serial     float64 `json:"serial"`     // Karp–Flatt fraction; negative: none

	Unsure string `json:"unsure,omitempty"` // why Y cannot be told from that of the smallest X; empty: it can, or nothing was sampled
}

// Axis of a chart: what X counts.
type Axis string

// Axes.
const (
	AxisGPUs  Axis = "gpus"
	AxisTP    Axis = "tp"
	AxisPP    Axis = "pp"
	AxisEP    Axis = "ep"
	AxisBatch Axis = "batch"
	AxisSeq   Axis = "seq"
)
