package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/backend/scheduler/poll"
	"shardeck/model"
)

// firstLook is how far the first look into the history goes back: to jobs from before shardeck came.
const firstLook = 30 * 24 * time.Hour

// lookBack writes down the jobs of this workspace that were submitted without shardeck and have left the queue. It is for a user who
// asked: the history is asked from the last look on, no oftener than a floor, whichever process looks, and is waited for no longer than
// patience.
func (q *Queue) lookBack(ctx context.Context, floor, patience time.Duration) {
	now, ledger := q.Now(), q.Workspace.Ledger()
	last := ledger.LookedBack()
	subs, _, err := ledger.Submissions()
	if _, ok := q.Scheduler.(scheduler.Others); !ok || err != nil || now.Sub(last).Abs() < floor {
		return
	}
	if earliest := now.Add(-firstLook); last.Before(earliest) {
		last = earliest
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
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
	tag := j.Tag // ours, whose record is lost
	if !ourTag(tag) {
		tag = fmt.Sprintf("sbatch-%s-%d", strings.ReplaceAll(j.ID, "+", "."), j.Submit.Unix())
	}
	script, _ := scriptOf(j)
	s := model.Submission{Tag: tag, Experiment: e.Masked(), Scheduler: j.Scheduler, JobID: j.ID, Nsys: nsys,
		Script: model.MaskedScript(script), Log: q.Workspace.Rel(j.Log), At: j.Submit}
	if !q.Workspace.ReadOnly {
		_ = q.Workspace.Ledger().Record(s) // another shardeck may have done so
	}
	return q.recordState(s, named(j, s)), true
}

// ourTag tells the tag of a submission of ours from a comment that a user gave a job.
func ourTag(tag string) bool { return strings.HasPrefix(tag, "shardeck-") }

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
		ids = append(ids, j.Name, strings.TrimSuffix(j.Name, "_nsys"), "")
	}
	for _, id := range ids {
		if id == "" { // a wrapper that runs our scripts
			byJob, _ := q.writers.ask(context.Background(), q.Now(), poll.Floor, q.whoWrites)
			id = byJob[cmp.Or(j.RawID, j.ID)]
		}
		if f, err := q.Workspace.Experiment(id); err == nil && f.Experiment.ID == id {
			return f.Experiment, j.Name == id+"_nsys", true
		}
	}
	return model.Experiment{}, false, false
}

// whoWrites tells the experiment whose folder each job writes, or wrote.
func (q *Queue) whoWrites(context.Context) (map[string]string, error) {
	byJob := map[string]string{}
	files, _ := q.Workspace.Experiments()
	for _, f := range files {
		for _, nsys := range []bool{false, true} {
			unfinished, _ := filepath.Glob(literal(q.Workspace.Path(f.Experiment.ResultDir(nsys))) + model.TmpMark + "*")
			for _, path := range unfinished {
				byJob[path[strings.LastIndex(path, model.TmpMark)+len(model.TmpMark):]] = f.Experiment.ID
			}
		}
	}
	runs, _ := q.Workspace.Runs()
	for _, r := range runs {
		if r.Experiment != nil {
			byJob[r.JobID] = r.Experiment.ID
		}
	}
	return byJob, nil
}

// within reports whether a folder is the workspace or lies in it, by whatever name.
func (q *Queue) within(dir string) bool {
	if known, ok := q.places.Load(dir); ok || dir == "" {
		return ok && known.(bool)
	}
	real := func(path string) string {
		resolved, _ := filepath.EvalSymlinks(path)
		return cmp.Or(resolved, path)
	}
	rel, err := filepath.Rel(real(q.Workspace.Root), real(dir))
	is := err == nil && filepath.IsLocal(rel)
	q.places.Store(dir, is)
	return is
}
