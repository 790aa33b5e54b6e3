package config

import (
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// field is a line of the form: a key of the file and how it is changed.
type field struct {
	path  string // empty: the head of a section
	label string
	hint  string // what it means
	legal bool   // ←→ go through the lab's legal values
	step  int    // ←→ add this much; 0: they double and halve
	count bool
}

// fields is the form, in the order of the screen; the first ones are what an
// experiment is mostly about.
var fields = []field{
	{path: "model.name", label: "Model"},
	{path: "model.precision", label: "Precision"},
	{path: "parallelism.tp", label: "Tensor (TP)", hint: "splits heads and MLP", legal: true},
	{path: "parallelism.pp", label: "Pipeline (PP)", hint: "splits layers", legal: true},
	{path: "parallelism.dp_replicate", label: "Data (DP)", hint: "copies; with EP, shares experts", legal: true},
	{path: "parallelism.ep", label: "Expert (EP)", hint: "spreads experts over TP × DP", legal: true},
	{path: "data.batch_size", label: "Batch", hint: "requests at a time, over all copies", count: true},
	{path: "data.seq_len", label: "Prompt", hint: "tokens each (seq_len)", count: true},
	{path: "data.max_tokens", label: "Output", hint: "tokens each (max_tokens)", count: true},
	{path: "warmup_iterations", label: "Warm-up", hint: "iterations that count for nothing", count: true, step: 1},
	{path: "profile_iterations", label: "Iterations", hint: "measured", count: true, step: 1},
	{path: "slurm.time", label: "Time limit", hint: "HH:MM:SS; the price is for all of it"},
	{path: "slurm.qos", label: "QOS"},
	{path: "slurm.constraint", label: "Constraint"},
	{path: "slurm.account", label: "Account", hint: "empty: from the settings"},
	{path: "engine", label: "Engine", hint: "replay re-emits a recording: no GPU, no result of its own"},
	{path: "model.weights", label: "Weights", hint: "dummy: random, nothing is downloaded"},
	{path: "model.layers", label: "Layers", hint: "0: all the model has", count: true, step: 1},
	{path: "parallelism.dp_shard", label: "Data, sharded", hint: "dp_shard, counted with DP", legal: true},
	{path: "comm.all_reduce", label: "All-reduce"},
	{path: "comm.all2all", label: "All-to-all"},
	{path: "profiling.kineto", label: "Kineto", hint: "trace of kernels and collectives"},
	{path: "profiling.execution_trace", label: "Exec. trace"},
	{path: "profiling.nsys", label: "nsys", hint: "run under Nsight Systems"},
	{path: "profiling.trace_iterations", label: "Traced", hint: "iterations in the trace; auto keeps it small"},
	{path: "profiling.trace_tokens", label: "Traced tokens", hint: "of each traced iteration; auto keeps it small"},
	{path: "output_dir", label: "Output folder"},
	{path: "description", label: "Description"},
}

// field is the one under the cursor.
func (p *Pane) field() field {
	if p.form.Cursor < 0 || p.form.Cursor >= len(fields) {
		return field{}
	}
	return fields[p.form.Cursor]
}

// values are what ←→ go through; nil: numbers that step, or text.
func (p *Pane) values(f field) []string {
	switch {
	case f.legal:
		var out []string
		for _, v := range p.env.Lab.Legal(p.experim, f.path) {
			out = append(out, strconv.Itoa(v))
		}
		return out
	case f.path == "model.name":
		var out []string
		for _, s := range p.env.Lab.Shapes() {
			out = append(out, s.Name)
		}
		return out
	case f.path == "slurm.qos":
		return append([]string{"auto"}, p.queues()...)
	case f.path == "slurm.constraint":
		return append([]string{"auto"}, p.constraints()...)
	}
	return p.draft().Choices(f.path)
}

func (p *Pane) queues() []string {
	var out []string
	for _, q := range p.env.Lab.Site().Queues {
		out = append(out, q.Name)
	}
	return out
}

func (p *Pane) constraints() []string {
	var out []string
	for _, k := range p.env.Lab.Site().Partitions {
		out = append(out, k.Constraint)
	}
	return out
}

// next is the value ← or → goes to; false at the end of the values, or for text.
func (p *Pane) next(f field, by int) (string, bool) {
	now := p.draft().Get(f.path)
	values := p.values(f)
	if len(values) == 0 && f.count {
		return stepped(now, by, f.step)
	}
	i := slices.Index(values, now)
	if i < 0 && f.legal {
		return beside(values, now, by)
	}
	if i += by; i < 0 || i >= len(values) {
		return "", false
	}
	return values[i], true
}

// beside is the legal value next to one that is not.
func beside(values []string, now string, by int) (string, bool) {
	n, _ := strconv.Atoi(now)
	if by < 0 {
		slices.Reverse(values)
	}
	for _, v := range values {
		if m, _ := strconv.Atoi(v); (m-n)*by > 0 {
			return v, true
		}
	}
	return "", false
}

// stepped is a number one step further; without a step it doubles or halves.
func stepped(now string, by, step int) (string, bool) {
	n, err := strconv.Atoi(now)
	if err != nil {
		return "", false
	}
	switch {
	case step > 0:
		n += by * step
	case by > 0:
		n *= 2
	default:
		n /= 2
	}
	if n < 0 || n == 0 && step == 0 || n > 1<<24 {
		return "", false
	}
	return strconv.Itoa(n), true
}

// fill puts the draft into the form.
func (p *Pane) fill() {
	d := p.draft()
	p.form.Fields = make([]widget.Field, len(fields))
	for i, f := range fields {
		value := d.Get(f.path)
		if n, err := strconv.Atoi(value); err == nil {
			value = unit.Int(n)
		}
		p.form.Fields[i] = widget.Field{Label: f.label, Value: value, Hint: p.hint(f), Tone: p.tone(f.path), Step: f.count || len(p.values(f)) > 1}
	}
}

// tone of a field's value: what is wrong with it.
func (p *Pane) tone(path string) theme.Tone {
	tone := theme.Plain
	for _, f := range p.verdict.Findings {
		switch {
		case f.Field != path:
		case f.Severity == check.SeverityError:
			return theme.Bad
		case f.Severity == check.SeverityWarning:
			tone = theme.Warn
		}
	}
	return tone
}

// hint of a field: what it may be, and what it means.
func (p *Pane) hint(f field) string {
	values := p.values(f)
	switch {
	case f.path == "model.name":
		return p.modelHint()
	case f.path == "parallelism.ep" && len(values) == 1:
		return widget.Fit("1", legalWidth) + "  off: " + p.epOff()
	case f.legal && len(values) > 0:
		return widget.Fit(strings.Join(values, " "), legalWidth) + "  " + f.hint
	case f.path == "slurm.qos" && p.draft().Get(f.path) == "auto" && !model.IsAuto(p.verdict.Placement.QOS):
		return p.verdict.Placement.QOS + ", for this layout"
	case f.path == "slurm.constraint" && p.draft().Get(f.path) == "auto" && !model.IsAuto(p.verdict.Placement.Constraint):
		return p.verdict.Placement.Constraint + ": planned for the smaller card"
	case f.hint == "" && len(values) > 1:
		return strings.Join(values, " ")
	}
	return f.hint
}

// legalWidth is the column of legal values: 1 2 4 8 16 32 fits.
const legalWidth = 13

func (p *Pane) epOff() string {
	if s := p.shape(); s != nil && s.MoE == nil {
		return "a dense model"
	}
	return "needs TP or DP"
}

func (p *Pane) shape() *model.Shape {
	for _, s := range p.env.Lab.Shapes() {
		if s.Is(p.experim.Model.Name) {
			return &s
		}
	}
	return nil
}

func (p *Pane) modelHint() string {
	s := p.shape()
	if s == nil {
		return "shape not known"
	}
	parts := []string{unit.Plural(s.Layers, "layer"), unit.Plural(s.Heads, "head"), unit.Int(s.KVHeads) + " kv"}
	if s.MoE != nil {
		parts = append(parts, unit.Plural(s.MoE.Experts, "expert"))
	}
	return pane.Joined(60, parts...)
}
