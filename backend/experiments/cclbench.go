package experiments

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"shardeck/backend/render"
	"shardeck/backend/trace/kineto"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/timeline"
)

// BenchFolder is a run as a folder that the tools of ccl-bench read, and what these will say of it.
type BenchFolder struct {
	Run      string      `json:"run"`
	Dir      string      `json:"dir"`
	Files    []string    `json:"files"`
	Beside   []BesideOur `json:"metrics"`
	Warnings []string    `json:"warnings"`
}

// BesideOur is a number of upstream's tools beside ours; nil: none.
type BesideOur struct {
	Name   string   `json:"name"`
	Unit   string   `json:"unit"`
	Theirs *float64 `json:"theirs"`
	Ours   *float64 `json:"ours"`
	Why    string   `json:"why"` // they differ, or there is none
}

// What upstream's collection rule asks of a run: https://github.com/cornell-sysphotonics/ccl-bench, trace_collection/README.md.
const benchWarmups, benchIterations, benchDecodes = 5, 5, 128

// ExportBench makes the folder under a directory: <name>.yaml as the only card, plain kineto_trace_<r>.json, the same files as
// rank<r>_trace.json, and <name>.latency.json; what the traces lack of what these tools read is added to them, as far as it is known
// (benchtraces.go). It reads the traces. Nothing is overwritten. found is what is known of the run, lanes its timeline.
func (x *Experiments) ExportBench(ctx context.Context, name, under string, found *metric.Analysis,
	lanes func(context.Context) (*timeline.Run, error)) (BenchFolder, error) {
	out := BenchFolder{Warnings: []string{}, Files: []string{}}
	run, err := x.Workspace.Run(name)
	if err != nil {
		return out, err
	}
	e, warnings, err := x.recorded(run, "")
	if err != nil {
		return out, err
	}
	facts, err := factsOf(ctx, run, x.World)
	if err != nil {
		return out, err
	}
	slug := strings.NewReplacer("@", "-job-", "/", "-", " ", "-").Replace(run.Name)
	facts.TraceURL = "/data/ccl-bench_trace_collection/" + slug // where its maintainers keep traces
	facts.Traces = slices.DeleteFunc(facts.Traces, func(k model.FileKind) bool { return k != model.FileKineto })
	traces, err := benchTraces(ctx, run)
	if err != nil {
		return out, err
	}
	if len(traces) == e.Layout.GPUs() { // what ran tells more than what the site is said to have
		facts.GPUsPerNode = cmp.Or(perNode(traces), facts.GPUsPerNode)
	}
	if g := x.World.GPUByName(facts.GPU); g != nil {
		facts.ScaleUpGbps = g.NVLink * 8 // of bytes; upstream's cards write 2400 for an A100
	}
	shape := x.World.Shape(e.Model.Name)
	card, gpu, known, err := render.BenchCard(e, shape, facts)
	if err != nil {
		return out, err
	}
	known = known && shape != nil
	out.Run, out.Dir, out.Warnings = run.Name, filepath.Join(under, slug), append(append(out.Warnings, warnings...), short(e)...)
	if !known {
		out.Warnings = append(out.Warnings, fmt.Sprintf(
			"no MFU there: upstream knows nvidia_a100 and nvidia_h100, and needs the model's shape; this is %q, %q", gpu, e.Model.Name))
	}
	known = known && shape.Heads > 0
	texts := map[string][]byte{slug + ".yaml": card}
	latency := found.Metric("iteration_wall_clock").Value
	if latency != nil {
		texts[slug+".latency.json"], _ = json.Marshal(map[string]float64{"avg_latency": *latency}) // plain values: cannot fail
	} else {
		out.Warnings = append(out.Warnings, "no MFU there: the run has no iteration time")
	}
	if len(traces) > 1 {
		known, err := lanes(ctx)
		if err != nil {
			return out, err
		}
		addCalls(traces, known)
	}
	if out.Files, err = x.writeBench(ctx, out.Dir, traces, texts); err != nil {
		return out, err
	}
	out.Warnings = append(out.Warnings, added(traces)...)
	out.Beside = besideOurs(found, model.Each(traces, func(t *benchTrace) []float64 { return t.steps }), theirMFU(e, shape, latency, known, gpu))
	return out, nil
}

// benchTraces are the Kineto traces of a run, by rank.
func benchTraces(ctx context.Context, run model.Run) (traces []*benchTrace, err error) {
	for _, f := range run.KernelFiles() {
		if f.Kind != model.FileKineto || f.Rank < 0 {
			continue
		}
		t, err := benchTraceOf(ctx, f)
		if err != nil {
			return nil, err
		}
		traces = append(traces, t)
	}
	if len(traces) == 0 {
		return nil, model.Invalid(run.Name+" has no Kineto traces, which are what ccl-bench reads", run.ToTrace())
	}
	return traces, nil
}

// writeBench makes the folder, each trace under both names, and returns the names of its files.
func (x *Experiments) writeBench(ctx context.Context, dir string, traces []*benchTrace, texts map[string][]byte) (files []string, err error) {
	err = x.Workspace.Folder(dir, func(tmp string) error {
		for _, t := range traces {
			own, rank := fmt.Sprintf("kineto_trace_%d.json", t.rank), fmt.Sprintf("rank%d_trace.json", t.rank)
			if err := workspace.WriteLinked(tmp, func(w io.Writer) error { return kineto.Insert(ctx, t.original, w, t.add) }, own, rank); err != nil {
				return err
			}
			files = append(files, own, rank)
		}
		return workspace.WriteTexts(tmp, texts)
	})
	files = slices.AppendSeq(files, maps.Keys(texts))
	slices.Sort(files)
	return files, err
}

// short says what a run has less of than upstream's rule asks for.
func short(e model.Experiment) (out []string) {
	for _, rule := range []struct {
		what      string
		has, asks int
	}{
		{"warm-up iterations", e.WarmupIterations, benchWarmups}, {"traced iterations", e.ProfileIterations, benchIterations},
		{"decode steps", e.Data.MaxTokens - 1, benchDecodes},
	} {
		if rule.has < rule.asks {
			out = append(out, fmt.Sprintf("%d %s; upstream's rule asks for %d", rule.has, rule.what, rule.asks))
		}
	}
	return out
}

// theirMFU is upstream's formula in %: dense FLOPs of B × S prompt tokens over the latency of the whole batch, decode included.
func theirMFU(e model.Experiment, shape *model.Shape, latency *float64, known bool, gpu string) *float64 {
	if !known || latency == nil || *latency <= 0 {
		return nil
	}
	peak := map[string]float64{"nvidia_a100": 312e12, "nvidia_h100": 989e12}[gpu]
	s := shape.WithLayers(e.Model.Layers)
	params := s.Params()
	if s.MoE != nil {
		params = s.ActiveParams()
	}
	perToken := 2*float64(params-s.EmbedParams()) + 4*float64(s.Layers)*float64(s.Heads)*float64(s.QKDim())*float64(e.Data.SeqLen)
	v := perToken * float64(e.Data.BatchSize) * float64(e.Data.SeqLen) / *latency / (peak * float64(e.Layout.GPUs())) * 100
	return &v
}

// besideOurs are upstream's numbers beside ours, each with the reason for the difference.
func besideOurs(found *metric.Analysis, steps [][]float64, mfu *float64) []BesideOur {
	mean := func(of func([]float64) []float64) *float64 {
		var ranks []float64
		for _, s := range steps {
			if v := of(s); len(v) > 0 {
				ranks = append(ranks, metric.Mean(v))
			}
		}
		if len(ranks) == 0 {
			return nil
		}
		v := metric.Mean(ranks)
		return &v
	}
	from := func(first int) func([]float64) []float64 { // without the last, and before first, of three and more
		return func(s []float64) []float64 {
			if len(s) > 2 {
				return s[1 : len(s)-1]
			}
			return s[min(first, len(s)):]
		}
	}
	all := []BesideOur{
		{"ttft", "s", mean(func(s []float64) []float64 { return s[:min(1, len(s))] }), seconds(found.Metric("ttft").Value),
			"theirs is the range of the first traced step, profiled: no queue, no token sent; ours is what requests waited, untraced"},
		{"tpot", "s", mean(from(1)), seconds(found.Metric("tpot").Value),
			"theirs is the mean of the later steps, profiled, prefills among them; ours is untraced, per request"},
		{"avg_step_time", "s", mean(from(0)), nil,
			"theirs is the mean of the steps without the first and last; ours has no number of this name: phase_time is the nearest"},
		{"mfu", "%", mfu, found.Metric("mfu").Value,
			"theirs counts prompt tokens alone, at full context each, over the time of the batch; ours counts output too, and the causal context"},
	}
	for i := range all {
		switch marked := slices.ContainsFunc(steps, func(s []float64) bool { return len(s) > 0 }); {
		case all[i].Theirs != nil || all[i].Name == "mfu":
		case marked:
			all[i].Why = "theirs takes the first step for the prompt's, and there is no other: it gives -1 here"
		default:
			all[i].Why = "theirs reads ranges of steps, of which these traces have none: it gives -1 here"
		}
	}
	return all
}

// seconds are ms in s; nil stays nil.
func seconds(ms *float64) *float64 {
	if ms == nil {
		return nil
	}
	v := *ms / 1e3
	return &v
}
