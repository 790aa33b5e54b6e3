package analyze

import (
	"cmp"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/trace"
	"shardeck/model/metric"
)

// KernelsBetween is what a rank's device did from one moment of its trace's clock to
// another, one by one, by their starts; at most so many, and whether there were more.
func KernelsBetween(r *trace.Rank, from, to int64, most int) (out []metric.KernelSpan, more bool) {
	device, _ := align.BusiestDevice(r.Records)
	names := map[uint32]kernelname.Name{} // of the few that occur
	for _, k := range r.Records {
		if k.Device == device && k.Start < to && k.End() > from {
			name, seen := names[k.Name]
			if !seen {
				name = kernelname.Of(r.Names[k.Name])
				names[k.Name] = name
			}
			s := metric.KernelSpan{Name: name.Full, Short: name.Short, Class: name.Class, StartNS: k.Start - from, DurNS: k.Dur, Stream: k.Stream}
			if k.Kind != trace.KindKernel {
				s.Class = "copy"
			}
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b metric.KernelSpan) int { return cmp.Compare(a.StartNS, b.StartNS) })
	return out[:min(len(out), most)], len(out) > most
}
