package traces

import (
	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// kernel is the one under the cursor; nil: none.
func (p *Pane) kernel() *metric.KernelStat {
	if r, ok := p.sheet.current(); ok && p.trace() != nil {
		return r.kernel
	}
	return nil
}

// showKernel opens everything there is to say of a kernel: its row cuts its name.
func (p *Pane) showKernel(k *metric.KernelStat) {
	n := float64(max(k.Count, 1))
	us := func(ns float64) string { return unit.Number(ns/1e3, 1) + " µs" }
	body := append(widget.Wrap(k.Name, min(90, max(p.width-10, 20))), "", "class "+k.Class,
		unit.Number(float64(k.TotalNS)/1e6, 2)+" ms in "+unit.Int(k.Count)+" launches on "+unit.Plural(len(p.trace().Ranks), "rank")+", "+unit.Number(k.Share, 1)+" % of kernel time",
		"one launch "+us(float64(k.TotalNS)/n)+" in the mean, "+us(float64(k.MinNS))+" to "+us(float64(k.MaxNS)))
	p.popup = &pane.Ask{Popup: widget.Show(k.Short, body)}
}
