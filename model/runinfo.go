package model

import "time"

// RunInfo is run.json, what a runner says of the run it made: what it was, what
// it really ran with and what was left undone. Every engine writes one beside its
// traces; keys a runner does not know are left out, and none is required to read a run.
type RunInfo struct {
	Schema     int               `json:"schema"`               // 1
	Runner     string            `json:"runner"`               // vllm_profiler.py, shardeck replay
	Engine     Engine            `json:"engine"`               //
	Replay     bool              `json:"replay,omitempty"`     // re-emitted: not a measurement of this machine
	ReplayOf   string            `json:"replay_of,omitempty"`  // the recording, in words
	Experiment string            `json:"experiment_id"`        //
	JobID      string            `json:"job_id,omitempty"`     //
	Status     RunStatus         `json:"status"`               //
	ExitCode   int               `json:"exit_code"`            // of the runner; its table is at the top of shardeck_runner/contract.py
	Cause      string            `json:"cause,omitempty"`      // why it is not complete, one sentence
	Missing    []string          `json:"missing,omitempty"`    // what was left undone and why, a sentence each
	Notes      []string          `json:"notes,omitempty"`      // what a reader of the numbers must know
	Start      time.Time         `json:"start"`                //
	End        time.Time         `json:"end"`                  //
	WorldSize  int               `json:"world_size"`           // ranks
	Hosts      []string          `json:"hosts,omitempty"`      // by rank; empty: not known
	GPU        string            `json:"gpu,omitempty"`        // as the driver names it
	Versions   map[string]string `json:"versions,omitempty"`   // vllm, torch, cuda, nccl, python …
	Effective  map[string]any    `json:"effective,omitempty"`  // the engine's own settings, read back
	Timed      int               `json:"timed_iterations"`     // untraced iterations measured
	Traced     int               `json:"traced_iterations"`    // iterations in the traces; 0: none
	Tokens     int               `json:"traced_tokens"`        // output tokens of each traced iteration
	TraceBytes int64             `json:"trace_bytes_estimate"` // a rank, before compression; 0: not estimated
}

// RunStatus says how a run ended.
type RunStatus string

// How a run ended: with all its files, stopped with what it had measured, or with nothing usable.
const (
	RunComplete RunStatus = "complete"
	RunPartial  RunStatus = "partial"
	RunFailed   RunStatus = "failed"
)

// Exit codes of a runner, by cause; every engine keeps to them. A job's log and
// its exit code together name the fault.
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
