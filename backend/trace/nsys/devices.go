package nsys

import (
	"cmp"
	"slices"

	"shardeck/backend/trace"
)

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
