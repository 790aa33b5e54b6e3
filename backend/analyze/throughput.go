package analyze

import (
	"fmt"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
)

// throughput is tokens per second, in all, of output and per GPU, and mfu; all follow
// from the mean iteration time.
func throughput(f *facts, iteration metric.Metric) []metric.Metric {
	if iteration.Value == nil {
		return withoutValue(iteration.Reason, iteration.Source, "throughput_tokens_sec", "output_tokens_sec", "tokens_sec_per_gpu", "mfu")
	}
	p, gpus := f.iterations(), float64(f.Layout.GPUs())
	input, output, recorded, reason := iterationTokens(f, p)
	rate := func(name string, tokens float64) metric.Metric {
		m := p.metric()
		m.N, m.Reason = iteration.N, reason
		if reason == "" {
			m.Value, m.Note = new(tokens / *iteration.Value), joinNotes(m.Note, recorded)
		}
		return defined(name, m)
	}
	return []metric.Metric{
		rate("throughput_tokens_sec", input+output), rate("output_tokens_sec", output), rate("tokens_sec_per_gpu", (input+output)/gpus),
		mfu(f, p, iteration, gpus),
	}
}

// iterationTokens is the prompt and output tokens of one iteration: as recorded by every
// replica, else as the config asks for.
func iterationTokens(f *facts, p population) (input, output float64, note, reason string) {
	recorded := 0
	for _, t := range p.times {
		if len(t.InputTokens) > 0 && len(t.OutputTokens) > 0 {
			input, output, recorded = input+metric.Mean(t.InputTokens), output+metric.Mean(t.OutputTokens), recorded+1
		}
	}
	if recorded == p.replicas && recorded == len(p.times) {
		return input, output, "recorded token counts", ""
	}
	if f.in.Experiment == nil {
		return 0, 0, "", "no config.yaml that can be read, so batch_size, seq_len and max_tokens are not known"
	}
	d := f.in.Experiment.Data
	if d.BatchSize <= 0 || d.SeqLen <= 0 || d.MaxTokens <= 0 {
		return 0, 0, "", fmt.Sprintf("the config's batch_size %d, seq_len %d and max_tokens %d do not make an iteration",
			d.BatchSize, d.SeqLen, d.MaxTokens)
	}
	return float64(d.BatchSize * d.SeqLen), float64(d.BatchSize * d.MaxTokens), "", ""
}

// mfu is the share of the GPUs' peak that the model's arithmetic is.
func mfu(f *facts, p population, iteration metric.Metric, gpus float64) metric.Metric {
	m := p.metric()
	m.N = iteration.N
	peak, reason := peakOf(f)
	if m.Reason = reason; reason == "" {
		flops := f.in.Shape.FLOPs(f.in.Experiment.Data, f.in.Experiment.Model.Layers)
		m.Value = new(100 * flops / (*iteration.Value * gpus * peak * 1e12))
		m.Source = append(m.Source, f.Files()...)
	}
	return defined("mfu", m)
}

// peakOf is the dense peak of one GPU at the config's precision, in TFLOP/s.
func peakOf(f *facts) (tflops float64, reason string) {
	e := f.in.Experiment
	switch {
	case e == nil:
		return 0, "no config.yaml that can be read, so model and precision are not known"
	case f.in.Shape == nil:
		return 0, fmt.Sprintf("the shape of model %q is not known; add it to models.yaml", e.Model.Name)
	case f.in.Shape.FLOPs(e.Data, e.Model.Layers) <= 0:
		return 0, "the config's batch_size, seq_len and max_tokens do not make an iteration"
	}
	name, reason := gpuName(f)
	if reason != "" {
		return 0, reason
	}
	var gpu *model.GPU
	if f.in.GPU != nil {
		gpu = f.in.GPU(name)
	}
	switch {
	case gpu == nil:
		return 0, fmt.Sprintf("the peak of GPU %q is not known; add it to gpus.yaml", name)
	case gpu.Peak[e.Model.Precision] <= 0:
		return 0, fmt.Sprintf("%s has no known peak for %s", gpu.Title, e.Model.Precision)
	}
	return gpu.Peak[e.Model.Precision], ""
}

// gpuName is the GPU the run was measured on, as the driver names it.
func gpuName(f *facts) (name, reason string) {
	var found []string
	for _, r := range f.Ranks {
		if n := r.Device.Name; n != "" && !slices.Contains(found, n) {
			found = append(found, n)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], ""
	case len(found) > 1:
		return "", fmt.Sprintf("ranks ran on different GPUs (%s): there is no one peak", strings.Join(found, ", "))
	case f.in.Info != nil && f.in.Info.GPU != "":
		return f.in.Info.GPU, ""
	}
	return "", "no trace or run.json says which GPU this was measured on"
}
