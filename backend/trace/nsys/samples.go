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
func (x *export) samples() (map[int64][]trace.Sample, error) {
	wanted, err := x.smSources()
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
	err = x.rows(metricsTable, []string{"timestamp", "typeId", "metricId", "value"}, where, func(r row) {
		src := source{r.or(1, -1), r.or(2, -1)}
		if !wanted[src] {
			return
		}
		at, ok := r.int(0)
		percent, valued := r.int(3)
		if !ok || !valued || percent < 0 || percent > 100 || at < -maxTime || at > maxTime {
			x.Count(faultSample, -1)
			return
		}
		gpu := gpuOfType(src.typ)
		out[gpu] = append(out[gpu], trace.Sample{At: x.absolute(at), Percent: float32(percent)})
	})
	for _, list := range out {
		slices.SortStableFunc(list, func(a, b trace.Sample) int { return cmp.Compare(a.At, b.At) })
	}
	return out, err
}

// smSources are the metrics that are asked for, of every GPU.
func (x *export) smSources() (map[source]bool, error) {
	wanted := map[source]bool{}
	if !x.has(metricsTable, "timestamp", "typeId", "metricId", "value") {
		return wanted, nil
	}
	err := x.rows("TARGET_INFO_GPU_METRICS", []string{"typeId", "metricId", "metricName"}, "", func(r row) {
		name, _ := r.text(2)
		if slices.ContainsFunc(smMetrics, func(m string) bool { return strings.HasPrefix(name, m) }) {
			wanted[source{r.or(0, -1), r.or(1, -1)}] = true
		}
	})
	return wanted, err
}

// addSamples gives a rank the samples of its GPU, if it is sure which one that is:
// processes that number their devices themselves may all say 0.
func addSamples(r *trace.Rank, w *deviceWork, work []*deviceWork, samples map[int64][]trace.Sample) {
	if len(samples) == 0 {
		return
	}
	shared := slices.ContainsFunc(work, func(o *deviceWork) bool { return o != w && o.gpu == w.gpu })
	if shared && !w.known {
		r.Info.Notes = append(r.Info.Notes,
			"GPU metrics were sampled, but the export does not say which GPU each process used: sm_active has no value")
		return
	}
	r.SMs = slices.Clone(samples[w.gpu])
}
