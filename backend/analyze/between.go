package analyze

import (
	"cmp"
	"slices"

	"shardeck/backend/trace"
	"shardeck/model/metric"
)

// Between is what a rank's device did from one moment of its trace's clock to another, one
// by one, by their starts; at most so many, and whether there were more.
func Between(r *trace.Rank, from, to int64, most int) (out []metric.KernelSpan, more bool) {
	device, _ := busiest(r.Records)
	for _, k := range r.Records {
		if k.Device == device && k.Start < to && k.End() > from {
			full := r.Names[k.Name]
			f := functionName(full)
			out = append(out, metric.KernelSpan{Name: full, Short: shortName(full, f), Class: spanClass(k, full, f), StartNS: k.Start - from, DurNS: k.Dur, Stream: k.Stream})
		}
	}
	slices.SortStableFunc(out, func(a, b metric.KernelSpan) int { return cmp.Compare(a.StartNS, b.StartNS) })
	return out[:min(len(out), most)], len(out) > most
}

func spanClass(k trace.Record, full, function string) string {
	if k.Kind != trace.KindKernel {
		return "copy"
	}
	return string(classOf(full, commOf(function)))
}
