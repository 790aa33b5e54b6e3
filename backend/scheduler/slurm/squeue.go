package slurm

import (
	"fmt"
	"strings"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// Separators that no sane name holds, and that Slurm prints as they are.
const (
	unit   = "\x1f" // between fields
	record = "\x1e" // after a job
)

// field is one thing to ask of squeue or sacct, and where its answer goes. The
// order matters once: state comes after reason.
type field struct {
	name string
	set  setter
}

type setter func(j *model.Job, v string, zone *time.Location)

// into makes the setter of a text, a time, a duration or a count.
func into(at func(*model.Job) any) setter {
	return func(j *model.Job, v string, zone *time.Location) {
		switch p := at(j).(type) {
		case *string:
			*p = v
		case *time.Time:
			*p = parseTime(v, zone)
		case *time.Duration:
			*p = parseDuration(v)
		case *int:
			*p = wholeNumber(v)
		}
	}
}

// Setters that squeue and sacct share.
var (
	setReason    = into(func(j *model.Job) any { return &j.Reason })
	setNodes     = into(func(j *model.Job) any { return &j.Nodes })
	setNodeList  = into(func(j *model.Job) any { return &j.NodeList })
	setQOS       = into(func(j *model.Job) any { return &j.QOS })
	setPartition = into(func(j *model.Job) any { return &j.Partition })
	setAccount   = into(func(j *model.Job) any { return &j.Account })
	setWorkDir   = into(func(j *model.Job) any { return &j.WorkDir })
	setID        = into(func(j *model.Job) any { return &j.ID })
	setTag       = into(func(j *model.Job) any { return &j.Tag })
	setName      = into(func(j *model.Job) any { return &j.Name })
	setLog       = into(func(j *model.Job) any { return &j.Log })
	setSubmit    = into(func(j *model.Job) any { return &j.Submit })
	setStart     = into(func(j *model.Job) any { return &j.Start })
	setEnd       = into(func(j *model.Job) any { return &j.End })
	setElapsed   = into(func(j *model.Job) any { return &j.Elapsed })
	setLimit     = into(func(j *model.Job) any { return &j.Limit })
)

func setGPUs(j *model.Job, v string, _ *time.Location) {
	if n := allocatedGPUs(v); n > 0 {
		j.GPUs = n
	}
}

// setGPUsPerJob and setGPUsPerNode read what was asked for, which is all there is
// where the site does not account for GPUs; tres-alloc, if it has a count, comes last.
func setGPUsPerJob(j *model.Job, v string, _ *time.Location) { j.GPUs = requestedGPUs(v) }

func setGPUsPerNode(j *model.Job, v string, _ *time.Location) {
	if n := requestedGPUs(v); n > 0 {
		j.GPUs = n * j.Nodes
	}
}

func setJobState(j *model.Job, v string, _ *time.Location) { setState(j, v) }
func setExit(j *model.Job, v string, _ *time.Location)     { j.ExitCode = exitCode(v) }

// setRestarts tells a job that Slurm put back into the queue, after a node's failure
// or a preemption, from one whose user set a start time: Slurm has one word for both.
func setRestarts(j *model.Job, v string, _ *time.Location) {
	if wholeNumber(v) > 0 && j.State == model.JobPending && j.Reason == "BeginTime" {
		j.Reason = "REQUEUED"
	}
}

// squeueFields are asked by --Format, the only way to the true count of GPUs
// (tres-alloc) and to the log's path. The name is last: it may hold anything.
var squeueFields = []field{
	{"JobArrayID", setID},
	{"Reason", setReason},
	{"State", setJobState},
	{"TimeUsed", setElapsed},
	{"TimeLimit", setLimit},
	{"NumNodes", setNodes},
	{"NodeList", setNodeList},
	{"tres-per-job", setGPUsPerJob},
	{"tres-per-node", setGPUsPerNode},
	{"tres-alloc", setGPUs},
	{"QOS", setQOS},
	{"Partition", setPartition},
	{"Account", setAccount},
	{"SubmitTime", setSubmit},
	{"StartTime", setStart},
	{"EndTime", setEnd},
	{"exit_code", setExit},
	{"RestartCnt", setRestarts},
	{"Comment", setTag},
	{"WorkDir", setWorkDir},
	{"STDOUT", setLog},
	{"Name", setName},
}

// squeueArgs are squeue's options for all of this user's jobs.
func squeueArgs() []string {
	return []string{"--me", "--states=all", "--noheader", "--Format=" + squeueFormat()}
}

// squeueFormat is the --Format that asks for squeueFields.
func squeueFormat() string {
	var b strings.Builder
	for i, f := range squeueFields {
		end := unit + ","
		if i == len(squeueFields)-1 {
			end = record
		}
		b.WriteString(f.name + ":" + end)
	}
	return b.String()
}

// parseSqueue reads squeue's answer. A record that is cut short makes the whole
// answer an error: half a list must not look like a list.
func parseSqueue(out string, zone *time.Location) ([]model.Job, error) {
	records := strings.Split(out, record)
	tail := records[len(records)-1]
	if strings.TrimSpace(tail) != "" {
		return nil, badAnswer("squeue", tail)
	}
	jobs := make([]model.Job, 0, len(records)-1)
	for _, r := range records[:len(records)-1] {
		j, err := jobOf("squeue", strings.TrimPrefix(r, "\n"), squeueFields, zone)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// jobOf makes a job of a record, which must have all fields.
func jobOf(program, record string, fields []field, zone *time.Location) (model.Job, error) {
	j := model.Job{Scheduler: Name}
	parts := strings.SplitN(record, unit, len(fields))
	if len(parts) != len(fields) {
		return j, badAnswer(program, record)
	}
	for i, f := range fields {
		f.set(&j, cleanValue(parts[i]), zone)
	}
	if j.State.Active() { // squeue tells the latest end and a code of 0
		j.End, j.ExitCode = time.Time{}, ""
	}
	if !j.State.Active() && j.NodeList == "" { // it never started, whatever squeue tells
		j.Start = time.Time{}
	}
	mendReason(&j)
	if j.Log != "" {
		j.Log = scheduler.ExpandLog(j.Log, j.ID, j.Name)
	}
	return j, nil
}

// mendReason sets right what squeue says of jobs that have ended: of one cancelled
// while it waited still why it waited, and of one that a signal killed that it could
// not be launched.
func mendReason(j *model.Job) {
	switch {
	case j.State == model.JobCancelled && !strings.HasPrefix(j.Reason, "CANCELLED"):
		j.Reason = ""
	case j.State == model.JobFailed && j.Reason == "JobLaunchFailure" && strings.HasPrefix(j.ExitCode, "0:") && j.ExitCode != "0:0":
		j.Reason = "RaisedSignal" + j.ExitCode[1:]
	}
}

// badAnswer is the error of an answer that is not as asked for.
func badAnswer(program, part string) error {
	return &scheduler.Fault{Text: fmt.Sprintf("%s's answer is not as asked for: %.60q", program, part),
		ToDo: "try again; if it stays, report it with the output of sinfo --version"}
}
