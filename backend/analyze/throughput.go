package analyze

import (
	"fmt"
	"slices"

	"shardeck/model"
	"shardeck/model/metric"
)

// throughput sets tokens per second, in all, of output and per GPU, and mfu; all
// follow from the mean iteration time.
func (w *world) throughput(p population) {
	iter := w.metrics["iteration_wall_clock"]
	names := []string{"throughput_tokens_sec", "output_tokens_sec", "tokens_sec_per_gpu", "mfu"}
	if iter.Value == nil {
		w.none(iter.Reason, iter.Source, names...)
		return
	}
	gpus := float64(w.layout.GPUs())
	input, output, recorded, reason := w.tokens(p)
	rate := func(tokens float64) metric.Metric {
		m := p.metric()
		m.N = iter.N
		if m.Reason = reason; reason == "" {
			m.Value = ptr(tokens / *iter.Value)
			m.Note = joinNotes(m.Note, recorded)
		}
		return m
	}
	w.set("throughput_tokens_sec", rate(input+output))
	w.set("output_tokens_sec", rate(output))
	w.set("tokens_sec_per_gpu", rate((input+output)/gpus))
	w.mfu(p, *iter.Value, gpus)
}

// tokens is the prompt and output tokens of one iteration: as recorded by every
// replica, else as the config asks for.
func (w *world) tokens(p population) (input, output float64, note, reason string) {
	complete := len(p.times) == p.replicas
	for _, t := range p.times {
		complete = complete && len(t.InputTokens) > 0 && len(t.OutputTokens) > 0
	}
	if complete {
		for _, t := range p.times {
			input += mean(t.InputTokens)
			output += mean(t.OutputTokens)
		}
		return input, output, "recorded token counts", ""
	}
	if w.in.Experiment == nil {
		return 0, 0, "", "no config.yaml that can be read, so batch_size, seq_len and max_tokens are not known"
	}
	d := w.in.Experiment.Data
	if d.BatchSize <= 0 || d.SeqLen <= 0 || d.MaxTokens <= 0 {
		return 0, 0, "", fmt.Sprintf("the config's batch_size %d, seq_len %d and max_tokens %d do not make an iteration", d.BatchSize, d.SeqLen, d.MaxTokens)
	}
	return float64(d.BatchSize * d.SeqLen), float64(d.BatchSize * d.MaxTokens), "", ""
}

// mfu sets the share of the GPUs' peak that the model's arithmetic is.
func (w *world) mfu(p population, seconds, gpus float64) {
	m := p.metric()
	m.N = w.metrics["iteration_wall_clock"].N
	peak, reason := w.peak()
	if reason != "" {
		m.Reason = reason
	} else {
		flops := w.in.Shape.FLOPs(w.in.Experiment.Data, w.in.Experiment.Model.Layers)
		m.Value = ptr(100 * flops / (seconds * gpus * peak * 1e12))
		m.Source = append(m.Source, w.traceFiles()...)
	}
	w.set("mfu", m)
}

// peak is the dense peak of one GPU at the config's precision, in TFLOP/s.
func (w *world) peak() (tflops float64, reason string) {
	e := w.in.Experiment
	switch {
	case e == nil:
		return 0, "no config.yaml that can be read, so model and precision are not known"
	case w.in.Shape == nil:
		return 0, fmt.Sprintf("the shape of model %q is not known; add it to models.yaml", e.Model.Name)
	case w.in.Shape.FLOPs(e.Data, e.Model.Layers) <= 0:
		return 0, "the config's batch_size, seq_len and max_tokens do not make an iteration"
	}
	name, reason := w.gpuName()
	if reason != "" {
		return 0, reason
	}
	var gpu *model.GPU
	if w.in.GPU != nil {
		gpu = w.in.GPU(name)
	}
	if gpu == nil {
		return 0, fmt.Sprintf("the peak of GPU %q is not known; add it to gpus.yaml", name)
	}
	tflops = gpu.Peak[e.Model.Precision]
	if tflops <= 0 {
		return 0, fmt.Sprintf("%s has no known peak for %s", gpu.Title, e.Model.Precision)
	}
	return tflops, ""
}

// gpuName is the GPU the run was measured on, as the driver names it.
func (w *world) gpuName() (name, reason string) {
	var found []string
	for _, l := range w.lanes {
		if n := l.device.Name; n != "" && !slices.Contains(found, n) {
			found = append(found, n)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], ""
	case len(found) > 1:
		return "", fmt.Sprintf("ranks ran on different GPUs (%s): there is no one peak", names(found))
	case w.in.Info != nil && w.in.Info.GPU != "":
		return w.in.Info.GPU, ""
	}
	return "", "no trace or run.json says which GPU this was measured on"
}

// plural counts things in words: 1 step, 2 steps.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
