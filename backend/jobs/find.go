package jobs

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
	"shardeck/backend/scheduler/poll"
	"shardeck/model"
)

// anID is what Slurm names a job by: 41, a task 41_0, the tasks that wait 41_[1-4%2], a part 53+1; and a step of one: 41.0, 41_0.batch.
var anID = regexp.MustCompile(`^([0-9]+(?:\+[0-9]+|_[0-9]+|_\[[0-9,:%-]+\])?)(?:\.(?:[0-9]+|batch|extern|interactive))?$`)

// FindJob finds a job, a task of an array or a part of a job by its id, in the history too, else the newest job of an experiment.
func (q *Queue) FindJob(ctx context.Context, ref string) (model.Job, error) {
	id := anID.FindStringSubmatch(ref)
	if id == nil {
		q.lookBack(ctx, poll.Floor)
	}
	list, err := q.ListJobs(ctx, false)
	if err != nil {
		return model.Job{}, err
	}
	row := model.First(list.Jobs, func(j model.Job) bool { return ref != "" && (j.Experiment == ref || j.Tag == ref) })
	if row == nil && id != nil {
		ref = id[1] // of a step the job
	}
	j := cmp.Or(pick(list.Jobs, ref), row)
	if j == nil && id != nil {
		j, err = q.byID(ctx, ref)
	}
	if j == nil && err == nil {
		err = q.noJob(ref, list)
	}
	if err != nil {
		return model.Job{}, err
	}
	return *j, nil
}

// byID asks for a job that is not in the list, of this workspace or not; nil: the scheduler knows none.
func (q *Queue) byID(ctx context.Context, id string) (*model.Job, error) {
	others, ok := q.Scheduler.(scheduler.Others)
	if !ok {
		return nil, nil
	}
	found, err := others.ByID(ctx, []string{id})
	var rows []model.Job
	for _, j := range found {
		rows = append(append(rows, q.foreign(j)...), withLogs(j))
	}
	return pick(rows, id), err
}

// pick finds a job or a part of one by its id among jobs that are listed newest first.
func pick(jobs []model.Job, ref string) *model.Job {
	whole, task, isTask := strings.Cut(ref, "_")
	for _, j := range jobs {
		p := j.Part(ref)
		if p == nil && isTask && j.ID == whole {
			p = model.First(j.Parts, func(p model.Job) bool { return waitsIn(p.ID, task) })
		}
		if p == nil {
			continue
		}
		found := *p
		if p.ID != ref && p.RawID != ref { // one of those that wait
			found.ID, found.RawID, found.Tasks = ref, "", model.Tasks{}
		}
		found.Experiment, found.Tag, found.Meaning = cmp.Or(p.Experiment, j.Experiment), cmp.Or(p.Tag, j.Tag), scheduler.ReasonOf(p.Reason)
		return &found
	}
	return nil
}

// wholeOf is the id of the array or heterogeneous job that a task or part belongs to.
func wholeOf(id string) string {
	if i := strings.IndexAny(id, "_+"); i > 0 {
		return id[:i]
	}
	return id
}

// waitsIn reports whether the tasks that wait hold one, or are asked for as such a list.
func waitsIn(id, task string) bool {
	n, err := strconv.Atoi(task)
	return slices.ContainsFunc(model.WaitingTasks(id), func(r model.TaskRange) bool { return r.Has(n) && err == nil || strings.HasPrefix(task, "[") })
}

// firstLook is how far the first look into the history goes back: to jobs from before shardeck came.
const firstLook = 30 * 24 * time.Hour

// lookBack writes down the jobs of this workspace that were submitted without shardeck and have left the queue. It is for a user who
// asked: the history is asked from the last look on, no oftener than a floor, whichever process looks.
func (q *Queue) lookBack(ctx context.Context, floor time.Duration) {
	now, ledger := q.Now(), q.Workspace.Ledger()
	last := ledger.LookedBack()
	subs, _, err := ledger.Submissions()
	if _, ok := q.Scheduler.(scheduler.Others); !ok || err != nil || now.Sub(last).Abs() < floor {
		return
	}
	if earliest := now.Add(-firstLook); last.Before(earliest) {
		last = earliest
	}
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	jobs, err := q.Scheduler.History(ctx, last.Add(-time.Minute)) // clocks differ
	switch {
	case errors.Is(err, scheduler.ErrNoHistory):
		return
	case err != nil:
		q.Note("what was submitted by hand since " + last.Local().Format("2 Jan 15:04") + " is not known: " + err.Error())
		return
	}
	for _, j := range jobs {
		known := func(s model.Submission) bool {
			return s.Tag == j.Tag && j.Tag != "" || s.JobID == j.ID && sameJob(j, s)
		}
		if model.First(subs, known) == nil {
			q.foreign(j)
		}
	}
	if err := ledger.LookBack(now); err != nil && !q.Workspace.ReadOnly {
		q.Note(err.Error())
	}
}

// sameJob reports whether a job with the id of a submission is that submission's: ids begin anew where a cluster does. A job that is put
// back into the queue is submitted anew.
func sameJob(j model.Job, s model.Submission) bool {
	return j.Tag == s.Tag || j.Submit.IsZero() || j.Restarts > 0 || j.Submit.Sub(s.At).Abs() < time.Hour
}

// adopt makes a job that was submitted without shardeck the newest run of its experiment, and writes it down as any other: it tells of
// what experiment it is by the script it runs, its name, or the folder it writes. Its logs are named where the scheduler does not. Mine:
// it is one of this workspace.
func (q *Queue) adopt(j model.Job) (of model.Job, mine bool) {
	j = named(withLogs(j), model.Submission{})
	e, nsys, ok := q.experimentOf(j)
	if !ok {
		return j, q.within(j.WorkDir)
	}
	script, _ := os.ReadFile(scriptOf(j))
	tag := fmt.Sprintf("sbatch-%s-%d", strings.ReplaceAll(j.ID, "+", "."), j.Submit.Unix())
	s := model.Submission{Tag: tag, Experiment: e, Scheduler: j.Scheduler, JobID: j.ID, Script: string(script), Nsys: nsys,
		Log: q.Workspace.Rel(j.Log), At: j.Submit}
	if !q.Workspace.ReadOnly {
		_ = q.Workspace.Ledger().Record(s) // another shardeck may have done so
	}
	return q.recordState(s, named(j, s)), true
}

// foreign are the rows of a job that is not submitted from here: one of this workspace is taken as ours, the tasks of a wrapper that runs
// several experiments each for itself; of others those that have not ended.
func (q *Queue) foreign(j model.Job) (rows []model.Job) {
	j, mine := q.adopt(j)
	if j.Experiment == "" && mine {
		for _, p := range j.Parts {
			if p, _ = q.adopt(p); p.Experiment != "" {
				rows = append(rows, p)
			}
		}
	}
	if mine || j.State.Active() {
		rows = append([]model.Job{j}, rows...)
	}
	return rows
}

// runScript finds the scripts of experiments in a command.
var runScript = regexp.MustCompile(`[^ ]*\brun_([A-Za-z0-9][A-Za-z0-9._-]*)\.sh\b`)

func (q *Queue) experimentOf(j model.Job) (e model.Experiment, nsys, ok bool) {
	var ids []string
	for _, m := range runScript.FindAllStringSubmatch(j.Command, -1) {
		if q.within(filepath.Dir(absolute(j.WorkDir, m[0]))) {
			ids = append(ids, m[1])
		}
	}
	if q.within(j.WorkDir) {
		ids = append(ids, j.Name, strings.TrimSuffix(j.Name, "_nsys"), q.wrote(cmp.Or(j.RawID, j.ID)))
	}
	for _, id := range ids {
		if f, err := q.Workspace.Experiment(id); err == nil && f.Experiment.ID == id {
			return f.Experiment, j.Name == id+"_nsys", true
		}
	}
	return model.Experiment{}, false, false
}

// wrote is the experiment whose folder a job writes, or wrote: that of a wrapper that runs our scripts.
func (q *Queue) wrote(job string) string {
	files, _ := q.Workspace.Experiments()
	for _, f := range files {
		for _, dir := range []string{f.Experiment.ResultDir(false), f.Experiment.ResultDir(true)} {
			path := q.Workspace.Path(dir)
			if dir == "" {
				continue
			}
			for _, mark := range []string{model.TmpMark, model.OldMark} {
				if _, err := os.Stat(path + mark + job); err == nil {
					return f.Experiment.ID
				}
			}
			if run, err := q.Workspace.Run(path); err == nil && run.JobID == job {
				return f.Experiment.ID
			}
		}
	}
	return ""
}

// within reports whether a folder is the workspace or lies in it, by whatever name.
func (q *Queue) within(dir string) bool {
	real := func(path string) string {
		resolved, _ := filepath.EvalSymlinks(path)
		return cmp.Or(resolved, path)
	}
	rel, err := filepath.Rel(real(q.Workspace.Root), real(dir))
	return dir != "" && err == nil && filepath.IsLocal(rel)
}

func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// scriptOf is the script that a job's command names, if it is there.
func scriptOf(j model.Job) string {
	for _, word := range strings.Fields(j.Command) {
		path := absolute(j.WorkDir, word)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && !strings.HasPrefix(word, "-") {
			return path
		}
	}
	return ""
}

// outputOption and errorOption find the patterns of logs in a command or in #SBATCH lines.
var (
	outputOption = regexp.MustCompile(`(?:^|\s)(?:-o\s*|--output(?:=|\s+))([^\s"']+)`)
	errorOption  = regexp.MustCompile(`(?:^|\s)(?:-e\s*|--error(?:=|\s+))([^\s"']+)`)
)

// withLogs names the logs of a job and its parts where the scheduler does not: by the command that submitted it, else by its script's
// #SBATCH lines as they are now, else as Slurm does by itself.
func withLogs(j model.Job) model.Job {
	if j.Log != "" || j.WorkDir == "" {
		return j
	}
	header := ""
	text, _ := os.ReadFile(scriptOf(j))
	for line := range strings.Lines(string(text)) {
		if option, ok := strings.CutPrefix(line, "#SBATCH"); ok {
			header += " " + strings.TrimSpace(option)
		}
	}
	find := func(option *regexp.Regexp) string {
		for _, in := range []string{j.Command, header} {
			if m := option.FindStringSubmatch(in); m != nil {
				return m[1]
			}
		}
		return ""
	}
	standard := map[bool]string{true: "slurm-%A_%a.out", false: "slurm-%j.out"}[strings.Contains(j.ID, "_") || j.Tasks.Words() != ""]
	output, apart := cmp.Or(find(outputOption), standard), find(errorOption)
	name := func(p model.Job) model.Job {
		p.Log = absolute(p.WorkDir, scheduler.ExpandLog(output, p))
		if apart != "" {
			p.Errors = absolute(p.WorkDir, scheduler.ExpandLog(apart, p))
		}
		return p
	}
	if len(j.Parts) == 0 {
		return name(j)
	}
	j.Parts = model.Each(j.Parts, name)
	worst := j.Worst()
	j.Log, j.Errors = worst.Log, worst.Errors
	return j
}

// onNode is what of a log's pattern only the node knew, or not every release of Slurm.
var onNode = regexp.MustCompile(`%[0-9]*[NbS]`)

// onDisk is the path of a log: of one whose name only the node knew the newest file that fits.
func onDisk(path string) string {
	if _, err := os.Stat(path); err == nil || !onNode.MatchString(path) {
		return path
	}
	plain := regexp.MustCompile(`[*?\[\\]`).ReplaceAllString(path, `\$0`)
	fits, _ := filepath.Glob(onNode.ReplaceAllString(plain, "*"))
	age := func(path string) time.Time {
		if info, err := os.Stat(path); err == nil {
			return info.ModTime()
		}
		return time.Time{}
	}
	if len(fits) == 0 {
		return path
	}
	return slices.MaxFunc(fits, func(a, b string) int { return age(a).Compare(age(b)) })
}
