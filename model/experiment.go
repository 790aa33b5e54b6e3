package model

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Engine is the program that runs inside a job.
type Engine string

// The engines an experiment may name.
const (
	EngineVLLM   Engine = "vllm"   // vLLM itself, the default
	EngineTorch  Engine = "torch"  // the reference engine, PyTorch only
	EngineReplay Engine = "replay" // re-emits an embedded recording; labelled so wherever it shows
)

// Experiment is one YAML config: the seed's keys, unchanged, and the optional ones of shardeck. A
// file with the seed's keys only is complete; Defaults fills the rest.
type Experiment struct {
	ID                string            `yaml:"experiment_id" json:"experiment_id"`
	Description       string            `yaml:"description" json:"description"`
	Engine            Engine            `yaml:"engine" json:"engine"`
	Model             ModelRef          `yaml:"model" json:"model"`
	Layout            Layout            `yaml:"parallelism" json:"parallelism"`
	Data              Workload          `yaml:"data" json:"data"`
	Load              Load              `yaml:"load" json:"load,omitzero"`
	SLO               SLO               `yaml:"slo" json:"slo,omitzero"`
	WarmupIterations  int               `yaml:"warmup_iterations" json:"warmup_iterations"`
	ProfileIterations int               `yaml:"profile_iterations" json:"profile_iterations"`
	OutputDir         string            `yaml:"output_dir" json:"output_dir"`
	Profiling         Profiling         `yaml:"profiling" json:"profiling"`
	Comm              Comm              `yaml:"comm" json:"comm"`
	Slurm             SlurmRequest      `yaml:"slurm" json:"slurm"`
	Replay            Replay            `yaml:"replay" json:"replay"`
	Env               map[string]string `yaml:"env" json:"env,omitempty"`
	EnvFrom           map[string]string `yaml:"env_from" json:"env_from,omitempty"` // variables by where they come from: a file, or FromCaller
	VLLM              map[string]any    `yaml:"vllm" json:"vllm,omitempty"`
}

// ModelRef names the model and says how its weights are held.
type ModelRef struct {
	Name      string `yaml:"name" json:"name"`           // hub id, such as meta-llama/Llama-3.1-8B
	Precision string `yaml:"precision" json:"precision"` // bfloat16, float16, float32 or fp8
	Weights   string `yaml:"weights" json:"weights"`     // auto: from the hub cache; dummy: random, nothing downloaded
	Layers    int    `yaml:"layers" json:"layers"`       // overrides the depth; 0: the model's own
}

// Workload is what one iteration asks of the engine.
type Workload struct {
	BatchSize int `yaml:"batch_size" json:"batch_size"` // requests over all DP ranks
	SeqLen    int `yaml:"seq_len" json:"seq_len"`       // prompt tokens of each request
	MaxTokens int `yaml:"max_tokens" json:"max_tokens"` // output tokens of each request
}

// Load is requests that arrive while others are served, by a server that runs, in place of batches: the prompts and outputs are
// those of Workload, whose batch size means nothing then. The zero value: none.
type Load struct {
	Rate        float64 `yaml:"rate" json:"rate,omitempty"`               // requests a second; 0: the next comes when one is served
	Concurrency int     `yaml:"concurrency" json:"concurrency,omitempty"` // requests at once at most; 0: no bound
	Requests    int     `yaml:"requests" json:"requests,omitempty"`       // that are measured; 0: 200
	Shape       string  `yaml:"shape" json:"shape,omitempty"`             // poisson, as is empty, or constant: how far apart they come
}

// On reports whether an experiment is a server under load.
func (l Load) On() bool { return l.Rate > 0 || l.Concurrency > 0 }

// DefaultRequests are those of a load that says no number.
const DefaultRequests = 200

// Count is how many requests are measured.
func (l Load) Count() int { return cmp.Or(l.Requests, DefaultRequests) }

// Least is how long its requests take to come; 0 where each waits for others.
func (l Load) Least() time.Duration {
	if l.Rate <= 0 {
		return 0
	}
	return time.Duration(float64(l.Count()) / l.Rate * float64(time.Second))
}

// String is a load in few words: 2/s; 8 at once; 2/s, 8 at once.
func (l Load) String() string {
	var words []string
	if l.Rate > 0 {
		words = append(words, strconv.FormatFloat(l.Rate, 'g', -1, 64)+"/s")
	}
	if l.Concurrency > 0 {
		words = append(words, strconv.Itoa(l.Concurrency)+" at once")
	}
	return strings.Join(words, ", ")
}

// Arrivals is how the requests of an experiment come: batch 4; 2/s; 8 at once.
func (e Experiment) Arrivals() string {
	if e.Load.On() {
		return e.Load.String()
	}
	return "batch " + strconv.Itoa(e.Data.BatchSize)
}

// SLO is the limits that make a served request a good one, in ms; 0: no limit.
type SLO struct {
	TTFT float64 `yaml:"ttft" json:"ttft,omitempty"` // to the first token
	TPOT float64 `yaml:"tpot" json:"tpot,omitempty"` // for each token after it
	E2E  float64 `yaml:"e2e" json:"e2e,omitempty"`   // to the last token
}

// Profiling says what the traced pass records. The timed pass is never bounded by it.
type Profiling struct {
	Kineto          bool    `yaml:"kineto" json:"kineto"`
	ExecutionTrace  bool    `yaml:"execution_trace" json:"execution_trace"`
	Nsys            bool    `yaml:"nsys" json:"nsys"`
	TraceIterations AutoInt `yaml:"trace_iterations" json:"trace_iterations"` // iterations traced
	TraceTokens     AutoInt `yaml:"trace_tokens" json:"trace_tokens"`         // output tokens traced in each
}

// NsysMark ends the folder of a run under nsys: its times hold the cost of nsys, and must not replace a plain run's.
const NsysMark = "-nsys"

// WantsNsys says whether the config asks for nsys; a replay has nothing to profile.
func (e Experiment) WantsNsys() bool { return e.Profiling.Nsys && e.Engine != EngineReplay }

// ResultDir is where a job leaves its result, relative to the workspace or absolute as OutputDir is; nsys says
// that the job is run under nsys though the config may not ask for it. Empty if there is no OutputDir.
func (e Experiment) ResultDir(nsys bool) string {
	if e.OutputDir != "" && (nsys || e.WantsNsys()) {
		return e.OutputDir + NsysMark
	}
	return e.OutputDir
}

// AutoInt is a positive whole number, or 0 for the word auto.
type AutoInt int

// Auto is the value written "auto": shardeck decides.
const Auto AutoInt = 0

// Comm chooses communication backends; auto leaves the engine its default.
type Comm struct {
	AllReduce string `yaml:"all_reduce" json:"all_reduce"` // auto, nccl, custom, symm_mem
	All2All   string `yaml:"all2all" json:"all2all"`       // auto, allgather_reducescatter, deepep_{high_throughput,low_latency} (NVSHMEM)
}

// SlurmRequest is what a job asks of Slurm; auto and empty values come from settings, site and layout.
type SlurmRequest struct {
	Account    string `yaml:"account" json:"account"`
	QOS        string `yaml:"qos" json:"qos"`               // auto, or a name as submitted (regular, shared, …)
	Constraint string `yaml:"constraint" json:"constraint"` // auto, or such as gpu&hbm80g
	Time       string `yaml:"time" json:"time"`             // HH:MM:SS
}

// Runtime is how a job enters its software environment.
type Runtime struct {
	Kind    string   // none, conda, venv, module, shifter or podman-hpc
	Name    string   // environment, folder, module names or image
	Modules []string // loaded before it
}

// Image reports whether jobs run in a container.
func (r Runtime) Image() bool { return r.Kind == "shifter" || r.Kind == "podman-hpc" }

// Replay tunes engine replay: which recording, and how fast.
type Replay struct {
	Recording string  `yaml:"recording" json:"recording,omitempty"`     // an embedded recording; empty: that of the same model and layout
	Factor    float64 `yaml:"factor" json:"factor,omitempty"`           // pace: recorded time times factor; 0: 1.0
	Engine    Engine  `yaml:"engine,omitempty" json:"engine,omitempty"` // in the config.yaml of a run: the engine that was recorded
}

// Defaults is the experiment of a file with no keys. Reading starts from it: every optional key has its value.
func Defaults() Experiment {
	return Experiment{
		Engine:            EngineVLLM,
		Model:             ModelRef{Precision: "bfloat16", Weights: "auto"},
		Layout:            Layout{TP: 1, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1},
		Data:              Workload{BatchSize: 1, SeqLen: 2048, MaxTokens: 512},
		WarmupIterations:  2,
		ProfileIterations: 5,
		Profiling:         Profiling{Kineto: true, ExecutionTrace: true},
		Comm:              Comm{AllReduce: "auto", All2All: "auto"},
		Slurm:             SlurmRequest{QOS: "auto", Constraint: "auto", Time: "00:30:00"},
	}
}

// RequestsPerReplica is the share of the batch that one DP rank works on. Under load it is the one that must fit: others wait.
func (e Experiment) RequestsPerReplica() int64 {
	if e.Load.On() {
		return 1
	}
	return int64(CeilDiv(e.Data.BatchSize, e.Layout.DP()))
}

// ModelLen is the longest sequence the engine is to expect: vllm.max_model_len, else prompt and output.
func (e Experiment) ModelLen() int {
	return int(e.EngineNumber("max_model_len", float64(e.Data.SeqLen+e.Data.MaxTokens)))
}

// EngineNumber is a number among the extra engine arguments, or its default.
func (e Experiment) EngineNumber(key string, otherwise float64) float64 {
	switch v := e.VLLM[key].(type) {
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return otherwise
}

// Edit sets one key of an experiment's YAML.
type Edit struct {
	Path  string `json:"path"` // parallelism.tp
	Value string `json:"value"`
}

// IsAuto reports whether a value leaves the choice to shardeck.
func IsAuto(v string) bool { return v == "" || v == "auto" }

// UnmarshalYAML reads a whole number of at least 1, or the word auto.
func (a *AutoInt) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return errors.New("give a whole number of at least 1, or auto")
	}
	if text == "auto" {
		*a = Auto
		return nil
	}
	// Read as text: the decoder would cut 1.5 down to 1.
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return fmt.Errorf("%.20q: give a whole number of at least 1, or auto", text)
	}
	*a = AutoInt(n)
	return nil
}

// String is the number, or auto.
func (a AutoInt) String() string {
	if a == Auto {
		return "auto"
	}
	return strconv.Itoa(int(a))
}

// Unsaved is the edits of an experiment that were made in the form and not saved: the
// value that each key is to have. They are made again on what the file says by then.
type Unsaved struct {
	Experiment string    `json:"experiment"`
	At         time.Time `json:"at"` // of the last edit
	Edits      []Edit    `json:"edits"`
}
