package jobs

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"shardeck/backend/config"
	"shardeck/backend/logs"
	"shardeck/model"
)

// Why tells why a job failed, waits, or that it does neither.
func (fo *Follower) Why(ctx context.Context, j model.Job) (Cause, error) {
	switch {
	case j.State == model.JobPending:
		return waiting(j), nil
	case j.State.Active():
		return fo.remarks(ctx, j, "it has not failed: it is "+j.State.Words()), nil
	case j.State == model.JobCompleted:
		return fo.remarks(ctx, j, "it has not failed: it completed"), nil
	}
	return fo.failure(ctx, j)
}

// Causes are the causes of the jobs of this workspace that failed, by id, for at most so
// many of the first: each log is read. A job whose log tells nothing is left out.
func (fo *Follower) Causes(ctx context.Context, jobs []model.Job, most int) map[string]string {
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

func waiting(j model.Job) Cause {
	r := j.Meaning
	c := Cause{Job: j, Title: "it waits: " + cmp.Or(r.Words, "the scheduler does not say why"), Line: j.Reason, Fixes: []string{}, Waits: &r}
	if r.Waiting != "" {
		c.Title += "; " + r.Waiting
	}
	if r.Help != "" {
		c.Fixes = append(c.Fixes, strings.ReplaceAll(r.Help, "$id", j.ID))
	}
	if r.Forever {
		c.Fixes = append(c.Fixes, "shardeck cancel "+j.ID)
	}
	return c
}

func (fo *Follower) failure(ctx context.Context, j model.Job) (Cause, error) {
	c := Cause{Job: j, Fixes: []string{}}
	tail, err := logs.Tail(fo.logPath(j), causeLines)
	if err != nil {
		tail = logs.Part{Path: fo.Workspace.Rel(fo.logPath(j))} // a job that died before its first line has none
	}
	tail.Path = fo.Workspace.Rel(tail.Path)
	f, ok := logs.Cause(tail.Lines, fo.withReason(ctx, j))
	if !ok {
		c.Title = fmt.Sprintf("the job is %s, which is no failure", j.State.Words())
		return c, ctx.Err()
	}
	c.Title, c.Line, c.Fixes = f.Title, f.Line, append(c.Fixes, f.Fixes...)
	if f.Index >= 0 {
		c.Where = tail.Where(f.Index)
	}
	c.Remedies = fo.remedies(j.Experiment, c.Fixes)
	return c, ctx.Err()
}

// withReason adds who cancelled a job, which only the scheduler's history says.
func (fo *Follower) withReason(ctx context.Context, j model.Job) model.Job {
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
func (fo *Follower) remarks(ctx context.Context, j model.Job, title string) Cause {
	c := Cause{Job: j, Title: title, Fixes: []string{}}
	part, err := fo.Log(ctx, j, 0)
	if err != nil {
		return c
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
	Title string    `json:"title"` // "CUDA out of memory"
	Line  string    `json:"line"`  // the line that proves it
	Where string    `json:"where"` // file:line
	Fixes []string  `json:"fixes"`

	Remedies []Remedy `json:"remedies,omitempty"` // those of the fixes that an edit of the config makes

	Waits *model.Reason `json:"waits,omitempty"` // of a job that waits: why, and whether waiting helps
}

// Remedy is a fix of a failure that can be applied to the config as it is now.
type Remedy struct {
	Text  string       `json:"text"` // "parallelism.tp 1 → 2"
	Edits []model.Edit `json:"edits"`
}

// namedKey finds the keys of a config that a fix speaks of, and the value it names, if any:
// "raise slurm.time", "slurm.constraint gpu&hbm80g", "model.weights: dummy".
var namedKey = regexp.MustCompile(`\b(parallelism\.tp|data\.(?:batch_size|seq_len|max_tokens)|profiling\.(?:trace_tokens|` +
	`trace_iterations)|profile_iterations|slurm\.(?:time|qos|constraint)|model\.weights|engine)\b` +
	`:?(?: (gpu&hbm80g|regular|auto|dummy|replay))?`)

// remedies are those of the fixes that an edit of the config can make, in their order.
func (fo *Follower) remedies(experiment string, fixes []string) []Remedy {
	doc, ok := fo.config(experiment)
	if !ok {
		return nil // nothing to edit: the fixes are still there to be read
	}
	var out []Remedy
	seen := map[string]bool{}
	for _, fix := range fixes {
		for _, m := range namedKey.FindAllStringSubmatch(fix, -1) {
			key, to := m[1], m[2]
			from := doc.Get(key)
			if to == "" {
				to = fo.stepped(doc.Experiment(), key, from, strings.HasPrefix(fix, "raise"))
			}
			if to == "" || to == from || seen[key] {
				continue
			}
			seen[key] = true
			out = append(out, Remedy{Text: fmt.Sprintf("%s %s → %s", key, from, to), Edits: []model.Edit{{Path: key, Value: to}}})
		}
	}
	return out
}

// stepped is the next value of a key in a direction; empty: there is none.
func (fo *Follower) stepped(e model.Experiment, key, from string, up bool) string {
	switch {
	case key == "parallelism.tp" && up:
		for _, n := range fo.Experiments.Legal(e, key) {
			if n > e.Layout.TP {
				return strconv.Itoa(n)
			}
		}
		return ""
	case key == "slurm.time" && up:
		return doubledTime(from)
	case up:
		return ""
	}
	n, err := strconv.Atoi(from)
	if err != nil || n < 2 {
		return ""
	}
	return strconv.Itoa(n / 2)
}

// doubledTime is twice a time limit of the form HH:MM:SS; empty for another form.
func doubledTime(text string) string {
	var h, m, s int
	if n, err := fmt.Sscanf(text, "%d:%d:%d", &h, &m, &s); n != 3 || err != nil || h < 0 || m < 0 || s < 0 || h > 1000 {
		return ""
	}
	s = 2 * (h*3600 + m*60 + s)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// config is the config of an experiment, false where it cannot be read or edited.
func (fo *Follower) config(experiment string) (*config.Document, bool) {
	row, err := fo.Experiments.Row(experiment)
	if experiment == "" || err != nil {
		return nil, false
	}
	doc, err := fo.Workspace.OpenDocument(row.File)
	return doc, err == nil && doc.Err() == nil
}
