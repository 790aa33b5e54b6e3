package analyze

import (
	"maps"
	"slices"
	"strings"

	"shardeck/model/metric"
)

// bandwidthMetrics finds how large calls are and how fast they go.
func bandwidthMetrics(w *world) {
	all := []string{"coll_bytes", "coll_algbw", "coll_busbw"}
	if !w.traced(all...) {
		return
	}
	if reason := w.noComm(); reason != "" {
		w.none(reason, w.traceFiles(), all...)
		return
	}
	w.sizeCalls()
	w.set("coll_bytes", w.rates(func(r rate) (float64, bool) { return r.bytes / float64(max(1, r.sized)), r.sized > 0 },
		"the size of no call is known: kernels launched from CUDA graphs carry no metadata, and the model's shape or the steps are not known"))
	slow := "no matched call of known size"
	w.set("coll_algbw", w.rates(func(r rate) (float64, bool) { return r.moved / float64(max(1, r.ns)), r.ns > 0 }, slow))
	w.set("coll_busbw", w.rates(func(r rate) (float64, bool) { return r.bus / float64(max(1, r.ns)), r.ns > 0 }, slow))
}

// rate sums calls of known size. Bytes per nanosecond are GB/s.
type rate struct {
	sized      int     // calls of known size
	bytes      float64 // of those
	ns         int64   // transfer of those that were matched
	moved, bus float64 // bytes of those that were matched, as they are and as they load the links
	inferred   bool
}

func (r *rate) add(c *call) {
	if c.bytes < 0 {
		return
	}
	r.sized++
	r.bytes += float64(c.bytes)
	r.inferred = r.inferred || c.inferred
	if c.met != nil && c.transfer > 0 {
		r.ns += c.transfer
		r.moved += float64(c.bytes)
		r.bus += float64(c.bytes) * busFactor(c.typ, len(c.met.channel.ranks))
	}
}

// busFactor turns algorithm bandwidth into bus bandwidth among n ranks.
// [nccl-tests, doc/PERFORMANCE.md]
func busFactor(t callType, n int) float64 {
	share := float64(n-1) / float64(n)
	switch t {
	case allReduce:
		return 2 * share
	case allGather, reduceScatter, allToAll:
		return share
	}
	return 1
}

// rates sets up a metric of sized calls: over each rank, all of them, and by type.
func (w *world) rates(of func(rate) (float64, bool), missing string) metric.Metric {
	all, types := rate{}, map[callType]*rate{}
	per := map[int]float64{}
	for _, l := range w.lanes {
		one := rate{}
		for _, c := range l.calls {
			if types[c.typ] == nil {
				types[c.typ] = &rate{}
			}
			one.add(c)
			all.add(c)
			types[c.typ].add(c)
		}
		if v, ok := of(one); ok {
			per[l.rank] = v
		}
	}
	m := metric.Metric{PerRank: per, N: all.sized, Source: w.traceFiles(), Estimate: all.inferred}
	m.By.Types = map[string]float64{}
	v, ok := of(all)
	if !ok {
		m.Reason = missing
		return m
	}
	m.Value = &v
	if all.inferred {
		m.Note = "some sizes inferred from model shape, phase and layout"
	}
	for _, t := range slices.Sorted(maps.Keys(types)) {
		if v, ok := of(*types[t]); ok {
			m.By.Types[t.String()] = v
		}
	}
	return m
}

// sizeCalls finds the bytes of every call, as nccl-tests counts them.
func (w *world) sizeCalls() {
	for _, l := range w.lanes {
		steps := l.territory()
		for _, c := range l.calls {
			if c.meta != nil {
				c.bytes = metaBytes(c)
			}
			if c.bytes < 0 {
				c.bytes = w.inferBytes(c, stepAt(steps, c.start))
				c.inferred = c.bytes >= 0
			}
		}
	}
}

// metaBytes is the size of a call from its NCCL metadata: the larger buffer of an
// all-gather or reduce-scatter, what is sent otherwise. -1: not said.
func metaBytes(c *call) int64 {
	elems, size := c.meta.InElems, dtypeSize(c.meta.DType)
	if c.typ == allGather || c.typ == recv || c.typ == gather {
		elems = c.meta.OutElems
	}
	if elems < 0 {
		elems = max(c.meta.InElems, c.meta.OutElems)
	}
	if elems < 0 || size == 0 {
		return -1
	}
	return elems * size
}

// dtypeSizes are the bytes of the element types that PyTorch writes; 8-bit floats
// have many names and one size.
var dtypeSizes = map[string]int64{
	"double": 8, "float": 4, "half": 2, "bfloat16": 2, "long": 8, "int": 4, "short": 2,
	"byte": 1, "char": 1, "bool": 1, "complexfloat": 8, "complexdouble": 16,
}

func dtypeSize(name string) int64 {
	name = strings.ToLower(name)
	if strings.HasPrefix(name, "float8") {
		return 1
	}
	return dtypeSizes[name]
}
