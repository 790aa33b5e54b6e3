package traces

import (
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// kernel is the one under the cursor; nil: none.
func (p *Pane) kernel() *metric.KernelStat {
	if _, id, ok := p.sheet.current(); ok && p.trace() != nil && p.sheet.at == present.Kernels {
		return &p.trace().Kernels[id]
	}
	return nil
}

// showKernel opens everything there is to say of a kernel: its row cuts its name.
func (p *Pane) showKernel(k *metric.KernelStat) {
	lines := present.Kernel(*k, len(p.trace().Ranks))
	p.popup = &pane.Ask{Popup: widget.Show(k.Short, append(widget.Wrap(lines[0], min(90, max(p.width-10, 20))), lines[1:]...))}
}
