package model

import (
	"cmp"
	"fmt"
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

	Experiment *Experiment `json:"experiment"` // as run, from config.yaml in Dir; nil: none that can be read, as Problem says
	Problem    string      `json:"problem"`
	Assumed    bool        `json:"assumed,omitempty"` // Experiment is not the run's record: it is what writes there now
	Changed    Changes     `json:"changed,omitempty"` // since the run, in the config that writes there; lists of runs know it
	Replay     bool        `json:"replay"`            // re-emitted recording, not a measurement of this machine
	Engine     Engine      `json:"engine,omitempty"`  // that ran, as run.json says; empty: not said
	GPU        string      `json:"gpu,omitempty"`     // as run.json names it
	Versions   string      `json:"-"`                 // of what it ran on, as run.json says, in one text; empty: not said
	Files      []RunFile   `json:"files"`

	Unfinished bool     `json:"unfinished,omitempty"` // Dir is <output_dir>.tmp-<job id>: its job still writes it, or died
	Warnings   []string `json:"warnings,omitempty"`   // such as a rank with both .json and .json.gz

	// LeftOut: a file that values come from is not read, as Warnings says: of two of one rank
	// the older, or one that is no readable file.
	LeftOut bool `json:"left_out,omitempty"`

	// Foreign: others named its files; Warnings say where their ranks were assumed.
	Foreign bool `json:"foreign,omitempty"`

	Forecast *RunForecast `json:"forecast,omitempty"` // nothing was measured or recorded: its numbers are a forecast; nil: they are none

	Origin string `json:"origin,omitempty"` // who measured it, as run.json says, where that was not done here; empty: here

	Said Said `json:"said,omitzero"` // by people, of this run

	Nothing string `json:"-"` // what its files are, where none of them can be read; empty: there are none
}

// Said is what people noted of a run: a text, and tags to find it by.
type Said struct {
	Note string   `json:"note,omitempty"`
	Tags []string `json:"tags,omitempty"` // in order, each once
}

// IsZero reports that nothing was noted.
func (s Said) IsZero() bool { return s.Note == "" && len(s.Tags) == 0 }

// Words are tags and note in one line: "#fast #ref · on the new driver"; empty: nothing.
func (s Said) Words() string {
	tags := strings.Join(Each(s.Tags, func(t string) string { return "#" + t }), " ")
	if tags != "" && s.Note != "" {
		tags += " · "
	}
	return tags + s.Note
}

// Mark says why the numbers of a run are not those of the row they stand in.
type Mark struct {
	Word string `json:"word"` // in a list: changed, replay
	Text string `json:"text"`
}

// Marks are those that the run itself tells: its config has changed or is not known, another engine ran than it says, others measured
// it, nothing was measured.
func (r Run) Marks() (all []Mark) {
	if text := r.Changed.Sentence(r.Replay); text != "" {
		all = append(all, Mark{"changed", text})
	}
	if r.Assumed {
		all = append(all, Mark{"no config", "its own config was not recorded, and the one that writes there may have changed since"})
	}
	if e := r.Experiment; e != nil && !r.Replay && r.Engine != "" && r.Engine != e.Engine {
		all = append(all, Mark{string(r.Engine), fmt.Sprintf("measured by the engine %s, not %s", r.Engine, e.Engine)})
	}
	if r.Origin != "" {
		all = append(all, Mark{"other origin", "measured by others: " + r.Origin})
	}
	switch {
	case r.Forecast != nil:
		all = append(all, Mark{ForecastWord, "forecast from recordings: neither measured nor recorded"})
	case r.Replay:
		all = append(all, Mark{ReplayWord, "replay of a recording"})
	}
	return all
}

// Doubts are the texts of the marks, in one line, but for that of a replay, which is said apart; empty: the numbers are those of the row.
func (r Run) Doubts() string {
	marks := slices.DeleteFunc(r.Marks(), func(m Mark) bool { return m.Word == ReplayWord })
	return strings.Join(Each(marks, func(m Mark) string { return m.Text }), " · ")
}

// ReplayWord marks what is no measurement of this machine; ForecastWord what is no measurement of any.
const (
	ReplayWord   = "replay"
	ForecastWord = "forecast"
)

// RunForecast is the forecast that a replay played for want of a recording.
type RunForecast struct {
	Level     float64               `json:"level"`     // share of results that an interval is to hold
	Intervals map[string][2]float64 `json:"intervals"` // least and most of each metric that is forecast, in its unit
	RestsOn   []string              `json:"rests_on"`  // recordings, then priors
}

// ToTrace is what to do where a run has no traces.
func (r Run) ToTrace() string {
	if r.Forecast != nil {
		return "a forecast has none: ask for one of the recordings that it rests on"
	}
	return "profile a run with kineto on"
}

// Reemitted says of a run that was not measured here what it is; empty: it was.
func Reemitted(replay bool, f *RunForecast) string {
	switch {
	case f != nil:
		return "a forecast from recordings, neither a measurement nor a recording"
	case replay:
		return "a replay of a recording, not a measurement of this machine"
	}
	return ""
}

// FileKind is what a file in a trace directory holds.
type FileKind string

// The kinds of files the runner writes; each may also be gzipped.
const (
	FileKineto   FileKind = "kineto"
	FileET       FileKind = "torch_et"
	FileTiming   FileKind = "timing_stats"
	FileServing  FileKind = "bench_serve.json"
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

// KernelFiles are those kernels are read from: Kineto traces, else of each node the form of nsys's read best.
func (r Run) KernelFiles() []RunFile {
	var files []RunFile
	best := map[int]RunFile{}
	for _, f := range r.Files {
		switch old, seen := best[f.Rank]; {
		case f.Kind == FileKineto:
			files = append(files, f)
		case f.Kind == FileNsys && (!seen || f.NsysForm() < old.NsysForm()):
			best[f.Rank] = f
		}
	}
	if len(files) > 0 {
		return files
	}
	files = append(files, Each(slices.Sorted(maps.Keys(best)), func(rank int) RunFile { return best[rank] })...)
	return files
}

// TraceBytes is the size of the files that kernels are read from.
func (r Run) TraceBytes() (sum int64) {
	for _, f := range r.KernelFiles() {
		sum += f.Size
	}
	return sum
}

// nsysForms are the forms of a report, the one that tells most for least work first: a CSV has no GPUs, steps or samples, a
// report must be exported first, and a recording is only good for saying what became of the report.
var nsysForms = []string{".sqlite", ".csv", ".csv.gz", "", ".nsys-rep", ".qdrep", ".qdstrm"}

// NsysForm is the place of a file of nsys among those forms: the least is read best.
func (f RunFile) NsysForm() int {
	i := slices.IndexFunc(nsysForms, func(form string) bool { return form != "" && strings.HasSuffix(f.Path, form) })
	if i < 0 {
		i = slices.Index(nsysForms, "")
	}
	return i
}

// readKinds are the files that values come from.
var readKinds = []FileKind{FileKineto, FileNsys, FileTiming, FileServing, FileET}

// Readable refuses a folder that holds nothing to read.
func (r Run) Readable() error {
	if slices.ContainsFunc(r.Files, func(f RunFile) bool { return slices.Contains(readKinds, f.Kind) }) {
		return nil
	}
	text := r.Name + " holds no trace and no times of a run: nothing to read"
	if r.Nothing != "" {
		text += "; " + r.Nothing
	}
	return Failed(text, nil, "is this the folder of a run? a job that failed leaves none of them; see shardeck why")
}

// UnreadRun is a run with those of its ranks whose traces nobody has read.
type UnreadRun struct {
	Run     Run
	Ranks   []int // ascending
	Bytes   int64 // of their traces
	Largest int64 // the largest of these
}

// RunInfo is run.json, what a runner says of the run it made: what it was, what it really ran with and what was left undone.
// Every engine writes one beside its traces; keys a runner does not know are left out, and none is required to read a run.
type RunInfo struct {
	Schema     int               `json:"schema"`                // 1
	Runner     string            `json:"runner"`                // vllm_profiler.py, shardeck replay
	Engine     Engine            `json:"engine"`                //
	Origin     string            `json:"origin,omitempty"`      // who measured it, where that was not done here
	Replay     bool              `json:"replay,omitempty"`      // re-emitted: not a measurement of this machine
	ReplayOf   string            `json:"replay_of,omitempty"`   // the recording, or the forecast, in words
	Forecast   *RunForecast      `json:"forecast,omitempty"`    // nil: the numbers are no forecast
	Experiment string            `json:"experiment_id"`         //
	JobID      string            `json:"job_id,omitempty"`      //
	Status     RunStatus         `json:"status"`                //
	ExitCode   int               `json:"exit_code"`             // of the runner; its table is at the top of shardeck_runner/contract.py
	Cause      string            `json:"cause,omitempty"`       // why it is not complete, one sentence
	Missing    []string          `json:"missing,omitempty"`     // what was left undone and why, a sentence each
	Notes      []string          `json:"notes,omitempty"`       // what a reader of the numbers must know
	Start      time.Time         `json:"start"`                 //
	End        time.Time         `json:"end"`                   //
	WorldSize  int               `json:"world_size"`            // ranks
	Hosts      []string          `json:"hosts,omitempty"`       // by rank; empty: not known
	GPU        string            `json:"gpu,omitempty"`         // as the driver names it
	Versions   map[string]string `json:"versions,omitempty"`    // vllm, torch, cuda, nccl, python …
	Effective  map[string]any    `json:"effective,omitempty"`   // the engine's own settings, read back
	Where      map[string]any    `json:"environment,omitempty"` // modules, packages, image, driver, libraries, variables; no secrets
	Timed      int               `json:"timed_iterations"`      // untraced iterations measured
	Traced     int               `json:"traced_iterations"`     // iterations in the traces; 0: none
	Tokens     int               `json:"traced_tokens"`         // output tokens of each traced iteration
	TraceBytes int64             `json:"trace_bytes_estimate"`  // a rank, before compression; 0: not estimated
	Shared     *SharedEngine     `json:"shared_engine,omitempty"`
	Light      *LightTrace       `json:"light_trace,omitempty"`    // nil: none
	Captured   []string          `json:"capture_traces,omitempty"` // of the capture of CUDA graphs, with shapes; below the run's folder
	Serving    *ServingInfo      `json:"serving,omitempty"`        // of a run under load
}

// LightTrace is a second traced pass that records the GPU's activity alone: kernels take the time that they take untraced.
type LightTrace struct {
	Folder     string   `json:"folder"` // of its traces, one a rank, below the run's
	Iterations int      `json:"iterations"`
	Tokens     int      `json:"tokens"`             // output tokens of each
	Seconds    float64  `json:"seconds"`            // what it cost, with writing
	Slowdown   *float64 `json:"slowdown,omitempty"` // an output token takes so many times the untraced time; nil: not known
}

// SharedEngine says whom a point of a sweep shared its engine with, and what that was built for.
type SharedEngine struct {
	Position int      `json:"position"` // of this point among them, from 1
	Points   []string `json:"points"`   // ids, in the order in which they ran
	SizedFor struct {
		BatchSize int `json:"batch_size"`
		Length    int `json:"sequence_length"` // prompt and output tokens
	} `json:"sized_for"`
}

// ServingInfo says how a load was made, and how many of its requests were served.
type ServingInfo struct {
	Arguments []string `json:"arguments"` // of vllm bench serve
	Requests  int      `json:"requests"`
	Completed int      `json:"completed"`
}

// RunStatus says how a run ended.
type RunStatus string

// How a run ended: with all its files, stopped with what it had measured, or with nothing usable.
const (
	RunComplete RunStatus = "complete"
	RunPartial  RunStatus = "partial"
	RunFailed   RunStatus = "failed"
)

// Exit codes of a runner, by cause, which every engine keeps to; a log and its exit code name the fault.
const (
	ExitDone     = 0  // every file asked for was written
	ExitFailed   = 1  // a cause not listed here; the log has it
	ExitConfig   = 2  // the config or the command line is wrong
	ExitPartial  = 3  // stopped before the end; what was measured is written
	ExitSoftware = 4  // the engine is not installed, or too old for what is asked
	ExitGPUs     = 5  // no GPU, or fewer than the layout needs
	ExitModel    = 6  // the model is not there, or the hub does not let us have it
	ExitMemory   = 7  // out of GPU memory, for weights or KV cache
	ExitComm     = 8  // ranks could not talk to each other (NCCL, rendezvous)
	ExitWorker   = 9  // a rank died
	ExitTraces   = 10 // timing is sound, but traces are missing or incomplete
)

// Change is one key of a config that is not as a run recorded it.
type Change struct {
	Path string `json:"path"` // data.batch_size
	Was  string `json:"was"`  // as the run recorded it; empty: it gave none
	Now  string `json:"now"`
}

// Changes are what the config of an experiment says otherwise than a run of it recorded, in the order of a config. There
// are none where the numbers of the run are still those of the config.
type Changes []Change

// unmeasured are the keys on which no number depends: names, who pays, how long the job may take, where its nodes come
// from (the GPU is compared as it was found), and how much is measured and traced of the same work. Those below go with them.
var unmeasured = []string{"experiment_id", "description", "output_dir", "warmup_iterations", "profile_iterations", "profiling", "slurm",
	"replay.engine", "replay.factor", "load.requests"}

// ChangesSince compares what a run recorded with what its config says now: the values of both by key, each key once.
func ChangesSince(run, now []Edit) (all Changes) {
	was, is, seen := map[string]string{}, map[string]string{}, map[string]bool{}
	for _, e := range run {
		was[e.Path] = e.Value
	}
	for _, e := range now {
		is[e.Path] = e.Value
	}
	for _, e := range slices.Concat(now, run) {
		if c := (Change{e.Path, was[e.Path], is[e.Path]}); c.Was != c.Now && !seen[c.Path] && c.measured() {
			all = append(all, c)
		}
		seen[e.Path] = true
	}
	return all
}

// measured reports whether numbers depend on the key; a replay that names no recording takes any of its layout.
func (c Change) measured() bool {
	if c.Path == "replay.recording" && c.Now == "" {
		return false
	}
	return Counts(c.Path)
}

// Counts reports whether numbers depend on a key of a config.
func Counts(path string) bool {
	return !slices.ContainsFunc(unmeasured, func(key string) bool { return strings.HasPrefix(path+".", key+".") })
}

// shortKeys are keys as people say them; others are named by their last part, those of env and vllm in full.
var shortKeys = map[string]string{"model.name": "model", "data.batch_size": "batch", "data.seq_len": "prompt", "data.max_tokens": "output",
	"parallelism.tp": "TP", "parallelism.pp": "PP", "parallelism.dp_replicate": "DP", "parallelism.dp_shard": "DP sharded",
	"parallelism.ep": "EP"}

func (c Change) String() string {
	name := cmp.Or(shortKeys[c.Path], c.Path)
	if group, last, below := strings.Cut(name, "."); below && group != "env" && group != "vllm" {
		name = last
	}
	return name + " " + cmp.Or(c.Was, "none") + " → " + cmp.Or(c.Now, "none")
}

// String names what differs: "batch 4 → 8, prompt 2048 → 4096".
func (all Changes) String() string { return strings.Join(Each(all, Change.String), ", ") }

// Sentence says that a config is not, or no longer, that of the run; empty: it is.
func (all Changes) Sentence(replay bool) string {
	switch {
	case len(all) == 0:
		return ""
	case replay:
		return "the recording differs from its config: " + all.String()
	}
	return "config changed since this run: " + all.String()
}
