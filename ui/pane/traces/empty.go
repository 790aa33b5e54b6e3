package traces

import (
	"shardeck/model/present/unit"
	"shardeck/ui/pane/reading"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// empty says why there is no picture, and what to do.
func (p *Pane) empty() []string {
	th := p.env.Theme
	switch {
	case p.run == "":
		return []string{"", "   There is no run to show yet.", "", "   1 Experiments, then s   submits one; its traces appear when the job ends"}
	case p.reader.Busy():
		return p.progress()
	case p.err != nil:
		return []string{"", "   " + th.Paint(theme.Bad, widget.Sentence(p.run+" cannot be read: "+p.err.Error(), p.width-4)), "", "   ↵ tries again · n goes to the next run"}
	case p.analysis != nil:
		return p.noTraces()
	}
	size := ""
	if p.bytes > 0 {
		size = " (" + unit.FileSize(p.bytes) + ")"
	}
	if !reading.Modest(p.env.Lab, p.bytes) {
		return []string{"", "   The traces of " + p.run + size + " are more than a login node should read.", "",
			"   ↵ reads them all the same · n goes to the next run"}
	}
	return []string{"", "   The traces of " + p.run + size + " are not read yet.", "", "   ↵ reads them · n goes to the next run · t in Experiments or Metrics opens another"}
}

// progress is how far the pool is.
func (p *Pane) progress() []string {
	done, total := p.reader.Progress()
	lines := append([]string{"", "   reading the traces of " + p.run + " …"}, bar(p.env.Theme, p.width, done, total)...)
	return append(lines, "", "   esc stops it; other panes stay usable meanwhile")
}

// bar is the progress in bytes, once their number is known.
func bar(th *theme.Theme, width int, done, total int64) []string {
	if total <= 0 {
		return nil
	}
	return []string{"", "   " + widget.Gauge(th, max(min(width-30, 60), 4), float64(done), float64(total)) + "  " + unit.FileSize(done) + " of " + unit.FileSize(total)}
}

// noTraces says why a run has none, as its analysis knows, and how to get some.
func (p *Pane) noTraces() []string {
	lines := []string{"", "   " + p.run + " has no traces."}
	if reason := p.analysis.Metric("gpu_busy").Reason; reason != "" {
		lines = append(lines, "", "   "+p.env.Theme.Paint(theme.Dim, widget.Sentence(reason, p.width-4)))
	}
	return append(lines, "", "   Set profiling.kineto to true in its config (2) and submit it again:", "   the next run writes kineto_trace_<rank>.json.",
		"", "   n goes to the next run · m opens what was measured without traces")
}
