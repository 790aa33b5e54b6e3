package jobs

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/backend/config"
	"shardeck/backend/logs"
	"shardeck/backend/scheduler"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
)

// Why tells why a job failed, waits, or that it does neither; of an array whose tasks failed, of the first.
func (fo *Explainer) Why(ctx context.Context, j model.Job) (Cause, error) {
	switch {
	case j.Tasks.Failed > 0 && j.ID == model.WholeID(j.ID):
		return fo.ofTasks(ctx, j)
	case j.State == model.JobPending:
		return fo.waiting(ctx, j), nil
	case j.State.Active():
		return fo.remarks(ctx, j, "it has not failed: it is "+j.State.Words()+fo.restarted(ctx, j)), nil
	case j.State == model.JobCompleted:
		return fo.remarks(ctx, j, "it has not failed: it completed"+fo.restarted(ctx, j)), nil
	}
	return fo.failure(ctx, j)
}

// ofTasks says which tasks of an array failed, and why the first did.
func (fo *Explainer) ofTasks(ctx context.Context, j model.Job) (Cause, error) {
	worst := j.Worst()
	if worst.ID == j.ID && !worst.State.Failed() { // its tasks are not known any more
		worst.State = model.JobFailed
	}
	worst.Experiment = j.Experiment
	c, err := fo.failure(ctx, worst)
	title := j.Tasks.Words()
	if worst.ID != j.ID {
		title += "; " + worst.ID
	}
	c.Job, c.Title = j, title+": "+c.Title
	return c, err
}

// restarted tells how often Slurm put a job back into the queue, and how its earlier runs ended.
func (fo *Explainer) restarted(ctx context.Context, j model.Job) string {
	if j.Restarts == 0 {
		return ""
	}
	text := ", put back into the queue " + unit.Plural(j.Restarts, "time")
	w, ok := fo.Scheduler.(scheduler.Waiter)
	if !ok {
		return text
	}
	runs, _ := w.Runs(ctx, j.ID)
	for _, r := range runs {
		word := cmp.Or(map[bool]string{true: "requeued"}[r.State == model.JobPending], r.State.Words())
		if r.Elapsed > 0 && !r.Start.Equal(j.Start) {
			text += fmt.Sprintf("; %s %s after %s", word, unit.Moment(r.Start.Add(r.Elapsed).Local(), fo.Now().Local()), unit.Clock(r.Elapsed))
		}
	}
	return text
}

// Causes are the causes of the jobs of this workspace that failed, by id, for at most so
// many of the first: each log is read. A job whose log tells nothing is left out.
func (fo *Explainer) Causes(ctx context.Context, jobs []model.Job, most int) map[string]string {
	causes := map[string]string{}
	for _, j := range jobs {
		if j.Experiment == "" || !j.State.Failed() {
			continue
		}
		if most--; most < 0 || ctx.Err() != nil {
			break
		}
		if c, err := fo.Why(ctx, j); err == nil && c.Line != "" {
			causes[j.ID] = c.Title
		}
	}
	return causes
}

func (fo *Explainer) failure(ctx context.Context, j model.Job) (Cause, error) {
	c := Cause{Job: j, Fixes: []string{}}
	tail := fo.tailOf(j.Log)
	f, ok := logs.Cause(tail.Lines, fo.withReason(ctx, j))
	if j.Errors != "" { // what fails says so there, if it is apart
		errors := fo.tailOf(j.Errors)
		if e, found := logs.Cause(errors.Lines, j); found && e.Index >= 0 && (e.Kind != "" || f.Kind == "") {
			tail, f, ok = errors, e, true
		}
	}
	if !ok {
		c.Title = fmt.Sprintf("the job is %s, which is no failure", j.State.Words())
		return c, ctx.Err()
	}
	c.tell(f, tail)
	if j.Experiment == "" {
		c.Fixes = foreignFixes(j, c.Fixes)
	}
	c.Remedies = fo.remedies(j.Experiment, f.Edits)
	return c, ctx.Err()
}

// foreignFixes are those of a job that has no config here: keys that say how shardeck asks and profiles are none of its own.
func foreignFixes(j model.Job, fixes []string) []string {
	fixes = slices.DeleteFunc(fixes, func(f string) bool {
		return strings.Contains(f, "slurm.") || strings.Contains(f, "profiling.") || strings.Contains(f, "profile_iterations")
	})
	if j.State == model.JobTimeout {
		fixes = append(fixes, "ask for more time: sbatch --time")
	}
	return fixes
}

func (c *Cause) tell(f logs.Finding, in logs.Part) {
	c.Kind, c.Title, c.Line, c.Fixes = f.Kind, f.Title, f.Line, append(c.Fixes, f.Fixes...)
	if f.Index >= 0 {
		c.Where = in.Where(f.Index)
	}
}

// tailOf is the end of a log, empty where there is none: a job that died before its first line has no log.
func (fo *Explainer) tailOf(path string) logs.Part {
	path = fo.logPath(path)
	tail, err := logs.Tail(path, causeLines)
	if err != nil {
		tail = logs.Part{Path: path}
	}
	tail.Path = fo.Workspace.Rel(tail.Path)
	return tail
}

// withReason adds who cancelled a job, which only the scheduler's history says.
func (fo *Explainer) withReason(ctx context.Context, j model.Job) model.Job {
	if j.State != model.JobCancelled || j.Reason != "" || j.Scheduler != fo.Scheduler.Name() {
		return j
	}
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	s := model.Submission{JobID: j.ID, Tag: j.Tag, At: j.Submit}
	if past, ok := fo.queue.history.find(ctx, s, []model.Submission{s}); ok && past.State == j.State {
		j.Reason = past.Reason
	}
	return j
}

// remarks adds what a log says is amiss though nothing failed.
func (fo *Explainer) remarks(ctx context.Context, j model.Job, title string) Cause {
	c := Cause{Job: j, Title: title, Fixes: []string{}}
	part, err := fo.Log(ctx, j, 0)
	if err != nil {
		return c
	}
	if f, ok := fo.hung(j, part.Part); ok {
		part.Path = fo.Workspace.Rel(part.Path)
		c.tell(f, part.Part)
		c.Title = title + "; but it may be " + f.Title
	}
	if j.Nodes == 1 {
		return c // those are of the network between nodes
	}
	for _, f := range logs.Remarks(part.Lines) {
		c.Title += "; " + f.Title
		c.Fixes = append(c.Fixes, f.Fixes...)
	}
	return c
}

// Cause is why a job failed, as its log and its state tell.
type Cause struct {
	Job   model.Job `json:"job"`
	Kind  string    `json:"kind,omitempty"` // of failure, as templates/failures.yaml names it; empty: not known
	Title string    `json:"title"`          // "CUDA out of memory"
	Line  string    `json:"line"`           // the line that proves it
	Where string    `json:"where"`          // file:line
	Fixes []string  `json:"fixes"`

	Remedies []Remedy `json:"remedies,omitempty"` // those of the fixes that an edit of the config makes

	Waits *model.Reason `json:"waits,omitempty"` // of a job that waits: why, and whether waiting helps
	Rank  *model.Rank   `json:"rank,omitempty"`  // its place in the queue, where the site shows it
}

// Remedy is a fix of a failure that can be applied to the config as it is now.
type Remedy struct {
	Text  string       `json:"text"` // "parallelism.tp 1 → 2"
	Edits []model.Edit `json:"edits"`
}

// remedies are those of the edits that a cause names and the config can take, in their order; what costs more says how much.
func (fo *Explainer) remedies(experiment string, edits []string) []Remedy {
	doc, ok := fo.config(experiment)
	if !ok {
		return nil // nothing to edit: the fixes are still there to be read
	}
	var out []Remedy
	for _, edit := range edits {
		key, how, _ := strings.Cut(edit, " ")
		from := doc.Get(key)
		to := fo.changed(doc.Experiment(), key, from, how)
		if cost, helps := fo.helps(doc.Experiment(), key, to); helps && to != from {
			out = append(out, Remedy{Text: fmt.Sprintf("%s %s → %s", key, cmp.Or(from, "not set"), to) + cost,
				Edits: []model.Edit{{Path: key, Value: to}}})
		}
	}
	return out
}

// changed is a key's value changed in the way that an edit names; empty: there is no such value.
func (fo *Explainer) changed(e model.Experiment, key, from, how string) string {
	n, _ := strconv.Atoi(from)
	number := func(n int) string { return strings.TrimPrefix(strconv.Itoa(max(n, 0)), "0") } // none: empty
	between := func(low, high int) []int {
		return slices.DeleteFunc(slices.Clone(fo.Experiments.Legal(e, key)), func(l int) bool { return l <= low || l >= high })
	}
	switch more, added := strings.CutPrefix(how, "+"); {
	case how == "up":
		return number(append(between(n, math.MaxInt), 0)[0])
	case how == "down":
		return number(slices.Max(append(between(0, n), 0)))
	case how == "half":
		return number(n / 2)
	case added || how == "double":
		d, _ := time.ParseDuration(more)
		return longer(from, d)
	case how == "ifname":
		return fo.World.Site.Network[strings.TrimPrefix(key, "env.")]
	}
	return how
}

// helps reports whether an edit can be made, leaves the experiment as right as it was, and is no QOS that it has already;
// and, in brackets, what the job then costs more.
func (fo *Explainer) helps(e model.Experiment, key, to string) (cost string, ok bool) {
	before := fo.Experiments.Check(e)
	if err := config.Apply(&e, key, to); err != nil || to == "" {
		return "", false
	}
	after := fo.Experiments.Check(e)
	if before.OK() && !after.OK() || key == "slurm.qos" && before.Placement.QOS == after.Placement.QOS {
		return "", false
	}
	if before.Price != nil && after.Price != nil && after.Price.NodeHours > before.Price.NodeHours {
		cost = " (up to " + present.NodeHours(after.Price.NodeHours-before.Price.NodeHours) + " more)"
	}
	return cost, true
}

// longer is a time limit of the form HH:MM:SS and so much more, or twice of it; empty for another form.
func longer(text string, more time.Duration) string {
	var h, m, s int
	if n, err := fmt.Sscanf(text, "%d:%d:%d", &h, &m, &s); n != 3 || err != nil || h < 0 || m < 0 || s < 0 || h > 1000 {
		return ""
	}
	s += h*3600 + m*60
	s += cmp.Or(int(more.Seconds()), s)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// config is the config of an experiment, false where it cannot be read or edited.
func (fo *Explainer) config(experiment string) (*config.Document, bool) {
	row, err := fo.Experiments.Row(experiment)
	if experiment == "" || err != nil {
		return nil, false
	}
	doc, err := fo.Workspace.OpenDocument(row.File)
	return doc, err == nil && doc.Err() == nil
}
