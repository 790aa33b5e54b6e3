package panetest

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/ui/pane"
)

// Draft is an experiment edited in memory, key by key.
type Draft struct {
	lab    *Lab
	base   model.Experiment
	past   []map[string]string
	future []map[string]string
	values map[string]string
}

// OpenDraft edits an experiment of the board.
func (l *Lab) OpenDraft(id string) (pane.Draft, error) {
	if err := l.call(context.Background(), "Draft", id); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.find(id)
	if i < 0 || l.Rows[i].Problem != "" {
		return nil, fmt.Errorf("experiments/configs/%s.yaml cannot be read: fix it in an editor", id)
	}
	return &Draft{lab: l, base: l.Rows[i].Experiment, values: map[string]string{}}, nil
}

// Problem is none: the rows of tests that have one cannot be opened.
func (d *Draft) Problem() string { return "" }

// numbers are the keys that hold whole numbers, and where.
func numbers(e *model.Experiment) map[string]*int {
	return map[string]*int{
		"parallelism.tp": &e.Layout.TP, "parallelism.pp": &e.Layout.PP, "parallelism.dp_replicate": &e.Layout.DPReplicate,
		"parallelism.dp_shard": &e.Layout.DPShard, "parallelism.ep": &e.Layout.EP, "data.batch_size": &e.Data.BatchSize,
		"data.seq_len": &e.Data.SeqLen, "data.max_tokens": &e.Data.MaxTokens, "warmup_iterations": &e.WarmupIterations,
		"profile_iterations": &e.ProfileIterations, "model.layers": &e.Model.Layers,
	}
}

func texts(e *model.Experiment) map[string]*string {
	return map[string]*string{
		"description": &e.Description, "model.name": &e.Model.Name, "model.precision": &e.Model.Precision, "output_dir": &e.OutputDir,
		"slurm.time": &e.Slurm.Time, "slurm.qos": &e.Slurm.QOS, "slurm.constraint": &e.Slurm.Constraint, "slurm.account": &e.Slurm.Account,
		"comm.all_reduce": &e.Comm.AllReduce, "comm.all2all": &e.Comm.All2All, "model.weights": &e.Model.Weights, "engine": (*string)(&e.Engine),
	}
}

// Experiment applies the values.
func (d *Draft) Experiment() model.Experiment {
	e := d.base
	ints, strs := numbers(&e), texts(&e)
	for path, value := range d.values {
		if p := ints[path]; p != nil {
			*p, _ = strconv.Atoi(value)
		}
		if p := strs[path]; p != nil {
			*p = value
		}
	}
	return e
}

// Get reads one key.
func (d *Draft) Get(path string) string {
	if v, ok := d.values[path]; ok {
		return v
	}
	e := d.base
	if p := numbers(&e)[path]; p != nil {
		return strconv.Itoa(*p)
	}
	if p := texts(&e)[path]; p != nil {
		return *p
	}
	return "auto"
}

// Set changes one key; numbers must be numbers.
func (d *Draft) Set(path, value string) error {
	if p := numbers(&d.base)[path]; p != nil {
		if n, err := strconv.Atoi(value); err != nil || n < 0 {
			return fmt.Errorf("%s takes a whole number, not %q", path, value)
		}
	}
	d.past, d.future = append(d.past, maps.Clone(d.values)), nil
	d.values[path] = value
	return nil
}

// Choices are the model's, and yes or no for what is switched on.
func (d *Draft) Choices(path string) []string {
	if strings.HasPrefix(path, "profiling.") && !strings.Contains(path, "trace_") {
		return []string{"true", "false"}
	}
	return check.Choices(path)
}

// Undo goes back one change.
func (d *Draft) Undo() bool { return step(&d.past, &d.future, &d.values) }

// Redo goes forth one change.
func (d *Draft) Redo() bool { return step(&d.future, &d.past, &d.values) }

func step(from, to *[]map[string]string, values *map[string]string) bool {
	if len(*from) == 0 {
		return false
	}
	last := (*from)[len(*from)-1]
	*from = (*from)[:len(*from)-1]
	*to = append(*to, *values)
	*values = last
	return true
}

// Modified compares.
func (d *Draft) Modified() bool { return d.Diff() != "" }

// Diff is one line away and one added for each changed key.
func (d *Draft) Diff() string {
	var b strings.Builder
	was := Draft{base: d.base}
	for _, path := range sortedKeys(d.values) {
		if old := was.Get(path); old != d.values[path] {
			fmt.Fprintf(&b, "-%s: %s\n+%s: %s\n", path, old, path, d.values[path])
		}
	}
	return b.String()
}

// Save puts the experiment on the board.
func (d *Draft) Save() error {
	if err := d.lab.call(context.Background(), "Save", d.base.ID); err != nil {
		return err
	}
	d.lab.mu.Lock()
	defer d.lab.mu.Unlock()
	e := d.Experiment()
	i := d.lab.find(d.base.ID)
	d.lab.Rows[i].Experiment, d.lab.Rows[i].Verdict = e, d.lab.Check(e)
	d.base, d.values = e, map[string]string{}
	return nil
}

// Path is where it would lie.
func (d *Draft) Path() string {
	return "/home/user/vllm-profiling/experiments/configs/" + d.base.ID + ".yaml"
}
