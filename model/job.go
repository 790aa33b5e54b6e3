package model

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// JobState is a state in Slurm's long words; both schedulers use them.
type JobState string

// The states shardeck tells apart. Others are shown as Slurm says them.
const (
	JobPending     JobState = "PENDING"
	JobRunning     JobState = "RUNNING"
	JobCompleting  JobState = "COMPLETING"
	JobCompleted   JobState = "COMPLETED"
	JobFailed      JobState = "FAILED"
	JobCancelled   JobState = "CANCELLED"
	JobTimeout     JobState = "TIMEOUT"
	JobNodeFail    JobState = "NODE_FAIL"
	JobOutOfMemory JobState = "OUT_OF_MEMORY"
	JobPreempted   JobState = "PREEMPTED"
	JobSuspended   JobState = "SUSPENDED"
	JobUnknown     JobState = "UNKNOWN" // submitted, and no scheduler tells what became of it
)

// Job is one entry of a scheduler. Times that are not known are zero.
type Job struct {
	ID         string        `json:"id"`               // as the scheduler prints it: 123, an array's task 5_3, a part 7+1
	Name       string        `json:"name"`             //
	Tag        string        `json:"tag"`              // ours, unique per submission, carried in the job's comment
	Experiment string        `json:"experiment"`       // id, when the job is ours
	Scheduler  string        `json:"scheduler"`        // slurm or local
	User       string        `json:"user,omitempty"`   // who submitted it, where the workspace knows
	State      JobState      `json:"state"`            //
	Reason     string        `json:"reason"`           // the scheduler's own word
	Account    string        `json:"account"`          //
	QOS        string        `json:"qos"`              // as the scheduler shows it (gpu_regular)
	Partition  string        `json:"partition"`        //
	Nodes      int           `json:"nodes"`            //
	NodeList   string        `json:"node_list"`        //
	GPUs       int           `json:"gpus"`             //
	Submit     time.Time     `json:"submit"`           //
	Start      time.Time     `json:"start"`            // estimated while pending
	End        time.Time     `json:"end"`              // of finished jobs only
	Elapsed    time.Duration `json:"elapsed"`          // nanoseconds in JSON
	Limit      time.Duration `json:"limit"`            // nanoseconds in JSON; 0: none
	ExitCode   string        `json:"exit_code"`        // exit:signal, empty while unfinished
	WorkDir    string        `json:"work_dir"`         //
	Log        string        `json:"log"`              // path of the job's output, patterns expanded; of an array that of its worst task
	Points     []string      `json:"points,omitempty"` // ids of the experiments, of a job of a sweep
	Tasks      Tasks         `json:"tasks,omitzero"`
	RawID      string        `json:"raw_id,omitempty"`   // of a task or part: the number Slurm gave it; empty: as ID
	Errors     string        `json:"errors,omitempty"`   // path of what it writes to its standard error; empty: into Log
	Command    string        `json:"command,omitempty"`  // script, or how it was submitted, as far as the scheduler tells
	Restarts   int           `json:"restarts,omitempty"` // times that it was put back into the queue
	Parts      []Job         `json:"parts,omitempty"`    // tasks of an array, parts of a heterogeneous job, in lists of jobs
	Was        time.Time     `json:"was,omitzero"`       // Start as it was estimated before it moved, of a job that waits
	Meaning    Reason        `json:"-"`                  // of Reason, in lists of jobs; empty: nothing to say
}

// Runs says whether the job runs an experiment: its own, or of a sweep's job, which has the sweep's name, one of the points.
func (j Job) Runs(experiment string) bool {
	if len(j.Points) > 0 {
		return slices.Contains(j.Points, experiment)
	}
	return experiment != "" && j.Experiment == experiment
}

// Title is the experiment of a job, or what another job calls itself.
func (j Job) Title() string { return cmp.Or(j.Experiment, j.Name) }

// Part is the job itself or the part of it that has an id, or to which Slurm gave that number; nil: there is none.
func (j Job) Part(id string) *Job {
	if j.ID == id {
		return &j
	}
	return First(j.Parts, func(p Job) bool { return p.ID == id || p.RawID == id })
}

// Worst is the part that tells most of a whole: the first that failed though nobody cancelled it, else the first
// cancelled, else the first that runs, else the newest that has begun; of a job without parts itself.
func (j Job) Worst() Job {
	if len(j.Parts) == 0 {
		return j
	}
	return slices.MinFunc(j.Parts, func(a, b Job) int {
		order := cmp.Compare(states[a.State].worst, states[b.State].worst)
		if order == 0 && states[a.State].worst == 0 {
			return b.Start.Compare(a.Start)
		}
		return order
	})
}

// Liveliest is the first of the parts that say most of what a whole is doing: one that runs, else ends, is suspended, waits,
// failed though nobody wanted it, was cancelled; there must be one.
func Liveliest(parts []Job) Job {
	return slices.MinFunc(parts, func(a, b Job) int { return cmp.Compare(states[a.State].lively, states[b.State].lively) })
}

// WholeID is the id of the array or heterogeneous job that a task or part belongs to.
func WholeID(id string) string {
	if i := strings.IndexAny(id, "_+"); i > 0 {
		return id[:i]
	}
	return id
}

// Reason is what a scheduler's word for a job's state means to the person waiting.
type Reason struct {
	Words   string `json:"words"`   // one short sentence
	Forever bool   `json:"forever"` // it will not change by waiting: offer to cancel
	Waiting string `json:"waiting"` // whether waiting helps, in words; empty: nothing is known of it
	Help    string `json:"help"`    // what would start the job; $id stands for its id; empty: nothing but waiting
}

// Reservation keeps nodes of a cluster for somebody, or for a maintenance.
type Reservation struct {
	Name        string    `json:"name"`
	Start       time.Time `json:"start"`
	End         time.Time `json:"end"`
	Nodes       string    `json:"nodes"` // as the scheduler lists them
	Count       int       `json:"count"` // of nodes
	Maintenance bool      `json:"maintenance"`
}

// Rank is a job's place in the queue.
type Rank struct {
	Place     int      `json:"place"` // 1: none goes first
	Of        int      `json:"of"`    // those that wait in its partition, as far as the site shows them
	Partition string   `json:"partition"`
	Priority  string   `json:"priority"`
	Made      []string `json:"made"` // what the priority is made of: "age 120"
}

// Tasks counts what the tasks of a job array do; all zero for a job that is none.
type Tasks struct {
	Waiting int `json:"waiting"`
	Running int `json:"running"` // or ending, or suspended
	Done    int `json:"done"`
	Failed  int `json:"failed"` // or cancelled

	Cancelled int    `json:"cancelled,omitempty"` // of Failed
	First     int    `json:"first,omitempty"`     // the lowest number that the scheduler tells of: it may have forgotten those before
	Which     string `json:"which,omitempty"`     // the numbers of those that failed though nobody cancelled them, the first few: 3, 7
}

// TaskRange is tasks by their numbers: From, From+Step, … up to To.
type TaskRange struct{ From, To, Step int }

// Count is how many there are.
func (r TaskRange) Count() int { return (r.To-r.From)/r.Step + 1 }

// Has reports whether task n is among them.
func (r TaskRange) Has(n int) bool { return r.From <= n && n <= r.To && (n-r.From)%r.Step == 0 }

// maxTasks bounds a range that is nonsense; Slurm's own limit is far below.
const maxTasks = 4 << 20

// WaitingTasks are those of an id such as 5_[2,7-19:2%4], which has one record; none of any other id or of nonsense.
func WaitingTasks(id string) (all []TaskRange) {
	_, list, many := strings.Cut(id, "_[")
	list, _, _ = strings.Cut(strings.TrimSuffix(list, "]"), "%")
	for part := range strings.SplitSeq(list, ",") {
		bounds, step, _ := strings.Cut(part, ":")
		from, to, _ := strings.Cut(bounds, "-")
		a, err := strconv.Atoi(from)
		b, err2 := strconv.Atoi(cmp.Or(to, from))
		by, err3 := strconv.Atoi(cmp.Or(step, "1"))
		if many && err == nil && err2 == nil && err3 == nil && a <= b && b-a <= maxTasks && by > 0 {
			all = append(all, TaskRange{a, b, by})
		}
	}
	return all
}

// Add counts n tasks of a state.
func (t *Tasks) Add(s JobState, n int) {
	switch {
	case s == JobPending:
		t.Waiting += n
	case s.Active():
		t.Running += n
	case s == JobCancelled:
		t.Failed, t.Cancelled = t.Failed+n, t.Cancelled+n
	case s.Failed():
		t.Failed += n
	default:
		t.Done += n
	}
}

// Words say how far an array is: "2 of 20 done, 2 running, 16 waiting"; empty for a job that is none.
func (t Tasks) Words() string {
	all := t.Waiting + t.Running + t.Done + t.Failed
	if all == 0 {
		return ""
	}
	words, failed := []string{fmt.Sprintf("%d of %d done", t.Done, all)}, "failed"
	if t.First > 1 {
		words[0] += fmt.Sprintf(" from task %d on", t.First)
	}
	if t.Which != "" {
		failed += " (" + t.Which + ")"
	}
	for _, part := range []struct {
		n    int
		what string
	}{{t.Failed - t.Cancelled, failed}, {t.Cancelled, "cancelled"}, {t.Running, "running"}, {t.Waiting, "waiting"}} {
		if part.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	return strings.Join(words, ", ")
}

// Active reports whether the job can still change: waiting, running or ending.
func (s JobState) Active() bool { return states[s].lively <= -3 }

// Failed reports whether the job ended, and not well.
func (s JobState) Failed() bool { return states[s].worst <= -2 }

// Words is the state as the screens show it, in one or two words.
func (s JobState) Words() string {
	return cmp.Or(states[s].words, strings.ToLower(strings.ReplaceAll(Printable(string(s)), "_", " ")))
}

// states are the words of each state, and its places among the worst and among the liveliest, the least first; of others 0.
var states = map[JobState]struct {
	words         string
	worst, lively int
}{
	JobRunning: {"running", -1, -6}, JobCompleting: {"ending", -1, -5}, JobSuspended: {"suspended", -1, -4}, JobPending: {"waiting", 1, -3},
	JobFailed: {"failed", -3, -2}, JobTimeout: {"out of time", -3, -2}, JobNodeFail: {"node failed", -3, -2},
	JobOutOfMemory: {"out of memory", -3, -2}, JobPreempted: {"preempted", -3, -2}, JobCancelled: {"cancelled", -2, -1},
	JobCompleted: {"done", 0, 0}, JobUnknown: {"unknown", 0, 0},
}

// Submission is what shardeck wrote down about a job: before it was submitted (ID empty) and after.
type Submission struct {
	Tag        string      `json:"tag"`
	Experiment Experiment  `json:"experiment"` // as it was at that moment
	Scheduler  string      `json:"scheduler"`
	JobID      string      `json:"job_id"`
	Script     string      `json:"script"` // the exact text submitted
	Nsys       bool        `json:"nsys"`
	Log        string      `json:"log"` // path, relative to the workspace
	At         time.Time   `json:"at"`
	User       string      `json:"user,omitempty"`    // who submitted it
	Missed     time.Time   `json:"missed,omitzero"`   // of one whose reply was lost: the first answer without the job
	Points     []string    `json:"points,omitempty"`  // ids of the experiments that the job runs, of a job of a sweep
	Reads      string      `json:"reads,omitempty"`   // the run, of a job that reads traces; Experiment then holds its id and time limit alone
	Error      string      `json:"error"`             // why it was refused, if it was
	Planned    []time.Time `json:"planned,omitempty"` // starts that were expected while it waited, each once it moved; the last few
	Last       *Job        `json:"last"`              // the last state seen, kept so that history survives a scheduler that forgets
}

// Stage is what a job is doing, as its runner prints it.
type Stage string

// The stages of a run, in order. A runner prints each as it begins; one that it has no use for is left out.
const (
	StageEnvironment Stage = "environment"    // finding Python, the engine, the GPUs
	StageWeights     Stage = "weights"        // loading or making the weights
	StageCompile     Stage = "compile"        // compiling and capturing CUDA graphs
	StageWarmup      Stage = "warm-up"        // iterations that count for nothing
	StageTiming      Stage = "timing"         // the untraced pass: the numbers
	StageProfiling   Stage = "profiling"      // the traced pass: the breakdown
	StageWriting     Stage = "writing traces" // flushing, renaming, compressing
	StageDone        Stage = "done"
)

// Stages lists them in order.
func Stages() []Stage {
	return []Stage{StageEnvironment, StageWeights, StageCompile, StageWarmup, StageTiming, StageProfiling, StageWriting, StageDone}
}

// Line is how a runner announces the stage in its log.
func (s Stage) Line() string { return "shardeck: stage " + string(s) }

// IterationLine is how a runner says, when it is over, that it did the k-th of n
// iterations of a stage that has them: warm-up, timing or profiling.
func IterationLine(k, n int, s Stage) string {
	return fmt.Sprintf("shardeck: iteration %d of %d %s", k, n, s)
}

// GPUUse is what a GPU of a job does at a moment, as nvidia-smi says; nil: it does not.
type GPUUse struct {
	Node  string   `json:"node"`
	Index int      `json:"index"` // on its node
	Busy  *float64 `json:"busy"`  // % of the time in which some kernel ran, not of the GPU
	Used  *float64 `json:"used_mib"`
	Total *float64 `json:"total_mib"`
	Watts *float64 `json:"watts"`
}
