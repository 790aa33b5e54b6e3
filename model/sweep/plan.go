package sweep

import (
	"slices"
	"time"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/compare"
	"shardeck/model/metric"
)

// State is what a point is, or has become.
type State string

// The states of points.
const (
	LeftOut    State = "left out"    // by a condition of where
	Impossible State = "impossible"  // a check refuses it: never submitted
	Ready      State = "ready"       // to be submitted
	Submitted  State = "submitted"   // its job waits or runs
	Done       State = "done"        // its result is there
	Failed     State = "failed"      // its job ended without a result
	PassedOver State = "passed over" // not run: when its turn came it could not change the answer any more
)

// Status is a point as it stands: the experiment that it is, and what has become of it.
type Status struct {
	Point
	Experiment model.Experiment `json:"experiment"`
	Verdict    check.Verdict    `json:"verdict"`
	State      State            `json:"state"`
	Reason     string           `json:"reason,omitempty"` // why it is left out, impossible, failed or passed over
	File       string           `json:"file,omitempty"`   // its config, once it is written
	Edited     model.Changes    `json:"edited,omitempty"` // what File says otherwise than the base with the point's values: it counts
	Run        *model.Run       `json:"run,omitempty"`
	Job        *model.Job       `json:"job,omitempty"`
	Analysis   *metric.Analysis `json:"-"` // of Run, as far as it is known without reading a trace; nil: not at all
}

// Plan is a sweep as it stands: its points, and the jobs that would run those that are ready.
type Plan struct {
	Sweep     Sweep
	File      string
	Base      board.Row
	Points    []Status
	Jobs      []*Job
	Told      int           // runs here of one of its engines that tell what a job takes; 0: it is estimated
	Tie       compare.Tie   // of the runs that a test cannot tell from the best one
	Chained   int           // of Jobs, those that wait until another of the sweep has ended, for limit.jobs
	Limit     time.Duration // of each job
	All       bool          // its jobs run every point, whatever that can still change
	NodeHours *float64      // at most, of Jobs; nil: the site has no prices
}

// Count is how many points are in some states.
func (p Plan) Count(states ...State) (n int) {
	for _, x := range p.Points {
		if slices.Contains(states, x.State) {
			n++
		}
	}
	return n
}

// Turn says of the points that a job has left which come next, and which it need not run.
type Turn struct {
	Next   []string          `json:"next"`   // ids of those that can still change the answer, the most promising first
	Passed map[string]string `json:"passed"` // why the others are passed over, by id
}

// Order is a job of points, as it is submitted.
type Order struct {
	Sweep  string            // its id, and the job's name
	Size   model.Experiment  // what its engines are started for
	GPUs   int               // of the allocation
	Points []string          // ids
	Script string            // whole
	Log    string            // relative to the workspace; %j is the job's id
	Files  map[string][]byte // that the script reads, relative to the workspace
	Limit  time.Duration
	After  string // a job that must have ended before; empty: none
}

// Other is a varied field of which the point's config has another value, so that its numbers would stand in the wrong place; nil: none.
func (x Status) Other() *model.Change {
	return model.First(x.Edited, func(c model.Change) bool {
		return slices.ContainsFunc(x.Edits, func(e model.Edit) bool { return e.Path == c.Path })
	})
}

// Row is the point as a row of the board.
func (x Status) Row() board.Row {
	return board.Row{File: x.File, Experiment: x.Experiment, Verdict: x.Verdict, Job: x.Job, Run: x.Run, Analysis: x.Analysis}
}
