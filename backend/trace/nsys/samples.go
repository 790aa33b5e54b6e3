package nsys

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/trace"
)

const metricsTable = "GPU_METRICS"

// smMetrics are the beginnings of nsys's names for the share of multiprocessors that
// have work: "SMs Active [Throughput %]", and what older versions called it.
var smMetrics = []string{"SMs Active", "SM Active"}

// source is one metric of one GPU; ids of metrics are only good inside one file.
type source struct{ typ, metric int64 }

// gpuOfType is the GPU in a typeId of GPU metrics.
func gpuOfType(typeID int64) int64 { return typeID & 0xff }

// samples reads the activity of multiprocessors, by physical GPU.
func (p *report) samples() (map[int64][]trace.Sample, error) {
	wanted, err := p.smSources()
	if err != nil || len(wanted) == 0 {
		return nil, err
	}
	var ids []string
	for s := range wanted {
		ids = append(ids, fmt.Sprint(s.metric))
	}
	slices.Sort(ids)
	out := map[int64][]trace.Sample{}
	where := "metricId IN (" + strings.Join(slices.Compact(ids), ", ") + ")"
	err = p.each(metricsTable, []string{"timestamp", "typeId", "metricId", "value"}, where, func(r row) {
		src := source{r.or(1, -1), r.or(2, -1)}
		if !wanted[src] {
			return
		}
		at, ok := r.int(0)
		percent, valued := r.int(3)
		if !ok || !valued || percent < 0 || percent > 100 || at < -maxTime || at > maxTime {
			p.add(faultSample, -1)
			return
		}
		gpu := gpuOfType(src.typ)
		out[gpu] = append(out[gpu], trace.Sample{At: p.absolute(at), Percent: float32(percent)})
	})
	for _, list := range out {
		slices.SortStableFunc(list, func(a, b trace.Sample) int { return cmp.Compare(a.At, b.At) })
	}
	return out, err
}

// smSources are the metrics that are asked for, of every GPU.
func (p *report) smSources() (map[source]bool, error) {
	wanted := map[source]bool{}
	if !p.has(metricsTable, "timestamp", "typeId", "metricId", "value") {
		return wanted, nil
	}
	err := p.each("TARGET_INFO_GPU_METRICS", []string{"typeId", "metricId", "metricName"}, "", func(r row) {
		name, _ := r.text(2)
		if slices.ContainsFunc(smMetrics, func(m string) bool { return strings.HasPrefix(name, m) }) {
			wanted[source{r.or(0, -1), r.or(1, -1)}] = true
		}
	})
	return wanted, err
}

// addSamples gives a rank the samples of its GPU, if it is sure which one that is:
// processes that number their devices themselves may all say 0.
func (p *report) addSamples(r *trace.Rank, g *group, groups []*group, samples map[int64][]trace.Sample) {
	if len(samples) == 0 {
		return
	}
	shared := slices.ContainsFunc(groups, func(o *group) bool { return o != g && o.gpu == g.gpu })
	if shared && !g.known {
		r.Info.Notes = append(r.Info.Notes, "GPU metrics were sampled, but the export does not say which GPU each process used: sm_active has no value")
		return
	}
	r.SMs = slices.Clone(samples[g.gpu])
}
