package slurm

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"shardeck/model"
)

// sacctFields are asked of accounting. Most sites do not store comments, so the
// tag is also looked for in the command line that submitted the job.
var sacctFields = []field{
	{"JobID", setID},
	{"Reason", setReason},
	{"State", setJobState},
	{"ExitCode", setExit},
	{"Submit", setSubmit},
	{"Start", setStart},
	{"End", setEnd},
	{"Elapsed", setElapsed},
	{"Timelimit", setLimit},
	{"NNodes", setNodes},
	{"NodeList", setNodeList},
	{"ReqTRES", setGPUs},
	{"AllocTRES", setGPUs},
	{"QOS", setQOS},
	{"Partition", setPartition},
	{"Account", setAccount},
	{"WorkDir", setWorkDir},
	{"Comment", setTag},
	{submitLine, setTagFromLine},
	{"JobName", setName},
}

const submitLine = "SubmitLine"

// oldSacct remembers that this sacct does not know the submit line (before 21.08).
type oldSacct struct{ atomic.Bool }

// fields are those this sacct knows.
func (o *oldSacct) fields() []field {
	if !o.Load() {
		return sacctFields
	}
	return slices.DeleteFunc(slices.Clone(sacctFields), func(f field) bool { return f.name == submitLine })
}

// tagInLine finds the tag in the arguments that Submit gave to sbatch.
var tagInLine = regexp.MustCompile(`(?:^| )--comment=([A-Za-z0-9][A-Za-z0-9._-]*)(?: |$)`)

func setTagFromLine(j *model.Job, v string, _ *time.Location) {
	if m := tagInLine.FindStringSubmatch(v); m != nil && j.Tag == "" {
		j.Tag = m[1]
	}
}

// History lists this user's finished jobs since a time, by one sacct. Submissions
// that Slurm refused, of which it keeps records too, are left out: they were never
// jobs.
func (s *Slurm) History(ctx context.Context, since time.Time) ([]model.Job, error) {
	all, err := s.accounted(ctx, since)
	jobs := make([]model.Job, 0, len(all))
	for _, j := range all {
		if !j.State.Active() && !refusal(j) {
			jobs = append(jobs, j)
		}
	}
	if err != nil {
		return nil, err
	}
	return jobs, nil
}

// refusal reports whether a record is that of a submission for which no node could
// ever do: it failed without having started.
func refusal(j model.Job) bool {
	return j.State == model.JobFailed && j.NodeList == "" && j.Elapsed == 0 && j.ExitCode == "1:0"
}

// accounted asks sacct for all of this user's jobs since a time.
func (s *Slurm) accounted(ctx context.Context, since time.Time) ([]model.Job, error) {
	fields := s.plainer.fields()
	out, err := s.ask(ctx, "sacct", s.sacctArgs(fields, since)...)
	if err != nil && strings.Contains(err.Error(), "Invalid field requested") && !s.plainer.Swap(true) {
		return s.accounted(ctx, since)
	}
	if err != nil {
		return nil, err
	}
	jobs, err := parseSacct(out, fields, s.zone)
	return foldArrays(jobs), err
}

// sacctArgs are sacct's options that ask for these fields.
func (s *Slurm) sacctArgs(fields []field, since time.Time) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return []string{"--allocations", "--parsable2", "--noheader", "--delimiter=" + unit,
		"--user=" + strconv.Itoa(os.Getuid()), "--starttime=" + since.In(s.zone).Format("2006-01-02T15:04:05"),
		"--format=" + strings.Join(names, ",")}
}

// parseSacct reads sacct's lines. Values may hold line ends (a name, a submit
// line), so lines are joined until all fields are there, and a line without any
// separator goes on with the name before it.
func parseSacct(out string, fields []field, zone *time.Location) ([]model.Job, error) {
	var records []string
	for line := range strings.SplitSeq(strings.Trim(out, "\n"), "\n") {
		last := len(records) - 1
		if last < 0 || strings.Count(records[last], unit) >= len(fields)-1 && strings.Contains(line, unit) {
			records = append(records, line)
		} else {
			records[last] += "\n" + line
		}
	}
	var jobs []model.Job
	for _, r := range records {
		if r == "" { // there was no answer at all
			continue
		}
		j, err := jobOf("sacct", r, fields, zone)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// isKnown asks accounting whether a job ever was; true where nobody keeps count.
func (s *Slurm) isKnown(ctx context.Context, id string) bool {
	out, err := s.ask(ctx, "sacct", "--allocations", "--parsable2", "--noheader", "--jobs="+id, "--format=JobID")
	return err != nil || strings.TrimSpace(out) != ""
}
