package slurm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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

// field is one thing to ask of squeue and sacct, and where its answer goes.
type field struct {
	squeue, sacct string // what each calls it; empty: it is not asked
	set           func(j *model.Job, v string, zone *time.Location)
}

// fields are asked in this order: the state comes after the reason, what GPUs a job has after what it asked
// for, which is all there is where a site does not account for them. Names come last, as they may hold
// anything. squeue is asked by --Format, the only way to the count of GPUs (tres-alloc) and to the log's path.
var fields = []field{
	{"JobArrayID", "JobID", into(func(j *model.Job) any { return &j.ID })},
	{"JobID", "JobIDRaw", into(func(j *model.Job) any { return &j.RawID })},
	{"Reason", "Reason", into(func(j *model.Job) any { return &j.Reason })},
	{"State", "State", func(j *model.Job, v string, _ *time.Location) { setState(j, v) }},
	{"TimeUsed", "Elapsed", into(func(j *model.Job) any { return &j.Elapsed })},
	{"TimeLimit", "Timelimit", into(func(j *model.Job) any { return &j.Limit })},
	{"NumNodes", "NNodes", into(func(j *model.Job) any { return &j.Nodes })},
	{"NodeList", "NodeList", into(func(j *model.Job) any { return &j.NodeList })},
	{"tres-per-job", "", setGPUs},
	{"tres-per-node", "", func(j *model.Job, v string, _ *time.Location) { j.GPUs = cmp.Or(countGPUs(v)*j.Nodes, j.GPUs) }},
	{"", "ReqTRES", setGPUs},
	{"tres-alloc", "AllocTRES", setGPUs},
	{"QOS", "QOS", into(func(j *model.Job) any { return &j.QOS })},
	{"Partition", "Partition", into(func(j *model.Job) any { return &j.Partition })},
	{"Account", "Account", into(func(j *model.Job) any { return &j.Account })},
	{"SubmitTime", "Submit", into(func(j *model.Job) any { return &j.Submit })},
	{"StartTime", "Start", into(func(j *model.Job) any { return &j.Start })},
	{"EndTime", "End", into(func(j *model.Job) any { return &j.End })},
	{"exit_code", "ExitCode", func(j *model.Job, v string, _ *time.Location) { j.ExitCode = exitCode(v) }},
	{"RestartCnt", "", setRestarts},
	{"Comment", "Comment", into(func(j *model.Job) any { return &j.Tag })},
	{"", submitLine, setSubmitLine},
	{"WorkDir", "WorkDir", into(func(j *model.Job) any { return &j.WorkDir })},
	{"STDOUT", "StdOut", into(func(j *model.Job) any { return &j.Log })},
	{"STDERR", "StdErr", into(func(j *model.Job) any { return &j.Errors })},
	{"Command", "", setCommand},
	{"Name", "JobName", into(func(j *model.Job) any { return &j.Name })},
}

var (
	squeueFields = slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return f.squeue == "" })
	sacctFields  = slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return f.sacct == "" })
)

// into sets a text, a time, a duration or a count.
func into(at func(*model.Job) any) func(*model.Job, string, *time.Location) {
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

func setGPUs(j *model.Job, v string, _ *time.Location) {
	j.GPUs = cmp.Or(countGPUs(v), j.GPUs)
}

// setRestarts tells a job that Slurm put back into the queue, after a node's failure
// or a preemption, from one whose user set a start time: Slurm has one word for both.
func setRestarts(j *model.Job, v string, _ *time.Location) {
	j.Restarts = wholeNumber(v)
	if j.Restarts > 0 && j.State == model.JobPending && j.Reason == "BeginTime" {
		j.Reason = "REQUEUED"
	}
}

// submitLine is the command line of the submission, with the tag: most sites store no comments. Since sacct 21.08;
// StdOut and StdErr since 24.05.
const submitLine = "SubmitLine"

// tagInLine finds the tag in the arguments that Submit gave to sbatch.
var tagInLine = regexp.MustCompile(`(?:^| )--comment=([A-Za-z0-9][A-Za-z0-9._-]*)(?: |$)`)

// exported are variables on a command line, whose values may be secret.
var exported = regexp.MustCompile(`(--export[= ])\S+`)

func setCommand(j *model.Job, v string, _ *time.Location) {
	j.Command = model.MaskedScript(exported.ReplaceAllString(v, "${1}"+model.Hidden))
}

func setSubmitLine(j *model.Job, v string, zone *time.Location) {
	setCommand(j, v, zone)
	if m := tagInLine.FindStringSubmatch(v); m != nil && j.Tag == "" {
		j.Tag = m[1]
	}
}

// squeueArgs ask for some jobs: --me or --jobs=….
func squeueArgs(which string) []string {
	format := ""
	for _, f := range squeueFields {
		format += f.squeue + ":" + unit + ","
	}
	return []string{which, "--states=all", "--noheader", "--Format=" + strings.TrimSuffix(format, unit+",") + record}
}

// parseSqueue reads squeue's answer. A record cut short is an error: half a list must not look like a list.
func parseSqueue(out string, zone *time.Location) ([]model.Job, error) {
	parts := strings.Split(out, record)
	last := len(parts) - 1
	if strings.TrimSpace(parts[last]) != "" {
		return nil, badAnswer("squeue", parts[last])
	}
	return jobsOf("squeue", parts[:last], squeueFields, zone, func(_, part string) bool { // else a name with a separator in it
		return strings.HasPrefix(part, "\n") || beginsRecord.MatchString(part) && strings.Count(part, unit) >= len(squeueFields)-1
	})
}

// knownFields are those that this sacct knows.
func (s *Slurm) knownFields() []field {
	return slices.DeleteFunc(slices.Clone(sacctFields), func(f field) bool { _, no := s.unknown.Load(f.sacct); return no })
}

// invalidField is what sacct says of a field that it does not know.
var invalidField = regexp.MustCompile(`Invalid field requested: "?(\w+)`)

// History lists this user's finished jobs since a time, by one sacct. Submissions that
// Slurm refused, of which it keeps records too, were never jobs.
func (s *Slurm) History(ctx context.Context, since time.Time) ([]model.Job, error) {
	all, err := s.accounted(ctx, s.mineSince(since)...)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(j model.Job) bool { return j.State.Active() || refusal(j) }), nil
}

// refusal reports whether a record is that of a submission for which no node could
// ever do: it failed without having started.
func refusal(j model.Job) bool {
	return j.State == model.JobFailed && j.NodeList == "" && j.Elapsed == 0 && j.ExitCode == "1:0"
}

func (s *Slurm) mineSince(t time.Time) []string {
	return []string{"--user=" + strconv.Itoa(os.Getuid()), "--starttime=" + t.In(s.zone).Format(timeFormat)}
}

// accounted asks sacct for some jobs.
func (s *Slurm) accounted(ctx context.Context, which ...string) ([]model.Job, error) {
	fields := s.knownFields()
	out, err := s.ask(ctx, "sacct", sacctArgs(fields, which)...)
	if m := invalidField.FindStringSubmatch(fmt.Sprint(err)); m != nil {
		if _, again := s.unknown.LoadOrStore(m[1], true); !again {
			return s.accounted(ctx, which...)
		}
	}
	if err != nil {
		return nil, err
	}
	jobs, err := parseSacct(out, fields, s.zone)
	return foldArrays(jobs), err
}

func sacctArgs(fields []field, which []string) []string {
	names := model.Each(fields, func(f field) string { return f.sacct })
	args := append([]string{"--allocations", "--parsable2", "--noheader", "--delimiter=" + unit}, which...)
	return append(args, "--format="+strings.Join(names, ","))
}

var _ scheduler.Others = (*Slurm)(nil)

// ByID asks squeue for some jobs, whoever owns them, and sacct, where it is, for those that squeue does not know.
func (s *Slurm) ByID(ctx context.Context, ids []string) ([]model.Job, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !jobID.MatchString(id) })
	if len(ids) == 0 {
		return nil, nil
	}
	jobs, err := s.queued(ctx, "--jobs="+strings.Join(ids, ","))
	if err != nil && !errors.Is(err, scheduler.ErrNoJob) {
		return nil, err
	}
	ids = slices.DeleteFunc(ids, func(id string) bool {
		return slices.ContainsFunc(jobs, func(j model.Job) bool { return j.Part(id) != nil })
	})
	if len(ids) == 0 {
		return jobs, nil
	}
	more, err := s.accounted(ctx, "--jobs="+strings.Join(ids, ","))
	if errors.Is(err, scheduler.ErrNoHistory) {
		err = nil
	}
	return append(jobs, more...), err
}

// beginsRecord is the id at the begin of a line of sacct's; another line goes on with a name.
var beginsRecord = regexp.MustCompile(`^[0-9]+[0-9_+,:%\[\]-]*` + unit)

// parseSacct reads sacct's lines. Values may hold line ends (a name, a submit line), so lines are joined until
// all fields are there, and a line without any separator goes on with the name before it.
func parseSacct(out string, fields []field, zone *time.Location) ([]model.Job, error) {
	if out = strings.Trim(out, "\n"); out == "" {
		return nil, nil
	}
	return jobsOf("sacct", strings.SplitAfter(out, "\n"), fields, zone, func(before, line string) bool {
		return strings.Count(before, unit) >= len(fields)-1 && beginsRecord.MatchString(line)
	})
}

// isKnown asks accounting whether a job ever was; true where nobody keeps count.
func (s *Slurm) isKnown(ctx context.Context, id string) bool {
	jobs, err := s.accounted(ctx, "--jobs="+id)
	return err != nil || len(jobs) > 0
}

// jobsOf makes jobs of the parts of an answer; anew tells of one whether it begins a record, or goes on with the one before.
func jobsOf(program string, parts []string, fields []field, zone *time.Location, anew func(before, part string) bool) (jobs []model.Job, err error) {
	jobs = []model.Job{}
	for i := 0; i < len(parts); {
		record := parts[i]
		for i++; i < len(parts) && !anew(record, parts[i]); i++ {
			record += parts[i]
		}
		j, err := jobOf(program, strings.Trim(record, "\n"), fields, zone)
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
	} else if j.NodeList == "" { // it never started, whatever squeue tells
		j.Start = time.Time{}
	}
	mendReason(&j)
	nameLogs(&j)
	if strings.Contains(j.ID, "_[") { // the tasks that wait have one record
		j.Tasks.Waiting = tasksIn(j.ID)
	}
	return j, nil
}

// nameLogs makes paths of the patterns of a job's output. Up to 24.05 squeue gives an array's task the default
// name of a job that is none.
func nameLogs(j *model.Job) {
	if j.RawID == j.ID {
		j.RawID = ""
	}
	if j.Errors == j.Log {
		j.Errors = ""
	}
	byDefault := j.WorkDir + "/slurm-" + j.RawID + ".out"
	for _, path := range []*string{&j.Log, &j.Errors} {
		if *path == byDefault && isTask(*j) {
			*path = j.WorkDir + "/slurm-%A_%a.out"
		}
		if *path == "" {
			continue
		}
		if *path = scheduler.ExpandLog(*path, *j); !filepath.IsAbs(*path) {
			*path = filepath.Join(j.WorkDir, *path)
		}
	}
}

// mendReason sets right what squeue says of jobs that have ended: of one cancelled while it waited still why it
// waited, and of one that a signal killed that it could not be launched.
func mendReason(j *model.Job) {
	switch {
	case j.State == model.JobCancelled && !strings.HasPrefix(j.Reason, "CANCELLED"):
		j.Reason = ""
	case j.State == model.JobFailed && j.Reason == "JobLaunchFailure" && strings.HasPrefix(j.ExitCode, "0:") && j.ExitCode != "0:0":
		j.Reason = "RaisedSignal" + j.ExitCode[1:]
	}
}

func badAnswer(program, part string) error {
	return &scheduler.Fault{Text: fmt.Sprintf("%s's answer is not as asked for: %.60q", program, part),
		ToDo: "try again; if it stays, report it with the output of sinfo --version"}
}
