package config

import (
	"slices"
	"strconv"
	"strings"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/present/unit"
	"shardeck/model/sweep"
	"shardeck/ui/pane/submission"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// field is a line of the form: a key of the file and how it is changed.
type field struct {
	path  string
	label string
	hint  string // what it means
	legal bool   // ←→ go through the legal values
	step  int    // ←→ add this much; 0: they double and halve
	count bool
}

// fields is the form, in the order of the screen: first what an experiment is mostly about.
var fields = []field{
	{path: "model.name", label: "Model"},
	{path: "model.precision", label: "Precision"},
	{path: "parallelism.tp", label: "Tensor (TP)", hint: "splits heads and MLP", legal: true},
	{path: "parallelism.pp", label: "Pipeline (PP)", hint: "splits layers", legal: true},
	{path: "parallelism.dp_replicate", label: "Data (DP)", hint: "copies; share experts with EP", legal: true},
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

// Chooser knows what a field may be.
type Chooser interface {
	Site() model.Site
	Shapes() []model.Shape
	Legal(e model.Experiment, path string) []int
}

// Line is a field of the form, for who asks for them one by one.
type Line struct {
	Path, Label, Hint string
	Legal             bool     // Choices are the legal numbers
	Choices           []string // nil: any text or number goes
}

// Lines are the fields of the form for a draft as it stands, in their order. They parse: not for an event loop.
func Lines(b Chooser, d draft) []Line {
	e := d.Experiment()
	return model.Each(fields, func(k field) Line { return Line{k.path, k.label, k.hint, k.legal, choices(b, d, e, k)} })
}

// choices are what ←→ go through; nil: numbers that step, or text.
func choices(b Chooser, d draft, e model.Experiment, k field) []string {
	switch {
	case k.legal:
		return model.Each(b.Legal(e, k.path), strconv.Itoa)
	case k.path == "model.name":
		return model.Each(b.Shapes(), func(s model.Shape) string { return s.Name })
	case k.path == "slurm.qos":
		return append([]string{"auto"}, b.Site().QOSNames()...)
	case k.path == "slurm.constraint":
		return append([]string{"auto"}, b.Site().Constraints()...)
	}
	return d.Choices(k.path)
}

// next is the value ← or → goes to from now; false at the end of the choices, or for text.
func (k field) next(choices []string, now string, by int) (string, bool) {
	if len(choices) == 0 && k.count {
		return stepped(now, by, k.step)
	}
	i := slices.Index(choices, now)
	if i < 0 && k.legal {
		if i = above(choices, now); by > 0 {
			i--
		}
	}
	if i += by; i < 0 || i >= len(choices) {
		return "", false
	}
	return choices[i], true
}

// above is the index of the first legal value, from the least, that is above one that is not legal.
func above(values []string, now string) int {
	n, _ := strconv.Atoi(now)
	i := slices.IndexFunc(values, func(v string) bool { m, _ := strconv.Atoi(v); return m > n })
	if i < 0 {
		return len(values)
	}
	return i
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

// shown are the fields of a file, with the edits that are on their way into it.
func (q *queue) shown(f *file) []widget.Field {
	out := make([]widget.Field, len(fields))
	for i, k := range fields {
		value := q.value(f, k.path)
		if n, err := strconv.Atoi(value); err == nil {
			value = unit.Int(n)
		}
		if value == "" && len(f.faults) > 0 {
			value = unit.Missing
		}
		out[i] = widget.Field{Label: k.label, Value: value, Hint: f.hint(k), Tone: f.tone(k.path),
			Step: f.varying[k.path] == "" && (k.count || len(f.choices[k.path]) > 1)}
	}
	return out
}

// on is the worst finding on a key; nil: there is none. Findings come with errors first.
func (j *judged) on(path string) *check.Finding {
	return model.First(j.verdict.Findings, func(f check.Finding) bool { return f.Field == path })
}

// finding is the one on a key, else the worst.
func (j *judged) finding(path string) (check.Finding, bool) {
	if f := j.on(path); f != nil {
		return *f, true
	}
	return j.verdict.Worst()
}

func (j *judged) tone(path string) theme.Tone {
	if j.varying[path] != "" {
		return theme.Busy
	}
	if f := j.on(path); f != nil {
		return submission.FindingNote(*f).Tone
	}
	return theme.Plain
}

// hint of a field: what it may be, and what it means.
func (j *judged) hint(f field) string {
	values, auto, placed := j.choices[f.path], j.values[f.path] == "auto", j.verdict.Placement
	switch off := j.off(f); {
	case j.varying[f.path] != "":
		values, _ := sweep.Values(j.varying[f.path])
		return "sweep over " + strings.Join(values, " ")
	case f.path == "model.name":
		return j.modelHint()
	case off != "":
		return widget.Fit("1", legalWidth) + "  off: " + off
	case f.legal && len(values) > 0:
		return widget.Fit(strings.Join(values, " "), legalWidth) + "  " + f.hint
	case f.path == "slurm.qos" && auto && !model.IsAuto(placed.QOS):
		return placed.QOS + ", for this layout"
	case f.path == "slurm.constraint" && auto && !model.IsAuto(placed.Constraint):
		return placed.Constraint + ": planned for the smaller card"
	case f.hint == "" && len(values) > 1:
		return strings.Join(values, " ")
	}
	return f.hint
}

const legalWidth = 13 // of the column of legal values: 1 2 4 8 16 32 fits

// off is why a field can be nothing but 1; empty: it is another field than EP, or it can.
func (j *judged) off(f field) string {
	switch {
	case f.path != "parallelism.ep" || len(j.choices[f.path]) != 1:
		return ""
	case j.shape != nil && j.shape.MoE == nil:
		return "a dense model"
	}
	return "needs TP or DP"
}

func (j *judged) modelHint() string {
	s := j.shape
	if s == nil {
		return "shape not known"
	}
	text := unit.Plural(s.Layers, "layer") + " · " + unit.Plural(s.Heads, "head") + " · " + unit.Int(s.KVHeads) + " kv"
	if s.MoE != nil {
		text += " · " + unit.Plural(s.MoE.Experts, "expert")
	}
	return text
}

// noFurther is why ← or → has nowhere to go.
func (j *judged) noFurther(f field) string {
	values := j.choices[f.path]
	switch off := j.off(f); {
	case off != "":
		return f.label + " is 1: " + off
	case f.legal && len(values) == 1:
		return "only " + values[0] + " goes with the other fields; ↵ types another, and the checks say why not"
	case len(values) > 1:
		return f.label + " takes " + strings.Join(values, " ") + ", no further"
	case f.count:
		return f.label + " goes no further"
	}
	return "↵ types a value for " + f.label
}
