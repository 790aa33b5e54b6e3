package nsys

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"shardeck/backend/trace"
)

// maxTime bounds times, so that a start, a duration and an epoch can be added.
const maxTime = math.MaxInt64 / 4

// absoluteFrom is the time, three years, from which one is not since the start of a capture (--ts-normalize).
const absoluteFrom = 100_000_000 * 1_000_000_000

// Columns of the tables of device work, in the order in which work reads them.
var workColumns = []string{"start", "end", "deviceId", "streamId", "correlationId", "globalPid"}

// Columns of kernels beyond those.
const (
	colName = iota + 6
	colShort
	colMangled
	colGridX
	colGridY
	colGridZ
)

// Tables of device work.
const (
	kernelTable = "CUPTI_ACTIVITY_KIND_KERNEL"
	memcpyTable = "CUPTI_ACTIVITY_KIND_MEMCPY"
	memsetTable = "CUPTI_ACTIVITY_KIND_MEMSET"
	graphTable  = "CUPTI_ACTIVITY_KIND_GRAPH_TRACE"
)

func (x *export) readWork() error {
	kernels := append(workColumns[:len(workColumns):len(workColumns)], "demangledName", "shortName", "mangledName", "gridX", "gridY", "gridZ")
	if err := x.rows(kernelTable, kernels, "", x.kernel); err != nil {
		return err
	}
	copies := append(workColumns[:len(workColumns):len(workColumns)], "copyKind")
	if err := x.rows(memcpyTable, copies, "", x.memcpy); err != nil {
		return err
	}
	if err := x.rows(memsetTable, workColumns, "", func(r row) { x.addNamed(r, "Memset", trace.KindMemset) }); err != nil {
		return err
	}
	return x.rows(graphTable, workColumns, "", func(r row) {
		if w := x.addNamed(r, graphName, trace.KindKernel); w != nil {
			w.graphs++
		}
	})
}

func (x *export) kernel(r row) {
	w, rec := x.readRow(r)
	if w == nil {
		return
	}
	rec.Name = x.kernelName(r)
	if sms := x.target.sms(w.gpu); sms > 0 {
		grid := float64(r.or(colGridX, 0)) * float64(r.or(colGridY, 0)) * float64(r.or(colGridZ, 0))
		if grid > 0 {
			rec.Blocks = float32(grid / float64(sms))
		}
	}
	w.add(rec)
}

// kernelName is the fullest name that the export has for a kernel.
func (x *export) kernelName(r row) uint32 {
	for _, col := range []int{colName, colShort, colMangled} {
		if id, ok := r.int(col); ok {
			if name, ok := x.strings.name(id); ok {
				return name
			}
			continue
		}
		if text, ok := r.text(col); ok {
			return x.names.ID(text)
		}
	}
	x.Count(faultName, -1)
	return x.names.ID("(kernel without a name)")
}

// graphName stands for all that a CUDA graph ran, where its kernels were not recorded.
const graphName = "(CUDA graph, recorded without its kernels)"

// copyKinds are nsys's numbers for copies, in the words of Kineto.
var copyKinds = map[int64]string{
	1: "Memcpy HtoD", 2: "Memcpy DtoH", 3: "Memcpy HtoA", 4: "Memcpy AtoH", 5: "Memcpy AtoA",
	6: "Memcpy AtoD", 7: "Memcpy DtoA", 8: "Memcpy DtoD", 9: "Memcpy HtoH", 10: "Memcpy PtoP",
}

func (x *export) memcpy(r row) {
	x.addNamed(r, cmp.Or(copyKinds[r.or(len(workColumns), 0)], "Memcpy"), trace.KindMemcpy)
}

func (x *export) addNamed(r row, name string, kind trace.Kind) *deviceWork {
	w, rec := x.readRow(r)
	if w == nil {
		return nil
	}
	rec.Name, rec.Kind = x.names.ID(name), kind
	w.add(rec)
	return w
}

// readRow reads what all device work has; nil: the row has no time, and is counted.
func (x *export) readRow(r row) (*deviceWork, trace.Record) {
	start, ok := r.int(0)
	end, ended := r.int(1)
	if !ok || !ended || start < -maxTime || start > maxTime || end > maxTime || end < -maxTime {
		x.Count(faultTime, -1)
		return nil, trace.Record{}
	}
	if end < start {
		x.Count(faultNegative, -1)
		end = start
	}
	w := x.of(deviceKey{owner: r.or(5, 0), device: r.or(2, 0)}, -1)
	rec := trace.Record{
		Start: x.absolute(start), Dur: end - start, Coll: -1, Blocks: -1,
		Corr:   uint32(x.inRange(r.or(4, 0), math.MaxUint32, -1)),
		Stream: int32(x.inRange(r.or(3, 0), math.MaxInt32, -1)),
		Device: int16(x.inRange(w.gpu, math.MaxInt16, -1)),
	}
	return w, rec
}

// absolute adds the start of the capture to a time since it.
func (x *export) absolute(at int64) int64 {
	if at >= absoluteFrom {
		return at
	}
	return at + x.target.epoch
}

const metricsTable = "GPU_METRICS"

// smMetrics are the beginnings of nsys's names for the share of multiprocessors that
// have work: "SMs Active [Throughput %]", and what older versions called it.
var smMetrics = []string{"SMs Active", "SM Active"}

// source is one metric of one GPU; ids of metrics are only good inside one file.
type source struct{ typ, metric int64 }

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
		gpu := src.typ & 0xff
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

// addSamples gives a rank the samples of its GPU, if that is known: numbers of a process's own may all be 0.
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

// deviceKey tells devices apart: every process of an export, or table of CSV, numbers its own.
type deviceKey struct {
	owner, device int64  // the process or table, and its own number of the device
	name          string // the device's, in CSV
}

// deviceWork is what one device did for one owner.
type deviceWork struct {
	deviceKey
	gpu     int64 // the physical device; -1 or the device's own number where the file does not say
	known   bool  // the file says which one it is
	records []trace.Record
	kernels int // kernels, and graphs recorded whole
	graphs  int
	marks   []trace.Mark
	byCorr  []int32 // record numbers in the order of correlation
}

func (w *deviceWork) add(r trace.Record) {
	if w.records = append(w.records, r); r.Kind == trace.KindKernel {
		w.kernels++
	}
}

// devices is the device work of one file, from which its ranks are made.
type devices struct {
	*trace.DamageCounter
	names  *trace.Names
	all    map[deviceKey]*deviceWork
	last   *deviceWork         // the one of the row before
	locate func(w *deviceWork) // finds out which GPU it is
}

const maxDevices = 1024

func newDevices(place func(w *deviceWork)) *devices {
	return &devices{DamageCounter: trace.CountDamage(faults), names: trace.NewNames(), all: map[deviceKey]*deviceWork{}, locate: place}
}

// of is the work with a key; at is the byte of its row in a text, -1 in a table.
func (d *devices) of(key deviceKey, at int64) *deviceWork {
	if d.last != nil && d.last.deviceKey == key {
		return d.last
	}
	w := d.all[key]
	if w == nil && len(d.all) >= maxDevices {
		d.Count(faultPlace, at)
		key = deviceKey{}
		w = d.all[key]
	}
	if w == nil {
		w = &deviceWork{deviceKey: key}
		d.locate(w)
		d.all[key] = w
	}
	d.last = w
	return w
}

// inRange is v, or 0 and a fault if it is beyond what a record can hold.
func (d *devices) inRange(v, most, at int64) int64 {
	if v < 0 || v > most {
		d.Count(faultPlace, at)
		return 0
	}
	return v
}

// withKernels is the work with kernels in it, by compare, process or table, device. What only copied is no rank.
func (d *devices) withKernels(compare func(a, b *deviceWork) int) (work []*deviceWork, copied int) {
	for _, w := range d.all {
		if w.kernels > 0 {
			work = append(work, w)
		} else {
			copied++
		}
	}
	slices.SortFunc(work, func(a, b *deviceWork) int {
		return cmp.Or(compare(a, b), cmp.Compare(a.owner, b.owner), cmp.Compare(a.device, b.device), cmp.Compare(a.name, b.name))
	})
	return work, copied
}

// noKernels is the note of a file that is sound but holds no GPU work.
const noKernels = trace.NoKernels + "; was nsys tracing cuda in the workers (-t cuda, --trace-fork-before-exec=true)?"

// ranks makes a rank of each work, else one without records. text and disk are its bytes, decompressed and on disk.
func (d *devices) ranks(work []*deviceWork, info trace.Info, text, disk int64) (out []*trace.Rank) {
	info.Rank = -1
	if len(work) == 0 {
		work = []*deviceWork{{}}
		if len(d.Damage()) == 0 {
			info.Notes = append(slices.Clone(info.Notes), noKernels)
		}
	}
	for _, w := range work {
		own := info
		own.Devices, own.Notes = slices.Clone(info.Devices), slices.Clone(info.Notes)
		out = append(out, &trace.Rank{
			Info: own, Records: w.records, Names: slices.Clone(d.names.List), Marks: w.marks, Bytes: disk, JSON: text, Damage: d.Damage(),
		})
	}
	return out
}

// Sorts of damage that are counted.
const (
	faultTime trace.FaultKind = iota
	faultNegative
	faultPlace
	faultName
	faultLine
	faultSample
)

var faults = []trace.Fault{
	faultTime:     trace.FaultTime,
	faultNegative: {"kernel or copy ends before it starts", "kernels or copies end before they start", "their durations, taken as 0"},
	faultPlace:    trace.FaultPlace,
	faultName:     {"kernel has a name that is not in the export", "kernels have names that are not in the export", "those names"},
	faultLine:     {"line is not as the header says", "lines are not as the header says", "those lines"},
	faultSample:   {"sample of GPU metrics is no percentage", "samples of GPU metrics are no percentages", "those samples"},
}
